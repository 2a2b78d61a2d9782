/* SPDX-License-Identifier: Apache-2.0 */
#include "net/multi.h"

#include <stdlib.h>

/* What is told may close the multi handle: it is gone then. */
static void tell_ended(struct multi *multi)
{
	CURLMsg *message;
	int left;

	while (!multi->closing && (message = curl_multi_info_read(multi->handle, &left)))
		multi->ended(multi, message->easy_handle, message->data.result);
}

/* After an error libcurl has lost sight of a socket: what waits for it would wait in vain. */
static void act(struct multi *multi, curl_socket_t fd, int flags)
{
	int running;
	CURLMcode code = curl_multi_socket_action(multi->handle, fd, flags, &running);

	tell_ended(multi);
	if (code && !multi->closing)
		multi->ended(multi, NULL, CURLE_OUT_OF_MEMORY);
}

/* ---- sockets ---- */

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct multi *multi = poll->data;
	curl_socket_t fd;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if (uv_fileno((uv_handle_t *)poll, &fd))
		return;
	flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	act(multi, fd, flags);
}

static uv_poll_t *open_poll(struct multi *multi, curl_socket_t fd)
{
	uv_poll_t *poll = malloc(sizeof(*poll));

	if (!poll)
		return NULL;
	if (uv_poll_init(multi->loop, poll, fd)) {
		free(poll);
		return NULL;
	}
	poll->data = multi;
	curl_multi_assign(multi->handle, fd, poll);
	return poll;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
	struct multi *multi = context;
	uv_poll_t *poll = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(multi->handle, fd, NULL);
		if (poll)
			uv_close((uv_handle_t *)poll, poll_closed);
		return 0;
	}
	if (!poll && !(poll = open_poll(multi, fd)))
		return -1;
	events |= what & CURL_POLL_IN ? UV_READABLE : 0;
	events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
	return uv_poll_start(poll, events, socket_ready) ? -1 : 0;
}

/* ---- time ---- */

static void time_over(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* At once means in the next turn of the loop: nothing begins within multi_add. */
static int watch_time(CURLM *handle, long milliseconds, void *context)
{
	struct multi *multi = context;

	(void)handle;
	if (milliseconds < 0)
		return uv_timer_stop(&multi->timer);
	return uv_timer_start(&multi->timer, time_over, (uint64_t)milliseconds, 0);
}

/* ---- the whole ---- */

static CURLM *make_handle(struct multi *multi, unsigned per_host, unsigned kept)
{
	CURLM *handle = curl_multi_init();

	if (!handle)
		return NULL;
	curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, multi);
	curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, watch_time);
	curl_multi_setopt(handle, CURLMOPT_TIMERDATA, multi);
	curl_multi_setopt(handle, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(handle, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host);
	curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, (long)kept);
	return handle;
}

enum sti_error multi_open(struct multi *multi, uv_loop_t *loop, unsigned per_host, unsigned kept, multi_ended *ended)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return STI_E_MEMORY;
	multi->handle = make_handle(multi, per_host, kept);
	if (!multi->handle) {
		curl_global_cleanup();
		return STI_E_MEMORY;
	}
	multi->loop = loop;
	multi->ended = ended;
	multi->closing = false;
	uv_timer_init(loop, &multi->timer);
	multi->timer.data = multi;
	return STI_OK;
}

enum sti_error multi_add(struct multi *multi, CURL *easy)
{
	return curl_multi_add_handle(multi->handle, easy) ? STI_E_MEMORY : STI_OK;
}

void multi_remove(struct multi *multi, CURL *easy)
{
	curl_multi_remove_handle(multi->handle, easy);
}

static void timer_closed(uv_handle_t *handle)
{
	struct multi *multi = handle->data;

	multi->closed(multi);
}

void multi_close(struct multi *multi, multi_closed *closed)
{
	multi->closing = true;
	multi->closed = closed;
	curl_multi_cleanup(multi->handle);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&multi->timer, timer_closed);
}

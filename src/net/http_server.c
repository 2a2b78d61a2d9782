/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/connection.h"
#include "net/endpoint.h"

enum {
	TICK_MIN_MS = 10,
	TICK_MAX_MS = 250,
	/* Connections accepted in one turn of the loop, so that a storm leaves time for the others. */
	ACCEPTS = 64,
	/* A handshake that took so long makes room for a new one where there are too many. */
	STALLED_MS = 1000
};

const struct http_limits http_limits_default = {
	.body = LIMIT_BODY,
	.handshake_ms = 5000,
	.idle_ms = 60000,
	.head_ms = 5000,
	.body_ms = 5000,
	.handler_ms = 5000,
	.write_ms = 5000,
	.connections = 10000,
};

struct http_listener {
	struct connection_group group; /* first: the group is the listener */
	struct endpoint endpoint;
	uv_poll_t poll;
	uv_timer_t tick;
	int fd;
	int reserve; /* given up for a moment when there are no descriptors left; -1: lost */
	bool resting; /* accepts nothing until the next tick */
	bool finishing;
	unsigned handles;
	uint64_t grace_until, hard_until;
	void (*done)(void *context);
	void *context;
};

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A quarter of the smallest limit: no phase overruns its own by more than that. */
static unsigned tick_of(const struct http_limits *limits)
{
	unsigned ms =
		smaller(smaller(limits->handshake_ms, limits->idle_ms), smaller(limits->head_ms, limits->body_ms));

	ms = smaller(ms, smaller(limits->handler_ms, limits->write_ms)) / 4;
	ms = smaller(ms, TICK_MAX_MS);
	return ms < TICK_MIN_MS ? TICK_MIN_MS : ms;
}

static void free_crowds(struct http_listener *l)
{
	crowd_free(l->group.crowd);
	crowd_free(l->group.handshakes);
}

static void end_listener(uv_handle_t *handle)
{
	struct http_listener *l = handle->data;

	if (--l->handles)
		return;
	tls_server_unref(l->group.tls);
	free_crowds(l);
	if (l->reserve >= 0)
		close(l->reserve);
	if (l->done)
		l->done(l->context);
	free(l);
}

static void finish_if_empty(struct http_listener *l)
{
	if (!l->group.draining || l->group.n || l->finishing)
		return;
	l->finishing = true;
	uv_close((uv_handle_t *)&l->tick, end_listener);
}

static void on_ended(struct connection_group *group)
{
	finish_if_empty((struct http_listener *)group);
}

static void on_connect(uv_poll_t *poll, int status, int events);

static void rest(struct http_listener *l)
{
	l->resting = true;
	uv_poll_stop(&l->poll);
}

static void wake(struct http_listener *l)
{
	if (l->resting && !l->group.draining && uv_poll_start(&l->poll, UV_READABLE, on_connect) == 0)
		l->resting = false;
}

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* threats.md H4: without descriptors a listening socket would be ready for ever. The reserve lets us
 * take the caller in and turn him away; failing that we rest until the next tick. */
static bool turn_one_away(struct http_listener *l)
{
	int fd;

	if (l->reserve < 0)
		return false;
	close(l->reserve);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	l->reserve = open_reserve();
	return fd >= 0;
}

/* True when there may be another to accept. */
static bool after_failure(struct http_listener *l, int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
		if (turn_one_away(l))
			return true;
		rest(l);
		return false;
	case ENOMEM:
	case ENOBUFS:
		rest(l);
		return false;
	default: /* that connection's own failure: ECONNABORTED, EPERM, EPROTO, … accept(2) */
		return true;
	}
}

/* threats.md H2: one that has stalled goes first; where none has, the kernel keeps the new ones. */
static bool has_room(struct http_listener *l)
{
	if (l->group.queue[PHASE_HANDSHAKE].n < LIMIT_HANDSHAKES ||
	    connection_close_oldest(&l->group, PHASE_HANDSHAKE, STALLED_MS))
		return true;
	rest(l);
	return false;
}

static bool accept_one(struct http_listener *l)
{
	struct sockaddr_storage address = {0};
	socklen_t n = sizeof(address);
	const int on = 1;
	int fd;

	if (!has_room(l))
		return false;
	fd = accept4(l->fd, (struct sockaddr *)&address, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return after_failure(l, errno);
	/* An answer must not wait for the acknowledgement of the one before. A Unix socket refuses. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* Whoever finds no room is gone already. */
	(void)connection_open(&l->group, fd, (const struct sockaddr *)&address);
	return true;
}

static void on_connect(uv_poll_t *poll, int status, int events)
{
	struct http_listener *l = poll->data;

	(void)events;
	if (status) {
		rest(l);
		return;
	}
	for (int i = 0; i < ACCEPTS && accept_one(l); i++)
		;
}

static void tick_drain(struct http_listener *l)
{
	uint64_t now = uv_now(l->group.loop);

	if (now >= l->grace_until)
		connection_close_all(&l->group, PHASE_IDLE);
	for (unsigned phase = 0; now >= l->hard_until && phase < PHASE_COUNT; phase++)
		connection_close_all(&l->group, (enum phase)phase);
}

static void on_tick(uv_timer_t *timer)
{
	struct http_listener *l = timer->data;

	if (l->reserve < 0)
		l->reserve = open_reserve();
	connection_tick(&l->group);
	if (l->group.draining)
		tick_drain(l);
	wake(l);
}

/* A peer that hangs up must not end the process: OpenSSL writes without MSG_NOSIGNAL. */
static void ignore_broken_pipes(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &action, NULL);
}

static void set_up(struct http_listener *l, const struct http_listener_config *config)
{
	tls_server_unref(l->group.tls);
	l->group.tls = config->tls;
	l->group.site = config->site;
	l->group.limits = config->limits;
	l->group.updates++;
	uv_timer_start(&l->tick, on_tick, tick_of(&config->limits), tick_of(&config->limits));
}

static enum sti_error open_socket(struct http_listener *l, const struct http_listener_config *config)
{
	enum sti_error error = endpoint_parse(config->address, &l->endpoint);

	if (!error)
		error = crowd_create(&l->group.crowd);
	if (!error)
		error = crowd_create(&l->group.handshakes);
	if (!error)
		error = endpoint_listen(&l->endpoint, config->unix_mode ? config->unix_mode : 0600, &l->fd);
	if (error)
		return error;
	l->reserve = open_reserve();
	if (l->reserve >= 0 && uv_poll_init(l->group.loop, &l->poll, l->fd) == 0)
		return STI_OK;
	endpoint_remove(&l->endpoint);
	return STI_E_IO;
}

static void close_socket(struct http_listener *l)
{
	int saved = errno;

	free_crowds(l);
	if (l->fd >= 0)
		close(l->fd);
	if (l->reserve >= 0)
		close(l->reserve);
	errno = saved;
}

enum sti_error http_listener_open(uv_loop_t *loop, const struct http_listener_config *config,
				  struct http_listener **out)
{
	struct http_listener *l = calloc(1, sizeof(*l));
	enum sti_error error;

	if (!l)
		return STI_E_MEMORY;
	l->group.loop = loop;
	l->group.ended = on_ended;
	l->fd = l->reserve = -1;
	error = open_socket(l, config);
	if (error) {
		close_socket(l);
		free(l);
		return error;
	}
	ignore_broken_pipes();
	l->handles = 2;
	l->poll.data = l->tick.data = l;
	uv_timer_init(loop, &l->tick);
	tls_server_ref(config->tls);
	set_up(l, config);
	l->resting = true;
	wake(l);
	*out = l;
	return STI_OK;
}

uint16_t http_listener_port(const struct http_listener *listener)
{
	return listener->fd >= 0 ? endpoint_port(listener->fd) : 0;
}

unsigned http_listener_connections(const struct http_listener *listener)
{
	return listener->group.n;
}

void http_listener_update(struct http_listener *listener, const struct http_listener_config *config)
{
	tls_server_ref(config->tls);
	set_up(listener, config);
}

void http_listener_drain(struct http_listener *listener, unsigned grace_ms, unsigned hard_ms,
			 void (*done)(void *context), void *context)
{
	uint64_t now = uv_now(listener->group.loop);

	if (listener->group.draining)
		return;
	listener->group.draining = true;
	listener->done = done;
	listener->context = context;
	listener->grace_until = now + smaller(grace_ms, hard_ms);
	listener->hard_until = now + hard_ms;
	uv_close((uv_handle_t *)&listener->poll, end_listener);
	endpoint_remove(&listener->endpoint);
	close(listener->fd);
	listener->fd = -1;
	finish_if_empty(listener);
}

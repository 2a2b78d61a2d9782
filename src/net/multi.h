/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_MULTI_H
#define NET_MULTI_H

#include <curl/curl.h>
#include <uv.h>

#include <sti/error.h>
#include <stdbool.h>

/*
 * libcurl's multi handle on a libuv loop: libcurl decides when, libuv waits. Every socket has one poll
 * handle, and there is the one timer that libcurl asks for. Lives within its owner. One thread, the loop's.
 */
struct multi;

/* A transfer has ended by itself; multi_remove is the receiver's to call. NULL: the memory gave out, all
 * that were added have ended. multi_close is allowed here. */
typedef void multi_ended(struct multi *multi, CURL *easy, CURLcode code);
typedef void multi_closed(struct multi *multi);

struct multi {
	uv_loop_t *loop;
	CURLM *handle;
	uv_timer_t timer;
	multi_ended *ended;
	multi_closed *closed;
	bool closing;
	void *context; /* the owner's */
};

/* per_host: connections to one host at once; kept: connections altogether that stay open between
 * transfers. STI_E_MEMORY: there is nothing to close. Does not touch context. */
enum sti_error multi_open(struct multi *multi, uv_loop_t *loop, unsigned per_host, unsigned kept, multi_ended *ended);

/* The transfer begins in the next turn of the loop, never within the call. STI_E_MEMORY. */
enum sti_error multi_add(struct multi *multi, CURL *easy);

/* Not to be called from within a callback of libcurl; a transfer that was not added is nothing. */
void multi_remove(struct multi *multi, CURL *easy);

/* Every transfer has been removed before. `closed` is called once the loop has let go of it. */
void multi_close(struct multi *multi, multi_closed *closed);

#endif

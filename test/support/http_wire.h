/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_HTTP_WIRE_H
#define SUPPORT_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * A raw HTTP client for tests of the server: it sends any bytes and lives on the thread of the
 * server's loop, which it runs while it waits. Waiting longer than 5 s fails the test.
 */
struct wire;

struct wire_tls {
	const char *ca; /* PEM; NULL: the server is not checked */
	const char *name; /* SNI; NULL: none */
	const char *certificate, *key;
	const char *protocol; /* ALPN with its length octet: "\x02h2" */
	int version; /* the only one; 0: any */
};

/* NULL: refused. */
struct wire *wire_open(uv_loop_t *loop, uint16_t port);
struct wire *wire_open_v6(uv_loop_t *loop, uint16_t port);
struct wire *wire_open_unix(uv_loop_t *loop, const char *path);
struct wire *wire_open_tls(uv_loop_t *loop, uint16_t port, const struct wire_tls *tls);
void wire_close(struct wire *w);

void wire_send(struct wire *w, const void *bytes, size_t n); /* as far as the peer takes it */
void wire_say(struct wire *w, const char *text);
void wire_finish(struct wire *w); /* nothing more will be sent */

/* The next answer with its body: the status; 0: the connection has ended without one. */
int wire_status(struct wire *w);
int wire_status_of_head(struct wire *w); /* the answer to HEAD */

/* Of the last answer; NUL-terminated, valid until the next. */
const char *wire_head(const struct wire *w);
const char *wire_body(const struct wire *w);

/* True once the server has closed, all it said before being read; false if it says more first. */
bool wire_ends(struct wire *w);

/* Lets the loop run until nothing is due at once. */
void wire_pump(uv_loop_t *loop);

/* The SSL of a TLS wire, for what has no name here. */
struct ssl_st *wire_ssl(struct wire *w);
int wire_fd(const struct wire *w);

#endif

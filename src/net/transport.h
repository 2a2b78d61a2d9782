/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include "net/http.h"
#include "net/tls.h"

/*
 * The bytes of one connection, plain or TLS, over a non-blocking socket. Stays where it is once
 * opened: OpenSSL calls back into it.
 */
struct transport {
	int fd;
	struct ssl_st *ssl; /* NULL: plain */
	int wants; /* after AGAIN: UV_READABLE or UV_WRITABLE */
	bool broken; /* TLS has failed: nothing more may be said over it */
	unsigned records; /* TLS records read, so that progress shows */
	unsigned key_updates;
};

enum transport_outcome {
	TRANSPORT_OK,
	TRANSPORT_AGAIN, /* poll for what it wants */
	TRANSPORT_END, /* the peer has finished sending */
	TRANSPORT_FAILED
};

/* Takes the socket over in any case. STI_E_MEMORY. */
enum sti_error transport_open(struct transport *t, int fd, struct tls_server *tls);
void transport_close(struct transport *t);

enum transport_outcome transport_handshake(struct transport *t);

/* *got octets, at least one after OK. *more: there may be others that a poll would not tell of. */
enum transport_outcome transport_read(struct transport *t, uint8_t *out, size_t n, size_t *got, bool *more);

/* *put octets were taken, also before AGAIN. */
enum transport_outcome transport_write(struct transport *t, struct sti_span bytes, size_t *put);

/* Says that nothing more will be sent, and what is still coming is thrown away. */
void transport_finish(struct transport *t);
enum transport_outcome transport_discard(struct transport *t);

/* SHA-256 of the client's certificate into out; false when it has shown none. */
bool transport_certificate(const struct transport *t, uint8_t out[32]);

/* The server name that the client asked for in the handshake; absent without one. */
struct sti_span transport_name(const struct transport *t);

#endif

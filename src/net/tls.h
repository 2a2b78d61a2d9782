/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <sti/error.h>
#include <sti/span.h>

/*
 * TLS of a listener (threats.md 2.4): 1.3, or 1.2 with ECDHE and AEAD; no renegotiation, no
 * compression, no early data, no tickets and no session cache (connections are kept instead); ALPN
 * http/1.1. Immutable once made; references are counted (loop thread only).
 */
struct tls_server;

struct tls_server_config {
	struct sti_span certificate; /* PEM chain, leaf first */
	struct sti_span key;         /* PEM private key; must match, else STI_E_KEY */
	struct sti_span client_ca;   /* PEM; absent: clients are not asked for a certificate */
	bool client_required;        /* no certificate: the handshake fails */
};

enum sti_error tls_server_create(const struct tls_server_config *config, struct tls_server **out);
struct tls_server *tls_server_ref(struct tls_server *tls);
void tls_server_unref(struct tls_server *tls);

/* True when connections made under `then` showed client certificates, or did not, by rules that are not
 * those of `now`: another client_ca or client_required. NULL is plain. */
bool tls_server_is_outdated(const struct tls_server *then, const struct tls_server *now);

/* The server's end of a connection on a non-blocking socket; SSL_free is the caller's. NULL without memory. */
struct ssl_st *tls_server_accept(struct tls_server *tls, int fd);

/* For checking a configuration before anybody is served: PEM certificates, one at least; a chain and
 * the key of its leaf. */
bool tls_is_ca(struct sti_span pem);
bool tls_is_pair(struct sti_span certificate, struct sti_span key);

#endif

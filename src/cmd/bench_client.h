/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_CLIENT_H
#define CMD_BENCH_CLIENT_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/endpoint.h"

/* One kept connection of the load generator: HTTP/1.1 over a blocking socket, as cheap as it can be, so
 * that the server is what is measured. Reads only what our own server writes. */
struct bench_peer {
	struct endpoint endpoint;
	SSL_CTX *tls; /* NULL: plain. Not owned */
};

struct bench_client {
	int fd;
	SSL *ssl;
	struct buf answer; /* head and body of the last one */
};

/* False when it cannot connect; errno says why unless TLS failed. Ends with bench_client_close all the same. */
bool bench_client_open(const struct bench_peer *peer, struct bench_client *client);
void bench_client_close(struct bench_client *client);

/* Sends a whole request and reads the whole answer; its status, -1 when the connection broke. The body
 * stands in *body until the next question; body may be NULL. */
int bench_client_ask(struct bench_client *client, struct sti_span request, struct sti_span *body);

/* Trusts that CA alone; the caller's to free. NULL: no memory, or no such file. */
SSL_CTX *bench_client_tls(const char *ca_file);

#endif

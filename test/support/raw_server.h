/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_RAW_SERVER_H
#define SUPPORT_RAW_SERVER_H

#include "support/tls_pair.h"

#include <stddef.h>

/* A server for tests of clients: blocking threads that send what they are told, right or wrong. */
enum raw_manner {
	RAW_ANSWER, /* `answer` for each request, connection kept */
	RAW_ANSWER_CLOSE, /* then the end of the connection */
	RAW_SILENT, /* reads, says nothing */
	RAW_TRICKLE, /* `answer`, then one octet after another */
	RAW_ENDLESS /* `answer`, then octets as fast as they go */
};

/* The answer to requests that have this text in them. */
struct raw_route {
	const char *in;
	const char *answer;
};

enum { RAW_ROUTES = 8 };

struct raw_plan {
	const struct tls_pair *tls; /* NULL: plain */
	const char *client_ca; /* PEM: clients must show a certificate of this authority */
	int tls_max; /* highest version, TLS1_1_VERSION; 0: any */
	const char *unix_path; /* NULL: 127.0.0.1, a free port */
	enum raw_manner manner;
	const char *answer;
	struct raw_route route[RAW_ROUTES]; /* the first that fits goes before `answer` */
};

struct raw_server;

struct raw_server *raw_server_start(const struct raw_plan *plan);
unsigned short raw_server_port(const struct raw_server *server);

/* Connections accepted, requests read with their bodies. */
unsigned raw_server_connections(struct raw_server *server);
unsigned raw_server_requests(struct raw_server *server);

/* The last whole request, NUL-terminated; valid until the next one. */
const char *raw_server_last(struct raw_server *server);
void raw_server_stop(struct raw_server *server);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_SERVER_H
#define CMD_SERVER_H

#include "app/credentials.h"
#include "app/log.h"
#include "app/metrics.h"
#include "app/numberhash.h"
#include "app/publisher.h"
#include "cmd/command.h"
#include "cmd/world.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "store/table.h"
#include "store/waiting.h"

/*
 * One running process: the loop, what outlives a reload (listeners, store, caches, counters), and
 * the world of today. Everything here belongs to the loop's thread.
 */
enum { SERVER_LISTENERS = 64, SERVER_ROUTES = 8 };

/* A role that is served: one row for each, in service_table. */
struct server;
struct service {
	enum metrics_role role;
	const char *name;
	bool (*is_on)(const struct config *config);
	/* Where it listens, and with which TLS. */
	size_t (*listen)(const struct world *world, const char *const **address, struct tls_server **tls);
	/* Its routes into route[SERVER_ROUTES]; how many. */
	size_t (*routes)(const struct world *world, struct http_route *route);
	void (*explain)(int status, struct http_reply *reply);
	bool length_required;
};

/* What a listener serves under one world: routes and names. */
struct server_site {
	struct server *server;
	const struct service *service;
	struct http_site site;
	struct http_route route[SERVER_ROUTES];
};

struct server_listener {
	const char *address; /* owned copy */
	const struct service *service;
	struct http_listener *listener;
};

struct server {
	uv_loop_t loop;
	const char *file;
	struct world *world;
	struct server_site *site; /* one for each service, of this world */
	struct log *log;
	struct metrics *metrics;
	struct numberhash numberhash;
	struct table *table; /* NULL without a cps */
	struct waiting *waiting;
	struct world *client_world; /* the clients' gate is in it */
	struct http_client *fetch_client; /* certificates: through the gate */
	struct http_client *post_client;  /* PASSporTs to CPSs: through the gate */
	struct http_client *ask_client;   /* a private listener elsewhere; NULL when the store is ours */
	struct credentials *credentials;
	struct publisher *publisher;
	struct server_listener listener[SERVER_LISTENERS];
	size_t n_listener;
	uv_timer_t tick;
	uv_signal_t on_term;
	uv_signal_t on_int;
	uv_signal_t on_hup;
	size_t draining; /* listeners that have not ended yet */
	bool stopping;
};

/* Runs until SIGTERM or SIGINT has drained it; the process's exit status. */
int server_run(const char *file);

/* Brings the gauges up to date. */
void server_measure(struct server *server);

/* One place where the JSON answers of the handlers are made. */
void server_answer_json(struct http_exchange *exchange, int status, const struct buf *body);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_SERVER_H
#define CMD_SERVER_H

#include "app/allowance.h"
#include "app/credentials.h"
#include "app/keeper.h"
#include "app/log.h"
#include "app/metrics.h"
#include "app/numberhash.h"
#include "app/publisher.h"
#include "app/timekeeper.h"
#include "cmd/clients.h"
#include "cmd/doors.h"
#include "cmd/preload.h"
#include "cmd/world.h"
#include "store/table.h"
#include "store/waiting.h"

/*
 * One running process: the loop, what outlives a reload (listeners, clients, store, caches,
 * counters), and the world of today. Everything here belongs to the loop's thread.
 */
struct server {
	uv_loop_t loop;
	const char *file;
	struct world *world;
	struct world *coming; /* of a reload that is under way; NULL: none */
	bool is_reload_asked; /* once more, meanwhile */
	struct keeper *keeper;
	struct log *log;
	struct metrics *metrics;
	struct numberhash numberhash;
	struct doors doors;
	struct clients clients;
	struct credentials *credentials;
	struct preload preload;
	struct allowance *strangers; /* fetches that the clients of our CPS cause in vain */
	struct publisher *publisher;
	struct table *table; /* NULL without a cps */
	struct waiting *waiting;
	struct timekeeper timekeeper; /* while it is not right, nothing is verified */
	uv_timer_t tick;
	uv_signal_t on_term;
	uv_signal_t on_int;
	uv_signal_t on_hup;
	bool stopping;
};

/* Runs until SIGTERM or SIGINT has drained it; the process's exit status. */
int server_run(const char *file);

/* Publications go by the world of today. */
void server_set_publisher(struct server *server);

/* Without a configured secret numbers look different after each start. */
enum sti_error server_open_numberhash(const struct world *world, struct numberhash *out);

/* What was wrong with the folder of trust, the one thing that can be: what lies in it is told in the log, and fetched
 * anew. system: errno. */
void server_say_state(const struct world *world, enum sti_error error, int system, struct config_message *message);

/* Brings the gauges up to date. */
void server_measure(struct server *server);

#endif

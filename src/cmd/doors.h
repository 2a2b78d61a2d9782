/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_DOORS_H
#define CMD_DOORS_H

#include "app/metrics.h"
#include "cmd/world.h"
#include "net/http_server.h"

/* All listeners of a process, and what each of them serves under the world of today. */
enum { DOORS = 64, DOOR_ROUTES = 8 };

struct server;

/* What handlers get as their context: a listener that is being drained goes on under its own world. */
struct served {
	struct server *server;
	struct world *world;
	const struct service *service;
};

/* A role as it is served; one row for each in doors.c. */
struct service {
	enum metrics_role role;
	const char *name;
	bool (*is_on)(const struct config *config);
	/* Where it listens, and with which TLS. */
	size_t (*listen)(const struct world *world, const char *const **address, struct tls_server **tls);
	/* Its routes into route[DOOR_ROUTES]; how many. */
	size_t (*routes)(const struct world *world, struct http_route *route);
	/* Host names it answers to; NULL: any. */
	size_t (*names)(const struct world *world, const char *const **name);
	const char *(*explain)(int status, struct buf *body);
	bool length_required;
};

struct door {
	char *address; /* owned */
	const struct service *service;
	struct http_listener *listener;
};

struct doors {
	struct server *server;
	struct door door[DOORS];
	size_t n;
	struct door_sites *now; /* what is served */
	struct door_sites *next; /* between doors_open and doors_swap */
	size_t draining;
	void (*drained)(struct server *server);
};

/* Opens what the world wants and is not open yet. On failure nothing has changed, and message says
 * which address could not be had. Ends with doors_swap or doors_take_back. */
enum sti_error doors_open(struct doors *doors, struct world *world, struct config_message *message);

/* What stays open serves the new world (TLS too); what it does not want is drained. */
void doors_swap(struct doors *doors);

/* Closes again what was opened for a world that does not come. */
void doors_take_back(struct doors *doors);

/* Drains all; done is called when the last one has ended, at once when there is none. */
void doors_drain(struct doors *doors, void (*done)(struct server *server));

/* Connections of each role into the gauges. */
void doors_measure(const struct doors *doors, struct metrics *metrics);
void doors_free(struct doors *doors);

#endif

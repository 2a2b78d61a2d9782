/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_PRELOAD_H
#define CMD_PRELOAD_H

#include <uv.h>

#include "app/larder.h"
#include "cmd/world.h"

/*
 * The certificates known ahead of calls on their way from their folder into the cache: all of them before the
 * listeners open, a few in each turn of the loop after a reload. Lives within the server.
 */
struct server;

struct preload {
	struct server *server;
	struct larder *larder; /* NULL: nothing is under way */
	size_t done, refused;
	uv_timer_t timer;
};

void preload_open(struct preload *preload, struct server *server);

/* The folder that the configuration names, NULL without one. Everything that can fail. */
enum sti_error preload_prepare(const struct world *world, struct larder **out, struct config_message *message);

/* Takes the larder, NULL is fine; what was under way gives way. at_once: comes back when all are in. */
void preload_start(struct preload *preload, struct larder *larder, bool at_once);
void preload_close(struct preload *preload);

#endif

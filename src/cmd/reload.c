/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/reload.h"

#include <stdio.h>
#include <string.h>

#include "app/clock.h"

static bool same_store(const struct config_cps *a, const struct config_cps *b)
{
	return a->on == b->on && (!a->on || (strcmp(a->store, b->store) == 0 && a->slots == b->slots));
}

/* Everything of a reload that can fail, before anything changes. */
static enum sti_error prepare(struct server *server, struct world *world, struct numberhash *hash,
			      struct larder **larder, struct config_message *message)
{
	enum sti_error error = STI_OK;

	if (!same_store(&server->world->config->cps, &world->config->cps)) {
		snprintf(message->text, sizeof(message->text),
			 "cps.store, cps.slots and whether there is a cps change only by a restart");
		return STI_E_CONFIG;
	}
	*hash = server->numberhash;
	if (!sti_span_equal(buf_span(&server->world->number_key), buf_span(&world->number_key)))
		error = server_open_numberhash(world, hash);
	if (!error)
		error = preload_prepare(world, larder, message);
	if (!error)
		error = doors_open(&server->doors, world, message);
	if (error)
		return error;
	error = clients_renew(&server->clients, world);
	if (error)
		doors_take_back(&server->doors);
	return error;
}

/* All or nothing: whatever fails, the process goes on as it was. */
static enum sti_error take_over(struct server *server, struct world *world, struct config_message *message)
{
	struct world *old = server->world;
	struct numberhash hash;
	struct larder *larder = NULL;
	enum sti_error error = prepare(server, world, &hash, &larder, message);

	if (error) {
		larder_close(larder);
		return error;
	}
	doors_swap(&server->doors);
	keeper_commit(server->keeper);
	server->world = world;
	server->numberhash = hash;
	credentials_set(server->credentials, server->clients.client[CLIENT_FETCH],
			(unsigned)world->config->cps.fetch_ms);
	server_set_publisher(server);
	preload_start(&server->preload, larder, false);
	world_unref(old);
	return STI_OK;
}

static void tell_reload(struct server *server, enum sti_error error, const struct config_message *message)
{
	struct log_line line;

	metrics_add(server->metrics, METRIC_RELOADS, error ? METRICS_FAILED : METRICS_OK, 1);
	log_begin(&line, error ? LOG_RELOAD_REFUSED : LOG_RELOAD);
	log_put_int(&line, "generation", (int64_t)server->world->generation);
	if (error) {
		log_put_str(&line, "file", server->file);
		log_put_int(&line, "line", message->line);
		log_put_str(&line, "why", message->text[0] ? message->text : sti_error_text(error));
	}
	log_end(server->log, &line, clock_now());
}

static void begin_reload(struct server *server);

static void end_reload(struct server *server, enum sti_error error, const struct config_message *message)
{
	bool again = server->is_reload_asked && !server->stopping;

	tell_reload(server, error, message);
	server->is_reload_asked = false;
	if (again)
		begin_reload(server);
}

/* Its trust is loaded, on the keeper's thread; the rest follows here in one piece. */
static void trust_prepared(void *context, enum sti_error error, int system)
{
	struct server *server = context;
	struct world *world = server->coming;
	struct config_message message = {0};

	server->coming = NULL;
	if (error) {
		server_say_state(world, error, system, &message);
	} else {
		error = server->stopping ? STI_E_BUSY : take_over(server, world, &message);
		if (error)
			keeper_abandon(server->keeper);
	}
	if (error)
		world_unref(world);
	end_reload(server, error, &message);
}

static void begin_reload(struct server *server)
{
	struct config_message message = {0};
	enum sti_error error = world_load(server->file, server->world->generation + 1, &server->coming, &message);

	if (error)
		end_reload(server, error, &message);
	else
		keeper_prepare(server->keeper, server->coming->trust, trust_prepared, server);
}

void reload_ask(struct server *server)
{
	if (server->coming)
		server->is_reload_asked = true;
	else if (!server->stopping)
		begin_reload(server);
}

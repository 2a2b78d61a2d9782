/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/preload.h"

#include <stdio.h>

#include "app/clock.h"
#include "cmd/command.h"
#include "cmd/server.h"

enum { TURN_MS = 10, TURN_FILES = 2 }; /* 2 ms of parsing in 10 */

void preload_open(struct preload *preload, struct server *server)
{
	preload->server = server;
	uv_timer_init(&server->loop, &preload->timer);
	preload->timer.data = preload;
}

enum sti_error preload_prepare(const struct world *world, struct larder **out, struct config_message *message)
{
	const struct config *config = world->config;
	char name[LARDER_NAME + 1] = "";
	const char *why = NULL;
	enum sti_error error = STI_OK;

	*out = NULL;
	if (config->cache_folder)
		error = larder_open(config->cache_folder, out);
	if (*out)
		error = larder_check_writers(*out, name, &why);
	if (!error)
		return STI_OK;
	message->line = config_line(config, &config->cache_folder);
	snprintf(message->text, sizeof(message->text), "cache.folder: %s%s%s: %s", config->cache_folder,
		 name[0] ? "/" : "", name, why ? why : error_why(error));
	larder_close(*out);
	*out = NULL;
	return error;
}

static void tell_refused(const struct preload *preload, const struct larder_item *item, enum sti_error error)
{
	struct log_line line;

	log_begin(&line, LOG_CACHE_FILE_REFUSED);
	log_put_str(&line, "file", item->name);
	log_put_str(&line, "why", error_why(error));
	log_end(preload->server->log, &line, clock_now());
}

/* Known ahead of calls, but not past the gate: what no call may name is of no use. */
static enum sti_error take(const struct preload *preload, const struct larder_item *item)
{
	const struct server *server = preload->server;
	struct trust_snapshot *trust;
	struct url url;
	enum sti_error error = gate_check_url(&server->world->gate, item->url, &url);

	if (error)
		return error;
	trust = world_take_trust(server->world);
	error = credentials_preload(server->credentials, item->url, item->body, item->time, trust, clock_now());
	trust_snapshot_unref(trust);
	return error;
}

static void finish(struct preload *preload)
{
	struct log_line line;

	uv_timer_stop(&preload->timer);
	larder_close(preload->larder);
	preload->larder = NULL;
	log_begin(&line, LOG_CACHE_LOADED);
	log_put_int(&line, "certificates", (int64_t)preload->done);
	log_put_int(&line, "refused", (int64_t)preload->refused);
	log_end(preload->server->log, &line, clock_now());
}

/* False: that was all. */
static bool take_next(struct preload *preload)
{
	struct larder_item item;
	enum sti_error error = larder_next(preload->larder, &item);
	bool is_over = error && (error == STI_E_NOT_FOUND || !item.name[0]);

	if (!error)
		error = take(preload, &item);
	preload->done += !error;
	if (error && error != STI_E_NOT_FOUND) {
		preload->refused++;
		tell_refused(preload, &item, error);
	}
	larder_item_free(&item);
	return !is_over;
}

static void on_turn(uv_timer_t *timer)
{
	struct preload *preload = timer->data;

	for (unsigned i = 0; i < TURN_FILES; i++) {
		if (take_next(preload))
			continue;
		finish(preload);
		return;
	}
}

void preload_start(struct preload *preload, struct larder *larder, bool at_once)
{
	uv_timer_stop(&preload->timer);
	larder_close(preload->larder);
	preload->larder = larder;
	preload->done = preload->refused = 0;
	if (!larder)
		return;
	if (!at_once) {
		uv_timer_start(&preload->timer, on_turn, 0, TURN_MS);
		return;
	}
	while (take_next(preload))
		;
	finish(preload);
}

void preload_close(struct preload *preload)
{
	larder_close(preload->larder);
	preload->larder = NULL;
	if (preload->server && !uv_is_closing((uv_handle_t *)&preload->timer))
		uv_close((uv_handle_t *)&preload->timer, NULL);
}

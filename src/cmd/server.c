/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/server.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "cmd/reload.h"

enum {
	TICK_MS = 500, /* sweep of the store: a PASSporT is gone within this time after it is stale */
	CALL_GRACE_S = 10,
	WAITING_MAX = 20000,
	CREDENTIALS_MAX = 100000, /* URLs; 17,839 were seen in the calls of a country */
	MEGABYTE = 1024 * 1024,
};

static void measure_store(const struct table *table, struct metrics *metrics)
{
	struct table_stats stats = table_stats(table);

	metrics_set(metrics, METRIC_PASSPORTS, 0, stats.stored);
	metrics_set(metrics, METRIC_SLOTS_USED, 0, stats.slots_used);
	metrics_set(metrics, METRIC_SLOTS, 0, stats.slots);
	metrics_set(metrics, METRIC_STORE, METRICS_STORE_EXPIRED, (int64_t)stats.expired);
	metrics_set(metrics, METRIC_STORE, METRICS_STORE_TAKEN, (int64_t)stats.taken);
	metrics_set(metrics, METRIC_STORE, METRICS_STORE_DUPLICATE, (int64_t)stats.duplicates);
	metrics_set(metrics, METRIC_STORE, METRICS_STORE_FULL, (int64_t)stats.refused_full);
}

void server_measure(struct server *server)
{
	doors_measure(&server->doors, server->metrics);
	metrics_set(server->metrics, METRIC_PUBLISHING, 0, publisher_pending(server->publisher));
	if (server->table)
		measure_store(server->table, server->metrics);
}

void server_set_publisher(struct server *server)
{
	struct publisher_config config = {
		.client = server->clients.client[CLIENT_POST],
		.metrics = server->metrics,
		.log = server->log,
		.timeout_ms = (unsigned)server->world->config->as.publish_timeout_ms,
		.in_flight = CLIENT_POSTS,
		.queue = (unsigned)server->world->config->as.publish_queue,
	};

	publisher_set(server->publisher, &config);
}

static enum sti_error open_store(struct server *server, struct config_message *message)
{
	const struct config_cps *config = &server->world->config->cps;
	struct table_config table = {config->store, (uint32_t)config->slots, CALL_GRACE_S};
	const char *why;
	enum sti_error error;

	if (!config->on)
		return STI_OK;
	error = table_open(&table, clock_now(), &server->table);
	if (!error)
		return STI_OK;
	why = error_why(error);
	if (error == STI_E_IO && errno == EXDEV) {
		why = "not on tmpfs, expected a path below /dev/shm or another";
		error = STI_E_CONFIG;
	}
	message->line = config_line(server->world->config, &config->store);
	snprintf(message->text, sizeof(message->text), "cps.store: %s: %s", config->store, why);
	return error;
}

enum sti_error server_open_numberhash(const struct world *world, struct numberhash *out)
{
	uint8_t random[DIGEST_SHA256];
	struct sti_span secret = buf_span(&world->number_key);

	if (secret.n)
		return numberhash_open(secret, out);
	if (RAND_bytes(random, sizeof(random)) != 1)
		return STI_E_CRYPTO;
	return numberhash_open(sti_span(random, sizeof(random)), out);
}

static enum sti_error open_credentials(struct server *server)
{
	struct credentials_config config = {
		.client = server->clients.client[CLIENT_FETCH],
		.metrics = server->metrics,
		.log = server->log,
		.fetch_ms = (unsigned)server->world->config->cps.fetch_ms,
		.capacity = CREDENTIALS_MAX,
		.max_bytes = (size_t)server->world->config->cache_megabytes * MEGABYTE,
	};

	return credentials_create(&config, &server->credentials);
}

void server_say_state(const struct world *world, enum sti_error error, int system, struct config_message *message)
{
	const char *why = sti_error_text(error);

	if (error == STI_E_IO)
		why = strerror(system);
	else if (error == STI_E_BUSY)
		why = "another process has it";
	else if (error == STI_E_DENIED)
		why = "not a folder of the user we run as, or others may write it";
	message->line = config_line(world->config, &world->config->state);
	snprintf(message->text, sizeof(message->text), "trust.state: %s: %s",
		 world->config->state ? world->config->state : "", why);
}

static enum sti_error open_keeper(struct server *server, struct config_message *message)
{
	struct keeper_config config = {
		.home = &server->loop, .plan = server->world->trust, .metrics = server->metrics, .log = server->log};
	enum sti_error error = keeper_open(&config, &server->keeper);

	if (error)
		server_say_state(server->world, error, errno, message);
	return error;
}

/* threats.md D14. Of an honest client hardly one certificate in a hundred is not to be had, and that is
 * remembered for half a minute. */
static enum sti_error open_strangers(struct server *server)
{
	return allowance_create((struct allowance_rule){.burst = 600, .per_minute = 120}, &server->strangers);
}

static enum sti_error open_parts(struct server *server, struct config_message *message)
{
	struct publisher_config nothing = {.metrics = server->metrics};
	enum sti_error error = clients_open(&server->clients, &server->loop, server->world);

	if (!error)
		error = open_keeper(server, message);
	if (!error)
		error = open_credentials(server);
	if (!error)
		error = open_strangers(server);
	if (!error)
		error = publisher_create(&nothing, &server->publisher);
	if (!error)
		error = waiting_create(WAITING_MAX, &server->waiting);
	if (!error)
		error = server_open_numberhash(server->world, &server->numberhash);
	if (!error)
		server_set_publisher(server);
	return error ? error : open_store(server, message);
}

static void on_reload(uv_signal_t *handle, int number)
{
	(void)number;
	reload_ask(handle->data);
}

/* It is the keeper's thread that accepts CRLs; what it knows of the time comes with the trust. A CRL may be
 * ahead of us by the skew: that is no reason to call our clock wrong. */
static void refresh(struct server *server)
{
	struct trust_snapshot *trust = world_take_trust(server->world);

	timekeeper_raise(&server->timekeeper, trust_snapshot_parts(trust)->not_before - LIMIT_SKEW_S);
	credentials_refresh(server->credentials, trust, clock_now());
	trust_snapshot_unref(trust);
}

/* Threats.md I3, I4. What the store holds is judged by the clock as it is now, in the sweep that follows. */
static void look_at_clock(struct server *server)
{
	static const enum log_event event[] = {
		[TIMEKEEPER_JUMPED] = LOG_CLOCK_JUMPED,
		[TIMEKEEPER_BEHIND] = LOG_CLOCK_BEHIND,
		[TIMEKEEPER_RIGHT] = LOG_CLOCK_RIGHT,
	};
	int64_t now = clock_now();
	int64_t jump;
	enum timekeeper_news news = timekeeper_look(&server->timekeeper, now, clock_steady_ms(), &jump);
	struct log_line line;

	if (news == TIMEKEEPER_NOTHING)
		return;
	log_begin(&line, event[news]);
	log_put_int(&line, "jump_s", jump);
	log_put_int(&line, "now", now);
	log_put_int(&line, "not_before", server->timekeeper.floor);
	log_end(server->log, &line, now);
}

static void on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;

	refresh(server);
	look_at_clock(server);
	if (server->table)
		table_sweep(server->table, clock_now());
	server_measure(server);
	log_flush(server->log, clock_now());
}

static void close_handle(uv_handle_t *handle)
{
	if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* After the last listener: nobody can ask any more. */
static void close_rest(struct server *server)
{
	close_handle((uv_handle_t *)&server->tick);
	close_handle((uv_handle_t *)&server->on_term);
	close_handle((uv_handle_t *)&server->on_int);
	close_handle((uv_handle_t *)&server->on_hup);
	keeper_close(server->keeper);
	server->keeper = NULL;
	preload_close(&server->preload);
	publisher_free(server->publisher);
	server->publisher = NULL;
	clients_close(&server->clients);
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;

	(void)number;
	if (server->stopping)
		return;
	server->stopping = true;
	log_event(server->log, LOG_STOP, clock_now(), NULL, NULL);
	doors_drain(&server->doors, close_rest);
}

static bool hear(struct server *server, uv_signal_t *handle, uv_signal_cb heard, int number)
{
	int code = uv_signal_init(&server->loop, handle);

	handle->data = server;
	if (!code)
		code = uv_signal_start(handle, heard, number);
	errno = -code;
	return code == 0;
}

/* Without its signals a server would end at once where it should drain: then it does not start. */
static enum sti_error start_handles(struct server *server)
{
	uv_timer_init(&server->loop, &server->tick);
	server->tick.data = server;
	uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
	preload_open(&server->preload, server);
	if (hear(server, &server->on_term, on_stop, SIGTERM) && hear(server, &server->on_int, on_stop, SIGINT) &&
	    hear(server, &server->on_hup, on_reload, SIGHUP))
		return STI_OK;
	return STI_E_IO;
}

static enum sti_error start(struct server *server, struct config_message *message)
{
	struct larder *larder = NULL;
	enum sti_error error;

	timekeeper_open(&server->timekeeper, STI_BUILD_DATE, clock_now(), clock_steady_ms());
	error = world_load(server->file, 1, &server->world, message);
	if (!error)
		error = open_parts(server, message);
	if (!error) {
		refresh(server);
		look_at_clock(server);
	}
	if (!error)
		error = preload_prepare(server->world, &larder, message);
	if (!error)
		preload_start(&server->preload, larder, true);
	if (!error)
		error = doors_open(&server->doors, server->world, message);
	if (error)
		return error;
	doors_swap(&server->doors);
	log_event(server->log, LOG_START, clock_now(), "name", server->world->config->name);
	return STI_OK;
}

static void free_parts(struct server *server)
{
	credentials_free(server->credentials);
	allowance_free(server->strangers);
	uv_loop_close(&server->loop);
	waiting_free(server->waiting);
	if (server->table)
		table_close(server->table);
	numberhash_close(&server->numberhash);
	doors_free(&server->doors);
	world_unref(server->clients.world);
	world_unref(server->coming);
	world_unref(server->world);
	log_free(server->log);
	metrics_free(server->metrics);
	free(server);
}

static enum sti_error open_loop(struct server *server)
{
	int code = uv_loop_init(&server->loop);

	errno = -code;
	return !code ? STI_OK : code == UV_ENOMEM ? STI_E_MEMORY : STI_E_IO;
}

/* NULL after a complaint. */
static struct server *server_create(const char *file)
{
	struct server *server = calloc(1, sizeof(*server));
	enum sti_error error = STI_E_MEMORY;

	if (server) {
		server->file = file;
		server->doors.server = server;
		server->metrics = metrics_create(STI_VERSION);
		server->log = log_create(STDERR_FILENO, server->metrics);
		if (server->metrics && server->log)
			error = open_loop(server);
	}
	if (!error)
		return server;
	complain(STATUS_SYSTEM, "cannot start: %s", error_why(error));
	if (server) {
		log_free(server->log);
		metrics_free(server->metrics);
	}
	free(server);
	return NULL;
}

static int complain_start(const char *file, enum sti_error error, struct config_message *message)
{
	if (!message->text[0])
		snprintf(message->text, sizeof(message->text), "%s", error_why(error));
	world_complain(file, message);
	return status_of(error);
}

int server_run(const char *file)
{
	struct server *server = server_create(file);
	struct config_message message = {0};
	int status = STATUS_GOOD;
	enum sti_error error;

	if (!server)
		return STATUS_SYSTEM;
	metrics_set(server->metrics, METRIC_START_SECONDS, 0, clock_now());
	error = start_handles(server);
	if (!error)
		error = start(server, &message);
	if (error) {
		status = complain_start(file, error, &message);
		close_rest(server);
	}
	uv_run(&server->loop, UV_RUN_DEFAULT);
	free_parts(server);
	return status;
}

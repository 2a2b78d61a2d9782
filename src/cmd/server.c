/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/server.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "cmd/service.h"

enum {
	TICK_MS = 500, /* sweep of the store: a PASSporT is gone within this time after it is stale */
	CALL_GRACE_S = 10,
	WAITING_MAX = 20000,
	CREDENTIALS_MAX = 4096,
	FETCHES_MAX = 64,       /* threats.md 1.0 */
	FETCHES_PER_HOST = 4,
	POSTS_MAX = 1024,
	POSTS_PER_HOST = 16,
	ASKS_MAX = 4096,
	ASKS_PER_HOST = 32,
	RETIRE_MS = 10000, /* longer than anything that may be under way over an old client */
	DRAIN_GRACE_MS = 1500,
	DRAIN_HARD_MS = 5000,
};

static const struct service *const service_table[] = {
	&service_as, &service_vs, &service_cps, &service_cps_private, &service_cr, &service_admin,
};

enum { SERVICES = sizeof(service_table) / sizeof(service_table[0]) };

/* Clients whose configuration has changed; they end what is under way. */
struct retired {
	struct world *world; /* the gate is in it */
	struct http_client *client[3];
	uv_timer_t timer;
};

void server_measure(struct server *server)
{
	unsigned connections[SERVICES] = {0};

	for (size_t i = 0; i < server->n_listener; i++)
		for (size_t k = 0; k < SERVICES; k++)
			if (server->listener[i].service == service_table[k])
				connections[k] += http_listener_connections(server->listener[i].listener);
	for (size_t k = 0; k < SERVICES; k++)
		metrics_set(server->metrics, METRIC_CONNECTIONS, service_table[k]->role, connections[k]);
	if (server->table) {
		struct table_stats stats = table_stats(server->table);

		metrics_set(server->metrics, METRIC_PASSPORTS, 0, stats.stored);
		metrics_set(server->metrics, METRIC_SLOTS_USED, 0, stats.slots_used);
		metrics_set(server->metrics, METRIC_SLOTS, 0, stats.slots);
		metrics_set(server->metrics, METRIC_STORE, METRICS_STORE_EXPIRED, (int64_t)stats.expired);
		metrics_set(server->metrics, METRIC_STORE, METRICS_STORE_TAKEN, (int64_t)stats.taken);
		metrics_set(server->metrics, METRIC_STORE, METRICS_STORE_DUPLICATE, (int64_t)stats.duplicates);
		metrics_set(server->metrics, METRIC_STORE, METRICS_STORE_FULL, (int64_t)stats.refused_full);
	}
}

static void seen(void *context, const struct http_request *request, int status, uint64_t nanoseconds)
{
	struct server_site *site = context;

	(void)request;
	metrics_request(site->server->metrics, site->service->role, status);
	metrics_observe(site->server->metrics, METRIC_REQUEST_SECONDS, site->service->role, (double)nanoseconds / 1e9);
}

static void set_site(struct server *server, const struct world *world, const struct service *service,
		     struct server_site *site)
{
	site->server = server;
	site->service = service;
	site->site = (struct http_site){
		.route = site->route,
		.n_route = service->routes(world, site->route),
		.explain = service->explain,
		.seen = seen,
		.context = server,
		.seen_context = site,
		.length_required = service->length_required,
	};
	if (service == &service_cps) {
		site->site.name = (const char *const *)world->config->cps.names;
		site->site.n_name = world->config->cps.n_names;
	}
}

static struct server_site *make_sites(struct server *server, const struct world *world)
{
	struct server_site *site = calloc(SERVICES, sizeof(*site));

	for (size_t i = 0; site && i < SERVICES; i++)
		if (service_table[i]->is_on(world->config))
			set_site(server, world, service_table[i], &site[i]);
	return site;
}

static struct http_limits limits_of(const struct config *config)
{
	struct http_limits limits = http_limits_default;

	limits.handshake_ms = (unsigned)config->limits.handshake_ms;
	limits.idle_ms = (unsigned)config->limits.idle_ms;
	limits.head_ms = (unsigned)config->limits.head_ms;
	limits.body_ms = (unsigned)config->limits.body_ms;
	limits.write_ms = (unsigned)config->limits.write_ms;
	limits.connections = (unsigned)config->limits.connections;
	limits.connections_per_address = (unsigned)config->limits.connections_per_address;
	return limits;
}

static struct server_listener *find_listener(struct server *server, const struct service *service, const char *address)
{
	for (size_t i = 0; i < server->n_listener; i++)
		if (server->listener[i].service == service && strcmp(server->listener[i].address, address) == 0)
			return &server->listener[i];
	return NULL;
}

static void tell_listening(struct server *server, const struct server_listener *listener)
{
	struct log_line line;

	log_begin(&line, LOG_LISTEN);
	log_put_str(&line, "role", listener->service->name);
	log_put_str(&line, "address", listener->address);
	log_put_int(&line, "port", http_listener_port(listener->listener));
	log_end(server->log, &line, clock_now());
}

static enum sti_error add_listener(struct server *server, const struct service *service,
				   const struct http_listener_config *config)
{
	struct server_listener *slot = &server->listener[server->n_listener];
	enum sti_error error;

	if (server->n_listener == SERVER_LISTENERS)
		return STI_E_LIMIT;
	slot->service = service;
	slot->address = strdup(config->address);
	if (!slot->address)
		return STI_E_MEMORY;
	error = http_listener_open(&server->loop, config, &slot->listener);
	if (error) {
		free((char *)slot->address);
		return error;
	}
	server->n_listener++;
	return STI_OK;
}

static struct http_listener_config listener_config(const struct world *world, const struct server_site *site,
						   struct tls_server *tls, const char *address)
{
	return (struct http_listener_config){
		.address = address,
		.tls = tls,
		.site = &site->site,
		.limits = limits_of(world->config),
	};
}

/* Calls `each` for every address that a world wants to be served. */
typedef enum sti_error each_address(struct server *server, const struct service *service,
				    const struct http_listener_config *config, void *context);

static enum sti_error for_each_address(struct server *server, const struct world *world, struct server_site *site,
				       each_address *each, void *context)
{
	for (size_t i = 0; i < SERVICES; i++) {
		const char *const *address;
		struct tls_server *tls;
		size_t n;

		if (!service_table[i]->is_on(world->config))
			continue;
		n = service_table[i]->listen(world, &address, &tls);
		for (size_t k = 0; k < n; k++) {
			struct http_listener_config config = listener_config(world, &site[i], tls, address[k]);
			enum sti_error error = each(server, service_table[i], &config, context);

			if (error)
				return error;
		}
	}
	return STI_OK;
}

/* First half of a reload or a start: what is new is opened; nothing else is touched. */
static enum sti_error open_new(struct server *server, const struct service *service,
			       const struct http_listener_config *config, void *context)
{
	struct config_message *message = context;
	enum sti_error error;

	if (find_listener(server, service, config->address))
		return STI_OK;
	error = add_listener(server, service, config);
	if (error)
		snprintf(message->text, sizeof(message->text), "%s.listen: %s: cannot listen there: %s", service->name,
			 config->address, error == STI_E_IO ? strerror(errno) : sti_error_text(error));
	return error;
}

/* Second half: what stays gets the new world. */
static enum sti_error update_old(struct server *server, const struct service *service,
				 const struct http_listener_config *config, void *context)
{
	(void)context;
	http_listener_update(find_listener(server, service, config->address)->listener, config);
	return STI_OK;
}

static void forget_listener(struct server *server, size_t i, unsigned grace_ms, unsigned hard_ms,
			    void (*done)(void *context))
{
	http_listener_drain(server->listener[i].listener, grace_ms, hard_ms, done, server);
	free((char *)server->listener[i].address);
	server->listener[i] = server->listener[--server->n_listener];
}

static void ended(void *context)
{
	(void)context;
}

struct wanted {
	const struct server_listener *listener;
	bool found;
};

static enum sti_error look_for(struct server *server, const struct service *service,
			       const struct http_listener_config *config, void *context)
{
	struct wanted *wanted = context;

	if (find_listener(server, service, config->address) == wanted->listener)
		wanted->found = true;
	return STI_OK;
}

static void close_unwanted(struct server *server, const struct world *world, struct server_site *site)
{
	for (size_t i = server->n_listener; i-- > 0;) {
		struct wanted wanted = {&server->listener[i], false};

		for_each_address(server, world, site, look_for, &wanted);
		if (!wanted.found)
			forget_listener(server, i, DRAIN_GRACE_MS, DRAIN_HARD_MS, ended);
	}
}

static enum sti_error make_client(struct server *server, const struct http_client_config *config,
				  struct http_client **out)
{
	return http_client_create(&server->loop, config, out);
}

static void close_clients(struct http_client *const client[3])
{
	for (size_t i = 0; i < 3; i++)
		if (client[i])
			http_client_close(client[i]);
}

static enum sti_error make_clients(struct server *server, const struct world *world, struct http_client *client[3])
{
	const struct config *config = world->config;
	struct http_client_config fetch = {
		.ca_file = config->fetch_ca,
		.gate = &world->gate,
		.in_flight = FETCHES_MAX,
		.per_host = FETCHES_PER_HOST,
	};
	struct http_client_config post = fetch;
	struct http_client_config ask = {
		.ca_file = config->vs.oob_ca,
		.gate = &world->gate,
		.certificate = buf_span(&world->oob_certificate),
		.key = buf_span(&world->oob_key),
		.in_flight = ASKS_MAX,
		.per_host = ASKS_PER_HOST,
	};
	enum sti_error error = make_client(server, &fetch, &client[0]);

	post.in_flight = POSTS_MAX;
	post.per_host = POSTS_PER_HOST;
	if (!error)
		error = make_client(server, &post, &client[1]);
	return error ? error : make_client(server, &ask, &client[2]);
}

static void use_clients(struct server *server, struct world *world, struct http_client *const client[3])
{
	struct publisher_config publisher = {
		.client = client[1],
		.metrics = server->metrics,
		.timeout_ms = (unsigned)world->config->as.publish_timeout_ms,
		.in_flight = POSTS_MAX,
		.queue = (unsigned)world->config->as.publish_queue,
	};

	server->client_world = world_ref(world);
	server->fetch_client = client[0];
	server->post_client = client[1];
	server->ask_client = client[2];
	if (server->credentials)
		credentials_set_client(server->credentials, client[0]);
	if (server->publisher)
		publisher_set(server->publisher, &publisher);
}

static void free_retired(uv_handle_t *handle)
{
	struct retired *retired = handle->data;

	world_unref(retired->world);
	free(retired);
}

static void end_retired(uv_timer_t *timer)
{
	struct retired *retired = timer->data;

	close_clients(retired->client);
	uv_close((uv_handle_t *)timer, free_retired);
}

/* What is under way over the old clients comes to its end; then they are closed. */
static void retire_clients(struct server *server, struct retired *retired)
{
	*retired = (struct retired){
		.world = server->client_world,
		.client = {server->fetch_client, server->post_client, server->ask_client},
	};
	uv_timer_init(&server->loop, &retired->timer);
	retired->timer.data = retired;
	uv_timer_start(&retired->timer, end_retired, RETIRE_MS, 0);
	uv_unref((uv_handle_t *)&retired->timer);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_clients(const struct world *a, const struct world *b)
{
	if (a->config->n_permit != b->config->n_permit || !same_text(a->config->fetch_ca, b->config->fetch_ca) ||
	    !same_text(a->config->vs.oob_ca, b->config->vs.oob_ca) ||
	    !sti_span_equal(buf_span(&a->oob_certificate), buf_span(&b->oob_certificate)) ||
	    !sti_span_equal(buf_span(&a->oob_key), buf_span(&b->oob_key)))
		return false;
	for (size_t i = 0; i < a->config->n_permit; i++)
		if (!same_text(a->config->permit[i], b->config->permit[i]))
			return false;
	return true;
}

static enum sti_error renew_clients(struct server *server, struct world *world)
{
	struct http_client *client[3] = {NULL, NULL, NULL};
	struct retired *retired;
	enum sti_error error;

	if (same_clients(server->client_world, world)) {
		struct http_client *const same[3] = {server->fetch_client, server->post_client, server->ask_client};
		struct world *old = server->client_world;

		/* The gate of the clients stands in the world they were made for. */
		use_clients(server, world, same);
		world_unref(server->client_world);
		server->client_world = old;
		return STI_OK;
	}
	retired = calloc(1, sizeof(*retired));
	error = retired ? make_clients(server, world, client) : STI_E_MEMORY;
	if (error) {
		close_clients(client);
		free(retired);
		return error;
	}
	retire_clients(server, retired);
	use_clients(server, world, client);
	return STI_OK;
}

static enum sti_error open_store(struct server *server, struct config_message *message)
{
	const struct config_cps *config = &server->world->config->cps;
	struct table_config table = {config->store, (uint32_t)config->slots, CALL_GRACE_S};
	enum sti_error error;

	if (!config->on)
		return STI_OK;
	error = table_open(&table, clock_now(), &server->table);
	if (error)
		snprintf(message->text, sizeof(message->text), "cps.store: %s: %s", config->store,
			 error == STI_E_IO ? strerror(errno) : sti_error_text(error));
	return error;
}

static enum sti_error open_numberhash(const struct world *world, struct numberhash *out)
{
	uint8_t random[DIGEST_SHA256];
	struct sti_span secret = buf_span(&world->number_key);

	if (secret.n)
		return numberhash_open(secret, out);
	if (RAND_bytes(random, sizeof(random)) != 1)
		return STI_E_CRYPTO;
	return numberhash_open(sti_span(random, sizeof(random)), out);
}

static enum sti_error open_parts(struct server *server, struct config_message *message)
{
	struct http_client *client[3] = {NULL, NULL, NULL};
	enum sti_error error = make_clients(server, server->world, client);
	struct credentials_config credentials = {
		.loop = &server->loop,
		.client = client[0],
		.trust = server->world->trust,
		.metrics = server->metrics,
		.fetch_ms = (unsigned)server->world->config->cps.fetch_ms,
		.capacity = CREDENTIALS_MAX,
	};
	struct publisher_config publisher = {.metrics = server->metrics};

	if (error) {
		close_clients(client);
		return error;
	}
	error = credentials_create(&credentials, &server->credentials);
	if (!error)
		error = publisher_create(&publisher, &server->publisher);
	use_clients(server, server->world, client);
	if (!error)
		error = waiting_create(WAITING_MAX, &server->waiting);
	if (!error)
		error = open_numberhash(server->world, &server->numberhash);
	return error ? error : open_store(server, message);
}

/* What cannot change while the process runs. */
static enum sti_error check_same_store(const struct world *old, const struct world *new,
				       struct config_message *message)
{
	const struct config_cps *a = &old->config->cps;
	const struct config_cps *b = &new->config->cps;

	if (a->on == b->on && (!a->on || (same_text(a->store, b->store) && a->slots == b->slots)))
		return STI_OK;
	snprintf(message->text, sizeof(message->text), "cps.store, cps.slots and the presence of cps change only by a restart");
	return STI_E_CONFIG;
}

/* Opens the new listeners of a world; on failure those are closed again and nothing has changed. */
static enum sti_error open_listeners(struct server *server, struct world *world, struct server_site *site,
				     struct config_message *message)
{
	size_t before = server->n_listener;
	enum sti_error error = for_each_address(server, world, site, open_new, message);

	while (error && server->n_listener > before)
		forget_listener(server, server->n_listener - 1, 0, 0, ended);
	return error;
}

static void swap_world(struct server *server, struct world *world, struct server_site *site)
{
	struct server_site *old_site = server->site;
	struct world *old = server->world;
	struct numberhash hash;

	for_each_address(server, world, site, update_old, NULL);
	close_unwanted(server, world, site);
	credentials_set_trust(server->credentials, world->trust);
	if (!sti_span_equal(buf_span(&old->number_key), buf_span(&world->number_key)) &&
	    open_numberhash(world, &hash) == STI_OK)
		server->numberhash = hash;
	server->world = world;
	server->site = site;
	free(old_site);
	world_unref(old);
}

/* All or nothing: whatever fails, the process goes on as it was. */
static enum sti_error reload(struct server *server, struct config_message *message)
{
	struct world *world;
	struct server_site *site;
	enum sti_error error = world_load(server->file, server->world->generation + 1, &world, message);

	if (error)
		return error;
	site = make_sites(server, world);
	error = site ? check_same_store(server->world, world, message) : STI_E_MEMORY;
	if (!error)
		error = open_listeners(server, world, site, message);
	if (!error) {
		error = renew_clients(server, world);
		/* A listener opened for this world must not outlive it. */
		if (error)
			close_unwanted(server, server->world, server->site);
	}
	if (error) {
		free(site);
		world_unref(world);
		return error;
	}
	swap_world(server, world, site);
	return STI_OK;
}

static void on_reload(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;
	struct config_message message = {0};
	struct log_line line;
	enum sti_error error;

	(void)number;
	if (server->stopping)
		return;
	error = reload(server, &message);
	metrics_add(server->metrics, METRIC_RELOADS, error ? METRICS_FAILED : METRICS_OK, 1);
	log_begin(&line, error ? LOG_RELOAD_REFUSED : LOG_RELOAD);
	log_put_int(&line, "generation", (int64_t)server->world->generation);
	if (error) {
		log_put_str(&line, "file", server->file);
		log_put_int(&line, "line", message.line);
		log_put_str(&line, "why", message.text[0] ? message.text : sti_error_text(error));
	}
	log_end(server->log, &line, clock_now());
}

static void on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;

	if (server->table)
		table_sweep(server->table, clock_now());
	server_measure(server);
	log_flush(server->log, clock_now());
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* After the last listener: nobody can ask any more. */
static void close_rest(struct server *server)
{
	close_handle((uv_handle_t *)&server->tick);
	close_handle((uv_handle_t *)&server->on_term);
	close_handle((uv_handle_t *)&server->on_int);
	close_handle((uv_handle_t *)&server->on_hup);
	if (server->publisher)
		publisher_free(server->publisher);
	server->publisher = NULL;
	if (server->fetch_client) {
		struct http_client *const client[3] = {server->fetch_client, server->post_client, server->ask_client};

		close_clients(client);
	}
	server->fetch_client = NULL;
}

static void one_drained(void *context)
{
	struct server *server = context;

	if (--server->draining == 0)
		close_rest(server);
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;

	(void)number;
	if (server->stopping)
		return;
	server->stopping = true;
	log_event(server->log, LOG_STOP, clock_now(), NULL, NULL);
	server->draining = server->n_listener;
	while (server->n_listener)
		forget_listener(server, server->n_listener - 1, DRAIN_GRACE_MS, DRAIN_HARD_MS, one_drained);
}

static void start_signals(struct server *server)
{
	uv_timer_init(&server->loop, &server->tick);
	uv_signal_init(&server->loop, &server->on_term);
	uv_signal_init(&server->loop, &server->on_int);
	uv_signal_init(&server->loop, &server->on_hup);
	server->tick.data = server->on_term.data = server->on_int.data = server->on_hup.data = server;
	uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
	uv_signal_start(&server->on_term, on_stop, SIGTERM);
	uv_signal_start(&server->on_int, on_stop, SIGINT);
	uv_signal_start(&server->on_hup, on_reload, SIGHUP);
}

static enum sti_error start(struct server *server, struct config_message *message)
{
	enum sti_error error = world_load(server->file, 1, &server->world, message);

	if (!error)
		error = open_parts(server, message);
	if (!error) {
		server->site = make_sites(server, server->world);
		error = server->site ? open_listeners(server, server->world, server->site, message) : STI_E_MEMORY;
	}
	for (size_t i = 0; !error && i < server->n_listener; i++)
		tell_listening(server, &server->listener[i]);
	return error;
}

static void free_parts(struct server *server)
{
	credentials_free(server->credentials);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	waiting_free(server->waiting);
	if (server->table)
		table_close(server->table);
	numberhash_close(&server->numberhash);
	free(server->site);
	world_unref(server->client_world);
	world_unref(server->world);
	log_free(server->log);
	metrics_free(server->metrics);
}

static enum sti_error open_loop(struct server *server)
{
	server->metrics = metrics_create(STI_VERSION);
	server->log = log_create(STDERR_FILENO, server->metrics);
	if (!server->metrics || !server->log || uv_loop_init(&server->loop))
		return STI_E_MEMORY;
	start_signals(server);
	metrics_set(server->metrics, METRIC_START_SECONDS, 0, clock_now());
	return STI_OK;
}

int server_run(const char *file)
{
	struct server *server = calloc(1, sizeof(*server));
	struct config_message message = {0};
	enum sti_error error = server ? STI_OK : STI_E_MEMORY;
	int status = STATUS_GOOD;

	if (!error) {
		server->file = file;
		error = open_loop(server);
	}
	if (error)
		return complain(STATUS_SYSTEM, "cannot start: %s", sti_error_text(error));
	error = start(server, &message);
	if (error) {
		if (!message.text[0])
			snprintf(message.text, sizeof(message.text), "%s", sti_error_text(error));
		world_complain(file, &message);
		status = status_of(error);
		while (server->n_listener)
			forget_listener(server, server->n_listener - 1, 0, 0, ended);
		close_rest(server);
	} else {
		log_event(server->log, LOG_START, clock_now(), "name", server->world->config->name);
	}
	uv_run(&server->loop, UV_RUN_DEFAULT);
	free_parts(server);
	free(server);
	return status;
}

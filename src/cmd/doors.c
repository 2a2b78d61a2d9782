/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/listen_address.h"
#include "cmd/command.h"
#include "cmd/service.h"

enum { GRACE_MS = 1500, HARD_MS = 5000 }; /* design.md 7.7, threats.md J2 */

static const struct service *const service_table[] = {
	&service_as, &service_vs, &service_cps, &service_cps_private, &service_cr, &service_admin,
};

#define SERVICES (sizeof(service_table) / sizeof(service_table[0]))

struct door_site {
	struct served served;
	struct http_site site;
	struct http_route route[DOOR_ROUTES];
};

/* What is served under one world. A listener that is being drained still serves the old one, so
 * references are counted. */
struct door_sites {
	unsigned refs;
	struct world *world;
	struct doors *doors;
	struct door_site site[SERVICES];
};

static void seen(void *context, const struct http_request *request, int status, uint64_t nanoseconds)
{
	const struct served *served = context;
	struct metrics *metrics = served->server->metrics;

	(void)request;
	metrics_request(metrics, served->service->role, status);
	metrics_observe(metrics, METRIC_REQUEST_SECONDS, served->service->role, (double)nanoseconds / 1e9);
}

static void set_site(struct server *server, struct world *world, const struct service *service, struct door_site *site)
{
	site->served = (struct served){server, world, service};
	site->site = (struct http_site){
		.route = site->route,
		.n_route = service->routes(world, site->route),
		.explain = service->explain,
		.seen = seen,
		.context = &site->served,
		.seen_context = &site->served,
		.length_required = service->length_required,
	};
	if (service->names)
		site->site.n_name = service->names(world, &site->site.name);
}

static struct door_sites *make_sites(struct doors *doors, struct world *world)
{
	struct door_sites *sites = calloc(1, sizeof(*sites));

	if (!sites)
		return NULL;
	sites->refs = 1;
	sites->world = world_ref(world);
	sites->doors = doors;
	for (size_t i = 0; i < SERVICES; i++)
		if (service_table[i]->is_on(world->config))
			set_site(doors->server, world, service_table[i], &sites->site[i]);
	return sites;
}

static void sites_unref(struct door_sites *sites)
{
	if (!sites || --sites->refs)
		return;
	world_unref(sites->world);
	free(sites);
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

/* One address that a world wants to be served. */
struct want {
	const struct service *service;
	struct http_listener_config config;
};

/* The i-th of them; false behind the last. */
static bool want_at(struct door_sites *sites, size_t i, struct want *want)
{
	const struct world *world = sites->world;

	for (size_t k = 0; k < SERVICES; k++) {
		const char *const *address;
		struct tls_server *tls;
		bool is_unix;
		size_t n;

		if (!service_table[k]->is_on(world->config))
			continue;
		n = service_table[k]->listen(world, &address, &tls);
		if (i >= n) {
			i -= n;
			continue;
		}
		want->service = service_table[k];
		/* A Unix socket is plain also where it stands beside addresses with TLS. */
		is_unix = listen_address_is_unix(sti_span_str(address[i]));
		want->config = (struct http_listener_config){.address = address[i],
							     .tls = is_unix ? NULL : tls,
							     .site = &sites->site[k].site,
							     .limits = limits_of(world->config)};
		return true;
	}
	return false;
}

static struct door *find(struct doors *doors, const struct want *want)
{
	for (size_t i = 0; i < doors->n; i++)
		if (doors->door[i].service == want->service &&
		    strcmp(doors->door[i].address, want->config.address) == 0)
			return &doors->door[i];
	return NULL;
}

static void tell(const struct doors *doors, const struct door *door)
{
	struct log_line line;

	log_begin(&line, LOG_LISTEN);
	log_put_str(&line, "role", door->service->name);
	log_put_str(&line, "address", door->address);
	log_put_int(&line, "port", http_listener_port(door->listener));
	log_end(doors->server->log, &line, clock_now());
}

static enum sti_error open_one(struct doors *doors, const struct want *want)
{
	struct door *door = &doors->door[doors->n];
	enum sti_error error;

	if (doors->n == DOORS)
		return STI_E_LIMIT;
	door->service = want->service;
	door->address = strdup(want->config.address);
	if (!door->address)
		return STI_E_MEMORY;
	error = http_listener_open(&doors->server->loop, &want->config, &door->listener);
	if (error) {
		free(door->address);
		return error;
	}
	doors->n++;
	tell(doors, door);
	return STI_OK;
}

static void one_drained(void *context)
{
	struct door_sites *sites = context;
	struct doors *doors = sites->doors;

	sites_unref(sites);
	doors->draining--;
	if (doors->draining == 0 && doors->drained)
		doors->drained(doors->server);
}

/* sites: what the listener serves to its end. */
static void close_one(struct doors *doors, size_t i, struct door_sites *sites)
{
	struct http_listener *listener = doors->door[i].listener;

	free(doors->door[i].address);
	doors->door[i] = doors->door[--doors->n];
	doors->draining++;
	sites->refs++;
	http_listener_drain(listener, GRACE_MS, HARD_MS, one_drained, sites);
}

static bool is_wanted(struct doors *doors, struct door_sites *sites, const struct door *door)
{
	struct want want;

	for (size_t i = 0; want_at(sites, i, &want); i++)
		if (find(doors, &want) == door)
			return true;
	return false;
}

enum sti_error doors_open(struct doors *doors, struct world *world, struct config_message *message)
{
	struct door_sites *sites = make_sites(doors, world);
	size_t before = doors->n;
	struct want want;
	enum sti_error error = sites ? STI_OK : STI_E_MEMORY;

	for (size_t i = 0; !error && want_at(sites, i, &want); i++) {
		if (find(doors, &want))
			continue;
		error = open_one(doors, &want);
		if (error)
			snprintf(message->text, sizeof(message->text), "%s.listen: %s: cannot listen there: %s",
				 want.service->name, want.config.address, error_why(error));
	}
	while (error && doors->n > before)
		close_one(doors, doors->n - 1, sites);
	if (error)
		sites_unref(sites);
	else
		doors->next = sites;
	return error;
}

void doors_swap(struct doors *doors)
{
	struct door_sites *old = doors->now;
	struct want want;

	doors->now = doors->next;
	doors->next = NULL;
	for (size_t i = 0; want_at(doors->now, i, &want); i++)
		http_listener_update(find(doors, &want)->listener, &want.config);
	for (size_t i = doors->n; i-- > 0;)
		if (!is_wanted(doors, doors->now, &doors->door[i]))
			close_one(doors, i, old);
	sites_unref(old);
}

void doors_take_back(struct doors *doors)
{
	for (size_t i = doors->n; i-- > 0;)
		if (!is_wanted(doors, doors->now, &doors->door[i]))
			close_one(doors, i, doors->next);
	sites_unref(doors->next);
	doors->next = NULL;
}

void doors_drain(struct doors *doors, void (*done)(struct server *server))
{
	doors->drained = done;
	if (doors->n == 0 && doors->draining == 0)
		done(doors->server);
	while (doors->n)
		close_one(doors, doors->n - 1, doors->now);
}

void doors_measure(const struct doors *doors, struct metrics *metrics)
{
	for (size_t k = 0; k < SERVICES; k++) {
		unsigned connections = 0;

		for (size_t i = 0; i < doors->n; i++)
			if (doors->door[i].service == service_table[k])
				connections += http_listener_connections(doors->door[i].listener);
		metrics_set(metrics, METRIC_CONNECTIONS, service_table[k]->role, connections);
	}
}

void doors_free(struct doors *doors)
{
	sites_unref(doors->now);
	doors->now = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/clients.h"

#include <stdlib.h>
#include <string.h>

enum {
	FETCHES = 64, /* threats.md 1.0 */
	FETCHES_PER_HOST = 4,
	POSTS_PER_HOST = 16,
	ASKS = 4096,
	ASKS_PER_HOST = 32,
	RETIRE_MS = 10000, /* longer than anything that may be under way over an old client */
};

/* Clients of a world that has gone; they end what is under way. */
struct retired {
	struct retired *next;
	struct clients *owner;
	struct world *world;
	struct http_client *client[CLIENTS];
	uv_timer_t timer;
};

static void close_all(struct http_client *client[CLIENTS])
{
	for (size_t i = 0; i < CLIENTS; i++) {
		if (client[i])
			http_client_close(client[i]);
		client[i] = NULL;
	}
}

static enum sti_error open_all(uv_loop_t *loop, const struct world *world, struct http_client *client[CLIENTS])
{
	const struct config *config = world->config;
	const struct http_client_config row[CLIENTS] = {
		[CLIENT_FETCH] = {.ca_file = config->fetch_ca, .in_flight = FETCHES, .per_host = FETCHES_PER_HOST},
		[CLIENT_POST] = {.ca_file = config->fetch_ca, .in_flight = CLIENT_POSTS, .per_host = POSTS_PER_HOST},
		[CLIENT_ASK] = {.ca_file = config->vs.oob_ca,
				.certificate = buf_span(&world->oob_certificate),
				.key = buf_span(&world->oob_key),
				.in_flight = ASKS,
				.per_host = ASKS_PER_HOST},
	};
	enum sti_error error = STI_OK;

	for (size_t i = 0; !error && i < CLIENTS; i++) {
		struct http_client_config one = row[i];

		one.gate = &world->gate;
		error = http_client_create(loop, &one, &client[i]);
	}
	if (error)
		close_all(client);
	return error;
}

enum sti_error clients_open(struct clients *clients, uv_loop_t *loop, struct world *world)
{
	enum sti_error error = open_all(loop, world, clients->client);

	clients->loop = loop;
	if (!error)
		clients->world = world_ref(world);
	return error;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_permits(const struct config *a, const struct config *b)
{
	if (a->n_permit != b->n_permit)
		return false;
	for (size_t i = 0; i < a->n_permit; i++)
		if (!same_text(a->permit[i], b->permit[i]))
			return false;
	return true;
}

static bool is_same(const struct world *a, const struct world *b)
{
	return same_permits(a->config, b->config) && sti_span_equal(buf_span(&a->fetch_ca), buf_span(&b->fetch_ca)) &&
	       sti_span_equal(buf_span(&a->oob_ca), buf_span(&b->oob_ca)) &&
	       sti_span_equal(buf_span(&a->oob_certificate), buf_span(&b->oob_certificate)) &&
	       sti_span_equal(buf_span(&a->oob_key), buf_span(&b->oob_key));
}

static void free_retired(uv_handle_t *handle)
{
	struct retired *retired = handle->data;

	world_unref(retired->world);
	free(retired);
}

static void end_retired(struct retired *retired)
{
	struct retired **at = &retired->owner->retired;

	while (*at != retired)
		at = &(*at)->next;
	*at = retired->next;
	close_all(retired->client);
	uv_close((uv_handle_t *)&retired->timer, free_retired);
}

static void time_to_end(uv_timer_t *timer)
{
	end_retired(timer->data);
}

static void retire(struct clients *clients, struct retired *retired)
{
	retired->owner = clients;
	retired->world = clients->world;
	memcpy(retired->client, clients->client, sizeof(retired->client));
	retired->next = clients->retired;
	clients->retired = retired;
	uv_timer_init(clients->loop, &retired->timer);
	retired->timer.data = retired;
	uv_timer_start(&retired->timer, time_to_end, RETIRE_MS, 0);
}

enum sti_error clients_renew(struct clients *clients, struct world *world)
{
	struct http_client *client[CLIENTS] = {NULL};
	struct retired *retired;
	enum sti_error error;

	if (is_same(clients->world, world))
		return STI_OK;
	retired = calloc(1, sizeof(*retired));
	if (!retired)
		return STI_E_MEMORY;
	error = open_all(clients->loop, world, client);
	if (error) {
		free(retired);
		return error;
	}
	retire(clients, retired);
	memcpy(clients->client, client, sizeof(client));
	clients->world = world_ref(world);
	return STI_OK;
}

void clients_close(struct clients *clients)
{
	while (clients->retired)
		end_retired(clients->retired);
	close_all(clients->client);
}

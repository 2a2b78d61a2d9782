/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/service.h"

/* For the operator alone: GET /metrics, /health, /ready, on loopback or a Unix socket. */

enum { METRICS_MAX = 256 * 1024 };

static bool is_on(const struct config *config)
{
	return config->n_admin > 0;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->admin;
	*tls = NULL;
	return world->config->n_admin;
}

static void handle_metrics(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct server *server = ((const struct served *)context)->server;
	struct buf body = buf_own(METRICS_MAX);
	struct http_reply reply = {.status = 200, .media = METRICS_MEDIA};

	(void)request;
	server_measure(server);
	metrics_write(server->metrics, &body);
	reply.body = buf_span(&body);
	if (buf_error(&body))
		http_answer_status(exchange, 500);
	else
		http_answer(exchange, &reply);
	buf_free(&body);
}

static void answer_text(struct http_exchange *exchange, int status, const char *text)
{
	struct http_reply reply = {.status = status, .media = "text/plain", .body = sti_span_str(text)};

	http_answer(exchange, &reply);
}

static void handle_health(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	(void)request;
	(void)context;
	answer_text(exchange, 200, "up\n");
}

/* Not before there was ever somebody to trust. */
static bool has_trust(const struct world *world)
{
	struct trust_snapshot *trust = world_take_trust(world);
	const struct sti_roots *roots = trust_snapshot_roots(trust);
	bool has = roots && sti_roots_count(roots) > 0;

	trust_snapshot_unref(trust);
	return has || !(world->config->vs.on || world->config->cps.on);
}

/* A load balancer sends calls elsewhere while we drain, or can believe nobody. */
static void handle_ready(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	const struct served *served = context;

	(void)request;
	if (served->server->stopping)
		answer_text(exchange, 503, "draining\n");
	else if (!has_trust(served->world))
		answer_text(exchange, 503, "no trust\n");
	else
		answer_text(exchange, 200, "ready\n");
}

static size_t routes(const struct world *world, struct http_route *route)
{
	(void)world;
	route[0] = (struct http_route){HTTP_METHOD_GET, "/metrics", NULL, false, handle_metrics};
	route[1] = (struct http_route){HTTP_METHOD_GET, "/health", NULL, false, handle_health};
	route[2] = (struct http_route){HTTP_METHOD_GET, "/ready", NULL, false, handle_ready};
	return 3;
}

const struct service service_admin = {
	.role = METRICS_ROLE_ADMIN,
	.name = "admin",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
};

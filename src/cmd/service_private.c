/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cmd/retrieve.h"
#include "cmd/service.h"

/* The CPS, private side: only our own STI-VS may ask, over a Unix socket or with a client certificate. */

struct asking {
	struct http_exchange *exchange;
	struct retrieval retrieval;
	bool as_json;
};

static bool is_on(const struct config *config)
{
	return config->cps.on && config->cps.private_listen.n_address > 0;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->cps.private_listen.address;
	*tls = world->tls_private;
	return world->config->cps.private_listen.n_address;
}

static void answer_tokens(struct http_exchange *exchange, struct sti_span tokens)
{
	struct http_reply reply = {.status = 200, .media = "application/passport", .body = tokens};

	http_answer(exchange, &reply);
}

static void answer_pair(struct http_exchange *exchange, struct sti_span tokens, const struct retrieval_pair *hit)
{
	struct buf body = buf_own(LIMIT_PAIR * (LIMIT_JWS + 64));

	retrieval_write_answer(&body, tokens, hit);
	service_answer_json(exchange, 200, &body);
	buf_free(&body);
}

static void retrieved(void *context, struct sti_span tokens, size_t hit)
{
	struct asking *asking = context;

	if (!tokens.p)
		http_answer_status(asking->exchange, 404);
	else if (asking->as_json)
		answer_pair(asking->exchange, tokens, &asking->retrieval.pair[hit]);
	else
		answer_tokens(asking->exchange, tokens);
	free(asking);
}

static bool is_gone(void *context)
{
	const struct asking *asking = context;

	return http_exchange_is_gone(asking->exchange);
}

static void ask(const struct served *served, struct http_exchange *exchange, const struct retrieval *retrieval,
		bool as_json)
{
	struct asking *asking = calloc(1, sizeof(*asking));
	struct retrieve_asker asker = {retrieved, is_gone, asking};

	if (!asking) {
		http_answer_status(exchange, 503);
		return;
	}
	*asking = (struct asking){exchange, *retrieval, as_json};
	retrieve_start(served->server, &asking->retrieval, &asker);
}

static void handle_get(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct retrieval retrieval;

	/* HEAD would take the PASSporTs and show nobody. */
	if (request->method != HTTP_METHOD_GET)
		http_answer_status(exchange, 405);
	else if (retrieval_parse_get(request->argument[0], request->argument[1], request->query, &retrieval))
		http_answer_status(exchange, 400);
	else
		ask(context, exchange, &retrieval, false);
}

static void handle_query(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct retrieval retrieval;

	if (retrieval_parse_query(request->body, &retrieval))
		http_answer_status(exchange, 400);
	else
		ask(context, exchange, &retrieval, true);
}

static size_t routes(const struct world *world, struct http_route *route)
{
	(void)world;
	route[0] =
		(struct http_route){HTTP_METHOD_POST, "/cps/passports/query", "application/json", true, handle_query};
	route[1] = (struct http_route){HTTP_METHOD_GET, "/cps/passports/{}/{}", NULL, false, handle_get};
	return 2;
}

const struct service service_cps_private = {
	.role = METRICS_ROLE_CPS_PRIVATE,
	.name = "cps.private",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
};

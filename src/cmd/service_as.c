/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/sign.h>
#include <stdio.h>

#include "api/accept.h"
#include "api/signing.h"
#include "app/clock.h"
#include "cmd/service.h"

/* The STI-AS: POST {prefix}/signing. Answers first; publishing goes on beside the call (seed, call
 * flow step 3). */

static bool is_on(const struct config *config)
{
	return config->as.on;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->as.listen.address;
	*tls = world->tls_as;
	return world->config->as.listen.n_address;
}

static struct sti_span bearer_of(const struct http_request *request)
{
	struct sti_span value = http_header_find(request->header, request->n_header, "Authorization");

	if (!sti_span_is_nocase(sti_span_first(value, 7), "Bearer "))
		return sti_span(NULL, 0);
	return sti_span_trim(sti_span_from(value, 7));
}

static enum request_error authorise(const struct world *world, const struct http_request *http,
				    const struct signing_request *request, struct authority_grant *grant)
{
	struct authority_caller caller = {
		.address = http->peer.address,
		.certificate = http->peer.certificate,
		.token = bearer_of(http),
		.trunk = http_header_find(http->header, http->n_header, "X-Trunk"),
	};

	switch (authority_ask(&world->authority, &caller, &request->orig, request->attest, grant)) {
	case AUTHORITY_GRANTED:
		return REQUEST_OK;
	case AUTHORITY_UNKNOWN_CLIENT:
		return REQUEST_CLIENT;
	case AUTHORITY_NUMBER:
	case AUTHORITY_NO_SIGNER:
		break;
	}
	return REQUEST_NUMBER;
}

/* Nothing is ever signed with a certificate outside its validity (threats.md L2). */
static bool may_sign(const struct world_signer *signer, int64_t now)
{
	return now >= signer->from && now <= signer->until;
}

static enum request_error sign(const struct server *server, const struct signing_request *request,
			       const struct authority_grant *grant, char identity[STI_IDENTITY_MAX], size_t *n)
{
	const struct world_signer *signer = &server->world->signer[grant->signer];
	struct sti_sign_request wanted = {
		.orig = request->orig,
		.dest = request->dest,
		.n_dest = request->n_dest,
		.iat = request->iat,
		.attest = grant->attest,
		.origid = sti_span(request->origid, UUID_TEXT),
	};

	if (!may_sign(signer, clock_now())) {
		log_event(server->log, LOG_SIGNER_EXPIRED, clock_now(), NULL, NULL);
		return REQUEST_BUSY;
	}
	if (sti_sign(signer->key, signer->x5u, &wanted, identity, n))
		return REQUEST_INTERNAL;
	metrics_add(server->metrics, METRIC_SIGNATURES, (unsigned)(grant->attest - 'A'), 1);
	return REQUEST_OK;
}

static bool is_new_url(const struct sti_span *url, size_t n, struct sti_span next)
{
	for (size_t i = 0; i < n; i++)
		if (sti_span_equal(url[i], next))
			return false;
	return true;
}

/* To the CPS of each called number, once each; no URL, no POST (seed, Overview). */
static void publish(struct server *server, const struct signing_request *request, struct sti_span identity)
{
	struct sti_span passport = sti_span_first(identity, sti_span_find(identity, ';'));
	struct sti_span url[LIMIT_DEST];
	size_t n = 0;

	for (size_t i = 0; i < request->n_dest; i++) {
		struct discover_answer answer = discover_find(server->world->discover, &request->dest[i]);

		if (!answer.url.p)
			metrics_add(server->metrics, METRIC_PUBLISH, METRICS_PUBLISH_NO_ROUTE, 1);
		else if (is_new_url(url, n, answer.url))
			url[n++] = answer.url;
	}
	for (size_t i = 0; i < n; i++)
		publisher_post(server->publisher, url[i], passport, request->iat + LIMIT_FRESHNESS_S);
}

static void answer(struct server *server, struct http_exchange *exchange, struct sti_span identity)
{
	struct buf body = buf_own(LIMIT_BODY);

	signing_response_write(&body, identity);
	server_answer_json(exchange, (int)server->world->config->as.success, &body);
	buf_free(&body);
}

static void handle_signing(struct http_exchange *exchange, const struct http_request *http, void *context)
{
	struct server *server = context;
	struct signing_request request;
	struct authority_grant grant;
	char identity[STI_IDENTITY_MAX];
	const char *variable = "application/json";
	size_t n;
	enum request_error error = REQUEST_NOT_ACCEPTABLE;

	if (accept_json(http_header_find(http->header, http->n_header, "Accept")))
		error = signing_request_parse(http->body, &server->world->plan, &request, &variable);
	if (!error && !authority_iat_is_current(request.iat, clock_now())) {
		variable = "iat";
		error = REQUEST_VALUE;
	}
	if (!error) {
		variable = "orig";
		error = authorise(server->world, http, &request, &grant);
	}
	if (!error)
		error = sign(server, &request, &grant, identity, &n);
	if (error) {
		service_refuse(exchange, error, variable);
		return;
	}
	answer(server, exchange, sti_span(identity, n));
	publish(server, &request, sti_span(identity, n));
}

static size_t routes(const struct world *world, struct http_route *route)
{
	route[0] = (struct http_route){HTTP_METHOD_POST, world->path_signing, "application/json", true, handle_signing};
	return 1;
}

const struct service service_as = {
	.role = METRICS_ROLE_AS,
	.name = "as",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
	.explain = service_explain_request,
	.length_required = true,
};

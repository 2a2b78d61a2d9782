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

/* One request while it is answered; all of it on the handler's stack. */
struct signing {
	const struct served *served;
	const struct http_request *http;
	int64_t now;
	struct signing_request request;
	struct authority_grant grant;
	const char *variable; /* the parameter that is wrong */
	char identity[STI_IDENTITY_MAX];
	size_t n;
};

static enum request_error read_request(struct signing *s)
{
	s->variable = "application/json";
	if (!accept_json(http_header_find(s->http->header, s->http->n_header, "Accept")))
		return REQUEST_NOT_ACCEPTABLE;
	return signing_request_parse(s->http->body, &s->served->world->plan, &s->request, &s->variable);
}

static enum request_error check_time(struct signing *s)
{
	s->variable = "iat";
	return authority_iat_is_current(s->request.iat, s->now) ? REQUEST_OK : REQUEST_VALUE;
}

static enum request_error authorise(struct signing *s)
{
	struct authority_caller caller = {
		.address = s->http->peer.address,
		.certificate = s->http->peer.certificate,
		.token = bearer_of(s->http),
		.trunk = http_header_find(s->http->header, s->http->n_header, "X-Trunk"),
	};

	s->variable = "orig";
	switch (authority_ask(&s->served->world->authority, &caller, &s->request.orig, s->request.attest, &s->grant)) {
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
static enum request_error check_signer(struct signing *s)
{
	const struct world_signer *signer = &s->served->world->signer[s->grant.signer];

	if (s->now >= signer->from && s->now <= signer->until)
		return REQUEST_OK;
	log_event(s->served->server->log, LOG_SIGNER_EXPIRED, s->now, "signer", signer->name);
	return REQUEST_BUSY;
}

/* Enough to trace a call back, no number in it (threats.md L5, L6). */
static void tell_signed(const struct signing *s, const char *signer)
{
	struct log_line line;

	metrics_add(s->served->server->metrics, METRIC_SIGNATURES, (unsigned)(s->grant.attest - 'A'), 1);
	log_begin(&line, LOG_SIGNED);
	log_put_str(&line, "signer", signer);
	log_put(&line, "attest", sti_span(&s->grant.attest, 1));
	log_put(&line, "origid", sti_span(s->request.origid, UUID_TEXT));
	log_end(s->served->server->log, &line, s->now);
}

static enum request_error sign(struct signing *s)
{
	const struct world_signer *signer = &s->served->world->signer[s->grant.signer];
	struct sti_sign_request wanted = {
		.orig = s->request.orig,
		.dest = s->request.dest,
		.n_dest = s->request.n_dest,
		.iat = s->request.iat,
		.attest = s->grant.attest,
		.origid = sti_span(s->request.origid, UUID_TEXT),
	};

	if (sti_sign(signer->key, signer->x5u, &wanted, s->identity, &s->n))
		return REQUEST_INTERNAL;
	tell_signed(s, signer->name);
	return REQUEST_OK;
}

static enum request_error make_identity(struct signing *s)
{
	static enum request_error (*const step[])(struct signing * s) = {read_request, check_time, authorise,
									 check_signer, sign};
	enum request_error error = REQUEST_OK;

	for (size_t i = 0; !error && i < sizeof(step) / sizeof(step[0]); i++)
		error = step[i](s);
	return error;
}

static bool is_new_url(const struct sti_span *url, size_t n, struct sti_span next)
{
	for (size_t i = 0; i < n; i++)
		if (sti_span_equal(url[i], next))
			return false;
	return true;
}

static void tell_no_route(const struct signing *s)
{
	struct log_line line;

	metrics_add(s->served->server->metrics, METRIC_PUBLISH, METRICS_PUBLISH_NO_ROUTE, 1);
	log_begin(&line, LOG_NO_ROUTE);
	log_put(&line, "origid", sti_span(s->request.origid, UUID_TEXT));
	log_end(s->served->server->log, &line, s->now);
}

/* To the CPS of each called number, once each; no URL, no POST (seed, Overview). */
static void publish(const struct signing *s)
{
	struct server *server = s->served->server;
	struct sti_span identity = sti_span(s->identity, s->n);
	struct sti_span passport = sti_span_first(identity, sti_span_find(identity, ';'));
	struct sti_span url[LIMIT_DEST];
	size_t n = 0;

	for (size_t i = 0; i < s->request.n_dest; i++) {
		struct discover_answer answer = discover_find(s->served->world->discover, &s->request.dest[i]);

		if (!answer.url.p)
			tell_no_route(s);
		else if (is_new_url(url, n, answer.url))
			url[n++] = answer.url;
	}
	for (size_t i = 0; i < n; i++)
		publisher_post(server->publisher, url[i], passport, s->request.iat + LIMIT_FRESHNESS_S);
}

static bool answer(const struct signing *s, struct http_exchange *exchange)
{
	struct buf body = buf_own(LIMIT_BODY);
	bool good;

	signing_response_write(&body, sti_span(s->identity, s->n));
	good = service_answer_json(exchange, (int)s->served->world->config->as.success, &body);
	buf_free(&body);
	return good;
}

static void handle_signing(struct http_exchange *exchange, const struct http_request *http, void *context)
{
	struct signing s = {.served = context, .http = http, .now = clock_now()};
	enum request_error error = make_identity(&s);

	if (error == REQUEST_CLIENT || error == REQUEST_NUMBER)
		log_event(s.served->server->log, LOG_SIGN_REFUSED, s.now, "error", request_error_id(error));
	if (error)
		service_refuse(exchange, error, s.variable);
	else if (answer(&s, exchange))
		publish(&s);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cmd/service.h"

/* The STI-CR: GET /certs/{name}.pem. A name is looked up in a table and never becomes a path. */

static bool is_on(const struct config *config)
{
	return config->cr.on;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->cr.listen.address;
	*tls = world->tls_cr;
	return world->config->cr.listen.n_address;
}

static const struct world_certificate *find(const struct world *world, struct sti_span file)
{
	struct sti_span suffix = file.n > 4 ? sti_span_from(file, file.n - 4) : sti_span(NULL, 0);

	for (size_t i = 0; sti_span_is(suffix, ".pem") && i < world->n_certificate; i++)
		if (sti_span_equal(sti_span_first(file, file.n - 4), world->certificate[i].name))
			return &world->certificate[i];
	return NULL;
}

static void handle_get(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	const struct served *served = context;
	const struct world_certificate *found = find(served->world, request->argument[0]);
	char max_age[64];
	struct http_header header = {sti_span_str("Cache-Control"), {NULL, 0}};
	struct http_reply reply = {
		.status = 200, .media = "application/pem-certificate-chain", .header = &header, .n_header = 1};

	if (!found) {
		http_answer_status(exchange, 404);
		return;
	}
	snprintf(max_age, sizeof(max_age), "public, max-age=%lld", (long long)served->world->config->cr.max_age);
	header.value = sti_span_str(max_age);
	reply.body = buf_span(&found->pem);
	http_answer(exchange, &reply);
}

static size_t routes(const struct world *world, struct http_route *route)
{
	(void)world;
	route[0] = (struct http_route){HTTP_METHOD_GET, "/certs/{}", NULL, false, handle_get};
	return 1;
}

const struct service service_cr = {
	.role = METRICS_ROLE_CR,
	.name = "cr",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
};

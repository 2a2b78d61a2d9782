/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_STAGE_H
#define NET_STAGE_H

/* A server with a small site on one loop, for the tests of room net. Include cmocka.h before. */

#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/http_server.h"
#include "support/http_wire.h"
#include "support/tls_pair.h"

enum { STAGE_LONG = 900 * 1024 };

struct stage {
	uv_loop_t loop;
	struct http_listener *listener;
	struct http_listener_config config;
	struct http_exchange *waiting; /* of /wait */
	unsigned called; /* handlers, all of them */
	unsigned seen; /* answers told of */
	int last_status;
	bool drained;
	char path[64]; /* of a Unix socket */
	char *long_text; /* what /long answers */
};

static inline void stage_echo(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct stage *stage = context;
	struct http_reply reply = {.status = 201, .media = "text/plain", .body = request->body};

	stage->called++;
	http_answer(exchange, &reply);
}

/* Path argument, host, address and whether there was a client certificate. */
static inline void stage_show(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct stage *stage = context;
	char text[512];
	int n = snprintf(text, sizeof(text), "%.*s|%.*s|%.*s|%zu", (int)request->argument[0].n,
			 (const char *)request->argument[0].p, (int)request->host.n, (const char *)request->host.p,
			 (int)request->peer.address.n, (const char *)request->peer.address.p,
			 request->peer.certificate.n);
	struct http_reply reply = {.status = 200, .media = "text/plain", .body = {(const uint8_t *)text, (size_t)n}};

	stage->called++;
	http_answer(exchange, &reply);
}

static inline void stage_wait(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct stage *stage = context;

	(void)request;
	stage->called++;
	stage->waiting = exchange;
}

static inline void stage_long(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct stage *stage = context;
	struct http_reply reply = {
		.status = 200, .media = "text/plain", .body = {(uint8_t *)stage->long_text, STAGE_LONG}};

	(void)request;
	stage->called++;
	http_answer(exchange, &reply);
}

static inline const char *stage_explain(int status, struct buf *body)
{
	(void)status;
	buf_put_str(body, "{\"error\":true}");
	return "application/json";
}

static inline void stage_seen(void *context, const struct http_request *request, int status, uint64_t nanoseconds)
{
	struct stage *stage = context;

	(void)request;
	(void)nanoseconds;
	stage->seen++;
	stage->last_status = status;
}

static const struct http_route stage_route[] = {
	{HTTP_METHOD_POST, "/x", "application/passport", false, stage_echo},
	{HTTP_METHOD_POST, "/json", "application/json", true, stage_echo},
	{HTTP_METHOD_POST, "/any", NULL, false, stage_echo},
	{HTTP_METHOD_GET, "/show/{}", NULL, false, stage_show},
	{HTTP_METHOD_GET, "/wait", NULL, false, stage_wait},
	{HTTP_METHOD_GET, "/long", NULL, false, stage_long},
};

static inline struct http_site stage_site(struct stage *stage)
{
	return (struct http_site){
		.route = stage_route,
		.n_route = sizeof(stage_route) / sizeof(stage_route[0]),
		.explain = stage_explain,
		.seen = stage_seen,
		.context = stage,
		.seen_context = stage,
	};
}

/* Limits of 100 ms where a test waits for one; else none that a test could meet by chance. */
static inline struct http_limits stage_limits(void)
{
	struct http_limits limits = http_limits_default;

	limits.handshake_ms = limits.head_ms = limits.body_ms = limits.handler_ms = limits.write_ms = 60000;
	return limits;
}

/* The site must outlive the stage. */
static inline struct stage *stage_open_at(const struct http_listener_config *config)
{
	struct http_site *site = (struct http_site *)(uintptr_t)config->site;
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->config = *config;
	stage->long_text = malloc(STAGE_LONG);
	assert_non_null(stage->long_text);
	memset(stage->long_text, 'l', STAGE_LONG);
	assert_int_equal(uv_loop_init(&stage->loop), 0);
	site->context = site->seen_context = stage;
	assert_int_equal(http_listener_open(&stage->loop, config, &stage->listener), STI_OK);
	return stage;
}

static inline struct stage *stage_open(struct http_site *site, struct http_limits limits)
{
	const struct http_listener_config config = {.address = "127.0.0.1:0", .site = site, .limits = limits};

	return stage_open_at(&config);
}

static inline void stage_drained(void *context)
{
	((struct stage *)context)->drained = true;
}

/* Nothing may be left in the loop. */
static inline void stage_close(struct stage *stage)
{
	if (!stage->drained)
		http_listener_drain(stage->listener, 0, 0, stage_drained, stage);
	while (uv_run(&stage->loop, UV_RUN_DEFAULT))
		;
	assert_true(stage->drained);
	assert_int_equal(uv_loop_close(&stage->loop), 0);
	free(stage->long_text);
	free(stage);
}

static inline struct wire *stage_wire(struct stage *stage)
{
	struct wire *w = wire_open(&stage->loop, http_listener_port(stage->listener));

	assert_non_null(w);
	return w;
}

/* One request on a connection of its own; its first answer. */
static inline int stage_ask(struct stage *stage, const char *text)
{
	struct wire *w = stage_wire(stage);
	int status;

	wire_say(w, text);
	status = wire_status(w);
	wire_close(w);
	return status;
}

static inline struct tls_server *stage_tls(const struct tls_pair *pair, const char *client_ca, bool required)
{
	const struct tls_server_config config = {sti_span_str(pair->certificate), sti_span_str(pair->key),
						 sti_span_str(client_ca), required};
	struct tls_server *tls;

	assert_int_equal(tls_server_create(&config, &tls), STI_OK);
	return tls;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/outofband.h"

#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "json/reader.h"

static bool is_local(const struct config *config)
{
	return strcmp(config->vs.out_of_band, "local") == 0;
}

bool outofband_is_on(const struct config *config)
{
	return config->vs.out_of_band && strcmp(config->vs.out_of_band, "off") != 0 &&
	       (!is_local(config) || config->cps.on);
}

/* The answer of a private listener: a whole set, each token of full length. */
enum { TOKENS_MAX = LIMIT_PAIR * (LIMIT_JWS + 1), ANSWER_MAX = LIMIT_PAIR * (LIMIT_JWS + 64) };

static const struct json_limits answer_limits = {
	.depth = 4, .members = LIMIT_PAIR + 48, .nodes = LIMIT_PAIR + 240, .string = LIMIT_JWS};

struct remote {
	struct server *server;
	struct retrieve_asker asker;
};

/* {"pair":…,"passports":["…"]} into tokens with newline between. */
static enum sti_error read_answer(struct sti_span body, struct buf *tokens)
{
	const struct json_node *array;
	struct json *doc;
	enum sti_error error = json_parse(body, &answer_limits, &doc);

	if (error)
		return error;
	array = json_member(doc, json_root(doc), "passports");
	for (const struct json_node *item = array ? json_first(doc, array) : NULL; item;
	     item = json_next(doc, array, item)) {
		struct sti_span token;

		if (!json_string(item, &token))
			continue;
		if (tokens->n)
			buf_put_byte(tokens, '\n');
		buf_put(tokens, token);
	}
	json_free(doc);
	return buf_error(tokens);
}

static void answered(void *context, enum sti_error error, const struct http_response *response)
{
	struct remote *remote = context;
	struct buf tokens = buf_own(TOKENS_MAX);
	bool good = !error && response->status == 200 && read_answer(response->body, &tokens) == STI_OK;

	if (error || (!good && response->status != 404))
		log_event(remote->server->log, LOG_NOTE, clock_now(), "private_listener",
			  error ? sti_error_text(error) : "unusable answer");
	remote->asker.done(remote->asker.context, good && tokens.n ? buf_span(&tokens) : sti_span(NULL, 0), 0);
	buf_free(&tokens);
	free(remote);
}

static enum sti_error send_question(const struct world *world, const struct retrieval *retrieval, int64_t timeout_ms,
				    struct remote *remote)
{
	const char *to = world->config->vs.out_of_band;
	bool is_unix = strncmp(to, "unix:", 5) == 0;
	struct buf url = buf_own(LIMIT_HTTP_LINE);
	struct buf body = buf_own(LIMIT_BODY);
	enum sti_error error;

	buf_put_str(&url, is_unix ? "http://cps" : to);
	buf_put_str(&url, "/cps/passports/query");
	retrieval_write_query(&body, retrieval);
	struct http_call call = {
		.method = HTTP_METHOD_POST,
		.url = buf_span(&url),
		.own = true,
		.unix_socket = is_unix ? to + 5 : NULL,
		.media = "application/json",
		.body = buf_span(&body),
		.connect_ms = (unsigned)timeout_ms,
		.total_ms = (unsigned)timeout_ms,
		.answer_max = ANSWER_MAX,
	};
	error = buf_error(&url) ? buf_error(&url) : buf_error(&body);
	if (!error)
		error = http_client_send(remote->server->clients.client[CLIENT_ASK], &call, answered, remote);
	buf_free(&url);
	buf_free(&body);
	return error;
}

void outofband_ask(struct server *server, const struct world *world, const struct retrieval *retrieval,
		   int64_t timeout_ms, const struct retrieve_asker *asker)
{
	struct remote *remote;

	if (is_local(world->config) && server->table) {
		retrieve_start(server, retrieval, asker);
		return;
	}
	remote = timeout_ms > 0 ? malloc(sizeof(*remote)) : NULL;
	if (remote) {
		*remote = (struct remote){server, *asker};
		if (send_question(world, retrieval, timeout_ms, remote) == STI_OK)
			return;
		free(remote);
	}
	asker->done(asker->context, sti_span(NULL, 0), 0);
}

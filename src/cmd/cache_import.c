/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cache_import.h"

#include <stdlib.h>

#include "app/arena.h"
#include "app/contents.h"
#include "app/larder.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "store/file.h"

enum { AT_ONCE = 16, PER_HOST = 4 };
enum { URL_TEXT = 4 * LIMIT_X5U + 1 }; /* each octet as \xHH */

/* A URL to be fetched. */
struct wanted {
	struct wanted *next;
	struct cache_import *import;
	struct sti_span url;
};

struct cache_import {
	const struct cache_import_config *config;
	struct gate gate;
	struct http_client *client; /* while it runs */
	struct arena arena;
	struct wanted *first, **last;
	size_t n, done, failed;
};

enum sti_error cache_import_create(const struct cache_import_config *config, struct cache_import **out)
{
	struct cache_import *import = calloc(1, sizeof(*import));

	if (!import)
		return STI_E_MEMORY;
	import->config = config;
	import->gate = (struct gate){config->policy.permit, config->policy.n_permit};
	import->last = &import->first;
	*out = import;
	return STI_OK;
}

void cache_import_free(struct cache_import *import)
{
	if (import)
		arena_free(&import->arena);
	free(import);
}

size_t cache_import_done(const struct cache_import *import)
{
	return import->done;
}

size_t cache_import_failed(const struct cache_import *import)
{
	return import->failed;
}

/* What is refused for being no URL may be anything, from a list that was made of calls. */
static const char *url_text(struct sti_span url, char text[URL_TEXT])
{
	int saved = errno;
	struct buf out = buf_lend(text, URL_TEXT);

	report_put_visible(&out, sti_span_first(url, LIMIT_X5U));
	buf_put_byte(&out, '\0');
	errno = saved;
	return text;
}

static void count(struct cache_import *import, struct sti_span url, const char *what, enum sti_error error)
{
	char text[URL_TEXT];

	if (!error) {
		import->done++;
		return;
	}
	import->failed++;
	complain(STATUS_NO, "%s: %s%s", url_text(url, text), what, error_why(error));
}

/* Certificates and no private key: what is kept will be believed as far as the roots go. */
static enum sti_error check(struct sti_span body, int64_t now)
{
	struct sti_credential *credential = NULL;
	enum sti_error error = contents_has_private_key(body) ? STI_E_KEY : STI_OK;

	if (!error)
		error = sti_credential_parse(body, NULL, now, &credential);
	sti_credential_free(credential);
	return error;
}

static void take(struct cache_import *import, struct sti_span url, struct sti_span body)
{
	enum sti_error error = check(body, import->config->now);

	if (error) {
		count(import, url,
		      error == STI_E_KEY ? "holds a private key: " : "holds no certificates (RFC 8226 7): ", error);
		return;
	}
	error = larder_put(import->config->folder, url, body);
	count(import, url, "cannot be kept: ", error);
}

/* ---- from a file ---- */

static void take_file(struct cache_import *import, struct sti_span url, const char *path)
{
	struct buf body;
	enum sti_error error = file_read(path, LIMIT_CERT_BODY, &body);

	if (error)
		count(import, url, "its file: ", error);
	else
		take(import, url, buf_span(&body));
	buf_free(&body);
}

/* ---- fetched ---- */

static enum sti_error want(struct cache_import *import, struct sti_span url)
{
	struct wanted *wanted = arena_alloc(&import->arena, 1, sizeof(*wanted));
	char *text = arena_join(&import->arena, url, sti_span(NULL, 0));

	if (!wanted || !text)
		return STI_E_MEMORY;
	*wanted = (struct wanted){NULL, import, sti_span_str(text)};
	*import->last = wanted;
	import->last = &wanted->next;
	return STI_OK;
}

enum sti_error cache_import_add(struct cache_import *import, struct sti_span text, const char *path)
{
	struct url url;
	enum sti_error error = gate_check_url(&import->gate, text, &url);

	if (++import->n > LARDER_MAX)
		return STI_E_LIMIT;
	if (error) {
		count(import, text, "not a URL of a certificate (ATIS-1000074 5.3.1; see --permit): ", error);
		return STI_OK;
	}
	if (!path)
		return want(import, text);
	take_file(import, text, path);
	return STI_OK;
}

static void start_more(struct cache_import *import);

static void fetched(void *context, enum sti_error error, const struct http_response *response)
{
	const struct wanted *wanted = context;
	struct cache_import *import = wanted->import;

	if (!error && response->status != 200)
		error = STI_E_NOT_FOUND;
	if (error)
		count(import, wanted->url, "cannot be fetched: ", error);
	else
		take(import, wanted->url, response->body);
	start_more(import);
}

static enum sti_error start_one(const struct cache_import *import, struct wanted *wanted)
{
	const struct http_call call = {
		.method = HTTP_METHOD_GET,
		.url = wanted->url,
		.connect_ms = LIMIT_FETCH_MS / 2,
		.total_ms = LIMIT_FETCH_MS,
		.answer_max = LIMIT_CERT_BODY,
	};

	return http_client_send(import->client, &call, fetched, wanted);
}

static void start_more(struct cache_import *import)
{
	while (import->first && http_client_in_flight(import->client) < AT_ONCE) {
		struct wanted *wanted = import->first;
		enum sti_error error = start_one(import, wanted);

		import->first = wanted->next;
		if (error)
			count(import, wanted->url, "cannot be fetched: ", error);
	}
}

static void run(struct cache_import *import, uv_loop_t *loop)
{
	start_more(import);
	while (http_client_in_flight(import->client))
		uv_run(loop, UV_RUN_ONCE);
	http_client_close(import->client);
	uv_run(loop, UV_RUN_DEFAULT);
}

enum sti_error cache_import_run(struct cache_import *import)
{
	const struct http_client_config config = {.ca_file = import->config->policy.ca_file,
						  .gate = &import->gate,
						  .in_flight = AT_ONCE,
						  .per_host = PER_HOST};
	uv_loop_t loop;
	enum sti_error error;

	if (!import->first)
		return STI_OK;
	if (uv_loop_init(&loop))
		return STI_E_MEMORY;
	error = http_client_create(&loop, &config, &import->client);
	if (!error)
		run(import, &loop);
	uv_loop_close(&loop);
	return error;
}

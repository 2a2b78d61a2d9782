/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/lab_pa.h"
#include "crypto/digest.h"
#include "net/http_server.h"
#include "store/file.h"

/* The process of the lab's policy administrator: each answer is what lies in its folder at that moment. */

enum { GRACE_MS = 100, HARD_MS = 1000, LISTENERS = 2, ETAG = 2 * DIGEST_SHA256 + 2 };

struct pa {
	struct lab_path folder;
	uv_loop_t loop;
	uv_signal_t on_term;
	struct tls_server *tls;
	struct http_site site;
	struct http_listener *listener[LISTENERS];
};

static const struct {
	const char *path;
	const char *file;
	const char *media;
} answers[] = {
	{LAB_PA_LIST, "ca-list.json", "application/json"},
	{LAB_PA_CRL, "crl-list.pem", "application/pkix-crl"},
	{LAB_PA_CERTIFICATE, "list.pem", "application/pem-certificate-chain"},
};

static bool write_etag(struct sti_span body, char out[ETAG])
{
	struct buf text = buf_lend(out, ETAG);
	uint8_t sha256[DIGEST_SHA256];

	if (digest_sha256(body, sha256))
		return false;
	buf_put_byte(&text, '"');
	buf_put_hex(&text, sti_span(sha256, sizeof(sha256)));
	buf_put_byte(&text, '"');
	return buf_error(&text) == STI_OK;
}

static void answer_body(struct http_exchange *exchange, const struct http_request *request, struct sti_span body,
			const char *media)
{
	struct sti_span known = http_header_find(request->header, request->n_header, "If-None-Match");
	char etag[ETAG];
	struct http_header header = {sti_span_str("ETag"), sti_span(etag, sizeof(etag))};
	struct http_reply reply = {.status = 200, .media = media, .body = body, .header = &header, .n_header = 1};

	if (!write_etag(body, etag)) {
		http_answer_status(exchange, 500);
		return;
	}
	if (sti_span_equal(known, header.value)) {
		reply.status = 304;
		reply.media = NULL;
	}
	http_answer(exchange, &reply);
}

static void handle_get(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	const struct pa *pa = context;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct lab_path path = lab_path(&pa->folder, "/%s", answers[i].file);
		struct buf body;

		if (!sti_span_is(request->path, answers[i].path))
			continue;
		if (file_read(path.text, LIMIT_BODY, &body))
			break;
		answer_body(exchange, request, buf_span(&body), answers[i].media);
		buf_free(&body);
		return;
	}
	http_answer_status(exchange, 404);
}

static void handle_ready(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct http_reply reply = {.status = 200, .media = "text/plain", .body = sti_span_str("ready\n")};

	(void)request;
	(void)context;
	http_answer(exchange, &reply);
}

static const struct http_route routes[] = {
	{HTTP_METHOD_GET, LAB_PA_LIST, NULL, false, handle_get},
	{HTTP_METHOD_GET, LAB_PA_CRL, NULL, false, handle_get},
	{HTTP_METHOD_GET, LAB_PA_CERTIFICATE, NULL, false, handle_get},
	{HTTP_METHOD_GET, "/ready", NULL, false, handle_ready},
};

static bool cannot(const struct lab_path *path, enum sti_error error)
{
	complain(STATUS_SYSTEM, "%s: %s", path->text, error_why(error));
	return false;
}

static bool load_tls(struct pa *pa)
{
	struct lab_path path = lab_path(&pa->folder, "/tls.pem");
	struct buf certificate, key;
	enum sti_error error = file_read(path.text, LIMIT_CERT_BODY, &certificate);
	const char *why;

	if (error)
		return cannot(&path, error);
	path = lab_path(&pa->folder, "/tls.key");
	error = file_read_secret(path.text, LIMIT_KEY, &key, &why);
	if (!error)
		error = tls_server_create(
			&(struct tls_server_config){.certificate = buf_span(&certificate), .key = buf_span(&key)},
			&pa->tls);
	buf_free(&certificate);
	buf_free(&key);
	return error ? cannot(&path, error) : true;
}

/* The first line is public, the other for the lab alone. */
static bool open_listener(struct pa *pa, struct sti_span address, size_t i)
{
	struct lab_path text;
	struct http_listener_config config = {
		.address = text.text, .tls = i ? NULL : pa->tls, .site = &pa->site, .limits = http_limits_default};
	enum sti_error error;

	snprintf(text.text, sizeof(text.text), "%.*s", (int)address.n, address.n ? (const char *)address.p : "");
	error = http_listener_open(&pa->loop, &config, &pa->listener[i]);
	return error ? cannot(&text, error) : true;
}

static bool open_listeners(struct pa *pa)
{
	struct lab_path path = lab_path(&pa->folder, "/listen");
	struct buf text;
	struct sti_span rest, line;
	enum sti_error error = file_read(path.text, 2 * LIMIT_PATH, &text);
	bool good = true;

	if (error)
		return cannot(&path, error);
	rest = buf_span(&text);
	for (size_t i = 0; good && i < LISTENERS; i++)
		good = sti_span_cut(&rest, '\n', &line) && open_listener(pa, line, i);
	buf_free(&text);
	return good;
}

static void drained(void *context)
{
	(void)context;
}

static void stop(uv_signal_t *handle, int signal)
{
	struct pa *pa = handle->data;

	(void)signal;
	for (size_t i = 0; i < LISTENERS; i++)
		if (pa->listener[i])
			http_listener_drain(pa->listener[i], GRACE_MS, HARD_MS, drained, NULL);
	uv_close((uv_handle_t *)&pa->on_term, NULL);
}

static bool start(struct pa *pa)
{
	pa->site = (struct http_site){.route = routes, .n_route = sizeof(routes) / sizeof(routes[0]), .context = pa};
	pa->on_term.data = pa;
	if (uv_signal_init(&pa->loop, &pa->on_term) || uv_signal_start(&pa->on_term, stop, SIGTERM)) {
		complain(STATUS_SYSTEM, "the PA: no signals");
		return false;
	}
	if (load_tls(pa) && open_listeners(pa))
		return true;
	stop(&pa->on_term, SIGTERM);
	return false;
}

int lab_pa_run(const char *folder)
{
	struct pa pa = {.folder = {""}};
	bool good;

	if (strlen(folder) > LIMIT_PATH - 64)
		return complain(STATUS_USAGE, "%.64s: too long", folder);
	snprintf(pa.folder.text, sizeof(pa.folder.text), "%s", folder);
	signal(SIGPIPE, SIG_IGN);
	if (uv_loop_init(&pa.loop))
		return complain(STATUS_SYSTEM, "the PA: no memory");
	good = start(&pa);
	uv_run(&pa.loop, UV_RUN_DEFAULT);
	uv_loop_close(&pa.loop);
	tls_server_unref(pa.tls);
	return good ? STATUS_GOOD : STATUS_SYSTEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transfer.h"

#include "base/decimal.h"
#include "base/limits.h"

struct method {
	const char *name; /* NULL: we do not send it */
	bool has_body;
};

static const struct method methods[] = {
	[HTTP_METHOD_GET] = {"GET", false},       [HTTP_METHOD_HEAD] = {"HEAD", false},
	[HTTP_METHOD_POST] = {"POST", true},      [HTTP_METHOD_PUT] = {"PUT", true},
	[HTTP_METHOD_DELETE] = {"DELETE", false}, [HTTP_METHOD_OTHER] = {NULL, false},
};

enum sti_error transfer_check(const struct http_call *call)
{
	const struct method *method = &methods[call->method];

	return method->name && (!call->body.n || method->has_body) ? STI_OK : STI_E_DENIED;
}

/* ---- what is sent ---- */

/* A line break in a header value would begin another header. */
static bool header_is_clean(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

static enum sti_error append_text(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return STI_E_MEMORY;
	*list = longer;
	return STI_OK;
}

static enum sti_error append_header(struct curl_slist **list, struct sti_span name, struct sti_span value)
{
	struct buf line = buf_own(LIMIT_HTTP_HEAD);
	enum sti_error error = STI_E_DENIED;

	if (name.n && header_is_clean(name) && header_is_clean(value)) {
		buf_put(&line, name);
		buf_put_str(&line, value.n ? ": " : ";"); /* libcurl: a semicolon for a header without value */
		buf_put(&line, value);
		buf_put_byte(&line, '\0');
		error = buf_error(&line);
	}
	if (!error)
		error = append_text(list, (const char *)buf_span(&line).p);
	buf_free(&line);
	return error;
}

static enum sti_error make_header(struct transfer *transfer, const struct http_call *call)
{
	struct sti_span media = sti_span_str(call->media);
	enum sti_error error = append_text(&transfer->header, "Expect:");

	if (!error && media.n)
		error = append_header(&transfer->header, sti_span_str("Content-Type"), media);
	else if (!error)
		error = append_text(&transfer->header, "Content-Type:");
	for (size_t i = 0; !error && i < call->n_header; i++)
		error = append_header(&transfer->header, call->header[i].name, call->header[i].value);
	return error;
}

static CURLcode set_method(struct transfer *transfer, const struct method *method)
{
	CURL *easy = transfer->easy;
	CURLcode code = CURLE_OK;

	if (method->has_body) {
		code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_span(&transfer->body).p);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_n);
	}
	if (!code && method == &methods[HTTP_METHOD_HEAD])
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	return code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method->name);
}

/* ---- the rules ---- */

/* Nothing from the environment or the home folder (threats.md D19), nowhere else than the URL says (D8). */
static CURLcode set_rules(CURL *easy)
{
	static const struct {
		CURLoption option;
		long value;
	} number[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_NETRC, CURL_NETRC_IGNORED},
		{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
		{CURLOPT_PATH_AS_IS, 1},
		{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
		{CURLOPT_TCP_NODELAY, 1},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_SSL_VERIFYPEER, 1},
		{CURLOPT_SSL_VERIFYHOST, 2},
		{CURLOPT_QUICK_EXIT, 1}, /* a name server that is silent must not hold up the loop at the deadline */
	};
	static const struct {
		CURLoption option;
		const char *value;
	} text[] = {
		{CURLOPT_PROXY, ""},
		{CURLOPT_NOPROXY, "*"},
		{CURLOPT_USERAGENT, "sidetone"},
		{CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20"},
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; !code && i < sizeof(number) / sizeof(number[0]); i++)
		code = curl_easy_setopt(easy, number[i].option, number[i].value);
	for (size_t i = 0; !code && i < sizeof(text) / sizeof(text[0]); i++)
		code = curl_easy_setopt(easy, text[i].option, text[i].value);
	return code;
}

static struct curl_blob blob_of(struct sti_span bytes)
{
	return (struct curl_blob){.data = (void *)(uintptr_t)bytes.p, .len = bytes.n, .flags = CURL_BLOB_COPY};
}

/* With a file of our own, the system's folder of authorities must not count besides. */
static CURLcode set_tls(CURL *easy, const struct transfer_tls *tls)
{
	struct curl_blob certificate = blob_of(tls->certificate);
	struct curl_blob key = blob_of(tls->key);
	CURLcode code = CURLE_OK;

	if (tls->ca_file) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (!code && tls->certificate.p) {
		code = curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
	}
	return code;
}

static CURLcode set_url(CURL *easy, struct sti_span text)
{
	struct buf url = buf_own(text.n + 1);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	buf_put(&url, text);
	buf_put_byte(&url, '\0');
	if (!buf_error(&url))
		code = curl_easy_setopt(easy, CURLOPT_URL, (const char *)buf_span(&url).p);
	buf_free(&url);
	return code;
}

static CURLcode set_target(struct transfer *transfer, const struct http_call *call)
{
	CURL *easy = transfer->easy;
	CURLcode code = set_url(easy, call->url);

	code = code ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, call->unix_socket ? "http,https" : "https");
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->header);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
	if (!code && call->unix_socket)
		code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket);
	return code;
}

static enum sti_error set_all(struct transfer *transfer, const struct http_call *call, const struct transfer_tls *tls)
{
	CURLcode code = set_rules(transfer->easy);

	code = code ? code : set_tls(transfer->easy, tls);
	code = code ? code : set_target(transfer, call);
	code = code ? code : set_method(transfer, &methods[call->method]);
	return code ? STI_E_MEMORY : STI_OK;
}

enum sti_error transfer_make(struct transfer *transfer, const struct http_call *call, const struct transfer_tls *tls)
{
	enum sti_error error;

	*transfer =
		(struct transfer){.easy = curl_easy_init(), .body = buf_own(call->body.n + 1), .body_n = call->body.n};
	buf_put(&transfer->body, call->body);
	buf_put_byte(&transfer->body, '\0'); /* libcurl reads standard input where there is no body at all */
	if (!transfer->easy || buf_error(&transfer->body))
		return STI_E_MEMORY;
	error = make_header(transfer, call);
	return error ? error : set_all(transfer, call, tls);
}

void transfer_free(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->header);
	buf_free(&transfer->body);
}

/* ---- the answer ---- */

/* Seconds of `name` among the comma-separated directives of a header line; -1 without it. */
static int64_t directive_seconds(struct sti_span line, const char *name)
{
	struct sti_span part;
	int64_t seconds;

	while (sti_span_cut(&line, ',', &part)) {
		size_t equals = sti_span_find(part, '=');

		if (!sti_span_is_nocase(sti_span_trim(sti_span_first(part, equals)), name))
			continue;
		if (decimal_parse(sti_span_trim(sti_span_from(part, equals + 1)), INT32_MAX, &seconds) == STI_OK)
			return seconds;
	}
	return -1;
}

static int64_t max_age(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds = -1;

	for (size_t i = 0; seconds < 0; i++) {
		if (curl_easy_header(easy, "Cache-Control", i, CURLH_HEADER, -1, &header))
			break;
		seconds = directive_seconds(sti_span_str(header->value), "max-age");
	}
	return seconds;
}

/* RFC 9110 10.2.3; its date form would need a clock. */
static int64_t retry_after(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header))
		return -1;
	return decimal_parse(sti_span_trim(sti_span_str(header->value)), INT32_MAX, &seconds) ? -1 : seconds;
}

static struct sti_span etag(CURL *easy)
{
	struct curl_header *header;

	if (curl_easy_header(easy, "ETag", 0, CURLH_HEADER, -1, &header))
		return sti_span(NULL, 0);
	return sti_span_trim(sti_span_str(header->value));
}

void transfer_read_head(const struct transfer *transfer, struct http_response *response)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	response->max_age = max_age(transfer->easy);
	response->retry_after = retry_after(transfer->easy);
	response->etag = etag(transfer->easy);
}

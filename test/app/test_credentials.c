/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "app/credentials.h"
#include "base/limits.h"

#define URL SITE "good.pem"

/* ---- what OpenSSL is asked to do, counted where it is asked ---- */

static struct {
	unsigned parses, paths;
} work;

typedef X509 *d2i_call(X509 **, const unsigned char **, long);
typedef int verify_call(X509_STORE_CTX *);
typedef int signature_call(X509 *, EVP_PKEY *);

SHOWN X509 *d2i_X509(X509 **to, const unsigned char **in, long n)
{
	void *symbol = dlsym(RTLD_NEXT, "d2i_X509");
	d2i_call *call;

	memcpy(&call, &symbol, sizeof(call));
	work.parses++;
	return call(to, in, n);
}

SHOWN int X509_verify_cert(X509_STORE_CTX *context)
{
	void *symbol = dlsym(RTLD_NEXT, "X509_verify_cert");
	verify_call *call;

	memcpy(&call, &symbol, sizeof(call));
	work.paths++;
	return call(context);
}

/* Whatever builds the path looks at signatures. */
SHOWN int X509_verify(X509 *x509, EVP_PKEY *key)
{
	void *symbol = dlsym(RTLD_NEXT, "X509_verify");
	signature_call *call;

	memcpy(&call, &symbol, sizeof(call));
	work.paths++;
	return call(x509, key);
}

struct scene {
	struct rig rig;
	struct pair root, other_root, leaf;
	struct trust_snapshot *trust, *other_trust;
	struct trust_snapshot *asked; /* under which questions are asked: one of the two */
	struct credentials *credentials;
};

static struct trust_snapshot *trust_in(const struct pair *root, uint64_t generation)
{
	struct trust_snapshot *trust;

	assert_int_equal(trust_snapshot_create(buf_span(&root->cert), generation, &trust), STI_OK);
	return trust;
}

static struct scene *scene_open(size_t capacity)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct credentials_config config = {.fetch_ms = 20000, .capacity = capacity};

	assert_non_null(s);
	s->rig = rig_open();
	rig_begin(&s->rig);
	s->root = root_make();
	s->other_root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}}, NULL);
	s->leaf = signer_make(&s->root);
	s->trust = trust_in(&s->root, 1);
	s->other_trust = trust_in(&s->other_root, 2);
	s->asked = s->trust;
	config.client = s->rig.client;
	config.metrics = s->rig.metrics;
	assert_int_equal(credentials_create(&config, &s->credentials), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	credentials_free(s->credentials);
	rig_close(&s->rig);
	trust_snapshot_unref(s->trust);
	trust_snapshot_unref(s->other_trust);
	pair_free(&s->root);
	pair_free(&s->other_root);
	pair_free(&s->leaf);
	free(s);
}

static void serve_leaf(struct scene *s, const char *head)
{
	rig_serve(&s->rig, RAW_ANSWER, head, buf_span(&s->leaf.cert));
}

static int64_t counted(const struct scene *s, enum metric metric, unsigned label)
{
	return metrics_get(s->rig.metrics, metric, label);
}

static int64_t parsed(const struct scene *s)
{
	return counted(s, METRIC_CERT_PARSED, 0);
}

/* ---- one question ---- */

struct answer {
	unsigned done;
	enum sti_error error;
	struct credential_lease *lease;
};

static void take(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct answer *answer = context;

	answer->done++;
	answer->lease = lease;
	answer->error = error;
	assert_true((lease == NULL) == (error != STI_OK));
}

static void ask_for(struct scene *s, const char *url, struct answer *answer)
{
	*answer = (struct answer){0};
	credentials_get(s->credentials, sti_span_str(url), s->asked, stage.now, take, answer);
}

static void await(struct scene *s, const struct answer *answer)
{
	while (!answer->done)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
	assert_int_equal(answer->done, 1);
}

/* Ends what is fetched in the background too. */
static void land_all(struct scene *s)
{
	while (http_client_in_flight(s->rig.client))
		uv_run(&s->rig.loop, UV_RUN_ONCE);
}

static struct answer get(struct scene *s, const char *url)
{
	struct answer answer;

	ask_for(s, url, &answer);
	await(s, &answer);
	return answer;
}

static enum sti_trust trust_of(const struct answer *answer)
{
	assert_non_null(answer->lease);
	return sti_credential_trust(credential_lease_of(answer->lease), NULL, stage.now);
}

/* Asks, expects this trust, and lets go. Where it is good, a call has passed under it. */
static void expect_trust(struct scene *s, const char *url, enum sti_trust wanted)
{
	struct answer answer = get(s, url);

	assert_int_equal(answer.error, STI_OK);
	assert_int_equal(trust_of(&answer), wanted);
	credential_lease_end(answer.lease);
	if (wanted == STI_TRUST_OK)
		credentials_prove(s->credentials, sti_span_str(url));
}

static void expect_error(struct scene *s, const char *url, enum sti_error wanted)
{
	assert_int_equal(get(s, url).error, wanted);
}

/* ---- fetched once ---- */

static void test_D13_five_thousand_questions_are_one_connection(void **state)
{
	enum { N = 5000 };
	struct scene *s = scene_open(4);
	struct answer *answer = calloc(N, sizeof(*answer));

	(void)state;
	assert_non_null(answer);
	serve_leaf(s, "200 OK");
	for (size_t i = 0; i < N; i++)
		ask_for(s, URL, &answer[i]);
	for (size_t i = 0; i < N; i++) {
		await(s, &answer[i]);
		assert_int_equal(trust_of(&answer[i]), STI_TRUST_OK);
		assert_ptr_equal(answer[i].lease, answer[0].lease);
	}
	assert_int_equal(raw_server_connections(s->rig.server), 1);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	assert_int_equal(parsed(s), 1);
	assert_int_equal(counted(s, METRIC_CERT_FETCHES, METRICS_OK), 1);
	for (size_t i = 0; i < N; i++)
		credential_lease_end(answer[i].lease);
	free(answer);
	scene_close(s);
}

static void test_a_known_one_is_answered_at_once_without_a_parse(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	for (size_t i = 0; i < 100; i++) {
		struct answer answer;

		ask_for(s, URL, &answer);
		assert_int_equal(answer.done, 1);
		credential_lease_end(answer.lease);
	}
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	assert_int_equal(parsed(s), 1);
	assert_int_equal(counted(s, METRIC_CERT_CACHE, METRICS_HIT), 100);
	assert_int_equal(counted(s, METRIC_CERT_CACHE, METRICS_MISS), 1);
	scene_close(s);
}

/* Point 8: counted at OpenSSL's own functions, for a chain with intermediates. */
static void test_D16_the_second_call_costs_no_parse_no_path_and_no_fetch(void **state)
{
	struct scene *s = scene_open(4);
	struct pair ca = intermediate_make(&s->root), leaf = signer_make(&ca);
	struct sti_span body = BUNDLE(&leaf, &ca);
	struct answer answer;

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", body);
	memset(&work, 0, sizeof(work));
	expect_trust(s, URL, STI_TRUST_OK);
	assert_true(work.parses >= 2 && work.paths >= 1);
	memset(&work, 0, sizeof(work));
	rig_leave(&s->rig);
	for (unsigned i = 0; i < 100; i++) {
		ask_for(s, URL, &answer);
		assert_int_equal(answer.done, 1);
		assert_int_equal(trust_of(&answer), STI_TRUST_OK);
		credential_lease_end(answer.lease);
	}
	assert_int_equal(work.parses, 0);
	assert_int_equal(work.paths, 0);
	assert_int_equal(parsed(s), 1);
	assert_int_equal(counted(s, METRIC_CERT_FETCHES, METRICS_OK), 1);
	vectors_free(body);
	pair_free(&ca);
	pair_free(&leaf);
	scene_close(s);
}

/* The same octets under three URLs, and again under the first: fetched four times, parsed once. */
static void test_D17_urls_with_the_same_octets_share_one_credential(void **state)
{
	static const char *const url[] = {SITE "a.pem", SITE "b.pem", SITE "c.pem"};
	struct scene *s = scene_open(8);
	struct answer answer[3];

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	for (size_t i = 0; i < 3; i++) {
		answer[i] = get(s, url[i]);
		assert_ptr_equal(answer[i].lease, answer[0].lease);
	}
	stage.now = NOON + 60;
	expect_trust(s, url[0], STI_TRUST_OK);
	land_all(s);
	assert_int_equal(raw_server_requests(s->rig.server), 4);
	assert_int_equal(parsed(s), 1);
	for (size_t i = 0; i < 3; i++)
		credential_lease_end(answer[i].lease);
	scene_close(s);
}

static void test_would_fetch_only_what_is_neither_known_nor_on_its_way(void **state)
{
	struct scene *s = scene_open(4);
	struct sti_span url = sti_span_str(URL);
	struct answer answer;

	(void)state;
	serve_leaf(s, "200 OK");
	assert_true(credentials_would_fetch(s->credentials, url, s->trust, stage.now));
	ask_for(s, URL, &answer);
	assert_false(credentials_would_fetch(s->credentials, url, s->trust, stage.now));
	await(s, &answer);
	credential_lease_end(answer.lease);
	assert_false(credentials_would_fetch(s->credentials, url, s->trust, stage.now));
	rig_serve(&s->rig, RAW_ANSWER, "404 Not Found", sti_span(NULL, 0));
	expect_error(s, SITE "gone.pem", STI_E_NOT_FOUND);
	assert_false(credentials_would_fetch(s->credentials, sti_span_str(SITE "gone.pem"), s->trust, stage.now));
	assert_true(credentials_would_fetch(s->credentials, sti_span_str(SITE "gone.pem"), s->trust, stage.now + 46));
	scene_close(s);
}

static void test_D16_the_whole_chain_is_kept(void **state)
{
	struct scene *s = scene_open(4);
	struct pair ca = intermediate_make(&s->root), leaf = signer_make(&ca);
	struct sti_span body = BUNDLE(&leaf, &ca);
	struct trust_snapshot *again = trust_in(&s->root, 3);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", body);
	expect_trust(s, URL, STI_TRUST_OK);
	s->asked = again;
	rig_leave(&s->rig);
	expect_trust(s, URL, STI_TRUST_OK);
	trust_snapshot_unref(again);
	vectors_free(body);
	pair_free(&ca);
	pair_free(&leaf);
	scene_close(s);
}

/* ---- how long it is kept ---- */

static void expect_kept_until(struct scene *s, int64_t last)
{
	unsigned before = raw_server_requests(s->rig.server);

	stage.now = last;
	expect_trust(s, URL, STI_TRUST_OK);
	assert_int_equal(raw_server_requests(s->rig.server), before);
	stage.now = last + 1;
	expect_trust(s, URL, STI_TRUST_OK);
	land_all(s);
	assert_int_equal(raw_server_requests(s->rig.server), before + 1);
}

static void test_D15_kept_as_long_as_the_repository_says(void **state)
{
	static const struct {
		const char *head;
		int64_t seconds;
	} row[] = {
		{"200 OK\r\nCache-Control: max-age=600", 600},
		{"200 OK\r\nCache-Control: max-age=0", 60},
		{"200 OK\r\nCache-Control: max-age=59", 60},
		{"200 OK\r\nCache-Control: max-age=3600, public", 3600},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *s = scene_open(4);

		serve_leaf(s, row[i].head);
		expect_trust(s, URL, STI_TRUST_OK);
		expect_kept_until(s, NOON + row[i].seconds - 1);
		scene_close(s);
	}
}

/* A certificate that has run out may have been renewed under its URL. */
static void test_D15_not_kept_past_its_own_end(void **state)
{
	struct issue_subject subject = signer_subject();
	struct scene *s = scene_open(4);
	struct pair brief;

	(void)state;
	subject.not_before = DAY;
	subject.not_after = NOON + 1000;
	brief = pair_make(subject, &s->root);
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", buf_span(&brief.cert));
	expect_trust(s, URL, STI_TRUST_OK);
	stage.now = NOON + 1000;
	expect_trust(s, URL, STI_TRUST_OK);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	stage.now = NOON + 1001;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	pair_free(&brief);
	scene_close(s);
}

/* Expired when it came already: not asked for with every call. */
static void test_D15_an_expired_one_is_kept_for_a_minute(void **state)
{
	struct issue_subject subject = signer_subject();
	struct scene *s = scene_open(4);
	struct pair old;

	(void)state;
	subject.not_before = DAY;
	subject.not_after = NOON - 1;
	old = pair_make(subject, &s->root);
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", buf_span(&old.cert));
	expect_trust(s, URL, STI_TRUST_EXPIRED);
	stage.now = NOON + 59;
	expect_trust(s, URL, STI_TRUST_EXPIRED);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	pair_free(&old);
	scene_close(s);
}

/* ---- failures ---- */

static void test_D15_a_failure_is_remembered_for_a_short_time(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "404 Not Found", sti_span_str("gone"));
	expect_error(s, URL, STI_E_NOT_FOUND);
	stage.now = NOON + 14;
	for (size_t i = 0; i < 10; i++)
		expect_error(s, URL, STI_E_NOT_FOUND);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	assert_int_equal(counted(s, METRIC_CERT_FETCHES, METRICS_FAILED), 1);
	assert_int_equal(parsed(s), 0);
	stage.now = NOON + 46;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	scene_close(s);
}

/* ---- D11: what else a repository may serve ---- */

static void put_lines(struct buf *out, struct sti_span pem, const char *end)
{
	struct sti_span line;

	while (sti_span_cut(&pem, '\n', &line)) {
		buf_put(out, line);
		if (pem.n)
			buf_put_str(out, end);
	}
}

enum body {
	BODY_PEM,
	BODY_CRLF,
	BODY_NO_LAST_LINE_END,
	BODY_CHAIN,
	BODY_EMPTY,
	BODY_HTML,
	BODY_PNG,
	BODY_BOM,
	BODY_TEXT_BEFORE,
	BODY_TEXT_BETWEEN,
	BODY_TEXT_AFTER,
	BODY_CA_FIRST,
	BODY_NINE_BLOCKS,
	BODY_KEY,
	BODY_KEY_AFTER,
	BODY_NOT_DER,
};

static void put_body(const struct scene *s, const struct pair *ca, const struct pair *leaf, enum body kind,
		     struct buf *out)
{
	struct sti_span pem = buf_span(&leaf->cert);

	if (kind == BODY_BOM)
		buf_put_str(out, "\xef\xbb\xbf");
	if (kind == BODY_TEXT_BEFORE)
		buf_put_str(out, "subject: somebody\n");
	if (kind == BODY_HTML)
		buf_put_str(out, "<!DOCTYPE html><html></html>");
	if (kind == BODY_PNG)
		buf_put_str(out, "\x89PNG\r\n\x1a\n");
	if (kind == BODY_NOT_DER)
		buf_put_str(out, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	if (kind == BODY_CA_FIRST)
		buf_put(out, buf_span(&ca->cert));
	if (kind == BODY_CRLF)
		put_lines(out, pem, "\r\n");
	if (kind == BODY_NO_LAST_LINE_END)
		buf_put(out, sti_span_first(pem, pem.n - 1));
	if (kind == BODY_KEY)
		buf_put(out, buf_span(&leaf->key));
	for (int i = 0; kind == BODY_NINE_BLOCKS && i < 9; i++)
		buf_put(out, pem);
	if (kind == BODY_PEM || kind == BODY_CHAIN || kind == BODY_BOM || kind == BODY_TEXT_BEFORE ||
	    kind == BODY_TEXT_BETWEEN || kind == BODY_TEXT_AFTER || kind == BODY_CA_FIRST || kind == BODY_KEY_AFTER)
		buf_put(out, pem);
	if (kind == BODY_TEXT_BETWEEN || kind == BODY_TEXT_AFTER)
		buf_put_str(out, "somebody wrote this\n");
	if (kind == BODY_TEXT_BETWEEN || kind == BODY_CHAIN)
		buf_put(out, buf_span(&ca->cert));
	if (kind == BODY_KEY_AFTER)
		buf_put(out, buf_span(&s->leaf.key));
}

/* An error, or how far the certificate is believed. Content-Type is not looked at: real repositories have it wrong. */
static void test_D11_bodies(void **state)
{
	static const struct {
		enum body body;
		enum sti_error error;
		enum sti_trust trust;
	} row[] = {
		{BODY_PEM, STI_OK, STI_TRUST_OK},
		{BODY_CRLF, STI_OK, STI_TRUST_OK},
		{BODY_NO_LAST_LINE_END, STI_OK, STI_TRUST_OK},
		{BODY_CHAIN, STI_OK, STI_TRUST_OK},
		{BODY_EMPTY, STI_E_PEM, 0},
		{BODY_HTML, STI_E_PEM, 0},
		{BODY_PNG, STI_E_PEM, 0},
		{BODY_BOM, STI_E_PEM, 0},
		{BODY_TEXT_BEFORE, STI_E_PEM, 0},
		{BODY_TEXT_BETWEEN, STI_E_PEM, 0},
		{BODY_TEXT_AFTER, STI_E_PEM, 0},
		{BODY_CA_FIRST, STI_OK, STI_TRUST_PROFILE},
		{BODY_NINE_BLOCKS, STI_E_LIMIT, 0},
		{BODY_KEY, STI_E_KEY, 0},
		{BODY_KEY_AFTER, STI_E_KEY, 0},
		{BODY_NOT_DER, STI_E_CERT, 0},
	};
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *s = scene_open(4);
		struct pair leaf = signer_make(&s->root), ca = intermediate_make(&s->root);
		struct buf body = buf_own(1 << 16);
		struct answer answer;
		bool fits;

		put_body(s, &ca, &leaf, row[i].body, &body);
		rig_serve(&s->rig, RAW_ANSWER_CLOSE, "200 OK\r\nContent-Type: image/png", buf_span(&body));
		answer = get(s, URL);
		fits = answer.error == row[i].error && (answer.error || trust_of(&answer) == row[i].trust);
		good += fits;
		if (!fits)
			print_error("row %zu: %s\n", i, sti_error_text(answer.error));
		assert_int_equal(raw_server_requests(s->rig.server), 1);
		credential_lease_end(answer.lease);
		buf_free(&body);
		pair_free(&ca);
		pair_free(&leaf);
		scene_close(s);
	}
	assert_int_equal(good, sizeof(row) / sizeof(row[0]));
}

static void test_D8_answers_that_are_no_200(void **state)
{
	static const char *const head[] = {
		"204 No Content",
		"206 Partial Content",
		"301 Moved Permanently\r\nLocation: " SITE "other.pem",
		"302 Found\r\nLocation: http://localhost/",
		"401 Unauthorized",
		"500 Internal Server Error",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		struct scene *s = scene_open(4);

		rig_serve(&s->rig, RAW_ANSWER_CLOSE, head[i], sti_span(NULL, 0));
		expect_error(s, URL, STI_E_NOT_FOUND);
		assert_int_equal(raw_server_requests(s->rig.server), 1);
		scene_close(s);
	}
}

/* D11: alarm major; D6: alarm minor. */
static void test_D6_D11_the_operator_is_told(void **state)
{
	struct scene *s = scene_open(4);
	struct log *log;
	struct credentials_config config = {.fetch_ms = 20000, .capacity = 4};
	int fd[2];
	char text[2 * LOG_LINE];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	log = log_create(fd[1], s->rig.metrics);
	credentials_free(s->credentials);
	config.client = s->rig.client;
	config.metrics = s->rig.metrics;
	config.log = log;
	assert_int_equal(credentials_create(&config, &s->credentials), STI_OK);
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", buf_span(&s->leaf.key));
	expect_error(s, URL, STI_E_KEY);
	expect_error(s, "https://localhost/a.pem", STI_E_NETWORK);
	n = read(fd[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "event=private_key_published alarm=major x5u=" URL));
	assert_non_null(strstr(text, "event=fetch_denied alarm=minor x5u=https://localhost/a.pem"));
	assert_null(strstr(text, "PRIVATE"));
	assert_int_equal(counted(s, METRIC_ALARMS, METRICS_MAJOR), 1);
	assert_int_equal(counted(s, METRIC_ALARMS, METRICS_MINOR), 1);
	log_free(log);
	close(fd[0]);
	close(fd[1]);
	scene_close(s);
}

static void test_D10_a_body_over_the_limit(void **state)
{
	struct scene *s = scene_open(4);
	char *large = malloc(LIMIT_CERT_BODY + 1);

	(void)state;
	assert_non_null(large);
	memset(large, 'a', LIMIT_CERT_BODY + 1);
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", sti_span(large, LIMIT_CERT_BODY + 1));
	expect_error(s, URL, STI_E_LIMIT);
	free(large);
	scene_close(s);
}

static void test_D1_D2_what_the_gate_refuses_costs_no_fetch(void **state)
{
	static const struct {
		const char *url;
		enum sti_error error;
	} row[] = {
		{"http://localhost:8443/good.pem", STI_E_URL},
		{"https://localhost:8444/good.pem", STI_E_DENIED},
		{"https://u@localhost:8443/good.pem", STI_E_URL},
		{"https://127.0.0.1/good.pem", STI_E_DENIED},
		{"", STI_E_URL},
	};
	struct scene *s = scene_open(8);

	(void)state;
	serve_leaf(s, "200 OK");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct answer answer;

		ask_for(s, row[i].url, &answer);
		assert_int_equal(answer.done, 1);
		if (answer.error != STI_E_URL && answer.error != STI_E_DENIED)
			fail_msg("%s: %s", row[i].url, sti_error_text(answer.error));
	}
	assert_int_equal(raw_server_connections(s->rig.server), 0);
	scene_close(s);
}

static void test_an_old_one_is_better_than_none_while_the_repository_is_down(void **state)
{
	static const struct {
		int64_t second, failed;
	} row[] = {{60, 1}, {89, 1}, {90, 2}};
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	rig_leave(&s->rig);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		stage.now = NOON + row[i].second;
		expect_trust(s, URL, STI_TRUST_OK);
		land_all(s);
		assert_int_equal(counted(s, METRIC_CERT_FETCHES, METRICS_FAILED), row[i].failed);
	}
	stage.now = 2 * DAY + 1; /* but not past its end */
	expect_error(s, URL, STI_E_CONNECT);
	scene_close(s);
}

/* A call must not wait for what can be had at once. */
static void test_a_stale_one_is_served_at_once_and_fetched_beside(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	rig_serve(&s->rig, RAW_SILENT, "200 OK", sti_span(NULL, 0));
	stage.now = NOON + 60;
	for (size_t i = 0; i < 10; i++) {
		struct answer answer;

		ask_for(s, URL, &answer);
		assert_int_equal(answer.done, 1);
		assert_int_equal(trust_of(&answer), STI_TRUST_OK);
		credential_lease_end(answer.lease);
	}
	assert_int_equal(http_client_in_flight(s->rig.client), 1);
	assert_int_equal(counted(s, METRIC_CERT_CACHE, METRICS_HIT), 10);
	scene_close(s);
}

/* ---- D17: another certificate under the same URL ---- */

static void doubt(struct scene *s)
{
	credentials_doubt(s->credentials, sti_span_str(URL), stage.now);
}

static void expect_requests(struct scene *s, unsigned wanted)
{
	land_all(s);
	assert_int_equal(raw_server_requests(s->rig.server), wanted);
}

static void test_D17_a_doubted_one_is_fetched_anew_before_it_is_used(void **state)
{
	struct scene *s = scene_open(4);
	struct pair renewed = signer_make(&s->root);
	struct answer before, after, beside;

	(void)state;
	serve_leaf(s, "200 OK");
	before = get(s, URL);
	rig_serve(&s->rig, RAW_ANSWER, "200 OK", buf_span(&renewed.cert));
	stage.now = NOON + 61;
	doubt(s);
	ask_for(s, URL, &after);
	ask_for(s, URL, &beside);
	assert_int_equal(after.done + beside.done, 0);
	await(s, &after);
	await(s, &beside);
	assert_memory_not_equal(sti_credential_sha256(credential_lease_of(after.lease)),
				sti_credential_sha256(credential_lease_of(before.lease)), 32);
	assert_ptr_equal(after.lease, beside.lease);
	expect_trust(s, URL, STI_TRUST_OK);
	expect_requests(s, 1);
	credential_lease_end(before.lease);
	credential_lease_end(after.lease);
	credential_lease_end(beside.lease);
	pair_free(&renewed);
	scene_close(s);
}

/* A stranger's bad signature must not make us ask and ask. */
static void test_D17_once_a_minute(void **state)
{
	static const struct {
		int64_t second;
		unsigned requests;
	} row[] = {{0, 1}, {60, 1}, {61, 2}, {62, 2}, {121, 2}, {122, 3}};
	struct scene *s = scene_open(4);

	(void)state;
	doubt(s); /* of what nobody has */
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		stage.now = NOON + row[i].second;
		doubt(s);
		doubt(s);
		expect_trust(s, URL, STI_TRUST_OK);
		expect_requests(s, row[i].requests);
	}
	scene_close(s);
}

static void test_D17_the_repository_is_down(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	rig_serve(&s->rig, RAW_ANSWER, "500 Internal Server Error", sti_span(NULL, 0));
	stage.now = NOON + 61;
	doubt(s);
	expect_trust(s, URL, STI_TRUST_OK);
	doubt(s);
	expect_trust(s, URL, STI_TRUST_OK);
	expect_requests(s, 1);
	scene_close(s);
}

static void test_D17_doubted_while_it_is_fetched_beside(void **state)
{
	struct scene *s = scene_open(4);
	struct answer answer;

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	stage.now = NOON + 61;
	expect_trust(s, URL, STI_TRUST_OK);
	assert_int_equal(http_client_in_flight(s->rig.client), 1);
	doubt(s);
	ask_for(s, URL, &answer);
	assert_int_equal(answer.done, 0);
	await(s, &answer);
	credential_lease_end(answer.lease);
	expect_requests(s, 2);
	scene_close(s);
}

/* ---- our own want of room ---- */

static void swap_client(struct scene *s, unsigned in_flight)
{
	http_client_close(s->rig.client);
	s->rig.client = rig_client(&s->rig, in_flight);
	credentials_set(s->credentials, s->rig.client, 20000);
}

static void test_D14_a_full_client_is_no_failure_of_the_url(void **state)
{
	struct scene *s = scene_open(8);
	struct answer first, second;

	(void)state;
	swap_client(s, 1);
	serve_leaf(s, "200 OK");
	ask_for(s, SITE "first.pem", &first);
	ask_for(s, URL, &second);
	assert_int_equal(second.done, 1);
	assert_int_equal(second.error, STI_E_FULL);
	await(s, &first);
	expect_trust(s, URL, STI_TRUST_OK);
	credential_lease_end(first.lease);
	scene_close(s);
}

/* Neither stale nor in doubt is a certificate lost because the client has no room. */
static void test_D14_a_full_client_and_a_certificate_that_we_have(void **state)
{
	struct scene *s = scene_open(8);
	struct answer other;

	(void)state;
	swap_client(s, 1);
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	stage.now = NOON + 61;
	ask_for(s, SITE "other.pem", &other);
	expect_trust(s, URL, STI_TRUST_OK);
	doubt(s);
	expect_trust(s, URL, STI_TRUST_OK);
	await(s, &other);
	credential_lease_end(other.lease);
	expect_trust(s, URL, STI_TRUST_OK); /* the doubt stands: fetched now */
	expect_requests(s, 3);
	scene_close(s);
}

static void test_D14_a_silent_host_leaves_room_for_others(void **state)
{
	enum { N = 8 };
	struct scene *s = scene_open(64);
	struct answer answer[N + 1];

	(void)state;
	serve_leaf(s, "200 OK");
	for (unsigned i = 0; i <= N; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://%s:8443/%u", i & 1 ? "LocalHost" : "localhost", i);
		ask_for(s, url, &answer[i]);
	}
	assert_int_equal(http_client_in_flight(s->rig.client), N);
	assert_int_equal(answer[N].error, STI_E_FULL);
	expect_error(s, "https://other.example:8444/", STI_E_DENIED); /* the gate's no, not ours */
	for (unsigned i = 0; i < N; i++) {
		await(s, &answer[i]);
		credential_lease_end(answer[i].lease);
	}
	expect_trust(s, SITE "8", STI_TRUST_OK);
	scene_close(s);
}

/* ---- trust ---- */

static void test_a_new_trust_judges_again_without_a_fetch(void **state)
{
	struct scene *s = scene_open(4);
	struct answer before;

	(void)state;
	serve_leaf(s, "200 OK");
	before = get(s, URL);
	s->asked = s->other_trust;
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	assert_int_equal(trust_of(&before), STI_TRUST_OK); /* who is in the middle of a call goes on with it */
	assert_int_equal(parsed(s), 2);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	credential_lease_end(before.lease);
	scene_close(s);
}

/* A listener that drains goes on under its old world; that must not cost the others a parse. */
static void test_an_older_trust_is_asked_beside_the_newest(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	for (int64_t i = 0; i < 3; i++) {
		s->asked = s->other_trust;
		expect_trust(s, URL, STI_TRUST_NO_PATH);
		s->asked = s->trust;
		expect_trust(s, URL, STI_TRUST_OK);
		assert_int_equal(parsed(s), 3 + i);
	}
	expect_requests(s, 1);
	scene_close(s);
}

static void test_each_is_answered_under_the_trust_it_asked_with(void **state)
{
	struct scene *s = scene_open(4);
	struct answer old, new;

	(void)state;
	serve_leaf(s, "200 OK");
	ask_for(s, URL, &old);
	s->asked = s->other_trust;
	ask_for(s, URL, &new);
	trust_snapshot_unref(s->trust); /* the questions have their own reference */
	s->trust = NULL;
	await(s, &old);
	await(s, &new);
	assert_int_equal(trust_of(&old), STI_TRUST_OK);
	assert_int_equal(trust_of(&new), STI_TRUST_NO_PATH);
	expect_requests(s, 1);
	credential_lease_end(old.lease);
	credential_lease_end(new.lease);
	scene_close(s);
}

/* What was believed under the old trust must not outlive it because a repository is down. */
static void test_a_trust_that_changes_while_the_repository_is_down(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	rig_leave(&s->rig);
	s->asked = s->other_trust;
	stage.now = NOON + 60;
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	scene_close(s);
}

/* Begun under the old trust, failed under the new one. */
static void test_a_trust_that_changes_while_a_fetch_fails(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	serve_leaf(s, "200 OK\r\nCache-Control: max-age=60");
	expect_trust(s, URL, STI_TRUST_OK);
	rig_serve(&s->rig, RAW_ANSWER, "500 Internal Server Error", sti_span(NULL, 0));
	stage.now = NOON + 60;
	expect_trust(s, URL, STI_TRUST_OK);
	s->asked = s->other_trust;
	expect_requests(s, 1);
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_requests(s, 1);
	scene_close(s);
}

/* Its body is not kept: a stranger's words are not worth 32 KiB. */
static void test_D14_what_has_no_path_is_fetched_again_for_a_new_trust(void **state)
{
	struct scene *s = scene_open(4);
	struct trust_snapshot *again = trust_in(&s->root, 3);

	(void)state;
	s->asked = s->other_trust;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	expect_requests(s, 1);
	s->asked = again;
	expect_trust(s, URL, STI_TRUST_OK);
	expect_requests(s, 2);
	trust_snapshot_unref(again);
	scene_close(s);
}

/* And where it is not to be had, that is remembered as ever. */
static void test_D14_what_has_no_path_and_a_repository_that_is_down(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	s->asked = trust_in(&s->other_root, 0);
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_NO_PATH);
	trust_snapshot_unref(s->asked);
	s->asked = s->trust;
	rig_serve(&s->rig, RAW_ANSWER, "404 Not Found", sti_span(NULL, 0));
	for (size_t i = 0; i < 5; i++)
		expect_error(s, URL, STI_E_NOT_FOUND);
	expect_requests(s, 1);
	scene_close(s);
}

/* ---- room ---- */

/* Nine of ten places are for those under which a call has passed. */
static void test_the_one_least_used_goes_first(void **state)
{
	struct scene *s = scene_open(10);
	struct answer kept;

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, SITE "a.pem", STI_TRUST_OK);
	kept = get(s, SITE "b.pem");
	credentials_prove(s->credentials, sti_span_str(SITE "b.pem"));
	for (char c = '1'; c <= '7'; c++) {
		char url[] = SITE "0.pem";

		url[sizeof(SITE) - 1] = c;
		expect_trust(s, url, STI_TRUST_OK);
	}
	expect_trust(s, SITE "a.pem", STI_TRUST_OK);
	expect_trust(s, SITE "c.pem", STI_TRUST_OK); /* b goes, but not for who has it */
	assert_int_equal(raw_server_requests(s->rig.server), 10);
	expect_trust(s, SITE "a.pem", STI_TRUST_OK);
	assert_int_equal(raw_server_requests(s->rig.server), 10);
	expect_trust(s, SITE "b.pem", STI_TRUST_OK); /* 1 goes */
	expect_trust(s, SITE "1.pem", STI_TRUST_OK);
	assert_int_equal(raw_server_requests(s->rig.server), 12);
	assert_int_equal(trust_of(&kept), STI_TRUST_OK);
	credential_lease_end(kept.lease);
	scene_close(s);
}

/* Whoever can send us a URL must not push out what others need. */
static void test_D14_a_thousand_refused_urls_take_no_room(void **state)
{
	static const char *const site[] = {
		"https://localhost:8444/", /* port */
		"https://192.0.2.1/", /* literal */
		"http://localhost:8443/",
	};
	struct scene *s = scene_open(1);

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	for (size_t i = 0; i < sizeof(site) / sizeof(site[0]); i++)
		for (int k = 0; k < 1000; k++) {
			char url[64];
			struct answer answer;

			snprintf(url, sizeof(url), "%s%d.pem", site[i], k);
			ask_for(s, url, &answer);
			assert_true(answer.error == STI_E_URL || answer.error == STI_E_DENIED);
		}
	expect_trust(s, URL, STI_TRUST_OK);
	expect_requests(s, 1);
	scene_close(s);
}

/* A tenth of twenty is two. */
static void expect_good_ones_stay(struct scene *s, const char *head)
{
	char url[64];

	serve_leaf(s, "200 OK");
	for (unsigned i = 0; i < 10; i++) {
		snprintf(url, sizeof(url), SITE "good%u.pem", i);
		expect_trust(s, url, STI_TRUST_OK);
	}
	rig_serve(&s->rig, RAW_ANSWER, head, buf_span(&s->other_root.cert));
	for (unsigned i = 0; i < 40; i++) {
		struct answer answer;

		snprintf(url, sizeof(url), SITE "bad%u.pem", i);
		answer = get(s, url);
		credential_lease_end(answer.lease);
	}
	expect_requests(s, 40);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(url, sizeof(url), SITE "good%u.pem", i);
		expect_trust(s, url, STI_TRUST_OK);
	}
	expect_requests(s, 40);
	for (unsigned i = 40; i-- > 37;) {
		snprintf(url, sizeof(url), SITE "bad%u.pem", i);
		credential_lease_end(get(s, url).lease);
	}
	expect_requests(s, 41);
}

static void test_D14_failures_get_a_tenth_of_the_room(void **state)
{
	struct scene *s = scene_open(20);

	(void)state;
	expect_good_ones_stay(s, "404 Not Found");
	scene_close(s);
}

static void test_D14_certificates_without_a_path_get_a_tenth_of_the_room(void **state)
{
	struct scene *s = scene_open(20);

	(void)state;
	expect_good_ones_stay(s, "200 OK");
	scene_close(s);
}

/* Known by the address behind the name alone, so after a flight. */
static void test_D14_D18_an_address_that_the_gate_refuses_leaves_no_entry_and_is_not_told(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "404 Not Found", sti_span(NULL, 0));
	expect_error(s, URL, STI_E_NOT_FOUND);
	for (unsigned i = 0; i < 5; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://localhost/%u.pem", i);
		expect_error(s, url, STI_E_NETWORK);
	}
	expect_error(s, URL, STI_E_NOT_FOUND); /* still remembered, in the one place for such */
	expect_requests(s, 1);
	scene_close(s);
}

static void test_all_room_is_on_its_way(void **state)
{
	struct scene *s = scene_open(2);
	struct answer a, b, c;

	(void)state;
	serve_leaf(s, "200 OK");
	ask_for(s, SITE "a.pem", &a);
	ask_for(s, SITE "b.pem", &b);
	ask_for(s, SITE "c.pem", &c);
	assert_int_equal(c.done, 1);
	assert_int_equal(c.error, STI_E_FULL);
	await(s, &a);
	await(s, &b);
	credential_lease_end(a.lease);
	credential_lease_end(b.lease);
	expect_trust(s, SITE "c.pem", STI_TRUST_OK);
	scene_close(s);
}

/* ---- questions within answers, and the end ---- */

struct chain_of {
	struct scene *s;
	unsigned left, done;
};

static void take_and_ask_for_another(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct chain_of *chain = context;
	char url[64];

	assert_int_equal(error, STI_OK);
	credential_lease_end(lease);
	chain->done++;
	if (chain->left-- == 0)
		return;
	snprintf(url, sizeof(url), SITE "%u.pem", chain->left);
	credentials_get(chain->s->credentials, sti_span_str(url), chain->s->asked, stage.now, take_and_ask_for_another,
			chain);
}

/* With room for one, the answer's own entry is what has to go. */
static void test_an_answer_that_asks_for_the_next(void **state)
{
	struct scene *s = scene_open(1);
	struct chain_of chain = {.s = s, .left = 3};

	(void)state;
	serve_leaf(s, "200 OK");
	credentials_get(s->credentials, sti_span_str(URL), s->asked, stage.now, take_and_ask_for_another, &chain);
	while (chain.done < 4)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
	assert_int_equal(raw_server_requests(s->rig.server), 4);
	scene_close(s);
}

static void test_freed_with_questions_open(void **state)
{
	struct scene *s = scene_open(4);
	struct answer answer[3], known;

	(void)state;
	serve_leaf(s, "200 OK");
	known = get(s, URL);
	rig_serve(&s->rig, RAW_SILENT, "200 OK", sti_span(NULL, 0));
	ask_for(s, SITE "a.pem", &answer[0]);
	ask_for(s, SITE "a.pem", &answer[1]);
	ask_for(s, SITE "b.pem", &answer[2]);
	credentials_free(s->credentials);
	s->credentials = NULL;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(answer[i].done, 1);
		assert_int_equal(answer[i].error, STI_E_NETWORK);
	}
	assert_int_equal(trust_of(&known), STI_TRUST_OK);
	credential_lease_end(known.lease);
	credential_lease_end(NULL);
	scene_close(s);
}

static void test_another_client_takes_over(void **state)
{
	struct scene *s = scene_open(4);
	struct http_client *old = s->rig.client;

	(void)state;
	serve_leaf(s, "200 OK");
	expect_trust(s, URL, STI_TRUST_OK);
	s->rig.client = rig_client(&s->rig, 64);
	credentials_set(s->credentials, s->rig.client, 20000);
	http_client_close(old);
	expect_trust(s, SITE "other.pem", STI_TRUST_OK);
	scene_close(s);
}

static void test_another_time_for_a_fetch(void **state)
{
	struct scene *s = scene_open(4);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "200 OK", sti_span(NULL, 0));
	credentials_set(s->credentials, s->rig.client, 200);
	expect_error(s, URL, STI_E_TIMEOUT);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D13_five_thousand_questions_are_one_connection),
		cmocka_unit_test(test_a_known_one_is_answered_at_once_without_a_parse),
		cmocka_unit_test(test_D16_the_second_call_costs_no_parse_no_path_and_no_fetch),
		cmocka_unit_test(test_D17_urls_with_the_same_octets_share_one_credential),
		cmocka_unit_test(test_would_fetch_only_what_is_neither_known_nor_on_its_way),
		cmocka_unit_test(test_D16_the_whole_chain_is_kept),
		cmocka_unit_test(test_D15_kept_as_long_as_the_repository_says),
		cmocka_unit_test(test_D15_not_kept_past_its_own_end),
		cmocka_unit_test(test_D15_an_expired_one_is_kept_for_a_minute),
		cmocka_unit_test(test_D15_a_failure_is_remembered_for_a_short_time),
		cmocka_unit_test(test_D11_bodies),
		cmocka_unit_test(test_D8_answers_that_are_no_200),
		cmocka_unit_test(test_D6_D11_the_operator_is_told),
		cmocka_unit_test(test_D10_a_body_over_the_limit),
		cmocka_unit_test(test_D1_D2_what_the_gate_refuses_costs_no_fetch),
		cmocka_unit_test(test_an_old_one_is_better_than_none_while_the_repository_is_down),
		cmocka_unit_test(test_a_stale_one_is_served_at_once_and_fetched_beside),
		cmocka_unit_test(test_D17_a_doubted_one_is_fetched_anew_before_it_is_used),
		cmocka_unit_test(test_D17_once_a_minute),
		cmocka_unit_test(test_D17_the_repository_is_down),
		cmocka_unit_test(test_D17_doubted_while_it_is_fetched_beside),
		cmocka_unit_test(test_D14_a_full_client_is_no_failure_of_the_url),
		cmocka_unit_test(test_D14_a_full_client_and_a_certificate_that_we_have),
		cmocka_unit_test(test_D14_a_silent_host_leaves_room_for_others),
		cmocka_unit_test(test_a_new_trust_judges_again_without_a_fetch),
		cmocka_unit_test(test_an_older_trust_is_asked_beside_the_newest),
		cmocka_unit_test(test_each_is_answered_under_the_trust_it_asked_with),
		cmocka_unit_test(test_a_trust_that_changes_while_the_repository_is_down),
		cmocka_unit_test(test_a_trust_that_changes_while_a_fetch_fails),
		cmocka_unit_test(test_D14_what_has_no_path_is_fetched_again_for_a_new_trust),
		cmocka_unit_test(test_D14_what_has_no_path_and_a_repository_that_is_down),
		cmocka_unit_test(test_the_one_least_used_goes_first),
		cmocka_unit_test(test_D14_a_thousand_refused_urls_take_no_room),
		cmocka_unit_test(test_D14_failures_get_a_tenth_of_the_room),
		cmocka_unit_test(test_D14_certificates_without_a_path_get_a_tenth_of_the_room),
		cmocka_unit_test(test_D14_D18_an_address_that_the_gate_refuses_leaves_no_entry_and_is_not_told),
		cmocka_unit_test(test_all_room_is_on_its_way),
		cmocka_unit_test(test_an_answer_that_asks_for_the_next),
		cmocka_unit_test(test_freed_with_questions_open),
		cmocka_unit_test(test_another_client_takes_over),
		cmocka_unit_test(test_another_time_for_a_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

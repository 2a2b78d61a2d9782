/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floods of calls against the cache of credentials (threats.md D13, D14, E23) and a day of its life, without a
 * network: the HTTP client is the test's, and every fetch is counted there.
 */
#include "pki/world.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/credentials.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { IS_MEASURED = 0 };
#else
enum { IS_MEASURED = 1 };
#endif

enum { FLIGHTS = 64 };

static struct {
	int64_t now;
	http_done *done[FLIGHTS];
	void *context[FLIGHTS];
	size_t n; /* in flight */
	unsigned sent;
} wire = {.now = NOON};

int64_t clock_now(void)
{
	return wire.now;
}

enum sti_error http_client_send(struct http_client *client, const struct http_call *call, http_done *done,
				void *context)
{
	(void)client;
	(void)call;
	if (wire.n == FLIGHTS)
		return STI_E_FULL;
	wire.done[wire.n] = done;
	wire.context[wire.n++] = context;
	wire.sent++;
	return STI_OK;
}

static void answer_all(enum sti_error error, int status, struct sti_span body, int64_t max_age)
{
	const struct http_response response = {.status = status, .body = body, .max_age = max_age, .retry_after = -1};

	for (size_t n = wire.n; n; n = wire.n) {
		wire.n--;
		wire.done[wire.n](wire.context[wire.n], error, error ? NULL : &response);
	}
}

struct scene {
	struct pair root, leaf;
	struct trust_snapshot *trust;
	struct metrics *metrics;
	struct credentials *credentials;
	unsigned done, good;
};

static struct scene *scene_open(size_t capacity, size_t max_bytes)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct credentials_config config = {.fetch_ms = 1000, .capacity = capacity, .max_bytes = max_bytes};
	struct issue_subject subject = signer_subject();

	assert_non_null(s);
	wire.now = NOON;
	wire.sent = 0;
	s->metrics = config.metrics = metrics_create("0");
	s->root = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
						   .name = {"US", "Example", "Example SHAKEN ROOT"},
						   .not_before = DAY,
						   .not_after = 1000 * DAY},
			    NULL);
	subject.not_before = DAY;
	subject.not_after = 1000 * DAY;
	s->leaf = pair_make(subject, &s->root);
	assert_int_equal(trust_snapshot_create(buf_span(&s->root.cert), 1, &s->trust), STI_OK);
	assert_int_equal(credentials_create(&config, &s->credentials), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	answer_all(STI_E_NETWORK, 0, sti_span(NULL, 0), -1);
	credentials_free(s->credentials);
	trust_snapshot_unref(s->trust);
	metrics_free(s->metrics);
	pair_free(&s->root);
	pair_free(&s->leaf);
	free(s);
}

static void take(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct scene *s = context;

	(void)error;
	s->done++;
	s->good += lease != NULL;
	credential_lease_end(lease);
}

static void ask(struct scene *s, const char *url)
{
	credentials_get(s->credentials, sti_span_str(url), s->trust, wire.now, take, s);
}

static void serve(struct scene *s, int64_t max_age)
{
	answer_all(STI_OK, 200, buf_span(&s->leaf.cert), max_age);
}

/* ---- D14, E23: memory ---- */

static size_t resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char text[64] = "";
	char *end;

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	(void)strtoul(text, &end, 10);
	return strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Every URL new, one of many hosts, as a hundred signers a host would be; each is answered. */
static void flood(struct scene *s, unsigned from, unsigned to, enum sti_error error, int status, struct sti_span body)
{
	for (unsigned i = from; i < to; i++) {
		char url[96];

		snprintf(url, sizeof(url), "https://cr%u.example.com/certs/%u/%u.pem", i / 100, i, i * 7);
		ask(s, url);
		answer_all(error, status, body, -1);
		if (i % 100 == 0)
			wire.now++;
	}
}

/* A fifth of the flood fills what may be filled; the rest must change nothing. */
static void expect_flat(enum sti_error error, int status, bool good, bool trusted)
{
	enum { N = 100000 };
	struct scene *s = scene_open(4096, 16 << 20);
	struct pair stranger =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}}, NULL);
	struct sti_span body = buf_span(trusted ? &s->leaf.cert : &stranger.cert);
	size_t before, after;

	flood(s, 0, N / 5, error, status, body);
	before = resident();
	flood(s, N / 5, N, error, status, body);
	after = resident();
	print_message("100,000 x5u: %zu KiB, then %zu KiB%s\n", before / 1024, after / 1024,
		      IS_MEASURED ? "" : " (not measured: the sanitizer keeps what is freed)");
	assert_int_equal(s->done, N);
	assert_int_equal(s->good, good ? N : 0);
	assert_true(!IS_MEASURED || after <= before + before / 20);
	pair_free(&stranger);
	scene_close(s);
}

static void test_D14_E23_100000_x5u_that_fail_leave_memory_flat(void **state)
{
	(void)state;
	expect_flat(STI_OK, 404, false, false);
	expect_flat(STI_E_TIMEOUT, 0, false, false);
}

static void test_D14_E23_100000_x5u_of_a_stranger_leave_memory_flat(void **state)
{
	(void)state;
	expect_flat(STI_OK, 200, true, false);
}

/* One certificate under all of them: shared, and parsed once. */
static void test_D14_E23_100000_x5u_of_a_signer_leave_memory_flat(void **state)
{
	(void)state;
	expect_flat(STI_OK, 200, true, true);
}

/* Other octets each: comments of PEM are refused, so a line end more or less is what differs. */
static void test_E23_bodies_of_the_largest_size_are_bounded_in_octets(void **state)
{
	enum { N = 400, ROOM = 2 << 20 };
	struct scene *s = scene_open(100000, ROOM);
	struct buf body = buf_own(LIMIT_CERT_BODY);
	size_t before = mallinfo2().uordblks, most = 0;

	(void)state;
	buf_put(&body, buf_span(&s->leaf.cert));
	while (body.n < LIMIT_CERT_BODY - N)
		buf_put_byte(&body, '\n');
	for (unsigned i = 0; i < N; i++) {
		char url[64];

		buf_put_byte(&body, '\n');
		snprintf(url, sizeof(url), "https://cr.example.com/%u.pem", i);
		ask(s, url);
		answer_all(STI_OK, 200, buf_span(&body), -1);
		most = mallinfo2().uordblks > most ? mallinfo2().uordblks : most;
	}
	assert_int_equal(s->good, N);
	print_message("%u bodies of 32 KiB: %zu KiB at most, %u allowed\n", (unsigned)N, (most - before) / 1024,
		      (unsigned)ROOM / 1024);
	assert_true(!IS_MEASURED || most - before <= ROOM + ROOM / 10);
	buf_free(&body);
	scene_close(s);
}

static bool is_kept(struct scene *s, const char *url)
{
	return !credentials_would_fetch(s->credentials, sti_span_str(url), s->trust, wire.now);
}

/* Anybody may put a public certificate, with blank lines behind it, under URLs of his own. */
static void test_D14_copies_of_a_public_certificate_drive_out_no_signer(void **state)
{
	struct scene *s = scene_open(100000, 16 << 20);
	struct sti_span held = sti_span_str("https://held.example.com/a.pem");
	struct buf body = buf_own(LIMIT_CERT_BODY);

	(void)state;
	ask(s, "https://cr.example.com/a.pem");
	serve(s, -1);
	credentials_prove(s->credentials, sti_span_str("https://cr.example.com/a.pem"));
	assert_int_equal(
		credentials_preload(s->credentials, held, buf_span(&s->leaf.cert), wire.now, s->trust, wire.now),
		STI_OK);
	buf_put(&body, buf_span(&s->leaf.cert));
	while (body.n < LIMIT_CERT_BODY)
		buf_put_byte(&body, '\n');
	flood(s, 0, 1500, STI_OK, 200, buf_span(&body)); /* 48 MiB of them */
	assert_true(is_kept(s, "https://cr.example.com/a.pem"));
	assert_true(is_kept(s, "https://held.example.com/a.pem"));
	buf_free(&body);
	scene_close(s);
}

/* ---- D13, D14: fetches ---- */

static void test_D13_single_flight_for_5000(void **state)
{
	enum { N = 5000 };
	struct scene *s = scene_open(64, 0);

	(void)state;
	for (unsigned i = 0; i < N; i++)
		ask(s, "https://cr.example.com/a.pem");
	assert_int_equal(wire.sent, 1);
	assert_int_equal(s->done, 0);
	serve(s, -1);
	assert_int_equal(s->good, N);
	assert_int_equal(metrics_get(s->metrics, METRIC_CERT_PARSED, 0), 1);
	scene_close(s);
}

/* Nor do we make it a flood for the repository: 2,000 at once, then ten a second. */
static void test_D14_D18_one_host_is_asked_for_so_many_only(void **state)
{
	struct scene *s = scene_open(100000, 0);
	unsigned first;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://%s.example.com/%u.pem", i % 2 ? "cr" : "CR", i);
		ask(s, url);
		serve(s, -1);
	}
	first = wire.sent;
	assert_int_equal(first, 2000);
	ask(s, "https://other.example.com/a.pem");
	assert_int_equal(wire.sent, first + 1);
	wire.now += 1;
	serve(s, -1);
	for (unsigned i = 20000; i < 20100; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr.example.com/%u.pem", i);
		ask(s, url);
		serve(s, -1);
	}
	assert_int_equal(wire.sent, first + 1 + 10);
	scene_close(s);
}

/* Calls that name URLs of an honest host that it does not have use up what we may ask of it; what it renewed under
 * a URL that we know is fetched all the same. */
static void test_D14_D17_a_known_signer_is_asked_anew_while_his_host_is_flooded(void **state)
{
	struct scene *s = scene_open(100000, 0);
	unsigned before;

	(void)state;
	ask(s, "https://cr.example.com/a.pem");
	serve(s, -1);
	credentials_prove(s->credentials, sti_span_str("https://cr.example.com/a.pem"));
	wire.now = NOON + 61;
	for (unsigned i = 0; i < 2100; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr.example.com/none/%u.pem", i);
		ask(s, url);
		answer_all(STI_OK, 404, sti_span(NULL, 0), -1);
	}
	before = wire.sent;
	assert_int_equal(before, 1 + 2000);
	credentials_doubt(s->credentials, sti_span_str("https://cr.example.com/a.pem"), wire.now);
	ask(s, "https://cr.example.com/a.pem");
	assert_int_equal(wire.sent, before + 1);
	serve(s, -1);
	scene_close(s);
}

/* ---- a day ---- */

static void tick(struct scene *s)
{
	credentials_refresh(s->credentials, s->trust, wire.now);
}

static unsigned counted(const struct scene *s, unsigned hit)
{
	return (unsigned)metrics_get(s->metrics, METRIC_CERT_CACHE, hit);
}

/* One call an hour; the repository lets it be kept ten minutes. */
static void test_D15_what_is_used_is_refreshed_so_that_no_call_waits(void **state)
{
	struct scene *s = scene_open(64, 0);

	(void)state;
	ask(s, "https://cr.example.com/a.pem");
	serve(s, 600);
	for (unsigned second = 1; second < DAY; second++, wire.now++) {
		if (second % 2 == 0)
			tick(s);
		serve(s, 600);
		if (second % 3600 == 0) {
			unsigned before = wire.sent;

			ask(s, "https://cr.example.com/a.pem");
			assert_int_equal(wire.sent, before); /* neither waits for a fetch nor begins one */
		}
	}
	assert_int_equal(counted(s, METRICS_MISS), 1);
	assert_int_equal(s->good, s->done);
	assert_in_range(wire.sent, DAY / 600, DAY / 450);
	assert_int_equal(metrics_get(s->metrics, METRIC_CERT_PARSED, 0), 1); /* the same octets again and again */
	scene_close(s);
}

static void test_what_nobody_uses_is_left_alone_after_a_day(void **state)
{
	struct scene *s = scene_open(64, 0);
	unsigned sent;

	(void)state;
	ask(s, "https://cr.example.com/a.pem");
	serve(s, 3600);
	for (; wire.now < NOON + DAY; wire.now += 10) {
		tick(s);
		serve(s, 3600);
	}
	sent = wire.sent;
	for (; wire.now < NOON + 2 * DAY; wire.now += 10)
		tick(s);
	assert_int_equal(wire.sent, sent);
	scene_close(s);
}

/* A thousand that run out together: a few in one turn, and never so many that calls find no room. */
static void test_refreshing_is_paced(void **state)
{
	enum { N = 1000 };
	struct scene *s = scene_open(4096, 0);

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr%u.example.com/%u.pem", i % 50, i);
		ask(s, url);
		serve(s, 3600);
		credentials_prove(s->credentials, sti_span_str(url));
	}
	wire.now = NOON + 3600 - 1;
	for (unsigned i = 0; i < 20; i++) {
		size_t before = wire.n;

		tick(s);
		assert_true(wire.n - before <= 4);
	}
	assert_true(wire.n <= 20);
	for (unsigned i = 0; i < 1000 && wire.sent < 2 * N; i++) {
		serve(s, 3600);
		tick(s);
	}
	serve(s, 3600);
	assert_int_equal(wire.sent, 2 * N);
	scene_close(s);
}

/* ---- known ahead of calls ---- */

static enum sti_error preload(struct scene *s, const char *url, struct sti_span body, int64_t fetched)
{
	return credentials_preload(s->credentials, sti_span_str(url), body, fetched, s->trust, wire.now);
}

static void test_the_first_call_of_one_known_ahead_costs_no_fetch_and_no_parse(void **state)
{
	enum { N = 600 };
	struct scene *s = scene_open(4096, 0);

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr%u.example.com/%u.pem", i % 50, i);
		assert_int_equal(preload(s, url, buf_span(&s->leaf.cert), NOON - 30 * DAY), STI_OK);
	}
	for (unsigned i = 0; i < N; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr%u.example.com/%u.pem", i % 50, i);
		ask(s, url);
	}
	assert_int_equal(s->good, N);
	assert_int_equal(wire.sent, 0);
	assert_int_equal(metrics_get(s->metrics, METRIC_CERT_PARSED, 0), 1);
	for (; wire.now < NOON + 700; wire.now++) { /* and all are fetched anew within ten minutes, unasked */
		tick(s);
		tick(s);
		serve(s, -1);
	}
	assert_int_equal(wire.sent, N);
	scene_close(s);
}

static void test_one_known_ahead_is_refreshed_for_ever(void **state)
{
	struct scene *s = scene_open(64, 0);

	(void)state;
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&s->leaf.cert), NOON), STI_OK);
	for (; wire.now < NOON + 30 * DAY; wire.now += 60) {
		tick(s);
		serve(s, -1);
	}
	assert_in_range(wire.sent, 30, 42);
	scene_close(s);
}

/* What was fetched since is newer than the file; a file that is newer takes its place. */
static void test_D17_the_newer_of_file_and_fetch_counts(void **state)
{
	static const struct {
		int64_t file; /* against the fetch */
		int64_t parsed;
	} row[] = {{-10, 1}, {0, 1}, {10, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *s = scene_open(64, 0);
		struct pair other = signer_make(&s->root);

		ask(s, "https://cr.example.com/a.pem");
		serve(s, -1);
		wire.now = NOON + 10;
		assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&other.cert), NOON + row[i].file),
				 STI_OK);
		assert_int_equal(metrics_get(s->metrics, METRIC_CERT_PARSED, 0), row[i].parsed);
		pair_free(&other);
		scene_close(s);
	}
}

/* The time of a file is anybody's who may write there; it must not make it safe from D17. */
static void test_D17_file_from_the_future_can_be_doubted(void **state)
{
	struct scene *s = scene_open(64, 0);

	(void)state;
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&s->leaf.cert), NOON + 900 * DAY), STI_OK);
	wire.now = NOON + 61;
	assert_true(is_kept(s, "https://cr.example.com/a.pem"));
	credentials_doubt(s->credentials, sti_span_str("https://cr.example.com/a.pem"), wire.now);
	assert_false(is_kept(s, "https://cr.example.com/a.pem"));
	scene_close(s);
}

static void test_what_cannot_be_known_ahead(void **state)
{
	struct scene *s = scene_open(64, 0);

	(void)state;
	assert_int_equal(preload(s, "http://cr.example.com/a.pem", buf_span(&s->leaf.cert), NOON), STI_E_URL);
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&s->leaf.key), NOON), STI_E_KEY);
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", sti_span_str("junk"), NOON), STI_E_PEM);
	ask(s, "https://cr.example.com/a.pem");
	assert_int_equal(wire.sent, 1);
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&s->leaf.cert), NOON), STI_OK);
	serve(s, -1); /* it was on its way */
	assert_int_equal(s->good, 1);
	scene_close(s);
}

/* Roots may come later than the folder: the operator's own are not forgotten for want of a path. */
static void test_one_known_ahead_waits_for_its_root(void **state)
{
	struct scene *s = scene_open(64, 0);
	struct trust_snapshot *later;

	(void)state;
	assert_int_equal(trust_snapshot_create(buf_span(&s->root.cert), 2, &later), STI_OK);
	trust_snapshot_unref(s->trust);
	assert_int_equal(trust_snapshot_create(sti_span(NULL, 0), 1, &s->trust), STI_OK);
	assert_int_equal(preload(s, "https://cr.example.com/a.pem", buf_span(&s->leaf.cert), NOON), STI_OK);
	ask(s, "https://cr.example.com/a.pem");
	trust_snapshot_unref(s->trust);
	s->trust = later;
	ask(s, "https://cr.example.com/a.pem");
	assert_int_equal(s->good, 2);
	assert_int_equal(wire.sent, 0);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D14_E23_100000_x5u_that_fail_leave_memory_flat),
		cmocka_unit_test(test_D14_E23_100000_x5u_of_a_stranger_leave_memory_flat),
		cmocka_unit_test(test_D14_E23_100000_x5u_of_a_signer_leave_memory_flat),
		cmocka_unit_test(test_E23_bodies_of_the_largest_size_are_bounded_in_octets),
		cmocka_unit_test(test_D14_copies_of_a_public_certificate_drive_out_no_signer),
		cmocka_unit_test(test_D13_single_flight_for_5000),
		cmocka_unit_test(test_D14_D18_one_host_is_asked_for_so_many_only),
		cmocka_unit_test(test_D14_D17_a_known_signer_is_asked_anew_while_his_host_is_flooded),
		cmocka_unit_test(test_D15_what_is_used_is_refreshed_so_that_no_call_waits),
		cmocka_unit_test(test_what_nobody_uses_is_left_alone_after_a_day),
		cmocka_unit_test(test_refreshing_is_paced),
		cmocka_unit_test(test_the_first_call_of_one_known_ahead_costs_no_fetch_and_no_parse),
		cmocka_unit_test(test_one_known_ahead_is_refreshed_for_ever),
		cmocka_unit_test(test_D17_the_newer_of_file_and_fetch_counts),
		cmocka_unit_test(test_D17_file_from_the_future_can_be_doubted),
		cmocka_unit_test(test_what_cannot_be_known_ahead),
		cmocka_unit_test(test_one_known_ahead_waits_for_its_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

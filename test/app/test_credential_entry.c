/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/world.h"

#include "app/credential_entry.h"

#define URL "https://cr.example.com/certs/a.pem"

struct scene {
	struct metrics *metrics;
	struct contents *contents;
	struct pair root, leaf;
	struct trust_snapshot *trust;
	struct credential_entry *entry;
};

static struct scene scene_open(int64_t not_after)
{
	struct issue_subject subject = signer_subject();
	struct scene s = {.metrics = metrics_create("0"), .root = {{0}, {0}}};

	subject.not_before = DAY;
	subject.not_after = not_after;
	s.root = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
						  .name = {"US", "Example", "Example SHAKEN ROOT"},
						  .not_before = DAY,
						  .not_after = 1000 * DAY},
			   NULL);
	s.leaf = pair_make(subject, &s.root);
	assert_int_equal(trust_snapshot_create(buf_span(&s.root.cert), 1, &s.trust), STI_OK);
	assert_int_equal(contents_create(4, s.metrics, &s.contents), STI_OK);
	assert_int_equal(credential_entry_make(sti_span_str(URL), &s.entry), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	credential_entry_free(s->entry);
	contents_free(s->contents);
	metrics_free(s->metrics);
	trust_snapshot_unref(s->trust);
	pair_free(&s->root);
	pair_free(&s->leaf);
}

static void take(struct scene *s, int64_t max_age, int64_t now, unsigned spread)
{
	assert_int_equal(
		credential_entry_take(s->entry, s->contents, buf_span(&s->leaf.cert), max_age, s->trust, now, spread),
		STI_OK);
}

static void test_the_host_is_found_in_the_url(void **state)
{
	static const struct {
		const char *url, *host;
		enum sti_error error;
	} row[] = {
		{URL, "cr.example.com", STI_OK},
		{"https://CR.example.com:8443/a", "CR.example.com", STI_OK},
		{"https://[2001:db8::1]/a", "2001:db8::1", STI_OK},
		{"http://cr.example.com/a", NULL, STI_E_URL},
		{"", NULL, STI_E_URL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct credential_entry *entry;

		assert_int_equal(credential_entry_make(sti_span_str(row[i].url), &entry), row[i].error);
		if (row[i].error)
			continue;
		assert_true(sti_span_is(entry->url, row[i].url));
		assert_true(sti_span_is(entry->host, row[i].host));
		credential_entry_free(entry);
	}
}

static void test_D15_how_long_it_is_kept(void **state)
{
	enum { YEAR = 365 * DAY };
	static const struct {
		int64_t max_age, not_after, kept;
	} row[] = {
		{-1, YEAR, DAY}, /* nothing said */
		{600, YEAR, 600}, /* min(Cache-Control, …) */
		{0, YEAR, 60}, /* at least a minute */
		{YEAR, YEAR, DAY}, /* …, 24 h, … */
		{-1, NOON + 1000, 1001}, /* …, notAfter) */
		{600, NOON + 300, 301},  {-1, NOON + 10, 60}, {-1, NOON - 10, 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = scene_open(row[i].not_after);

		take(&s, row[i].max_age, NOON, 0);
		assert_int_equal(s.entry->until - NOON, row[i].kept);
		scene_close(&s);
	}
}

static void test_D15_failures_are_remembered_for_15_to_45_seconds(void **state)
{
	static const struct {
		unsigned spread;
		int64_t seconds;
	} row[] = {{0, 15}, {50, 30}, {99, 44}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = scene_open(1000 * DAY);
		struct credential_lease *lease;

		credential_entry_fail(s.entry, STI_E_TIMEOUT, NOON, row[i].spread);
		assert_int_equal(s.entry->error, STI_E_TIMEOUT);
		assert_int_equal(s.entry->until - NOON, row[i].seconds);
		assert_true(credential_entry_answer(s.entry, s.trust, s.entry->until - 1, &lease));
		assert_null(lease);
		assert_false(credential_entry_answer(s.entry, s.trust, s.entry->until, &lease));
		scene_close(&s);
	}
}

/* An eighth to a quarter before its time is over, so that no call waits and not all come at once. */
static void test_refreshed_ahead_of_use(void **state)
{
	static const struct {
		unsigned spread;
		int64_t due; /* of 800 seconds */
	} row[] = {{0, 700}, {50, 650}, {99, 601}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = scene_open(1000 * DAY);

		s.entry->used = NOON;
		take(&s, 800, NOON, row[i].spread);
		assert_false(credential_entry_is_due(s.entry, NOON + row[i].due - 1));
		assert_true(credential_entry_is_due(s.entry, NOON + row[i].due));
		scene_close(&s);
	}
}

static void test_not_refreshed_when_nobody_uses_it(void **state)
{
	static const struct {
		int64_t idle;
		bool held, in_flight, due;
	} row[] = {
		{0, false, false, true},       {DAY - 1, false, false, true}, {DAY, false, false, false},
		{30 * DAY, true, false, true}, {0, true, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = scene_open(1000 * DAY);

		take(&s, -1, NOON, 0);
		s.entry->is_held = row[i].held;
		s.entry->in_flight = row[i].in_flight;
		s.entry->used = s.entry->refresh - row[i].idle;
		assert_int_equal(credential_entry_is_due(s.entry, s.entry->refresh), row[i].due);
		scene_close(&s);
	}
}

/* What has run out is fetched when a call asks, a failure too. */
static void test_not_refreshed_when_it_is_not_good(void **state)
{
	struct scene s = scene_open(NOON + 100);

	(void)state;
	s.entry->used = NOON;
	take(&s, -1, NOON, 0);
	assert_true(credential_entry_is_due(s.entry, NOON + 100));
	assert_false(credential_entry_is_due(s.entry, NOON + 101));
	scene_close(&s);
	s = scene_open(1000 * DAY);
	s.entry->used = NOON;
	credential_entry_fail(s.entry, STI_E_TIMEOUT, NOON, 0);
	assert_false(credential_entry_is_due(s.entry, NOON + DAY / 2));
	scene_close(&s);
}

static void ask(struct scene *s)
{
	assert_int_equal(credential_entry_ask(s->entry, &(struct credential_question){.trust = s->trust}), STI_OK);
}

/* Ever less often: the repository is down for a day, and was asked a dozen times. */
static void test_a_refresh_that_fails_is_put_off(void **state)
{
	struct scene s = scene_open(1000 * DAY);
	unsigned n = 0;
	int64_t until;

	(void)state;
	s.entry->is_held = true;
	take(&s, -1, NOON, 0);
	until = s.entry->until;
	ask(&s);
	for (int64_t now = NOON; now < until; now++)
		if (credential_entry_is_due(s.entry, now)) {
			credential_entry_fail(s.entry, STI_E_TIMEOUT, now, 0);
			n++;
			assert_true(s.entry->refresh >= now + 30);
		}
	assert_in_range(n, 3, 40);
	credential_question_answer(credential_entry_settle(s.entry, STI_OK, NOON));
	scene_close(&s);
}

static void test_D11_a_private_key_leaves_the_entry_as_it_was(void **state)
{
	struct scene s = scene_open(1000 * DAY);

	(void)state;
	take(&s, 600, NOON, 0);
	assert_int_equal(credential_entry_take(s.entry, s.contents, buf_span(&s.leaf.key), -1, s.trust, NOON + 1, 0),
			 STI_E_KEY);
	assert_true(credential_entry_has_path(s.entry));
	assert_int_equal(s.entry->until, NOON + 600);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_host_is_found_in_the_url),
		cmocka_unit_test(test_D15_how_long_it_is_kept),
		cmocka_unit_test(test_D15_failures_are_remembered_for_15_to_45_seconds),
		cmocka_unit_test(test_refreshed_ahead_of_use),
		cmocka_unit_test(test_not_refreshed_when_nobody_uses_it),
		cmocka_unit_test(test_not_refreshed_when_it_is_not_good),
		cmocka_unit_test(test_a_refresh_that_fails_is_put_off),
		cmocka_unit_test(test_D11_a_private_key_leaves_the_entry_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

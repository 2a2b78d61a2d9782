/* SPDX-License-Identifier: Apache-2.0 */
#include "lists.h"

#include <pthread.h>

#include "support/alloc_sweep.h"
#include "trust/mapping.h"

static struct list *list_with(const struct office *office, struct sti_span entries)
{
	struct buf payload = buf_own(LIMIT_MAPPING_LIST);
	struct list *list;

	buf_put_str(&payload, "{\"cpsMapping\":{");
	buf_put(&payload, entries);
	buf_put_str(&payload, "},\"exp\":172800,\"sequence\":7,\"version\":\"1.0\"}");
	assert_int_equal(buf_error(&payload), STI_OK);
	list = list_make(office, LIST_MAPPING, buf_span(&payload));
	buf_free(&payload);
	return list;
}

/* The list is gone when the mapping is used: its strings are its own. */
static struct mapping *mapping_with(const struct office *office, const char *entries)
{
	struct list *list = list_with(office, sti_span_str(entries));
	struct mapping *mapping = NULL;

	assert_int_equal(mapping_read(list, &mapping), STI_OK);
	list_free(list);
	return mapping;
}

static void expect(const struct mapping *mapping, const char *ocn, const char *url)
{
	struct sti_span key = vectors_copy(sti_span_str(ocn)), found = {0};
	enum sti_error error = mapping_find(mapping, key, &found);

	assert_int_equal(error, url ? STI_OK : STI_E_NOT_FOUND);
	if (url)
		assert_true(sti_span_is(found, url));
	vectors_free(key);
}

static void test_sample_of_the_seed(void **state)
{
	struct mapping *mapping = mapping_with(*state, "\"1234\": \"https://example.com/cps/company/1234\",\n"
						       "\"5678\": \"https://example.com/cps/company/5678\"\n");

	assert_int_equal(mapping_count(mapping), 2);
	assert_int_equal(mapping_dropped(mapping), 0);
	assert_int_equal(mapping_judge(mapping), LIST_GOOD);
	expect(mapping, "1234", "https://example.com/cps/company/1234");
	expect(mapping, "5678", "https://example.com/cps/company/5678");
	expect(mapping, "1235", NULL);
	expect(mapping, "123", NULL);
	expect(mapping, "12345", NULL);
	expect(mapping, "", NULL);
	mapping_unref(mapping);
	mapping_unref(NULL);
}

/* Each alone, between two good ones that stay. */
static void test_F26_entries_that_are_dropped_by_themselves(void **state)
{
	static const struct {
		const char *key, *url;
		bool good;
	} rows[] = {
		{"709J", "https://cps.example/", true},
		{"ZZZZ", "https://cps.example:8443/cps/company/ZZZZ", true},
		{"0000", "HTTPS://CPS.example", true},
		{"0-709J", "https://cps.example/", true}, /* RFC 9888 */
		{"0-1", "https://cps.example/", true},
		{"0-12345678", "https://cps.example/", true},
		{"0-123456789", "https://cps.example/", false},
		{"0-", "https://cps.example/", false},
		{"0-70 J", "https://cps.example/", false},
		{"1-709J", "https://cps.example/", false},
		{"709j", "https://cps.example/", false},
		{"709", "https://cps.example/", false},
		{"709J0", "https://cps.example/", false},
		{"", "https://cps.example/", false},
		{"../1", "https://cps.example/", false},
		{"../", "https://cps.example/", false},
		{"__proto__", "https://cps.example/", false},
		{"70 9", "https://cps.example/", false},
		{"70\\n9", "https://cps.example/", false},
		{"\\uff17\\uff10\\uff19J", "https://cps.example/", false}, /* full-width digits */
		{"12\\u00e9", "https://cps.example/", false}, /* four octets, three letters */
		{"709J", "http://cps.example/", false},
		{"709J", "ftp://cps.example/", false},
		{"709J", "javascript:alert(1)", false},
		{"709J", "cps.example", false},
		{"709J", "", false},
		{"709J", "https://", false},
		{"709J", "https://user@cps.example/", false},
		{"709J", "https://a:b@cps.example/", false},
		{"709J", "https://10.0.0.1/", false},
		{"709J", "https://127.1/", false},
		{"709J", "https://2130706433/", false},
		{"709J", "https://[::1]/", false},
		{"709J", "https://cps.example/?a=b", false},
		{"709J", "https://cps.example/#a", false},
		{"709J", "https://cps.example:0/", false},
		{"709J", "https://cps.example/a b", false},
		{"709J", "https://cps.example/\\r\\nHost: x", false},
		{"709J", " https://cps.example/", false},
		{"709J", "https://cps.example\\\\@x/", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mapping *mapping;
		char entries[512];

		snprintf(entries, sizeof(entries),
			 "\"1234\":\"https://a.example/\",\"%s\":\"%s\",\"5678\":\"https://b.example/\"", rows[i].key,
			 rows[i].url);
		mapping = mapping_with(*state, entries);
		if (mapping_dropped(mapping) == rows[i].good)
			print_error("%s: %s\n", rows[i].key, rows[i].url);
		assert_int_equal(mapping_dropped(mapping), !rows[i].good);
		assert_int_equal(mapping_count(mapping), 2u + rows[i].good);
		assert_int_equal(mapping_judge(mapping), LIST_GOOD);
		expect(mapping, "1234", "https://a.example/");
		expect(mapping, "5678", "https://b.example/");
		expect(mapping, rows[i].key, rows[i].good ? rows[i].url : NULL);
		mapping_unref(mapping);
	}
}

static void test_F26_url_of_2_KiB(void **state)
{
	struct buf entries = buf_own(1 << 16);
	struct mapping *mapping;

	buf_put_str(&entries, "\"1234\":\"https://a.example/");
	memset(buf_extend(&entries, 2048), 'a', 2048);
	buf_put(&entries, sti_span("\"", 2)); /* with its NUL */
	mapping = mapping_with(*state, (const char *)entries.p);
	assert_int_equal(mapping_dropped(mapping), 1);
	assert_int_equal(mapping_judge(mapping), LIST_EMPTY); /* nothing is left of it */
	expect(mapping, "1234", NULL);
	mapping_unref(mapping);
	buf_free(&entries);
}

/* A CA whose providers have no CPS. */
static void test_no_entry_at_all(void **state)
{
	struct mapping *mapping = mapping_with(*state, "");

	assert_int_equal(mapping_count(mapping), 0);
	assert_int_equal(mapping_judge(mapping), LIST_GOOD);
	expect(mapping, "1234", NULL);
	mapping_unref(mapping);
}

static void test_values_that_are_no_strings(void **state)
{
	static const char *const value[] = {"1", "null", "[\"https://a.example/\"]",
					    "{\"url\":\"https://a.example/\"}"};

	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		struct mapping *mapping = NULL;
		struct list *list;
		char entries[128];

		snprintf(entries, sizeof(entries), "\"1234\":\"https://a.example/\",\"5678\":%s", value[i]);
		list = list_with(*state, sti_span_str(entries));
		assert_int_equal(mapping_read(list, &mapping), STI_E_CLAIM_VALUE);
		assert_null(mapping);
		list_free(list);
	}
}

static void test_list_of_another_kind(void **state)
{
	struct list *list = list_make(*state, LIST_CA, sti_span_str(CA_LIST));
	struct mapping *mapping = NULL;

	assert_int_equal(mapping_read(list, &mapping), STI_E_CLAIM_VALUE);
	list_free(list);
	list = list_make(*state, LIST_MAPPING, sti_span_str("{\"cpsMapping\":[]}"));
	assert_int_equal(mapping_read(list, &mapping), STI_E_CLAIM_VALUE);
	list_free(list);
}

/* The i-th of 36^4 OCNs. */
static void ocn_of(size_t i, uint8_t ocn[4])
{
	static const char letter[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t at = 4; at > 0; i /= 36)
		ocn[--at] = (uint8_t)letter[i % 36];
}

/* In an order that is not theirs. */
static struct list *list_of_many(const struct office *office, size_t n)
{
	struct buf entries = buf_own(LIMIT_MAPPING_LIST);
	struct list *list;

	for (size_t i = 0; i < n; i++) {
		uint8_t ocn[4];

		ocn_of(i * 7919 % n, ocn);
		buf_put_str(&entries, i ? ",\"" : "\"");
		buf_put(&entries, sti_span(ocn, 4));
		buf_put_str(&entries, "\":\"https://cps.example/cps/company/");
		buf_put(&entries, sti_span(ocn, 4));
		buf_put_byte(&entries, '"');
	}
	list = list_with(office, buf_span(&entries));
	buf_free(&entries);
	return list;
}

static void test_200_000_entries_and_each_is_found(void **state)
{
	struct list *list = list_of_many(*state, LIMIT_MAPPING);
	struct mapping *mapping = NULL;
	size_t found = 0;

	assert_int_equal(mapping_read(list, &mapping), STI_OK);
	list_free(list);
	assert_int_equal(mapping_count(mapping), LIMIT_MAPPING);
	for (size_t i = 0; i < LIMIT_MAPPING; i++) {
		uint8_t ocn[4];
		struct sti_span url;

		ocn_of(i, ocn);
		if (mapping_find(mapping, sti_span(ocn, 4), &url) == STI_OK)
			found += sti_span_equal(sti_span_from(url, url.n - 4), sti_span(ocn, 4));
	}
	assert_int_equal(found, LIMIT_MAPPING);
	expect(mapping, "ZZZZ", NULL);
	mapping_unref(mapping);
}

static void test_one_entry_over_the_limit(void **state)
{
	struct buf entries = buf_own(LIMIT_MAPPING_LIST);
	struct mapping *mapping = NULL;
	struct list *list;

	for (int i = 0; i <= LIMIT_MAPPING; i++) {
		buf_put_str(&entries, i ? ",\"" : "\"");
		buf_put_int(&entries, i);
		buf_put_str(&entries, "\":\"\"");
	}
	list = list_with(*state, buf_span(&entries));
	assert_int_equal(mapping_read(list, &mapping), STI_E_LIMIT);
	assert_null(mapping);
	list_free(list);
	buf_free(&entries);
}

static void *use(void *context)
{
	struct mapping *mapping = context;
	struct sti_span url;
	size_t found = 0;

	for (int i = 0; i < 1000; i++) {
		struct mapping *mine = mapping_ref(mapping);

		found += mapping_find(mine, sti_span_str("1234"), &url) == STI_OK;
		mapping_unref(mine);
	}
	mapping_unref(mapping);
	return found == 1000 ? NULL : context;
}

static void test_references_of_several_threads(void **state)
{
	struct mapping *mapping = mapping_with(*state, "\"1234\":\"https://a.example/\"");
	pthread_t thread[4];
	void *wrong;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use, mapping_ref(mapping)), 0);
	mapping_unref(mapping);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
}

static bool attempt(void *context)
{
	struct mapping *mapping = NULL;
	enum sti_error error = mapping_read(context, &mapping);

	assert_true(error == STI_OK || (error == STI_E_MEMORY && alloc_sweep_failed()));
	mapping_unref(mapping);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct list *list = list_of_many(*state, 100);

	alloc_sweep("mapping", attempt, list);
	list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample_of_the_seed),
		cmocka_unit_test(test_F26_entries_that_are_dropped_by_themselves),
		cmocka_unit_test(test_F26_url_of_2_KiB),
		cmocka_unit_test(test_no_entry_at_all),
		cmocka_unit_test(test_values_that_are_no_strings),
		cmocka_unit_test(test_list_of_another_kind),
		cmocka_unit_test(test_200_000_entries_and_each_is_found),
		cmocka_unit_test(test_one_entry_over_the_limit),
		cmocka_unit_test(test_references_of_several_threads),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, office_setup, office_teardown);
}

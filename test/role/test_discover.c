/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "role/discover.h"
#include "support/alloc_sweep.h"

#define CPS(name)                                                                                                      \
	{                                                                                                              \
		(const uint8_t *)"https://" name, sizeof("https://" name) - 1                                          \
	}
#define PREFIX(p)                                                                                                      \
	{                                                                                                              \
		(const uint8_t *)(p), sizeof(p) - 1                                                                    \
	}

static const struct discover_entry entry[] = {
	{PREFIX("1202"), CPS("dc")},
	{PREFIX("1"), CPS("us")},
	{PREFIX("12025550"), CPS("block")},
	{PREFIX("44"), CPS("uk")},
	{PREFIX("12025550101"), CPS("one")},
	{PREFIX("*67"), CPS("code")},
	{PREFIX("123456789012345"), CPS("long")},
};
enum { ENTRIES = sizeof(entry) / sizeof(entry[0]) };

static struct sti_tn tn(const char *text)
{
	struct sti_tn out;

	assert_int_equal(sti_tn_canonical(sti_span_str(text), NULL, &out), STI_OK);
	return out;
}

static void test_the_longest_prefix_wins(void **state)
{
	static const struct {
		const char *called, *url;
	} row[] = {
		{"12025550101", "https://one"},
		{"12025550102", "https://block"},
		{"12025551101", "https://dc"},
		{"13035550101", "https://us"},
		{"1", "https://us"},
		{"1202", "https://dc"},
		{"120", "https://us"},
		{"442079460101", "https://uk"},
		{"4", NULL},
		{"33155501", NULL},
		{"*67", "https://code"},
		{"*6", NULL},
		{"123456789012345", "https://long"},
		{"12345678901234", "https://us"},
	};
	struct discover *discover;

	(void)state;
	assert_int_equal(discover_create(entry, ENTRIES, &discover), STI_OK);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_tn called = tn(row[i].called);
		struct discover_answer answer = discover_find(discover, &called);

		assert_int_equal(answer.source, row[i].url ? DISCOVER_LOCAL_POLICY : DISCOVER_NOTHING);
		assert_int_equal(answer.url.p != NULL, row[i].url != NULL);
		if (row[i].url && !sti_span_is(answer.url, row[i].url))
			fail_msg("%s", row[i].called);
	}
	discover_free(discover);
}

static void test_no_entries(void **state)
{
	struct sti_tn called = tn("12025550101");
	struct discover *discover;

	(void)state;
	assert_int_equal(discover_create(NULL, 0, &discover), STI_OK);
	assert_int_equal(discover_find(discover, &called).source, DISCOVER_NOTHING);
	discover_free(discover);
	discover_free(NULL);
}

/* Against the slow way, for all numbers of four digits and prefixes that overlap a lot. */
static void test_as_the_slow_way_finds_it(void **state)
{
	static const char *const prefix[] = {"0",   "00",   "01", "012", "0123", "12",
					     "123", "1234", "2",  "22",  "999",  "9999"};
	enum { N = sizeof(prefix) / sizeof(prefix[0]) };
	struct discover_entry all[N];
	struct discover *discover;

	(void)state;
	for (size_t i = 0; i < N; i++)
		all[i] = (struct discover_entry){sti_span_str(prefix[i]), sti_span_str(prefix[i])};
	assert_int_equal(discover_create(all, N, &discover), STI_OK);
	for (int number = 0; number < 10000; number++) {
		char text[] = {(char)('0' + number / 1000), (char)('0' + number / 100 % 10),
			       (char)('0' + number / 10 % 10), (char)('0' + number % 10), '\0'};
		struct sti_tn called = tn(text);
		const char *best = NULL;

		for (size_t i = 0; i < N; i++)
			if (strncmp(prefix[i], text, strlen(prefix[i])) == 0 &&
			    (!best || strlen(prefix[i]) > strlen(best)))
				best = prefix[i];
		assert_true(sti_span_equal(discover_find(discover, &called).url, sti_span_str(best)));
	}
	discover_free(discover);
}

static bool attempt(void *context)
{
	struct discover *discover = NULL;
	enum sti_error error = discover_create(entry, ENTRIES, &discover);

	(void)context;
	assert_true(error == STI_OK || error == STI_E_MEMORY);
	discover_free(discover);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	(void)state;
	alloc_sweep("discover", attempt, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_longest_prefix_wins),
		cmocka_unit_test(test_no_entries),
		cmocka_unit_test(test_as_the_slow_way_finds_it),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/record.h"

static const struct siphash_key key = {{1, 2}};

static struct sti_span digits(size_t n)
{
	return sti_span("1202555010012025", n);
}

struct row {
	const char *what;
	size_t n_token;
	size_t n_orig;
	size_t n_dest;
	size_t n_dest_text;
	enum sti_error error;
};

static void test_what_is_too_long_or_missing(void **state)
{
	static const struct row row[] = {
		{"ordinary", 600, 11, 1, 11, STI_OK},
		{"all at the limit", LIMIT_JWS, LIMIT_TN, LIMIT_DEST, LIMIT_TN, STI_OK},
		{"no token", 0, 11, 1, 11, STI_E_LIMIT},
		{"token too long", LIMIT_JWS + 1, 11, 1, 11, STI_E_LIMIT},
		{"no dest", 600, 11, 0, 11, STI_E_LIMIT},
		{"33 dests", 600, 11, LIMIT_DEST + 1, 11, STI_E_LIMIT},
		{"orig of 16", 600, LIMIT_TN + 1, 1, 11, STI_E_LIMIT},
		{"dest of 16", 600, 11, 1, LIMIT_TN + 1, STI_E_LIMIT},
	};
	uint8_t *token = calloc(1, LIMIT_JWS + 1);

	(void)state;
	assert_non_null(token);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_span dest[LIMIT_DEST + 1];
		struct table_item item = {.token = {token, row[i].n_token},
					  .orig = digits(row[i].n_orig),
					  .dest = dest,
					  .n_dest = row[i].n_dest};
		struct record record;

		for (size_t d = 0; d < row[i].n_dest; d++)
			dest[d] = digits(row[i].n_dest_text);
		if (record_make(&item, &key, &record) != row[i].error)
			fail_msg("%s", row[i].what);
	}
	free(token);
}

static void test_dest_that_stands_twice_is_one(void **state)
{
	struct sti_span dest[] = {sti_span_str("12025550101"), sti_span_str("12025550102"),
				  sti_span_str("12025550101")};
	struct table_item item = {
		.token = sti_span_str("t"), .orig = sti_span_str("12025550101"), .dest = dest, .n_dest = 3};
	struct record record;

	(void)state;
	assert_int_equal(record_make(&item, &key, &record), STI_OK);
	assert_int_equal(record.n_number, 3); /* orig is the same number too, and another thing */
	assert_memory_equal(record.number[1].text, "12025550101", 11);
	assert_memory_equal(record.number[2].text, "12025550102", 11);
}

/* Octets of all kinds, cut at every place: no two pairs are the same bytes. */
static void test_G7_no_two_pairs_of_numbers_are_one_key(void **state)
{
	static const char *const whole[] = {"12025550100", "1:2:3:4", "0000000", ":::::", "1\0002\0003"};
	static const size_t size[] = {11, 7, 7, 5, 5};
	struct record_number pair[64][2];
	size_t n = 0;

	(void)state;
	for (size_t w = 0; w < 5; w++)
		for (size_t at = 0; at <= size[w]; at++, n++) {
			assert_int_equal(record_number_make(sti_span(whole[w], at), &pair[n][0]), STI_OK);
			assert_int_equal(record_number_make(sti_span(whole[w] + at, size[w] - at), &pair[n][1]),
					 STI_OK);
		}
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < a; b++)
			assert_memory_not_equal(pair[a], pair[b], sizeof(pair[a]));
	print_message("%zu pairs, all different\n", n);
}

static void test_shard_depends_on_orig_and_key_alone(void **state)
{
	struct sti_span dest[] = {sti_span_str("12025550101"), sti_span_str("12025550102")};
	struct table_item item = {.token = sti_span_str("t"), .dest = dest, .n_dest = 1};
	const struct siphash_key other = {{3, 4}};
	size_t moved = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char orig[12];
		struct record one;
		struct record two;

		snprintf(orig, sizeof(orig), "12025550%03u", 100 + i);
		item.orig = sti_span_str(orig);
		item.dest = dest;
		assert_int_equal(record_make(&item, &key, &one), STI_OK);
		item.dest = dest + 1;
		assert_int_equal(record_make(&item, &key, &two), STI_OK);
		assert_int_equal(one.shard, two.shard);
		assert_in_range(one.shard, 0, RECORD_SHARDS - 1);
		moved += one.shard != record_shard(&other, &one.number[0]);
	}
	assert_true(moved > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_too_long_or_missing),
		cmocka_unit_test(test_dest_that_stands_twice_is_one),
		cmocka_unit_test(test_G7_no_two_pairs_of_numbers_are_one_key),
		cmocka_unit_test(test_shard_depends_on_orig_and_key_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

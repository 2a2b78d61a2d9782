/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_lent_memory_is_filled_to_the_last_octet(void **state)
{
	uint8_t *memory = malloc(4);
	struct buf b = buf_lend(memory, 4);

	(void)state;
	buf_put_str(&b, "abcd");
	assert_int_equal(buf_error(&b), STI_OK);
	buf_put(&b, sti_span(NULL, 0));
	assert_int_equal(buf_error(&b), STI_OK);
	buf_put_byte(&b, 'e');
	assert_int_equal(buf_error(&b), STI_E_LIMIT);
	assert_true(sti_span_is(buf_span(&b), "abcd"));
	buf_free(&b);
	free(memory);
}

/* What would fit after a failure is not put: no text with a hole in it. */
static void test_the_first_failure_sticks(void **state)
{
	uint8_t memory[4];
	struct buf b = buf_lend(memory, sizeof(memory));

	(void)state;
	buf_put_str(&b, "abc");
	buf_put_str(&b, "de");
	buf_put_str(&b, "f");
	assert_int_equal(buf_error(&b), STI_E_LIMIT);
	assert_true(sti_span_is(buf_span(&b), "abc"));
	assert_null(buf_extend(&b, 0));
}

static void test_owned_memory_grows_to_its_limit_and_no_further(void **state)
{
	static const size_t limits[] = {0, 1, 255, 256, 257, 700, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct buf b = buf_own(limits[i]);

		for (size_t n = 0; n < limits[i]; n++)
			buf_put_byte(&b, (uint8_t)n);
		assert_int_equal(buf_error(&b), STI_OK);
		assert_true(b.capacity <= limits[i]);
		buf_put_byte(&b, 0);
		assert_int_equal(buf_error(&b), STI_E_LIMIT);
		assert_int_equal(buf_span(&b).n, limits[i]);
		for (size_t n = 0; n < limits[i]; n++)
			assert_int_equal(b.p[n], (uint8_t)n);
		buf_free(&b);
	}
}

static void test_a_length_that_would_wrap_around(void **state)
{
	struct buf b = buf_own(SIZE_MAX);

	(void)state;
	buf_put_byte(&b, 'a');
	assert_null(buf_extend(&b, SIZE_MAX));
	assert_int_equal(buf_error(&b), STI_E_LIMIT);
	buf_free(&b);
}

static void test_nothing_can_be_put_after_free(void **state)
{
	struct buf b = buf_own(100);

	(void)state;
	buf_put_str(&b, "a");
	buf_free(&b);
	buf_put_str(&b, "b");
	assert_int_not_equal(buf_error(&b), STI_OK);
	assert_int_equal(buf_span(&b).n, 0);
	buf_free(&b);
}

static void test_integers_at_both_ends(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} rows[] = {{0, "0"},
		    {-1, "-1"},
		    {10, "10"},
		    {1443208345, "1443208345"},
		    {INT64_MAX, "9223372036854775807"},
		    {INT64_MIN, "-9223372036854775808"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t memory[20];
		struct buf b = buf_lend(memory, sizeof(memory));

		buf_put_int(&b, rows[i].number);
		assert_true(sti_span_is(buf_span(&b), rows[i].text));
	}
}

static void test_hex_of_all_octets(void **state)
{
	uint8_t octets[256], memory[512];
	struct buf b = buf_lend(memory, sizeof(memory));

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	buf_put_hex(&b, sti_span(octets, 256));
	assert_true(sti_span_is(sti_span_first(buf_span(&b), 6), "000102"));
	for (size_t i = 0; i < 256; i++) {
		char pair[3] = {(char)memory[2 * i], (char)memory[2 * i + 1], '\0'};

		assert_int_equal(strtoul(pair, NULL, 16), i);
	}
	assert_true(sti_span_is(sti_span_from(buf_span(&b), 508), "feff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lent_memory_is_filled_to_the_last_octet),
		cmocka_unit_test(test_the_first_failure_sticks),
		cmocka_unit_test(test_owned_memory_grows_to_its_limit_and_no_further),
		cmocka_unit_test(test_a_length_that_would_wrap_around),
		cmocka_unit_test(test_nothing_can_be_put_after_free),
		cmocka_unit_test(test_integers_at_both_ends),
		cmocka_unit_test(test_hex_of_all_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

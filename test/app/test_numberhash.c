/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/numberhash.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";
enum { NOW = 1764547200 }; /* 2025-12-01T00:00:00Z */

static void write_number(struct numberhash *hash, int64_t now, const char *number, char out[NUMBERHASH_TEXT + 1])
{
	assert_int_equal(numberhash_write(hash, now, sti_span_str(number), out), STI_OK);
	assert_int_equal(strlen(out), NUMBERHASH_TEXT);
}

static void test_L5_eight_hex_digits_and_the_last_two(void **state)
{
	struct numberhash hash;
	char a[NUMBERHASH_TEXT + 1];

	(void)state;
	assert_int_equal(numberhash_open(sti_span_str(secret), &hash), STI_OK);
	write_number(&hash, NOW, "12025550107", a);
	assert_int_equal(strspn(a, "0123456789abcdef"), 8);
	assert_string_equal(a + 8, "-07");
	assert_null(strstr(a, "2025550"));
	numberhash_close(&hash);
}

static void test_L5_same_all_day_other_tomorrow_other_under_another_key(void **state)
{
	struct numberhash hash, other;
	char a[NUMBERHASH_TEXT + 1], b[NUMBERHASH_TEXT + 1];

	(void)state;
	assert_int_equal(numberhash_open(sti_span_str(secret), &hash), STI_OK);
	assert_int_equal(numberhash_open(sti_span_str("another secret of 16"), &other), STI_OK);
	write_number(&hash, NOW, "12025550107", a);
	write_number(&hash, NOW + 86399, "12025550107", b);
	assert_string_equal(a, b);
	write_number(&hash, NOW + 86400, "12025550107", b);
	assert_string_not_equal(a, b);
	write_number(&hash, NOW + 1, "12025550107", b);
	assert_string_equal(a, b);
	write_number(&hash, NOW, "12035550107", b);
	assert_string_not_equal(a, b);
	write_number(&other, NOW, "12025550107", b);
	assert_string_not_equal(a, b);
}

static void test_L5_short_numbers_show_no_digit(void **state)
{
	static const char *const number[] = {"", "1", "07", "911", "123407"};
	struct numberhash hash;
	char a[NUMBERHASH_TEXT + 1];

	(void)state;
	assert_int_equal(numberhash_open(sti_span_str(secret), &hash), STI_OK);
	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		write_number(&hash, NOW, number[i], a);
		assert_string_equal(a + 8, "-xx");
	}
	write_number(&hash, NOW, "1234507", a);
	assert_string_equal(a + 8, "-07");
}

static void test_a_secret_of_15_octets_is_too_short(void **state)
{
	struct numberhash hash;

	(void)state;
	assert_int_equal(numberhash_open(sti_span(secret, 15), &hash), STI_E_KEY);
	assert_int_equal(numberhash_open(sti_span(NULL, 0), &hash), STI_E_KEY);
	assert_int_equal(numberhash_open(sti_span(secret, 16), &hash), STI_OK);
}

static void test_close_forgets_the_keys(void **state)
{
	struct numberhash hash, zero;
	char a[NUMBERHASH_TEXT + 1];

	(void)state;
	memset(&zero, 0, sizeof(zero));
	assert_int_equal(numberhash_open(sti_span_str(secret), &hash), STI_OK);
	write_number(&hash, NOW, "12025550107", a);
	assert_memory_not_equal(hash.key, zero.key, sizeof(zero.key));
	numberhash_close(&hash);
	assert_memory_equal(hash.key, zero.key, sizeof(zero.key));
	assert_memory_equal(hash.day_key, zero.day_key, sizeof(zero.day_key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_L5_eight_hex_digits_and_the_last_two),
		cmocka_unit_test(test_L5_same_all_day_other_tomorrow_other_under_another_key),
		cmocka_unit_test(test_L5_short_numbers_show_no_digit),
		cmocka_unit_test(test_a_secret_of_15_octets_is_too_short),
		cmocka_unit_test(test_close_forgets_the_keys),
	};

	return cmocka_run_group_tests_name("app/numberhash", tests, NULL, NULL);
}

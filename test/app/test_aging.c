/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/aging.h"

static const char *code_at(const struct aging *aging, bool is_failing, int64_t now)
{
	const struct aging_step *step = aging_step(aging, aging_reached(aging, is_failing, now));

	return step ? step->code : "young";
}

static void test_F8_the_life_of_a_list(void **state)
{
	static const struct {
		int64_t now;
		const char *failing, *answering;
	} row[] = {
		{1000, "young", "young"},
		{1499, "young", "young"},
		{1500, "list.half", "young"},
		{1750, "list.three_quarters", "young"},
		{1899, "list.three_quarters", "young"},
		{1900, "list.nine_tenths", "list.nine_tenths"},
		{1999, "list.nine_tenths", "list.nine_tenths"},
		{2000, "list.over", "list.over"},
		{INT64_MAX, "list.over", "list.over"},
	};
	const struct aging aging = {.from = 1000, .until = 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_string_equal(code_at(&aging, true, row[i].now), row[i].failing);
		assert_string_equal(code_at(&aging, false, row[i].now), row[i].answering);
	}
}

static void test_a_life_that_no_percent_divides(void **state)
{
	const struct aging brief = {.from = 10, .until = 13}, endless = {.from = 0, .until = INT64_MAX};

	(void)state;
	assert_string_equal(code_at(&brief, true, 10), "young");
	assert_string_equal(code_at(&brief, true, 11), "list.half");
	assert_string_equal(code_at(&brief, true, 13), "list.over");
	assert_string_equal(code_at(&endless, true, INT64_MAX / 4), "young");
	assert_string_equal(code_at(&endless, true, INT64_MAX / 4 * 3), "list.half");
}

static void test_E19_a_CRL_and_its_grace(void **state)
{
	const struct aging aging = {.is_crl = true, .until = 2000, .grace = 100};

	(void)state;
	assert_string_equal(code_at(&aging, true, 2000), "young");
	assert_string_equal(code_at(&aging, false, 2001), "crl.stale");
	assert_string_equal(code_at(&aging, false, 2100), "crl.stale");
	assert_string_equal(code_at(&aging, false, 2101), "crl.over");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_F8_the_life_of_a_list),
		cmocka_unit_test(test_a_life_that_no_percent_divides),
		cmocka_unit_test(test_E19_a_CRL_and_its_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

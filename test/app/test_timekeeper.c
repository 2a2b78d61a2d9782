/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/timekeeper.h"

/* 2026-11-22; what was built a year before that. */
#define NOW   INT64_C(1795305600)
#define BUILT (NOW - 365 * INT64_C(86400))

enum { HOUR = 3600, HALF_MS = 500 };

static const int64_t TEN_YEARS = INT64_C(10) * 365 * 86400;

/* Two looks, half a second of the steady clock between. */
static void test_I3_jumps_of_the_wall_clock(void **state)
{
	static const struct {
		const char *what;
		int64_t by; /* seconds, of the wall clock alone */
		enum timekeeper_news news;
	} row[] = {
		{"not at all", 0, TIMEKEEPER_NOTHING},
		{"leap second", -1, TIMEKEEPER_NOTHING},
		{"60 s ahead", 60, TIMEKEEPER_NOTHING},
		{"61 s ahead", 61, TIMEKEEPER_JUMPED},
		{"60 s back", -60, TIMEKEEPER_NOTHING},
		{"61 s back", -61, TIMEKEEPER_JUMPED},
		{"an hour ahead", HOUR, TIMEKEEPER_JUMPED},
		{"an hour back", -HOUR, TIMEKEEPER_JUMPED},
		{"ten years ahead", TEN_YEARS, TIMEKEEPER_JUMPED},
		{"ten years back", -TEN_YEARS, TIMEKEEPER_BEHIND},
		{"to 1970", -NOW, TIMEKEEPER_BEHIND},
		{"before 1970", -NOW - 1, TIMEKEEPER_BEHIND},
		{"as far as it goes", INT64_MAX - NOW, TIMEKEEPER_JUMPED},
		{"as far back as it goes", INT64_MIN, TIMEKEEPER_BEHIND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct timekeeper keeper;
		int64_t jump;
		enum timekeeper_news news;

		timekeeper_open(&keeper, BUILT, NOW, 1000);
		news = timekeeper_look(&keeper, NOW + row[i].by, 1000 + HALF_MS, &jump);
		if (news != row[i].news || jump != row[i].by || keeper.is_right != (news != TIMEKEEPER_BEHIND))
			fail_msg("%s: news %d, jump %jd", row[i].what, (int)news, (intmax_t)jump);
		news = timekeeper_look(&keeper, NOW + row[i].by, 1000 + 2 * HALF_MS, &jump);
		assert_int_equal(news, TIMEKEEPER_NOTHING); /* told once */
	}
}

/* However long nobody looked, clocks that agree have not jumped. */
static void test_I3_long_time_between_two_looks(void **state)
{
	struct timekeeper keeper;
	int64_t jump;

	(void)state;
	timekeeper_open(&keeper, BUILT, NOW, 1000);
	assert_int_equal(timekeeper_look(&keeper, NOW + 10 * HOUR, 1000 + 10 * HOUR * INT64_C(1000), &jump),
			 TIMEKEEPER_NOTHING);
	assert_int_equal(timekeeper_look(&keeper, NOW + 10 * HOUR, 1000 + 11 * HOUR * INT64_C(1000), &jump),
			 TIMEKEEPER_JUMPED);
	assert_int_equal(jump, -HOUR);
}

static void test_I4_clock_that_is_wrong_from_the_start_and_then_set(void **state)
{
	struct timekeeper keeper;
	int64_t jump;

	(void)state;
	timekeeper_open(&keeper, BUILT, 3, 1000);
	assert_int_equal(timekeeper_look(&keeper, 3, 1000, &jump), TIMEKEEPER_BEHIND);
	assert_false(keeper.is_right);
	assert_int_equal(timekeeper_look(&keeper, 4, 2000, &jump), TIMEKEEPER_NOTHING);
	assert_false(keeper.is_right);
	assert_int_equal(timekeeper_look(&keeper, NOW, 3000, &jump), TIMEKEEPER_RIGHT);
	assert_true(keeper.is_right);
	assert_int_equal(timekeeper_look(&keeper, NOW + 1, 4000, &jump), TIMEKEEPER_NOTHING);
}

static void test_I4_edge_of_the_floor(void **state)
{
	static const struct {
		int64_t wall_s;
		bool is_right;
	} row[] = {{BUILT, true},
		   {BUILT - TIMEKEEPER_LEEWAY_S, true},
		   {BUILT - TIMEKEEPER_LEEWAY_S - 1, false},
		   {BUILT + 1, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct timekeeper keeper;
		int64_t jump;

		timekeeper_open(&keeper, BUILT, row[i].wall_s, 0);
		timekeeper_look(&keeper, row[i].wall_s, 0, &jump);
		assert_int_equal(keeper.is_right, row[i].is_right);
	}
}

/* Time is not before the newest list either; an older one does not bring the floor down. */
static void test_I3_list_that_was_signed_after_now(void **state)
{
	struct timekeeper keeper;
	int64_t jump;

	(void)state;
	timekeeper_open(&keeper, BUILT, NOW, 0);
	timekeeper_raise(&keeper, NOW);
	timekeeper_raise(&keeper, NOW - HOUR);
	timekeeper_raise(&keeper, 0);
	assert_int_equal(timekeeper_look(&keeper, NOW - HOUR, 0, &jump), TIMEKEEPER_BEHIND);
	assert_int_equal(timekeeper_look(&keeper, NOW - TIMEKEEPER_LEEWAY_S, 0, &jump), TIMEKEEPER_RIGHT);
}

/* 2038-01-19, 2106-02-07 and the year 9999: a second is a second. */
static void test_I5_ends_of_32_bits(void **state)
{
	static const int64_t edge[] = {INT64_C(2147483647), INT64_C(4294967295), INT64_C(253402300799)};

	(void)state;
	for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		struct timekeeper keeper;
		int64_t jump;

		timekeeper_open(&keeper, BUILT, edge[i], edge[i] * 1000);
		timekeeper_raise(&keeper, edge[i]);
		assert_int_equal(timekeeper_look(&keeper, edge[i] + 1, edge[i] * 1000 + 1000, &jump),
				 TIMEKEEPER_NOTHING);
		assert_int_equal(jump, 0);
		assert_true(keeper.is_right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_I3_jumps_of_the_wall_clock),
		cmocka_unit_test(test_I3_long_time_between_two_looks),
		cmocka_unit_test(test_I4_clock_that_is_wrong_from_the_start_and_then_set),
		cmocka_unit_test(test_I4_edge_of_the_floor),
		cmocka_unit_test(test_I3_list_that_was_signed_after_now),
		cmocka_unit_test(test_I5_ends_of_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

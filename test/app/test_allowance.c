/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "app/allowance.h"

enum { NOW = 1800000000 };

#define NAME sti_span_str("cr.example.com")

static struct allowance *allowance_of(unsigned burst, unsigned per_minute)
{
	struct allowance *allowance;

	assert_int_equal(allowance_create((struct allowance_rule){burst, per_minute}, &allowance), STI_OK);
	return allowance;
}

/* How many may be taken at once. */
static unsigned drain(struct allowance *allowance, struct sti_span name, int64_t now)
{
	unsigned n = 0;

	for (; allowance_is_left(allowance, name, now); n++)
		allowance_take(allowance, name, now);
	return n;
}

static void test_D14_at_once_and_ever_after(void **state)
{
	static const struct {
		int64_t second;
		unsigned n;
	} row[] = {{0, 5}, {0, 0}, {1, 0}, {29, 0}, {30, 1}, {60, 1}, {120, 2}, {100000, 5}, {99999, 0}, {100030, 1}};
	struct allowance *allowance = allowance_of(5, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(drain(allowance, NAME, NOW + row[i].second), row[i].n);
	allowance_free(allowance);
}

static void test_D14_taken_where_none_is_left_makes_no_debt(void **state)
{
	struct allowance *allowance = allowance_of(5, 60);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		allowance_take(allowance, NAME, NOW);
	assert_int_equal(drain(allowance, NAME, NOW + 2), 2);
	allowance_free(allowance);
}

/* Some share a place; nearly all have their own. */
static void test_D14_one_name_does_not_use_up_the_others(void **state)
{
	struct allowance *allowance = allowance_of(1, 1);
	unsigned free_ones = 0;

	(void)state;
	drain(allowance, NAME, NOW);
	for (unsigned i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "cr%u.example.com", i);
		free_ones += allowance_is_left(allowance, sti_span_str(name), NOW);
	}
	assert_in_range(free_ones, 980, 1000);
	allowance_free(allowance);
	allowance_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D14_at_once_and_ever_after),
		cmocka_unit_test(test_D14_taken_where_none_is_left_makes_no_debt),
		cmocka_unit_test(test_D14_one_name_does_not_use_up_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

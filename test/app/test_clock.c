/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/clock.h"

static void test_seconds_are_of_the_epoch_and_milliseconds_never_go_back(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	assert_true(clock_now() > INT64_C(1700000000)); /* not milliseconds, not since the boot */
	assert_true(clock_now() < INT64_C(100000000000));
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_ms();

		assert_true(now >= before);
		before = now;
	}
	before = clock_steady_ms();
	assert_true(before >= clock_mono_ms() - 1000); /* what it has beyond that is the time of suspension, I6 */
	assert_true(clock_steady_ms() >= before);
}

static void test_milliseconds_move(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	while (clock_mono_ms() == before)
		;
	assert_true(clock_mono_ms() - before < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds_are_of_the_epoch_and_milliseconds_never_go_back),
		cmocka_unit_test(test_milliseconds_move),
	};

	return cmocka_run_group_tests_name("app/clock", tests, NULL, NULL);
}

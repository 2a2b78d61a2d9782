/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/copy.h"
#include "support/alloc_sweep.h"

static void test_octets_outlive_where_they_came_from(void **state)
{
	uint8_t there[] = {1, 0, 2};
	struct sti_span copy;

	(void)state;
	assert_int_equal(copy_make(sti_span(there, sizeof(there)), &copy), STI_OK);
	there[0] = 9;
	assert_int_equal(copy.n, 3);
	assert_memory_equal(copy.p, "\1\0\2", 3);
	copy_free(copy);
}

static void test_nothing_is_there_and_empty(void **state)
{
	struct sti_span copy;

	(void)state;
	assert_int_equal(copy_make(sti_span(NULL, 0), &copy), STI_OK);
	assert_non_null(copy.p);
	assert_int_equal(copy.n, 0);
	copy_free(copy);
	copy_free(sti_span(NULL, 0));
}

static bool attempt(void *context)
{
	struct sti_span copy;
	enum sti_error error = copy_make(sti_span_str("text"), &copy);

	(void)context;
	assert_true(error == STI_OK || (error == STI_E_MEMORY && !copy.p && !copy.n));
	copy_free(copy);
	return !error;
}

static void test_J5_no_memory(void **state)
{
	(void)state;
	alloc_sweep("copy", attempt, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets_outlive_where_they_came_from),
		cmocka_unit_test(test_nothing_is_there_and_empty),
		cmocka_unit_test(test_J5_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

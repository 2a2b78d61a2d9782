/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A row left out of the table would be NULL. */
static void test_every_error_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < STI_E_COUNT; i++) {
		assert_non_null(sti_error_text((enum sti_error)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(sti_error_text((enum sti_error)i), sti_error_text((enum sti_error)k));
	}
}

static void test_a_number_that_is_no_error(void **state)
{
	(void)state;
	assert_string_equal(sti_error_text(STI_E_COUNT), "unknown error");
	assert_string_equal(sti_error_text((enum sti_error) - 1), "unknown error");
	assert_string_equal(sti_error_text((enum sti_error)1000000), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_has_a_text_of_its_own),
		cmocka_unit_test(test_a_number_that_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

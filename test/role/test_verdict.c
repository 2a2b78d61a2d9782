/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sti/span.h>
#include <sti/verdict.h>

/* standards.md 5.3, as printed there. */
static const struct {
	int code;
	const char *phrase;
	enum sti_verstat verstat;
} expected[STI_CASE_COUNT] = {
	[STI_CASE_E1] = {400, "Missing Parameter", STI_VERSTAT_NONE},
	[STI_CASE_E2] = {400, "Invalid Parameter", STI_VERSTAT_NONE},
	[STI_CASE_E3] = {403, "Stale Date", STI_VERSTAT_NONE},
	[STI_CASE_E4] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
	[STI_CASE_E5] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
	[STI_CASE_E6] = {436, "Bad Identity Info", STI_VERSTAT_NONE},
	[STI_CASE_E7] = {436, "Bad Identity Info", STI_VERSTAT_NONE},
	[STI_CASE_E8] = {436, "Bad Identity Info", STI_VERSTAT_NONE},
	[STI_CASE_E9] = {436, "Bad Identity Info", STI_VERSTAT_NONE},
	[STI_CASE_E10] = {436, "Bad Identity Info", STI_VERSTAT_NONE},
	[STI_CASE_E11] = {437, "Unsupported Credential", STI_VERSTAT_NONE},
	[STI_CASE_E12] = {437, "Unsupported Credential", STI_VERSTAT_NONE},
	[STI_CASE_E13] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
	[STI_CASE_E14] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
	[STI_CASE_E15] = {403, "Stale Date", STI_VERSTAT_NONE},
	[STI_CASE_E16] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
	[STI_CASE_E17] = {437, "Unsupported Credential", STI_VERSTAT_FAILED},
	[STI_CASE_E18] = {438, "Invalid Identity Header", STI_VERSTAT_FAILED},
	[STI_CASE_E19] = {438, "Invalid Identity Header", STI_VERSTAT_NONE},
};

static void test_each_case_as_the_standard_prints_it(void **state)
{
	(void)state;
	for (int c = STI_CASE_E1; c < STI_CASE_COUNT; c++) {
		const struct sti_case_row *row = sti_case_row((enum sti_case)c);
		char name[8];

		snprintf(name, sizeof(name), "E%d", c);
		assert_string_equal(row->name, name);
		assert_int_equal(row->code, expected[c].code);
		assert_string_equal(row->phrase, expected[c].phrase);
		assert_int_equal(row->verstat, expected[c].verstat);
		assert_true(row->check[0] && row->clause[0] && row->what[0]);
	}
}

static void test_nothing_wrong_is_the_only_one_that_passes(void **state)
{
	(void)state;
	for (int c = 0; c < STI_CASE_COUNT; c++)
		assert_int_equal(sti_case_row((enum sti_case)c)->verstat == STI_VERSTAT_PASSED, c == STI_CASE_NONE);
	assert_null(sti_case_row(STI_CASE_NONE)->name);
}

/* A number that is no case at all must never read as "passed". */
static void test_no_case_at_all(void **state)
{
	(void)state;
	assert_int_not_equal(sti_case_row(STI_CASE_COUNT)->verstat, STI_VERSTAT_PASSED);
	assert_int_not_equal(sti_case_row((enum sti_case) - 1)->verstat, STI_VERSTAT_PASSED);
}

static void test_verstat_as_3gpp_spells_it(void **state)
{
	(void)state;
	assert_string_equal(sti_verstat_text(STI_VERSTAT_PASSED), "TN-Validation-Passed");
	assert_string_equal(sti_verstat_text(STI_VERSTAT_FAILED), "TN-Validation-Failed");
	assert_string_equal(sti_verstat_text(STI_VERSTAT_NONE), "No-TN-Validation");
	assert_string_equal(sti_verstat_text((enum sti_verstat)7), "No-TN-Validation");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_as_the_standard_prints_it),
		cmocka_unit_test(test_nothing_wrong_is_the_only_one_that_passes),
		cmocka_unit_test(test_no_case_at_all),
		cmocka_unit_test(test_verstat_as_3gpp_spells_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

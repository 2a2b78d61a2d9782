/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trust/list_verdict.h"

/* Logs, alarms and people find something for each of them, and no two have one code. */
static void test_every_verdict_has_a_row_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < LIST_VERDICTS; i++) {
		const struct list_verdict_row *row = list_verdict_row((enum list_verdict)i);

		assert_non_null(row->name);
		assert_non_null(row->clause);
		assert_non_null(row->what);
		assert_int_equal(strncmp(row->name, "list.", 5), 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(row->name, list_verdict_row((enum list_verdict)j)->name);
	}
}

/* The codes and severities that threats.md names. */
static void test_F1_F4_F5_alarms(void **state)
{
	static const struct {
		enum list_verdict verdict;
		const char *name;
		unsigned severity;
	} rows[] = {
		{LIST_GOOD, "list.good", 0},
		{LIST_SAME, "list.same", 0},
		{LIST_BAD_SIGNATURE, "list.bad_sig", 2},
		{LIST_BAD_VERSION, "list.bad_version", 2},
		{LIST_ROLLBACK, "list.rollback", 3},
		{LIST_EQUIVOCATION, "list.equivocation", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct list_verdict_row *row = list_verdict_row(rows[i].verdict);

		assert_string_equal(row->name, rows[i].name);
		assert_int_equal(row->severity, rows[i].severity);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_verdict_has_a_row_of_its_own),
		cmocka_unit_test(test_F1_F4_F5_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

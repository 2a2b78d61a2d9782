/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/posting.h"
#include "support/value.h"

static const struct {
	struct place_result result;
	int status, compat;
} row[] = {
	{{.outcome = PLACE_GOOD}, 201, 201},
	{{.outcome = PLACE_MALFORMED}, 400, 400},
	{{.outcome = PLACE_TYPE, .c = STI_CASE_E13}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E4}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E7}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E8}, 503, 503},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E9}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E11}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E12}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E13}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E14}, 400, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E15}, 403, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E17}, 403, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E18}, 403, 400},
	{{.outcome = PLACE_REFUSED, .c = STI_CASE_E19}, 400, 400},
};

static void test_the_status_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(posting_status(&row[i].result, false), row[i].status);
		assert_int_equal(posting_status(&row[i].result, true), row[i].compat);
		assert_true(posting_message(&row[i].result)[0]);
	}
}

/* Whatever is refused, no case of it reads as stored. */
static void test_no_refusal_is_a_success(void **state)
{
	(void)state;
	for (int c = STI_CASE_NONE + 1; c < STI_CASE_COUNT; c++) {
		struct place_result result = {.outcome = PLACE_REFUSED, .c = (enum sti_case)c};

		assert_true(posting_status(&result, false) >= 400);
		assert_true(posting_status(&result, true) >= 400);
	}
}

static void test_the_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf out = buf_own(4096);
		struct value *root;

		posting_write(&out, row[i].status, posting_message(&row[i].result));
		root = value_parse(buf_span(&out));
		assert_non_null(root);
		assert_int_equal(value_number(root, "code"), row[i].status);
		assert_string_equal(value_text(root, "message"), posting_message(&row[i].result));
		value_free(root);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_status_plan),
		cmocka_unit_test(test_no_refusal_is_a_success),
		cmocka_unit_test(test_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/ppt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_only_shaken_decides_a_verdict(void **state)
{
	static const char *const carried[] = {"div", "div-o", "rph", "rcd", "msg", "msgi", "rsp"};

	(void)state;
	assert_true(ppt_find(sti_span_str("shaken"))->verdict);
	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
		assert_false(ppt_find(sti_span_str(carried[i]))->verdict);
}

static void test_B11_names_that_are_almost_known(void **state)
{
	static const char *const name[] = {"",      "Shaken",  "SHAKEN",     "shaken ",
					   "shake", "shaken2", "\"shaken\"", "div-p"};

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		assert_null(ppt_find(sti_span_str(name[i])));
	assert_null(ppt_find(sti_span(NULL, 0)));
	assert_null(ppt_find(sti_span("shaken\0", 7)));
}

static void test_attest_is_demanded_of_shaken_only(void **state)
{
	(void)state;
	assert_true(ppt_demands(ppt_find(sti_span_str("shaken")), "attest"));
	assert_true(ppt_demands(ppt_find(sti_span_str("shaken")), "origid"));
	assert_false(ppt_demands(ppt_find(sti_span_str("div")), "attest"));
	assert_true(ppt_demands(ppt_find(sti_span_str("div")), "div"));
	assert_true(ppt_demands(ppt_find(sti_span_str("div-o")), "opt"));
	assert_false(ppt_demands(ppt_find(sti_span_str("rcd")), "rcd"));
	assert_false(ppt_demands(NULL, "attest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_shaken_decides_a_verdict),
		cmocka_unit_test(test_B11_names_that_are_almost_known),
		cmocka_unit_test(test_attest_is_demanded_of_shaken_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

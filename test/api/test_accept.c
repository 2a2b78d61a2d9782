/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/accept.h"

static void test_which_answers_are_welcome(void **state)
{
	static const struct {
		const char *accept;
		bool json;
	} row[] = {
		{NULL, true},
		{"*/*", true},
		{"application/json", true},
		{"application/*", true},
		{"APPLICATION/Json", true},
		{" application/json ", true},
		{"application/json; charset=utf-8", true},
		{"text/html, application/json", true},
		{"text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"application/json;q=0.001", true},
		{"application/json;q=1", true},
		{"text/html", false},
		{"application/jsonp", false},
		{"application/xml, text/plain", false},
		{"application/json;q=0", false},
		{"application/json ; Q=0.000", false},
		{"*/*;q=0", false},
		{"application/*;q=0.0", false},
		{"text/*", false},
		{",", false},
		/* RFC 9110 12.5.1: the most specific range has the say */
		{"application/json;q=0, */*", false},
		{"*/*, application/json;q=0", false},
		{"application/*;q=0, */*;q=0.5", false},
		{"*/*;q=0, application/json", true},
		{"application/*;q=0, application/json;q=0.1", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (accept_json(sti_span_str(row[i].accept)) != row[i].json)
			fail_msg("%s", row[i].accept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_answers_are_welcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

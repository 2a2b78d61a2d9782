/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers_and_what_is_none(void **state)
{
	static const struct {
		const char *text;
		int64_t max;
		enum sti_error error;
		int64_t value;
	} rows[] = {
		{"0", 0, STI_OK, 0},
		{"1", 0, STI_E_NUMBER, 0},
		{"65535", 65535, STI_OK, 65535},
		{"65536", 65535, STI_E_NUMBER, 0},
		{"0443", 65535, STI_OK, 443},
		{"9223372036854775807", INT64_MAX, STI_OK, INT64_MAX},
		{"9223372036854775808", INT64_MAX, STI_E_NUMBER, 0},
		{"18446744073709551616", INT64_MAX, STI_E_NUMBER, 0},
		{"99999999999999999999999999999999", INT64_MAX, STI_E_NUMBER, 0},
		{"", 9, STI_E_NUMBER, 0},
		{"-1", 9, STI_E_NUMBER, 0},
		{"+1", 9, STI_E_NUMBER, 0},
		{" 1", 9, STI_E_NUMBER, 0},
		{"1 ", 9, STI_E_NUMBER, 0},
		{"0x1", 9, STI_E_NUMBER, 0},
		{"1e0", 9, STI_E_NUMBER, 0},
		{"1.0", 9, STI_E_NUMBER, 0},
		{"\xef\xbc\x91", 9, STI_E_NUMBER, 0}, /* fullwidth 1 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t value = 0;

		if (decimal_parse(sti_span_str(rows[i].text), rows[i].max, &value) != rows[i].error ||
		    value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
	assert_int_equal(decimal_parse(sti_span(NULL, 0), 9, &(int64_t){0}), STI_E_NUMBER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

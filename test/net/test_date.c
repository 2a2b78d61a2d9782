/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/date.h"

static void test_dates_at_the_edges(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} row[] = {
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* the example of RFC 9110 5.6.7 */
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
		{2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"},
		{4294967296, "Sun, 07 Feb 2106 06:28:16 GMT"},
		{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
		{253402300800, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{INT64_MAX, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT"},
	};
	char text[DATE_TEXT + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		date_write(row[i].seconds, text);
		assert_string_equal(text, row[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates_at_the_edges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/http.h"

#define SPAN(text)                                                                                                     \
	{                                                                                                              \
		(const uint8_t *)(text), sizeof(text) - 1                                                              \
	}

static void test_header_found_without_case_and_first_of_two(void **state)
{
	const struct http_header header[] = {
		{SPAN("Accept"), SPAN("a")}, {SPAN("X-Y"), SPAN("1")}, {SPAN("x-y"), SPAN("2")}};

	(void)state;
	assert_true(sti_span_is(http_header_find(header, 3, "x-Y"), "1"));
}

static void test_header_absent_is_not_empty(void **state)
{
	const struct http_header header[] = {{SPAN("X-Y"), SPAN("")}};

	(void)state;
	assert_non_null(http_header_find(header, 1, "x-y").p);
	assert_null(http_header_find(header, 1, "x-").p);
	assert_null(http_header_find(NULL, 0, "x-y").p);
}

static void test_method_in_lower_case_is_another(void **state)
{
	static const char *const name[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(http_method_parse(sti_span_str(name[i])), i);
		assert_string_equal(http_method_name((enum http_method)i), name[i]);
	}
	assert_int_equal(http_method_parse(sti_span_str("post")), HTTP_METHOD_OTHER);
	assert_int_equal(http_method_parse(sti_span_str("POSTS")), HTTP_METHOD_OTHER);
	assert_int_equal(http_method_parse(sti_span_str("")), HTTP_METHOD_OTHER);
	assert_string_equal(http_method_name(HTTP_METHOD_OTHER), "");
}

static void test_phrase_of_status_nobody_knows(void **state)
{
	static const int odd[] = {-1, 0, 99, 299, 499, 506, 100000};

	(void)state;
	assert_string_equal(http_phrase(403), "Forbidden");
	assert_string_equal(http_phrase(505), "HTTP Version Not Supported");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_string_equal(http_phrase(odd[i]), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_found_without_case_and_first_of_two),
		cmocka_unit_test(test_header_absent_is_not_empty),
		cmocka_unit_test(test_method_in_lower_case_is_another),
		cmocka_unit_test(test_phrase_of_status_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

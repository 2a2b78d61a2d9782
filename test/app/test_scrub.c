/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/scrub.h"

static const struct row {
	const char *text;
	const char *clean; /* NULL: refused */
	unsigned line; /* where it is refused */
} rows[] = {
	{"", "", 0},
	{"a = b\n", "a = b\n", 0},
	{"a = \"b # c\" # d\n", "a = \"b # c\" \n", 0},
	{"a = 'b \" c'// d\nb", "a = 'b \" c'\nb", 0},
	{"a /* x\n y */ = b", "a \n  = b", 0},
	{"a = /**/ b", "a =   b", 0},
	{"a = https://b//c", "a = https://b//c", 0},
	{"s { }", "s {\"\002\"=1  }", 0},
	{"a = { }", "a = { \"\001\"}", 0},
	{"a = {\n# x\n}", "a = {\n\n\"\001\"}", 0},
	{"a = {\"\"}", "a = {\"\"}", 0},
	{"a = {} s \"t\" {}", "a = {\"\001\"} s \"t\" {\"\002\"=1 }", 0},
	{"s { a = {x, \"y\"} }", "s {\"\002\"=1  a = {x, \"y\"} }", 0},
	{"a = \"\303\244\"", "a = \"\303\244\"", 0},
	{"\n/* a\n\n", NULL, 2},
	{"/*/", NULL, 1},
	{"/", "/", 0},
	{"\n\"a", NULL, 2},
	{"\"a\n\"", NULL, 1},
	{"'a\t'", NULL, 1},
	{"\n\n\"a\177\"", NULL, 3},
	{"'a\\'", NULL, 1},
	{"\"a|b\"", NULL, 1},
	{"\"a$b\"", "\"a$b\"", 0},
	{"\"a${b}\"", NULL, 1},
	{"\"a$", NULL, 1},
	{"a|b", NULL, 1},
	{"a\\\n", NULL, 1},
	{"a += b", NULL, 1},
	{"a(b)", NULL, 1},
	{"\n\r", NULL, 2},
	{"a\303\244", NULL, 1},
	{"a*", NULL, 1},
	{"}", NULL, 1},
	{"s {\n{\n", NULL, 2},
	{"{{{{{{{{}}}}}}}}",
	 "{\"\002\"=1 {\"\002\"=1 {\"\002\"=1 {\"\002\"=1 {\"\002\"=1 {\"\002\"=1 {\"\002\"=1 {\"\002\"=1 }}}}}}}}", 0},
	{"{{{{{{{{{", NULL, 1},
};

static bool matches(const struct row *row)
{
	size_t n = strlen(row->text);
	char *copy = malloc(n ? n : 1);
	struct buf out = buf_own(4096);
	unsigned line;
	const char *why;
	enum sti_error error;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, row->text, n);
	error = scrub_text(sti_span(copy, n), &out, &line, &why);
	if (row->clean)
		ok = error == STI_OK && !why &&
		     sti_span_equal(buf_span(&out), sti_span(row->clean, strlen(row->clean) + 1));
	else
		ok = error == STI_E_CONFIG && why && line == row->line;
	if (!ok)
		print_error("%s: error %d, line %u, %s: %.*s\n", row->text, error, line, why ? why : "", (int)out.n,
			    (char *)out.p);
	buf_free(&out);
	free(copy);
	return ok;
}

static void test_J11_texts_and_what_libconfuse_is_given(void **state)
{
	size_t n = sizeof(rows) / sizeof(rows[0]), passed = 0;

	(void)state;
	for (size_t i = 0; i < n; i++)
		passed += matches(&rows[i]);
	print_message("%zu of %zu texts\n", passed, n);
	assert_int_equal(passed, n);
}

static void test_J11_NUL_bytes(void **state)
{
	static const char *const text[] = {"a\0b", "\"a\0b\""};
	static const size_t n[] = {3, 5};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf out = buf_own(100);
		unsigned line;
		const char *why;

		assert_int_equal(scrub_text(sti_span(text[i], n[i]), &out, &line, &why), STI_E_CONFIG);
		assert_non_null(why);
		buf_free(&out);
	}
}

static void test_no_room_for_the_result(void **state)
{
	struct buf out = buf_own(4);
	unsigned line;
	const char *why;

	(void)state;
	assert_int_equal(scrub_text(sti_span_str("a = b"), &out, &line, &why), STI_E_LIMIT);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_J11_texts_and_what_libconfuse_is_given),
		cmocka_unit_test(test_J11_NUL_bytes),
		cmocka_unit_test(test_no_room_for_the_result),
	};

	return cmocka_run_group_tests_name("app/scrub", tests, NULL, NULL);
}

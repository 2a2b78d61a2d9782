/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/span.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct sti_span absent;

static void test_absent_and_empty_are_equal_but_not_the_same(void **state)
{
	struct sti_span empty = sti_span_str("");

	(void)state;
	assert_null(sti_span_str(NULL).p);
	assert_non_null(empty.p);
	assert_true(sti_span_equal(absent, empty));
	assert_true(sti_span_is(absent, ""));
	assert_false(sti_span_is(absent, "a"));
}

static void test_a_nul_is_an_octet_like_any_other(void **state)
{
	struct sti_span nul = sti_span("a\0b", 3);

	(void)state;
	assert_false(sti_span_is(nul, "a"));
	assert_int_equal(sti_span_find(nul, 0), 1);
	assert_int_equal(sti_span_find(nul, 'b'), 2);
}

static void test_case_is_that_of_ascii_letters_alone(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool equal;
	} rows[] = {
		{"PPT", "ppt", true},
		{"pPt", "PpT", true},
		{"ppt", "ppts", false},
		{"", "", true},
		{"@", "`", false},
		{"[", "{", false},
		{"\xc3\x89", "\xc3\xa9", false},
		{"\xc1", "\xe1", false},
		{"Z", "z", true},
		{"K", "\xe2\x84\xaa", false}, /* the Kelvin sign */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(sti_span_is_nocase(sti_span_str(rows[i].a), rows[i].b), rows[i].equal);
	assert_true(sti_span_is_nocase(absent, ""));
}

static void test_find_what_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(sti_span_find(sti_span_str("abc"), 'd'), 3);
	assert_int_equal(sti_span_find(sti_span("abcd", 3), 'd'), 3);
	assert_int_equal(sti_span_find(absent, 'a'), 0);
}

static void test_from_and_first_past_the_end(void **state)
{
	struct sti_span s = sti_span_str("abc");

	(void)state;
	assert_true(sti_span_is(sti_span_from(s, 1), "bc"));
	assert_true(sti_span_is(sti_span_from(s, 0), "abc"));
	assert_int_equal(sti_span_from(s, 3).n, 0);
	assert_ptr_equal(sti_span_from(s, SIZE_MAX).p, s.p + 3);
	assert_null(sti_span_from(absent, 5).p);
	assert_true(sti_span_is(sti_span_first(s, 2), "ab"));
	assert_true(sti_span_is(sti_span_first(s, SIZE_MAX), "abc"));
	assert_null(sti_span_first(absent, 1).p);
}

static size_t count_parts(struct sti_span rest, char *lengths)
{
	struct sti_span part;
	size_t n = 0;

	while (sti_span_cut(&rest, ',', &part))
		lengths[n++] = (char)('0' + part.n);
	lengths[n] = '\0';
	return n;
}

static void test_cut_gives_one_part_more_than_there_are_commas(void **state)
{
	static const struct {
		const char *text;
		const char *lengths;
	} rows[] = {{"", "0"}, {",", "00"}, {"a", "1"}, {"a,", "10"}, {",a", "01"}, {"a,bc,,d", "1201"}, {",,", "000"}};
	char lengths[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		count_parts(sti_span_str(rows[i].text), lengths);
		assert_string_equal(lengths, rows[i].lengths);
	}
	assert_int_equal(count_parts(absent, lengths), 0);
}

static void test_trim_takes_blanks_and_tabs_only(void **state)
{
	(void)state;
	assert_true(sti_span_is(sti_span_trim(sti_span_str(" \ta b\t ")), "a b"));
	assert_true(sti_span_is(sti_span_trim(sti_span_str("\r\na")), "\r\na"));
	assert_int_equal(sti_span_trim(sti_span_str(" \t ")).n, 0);
	assert_non_null(sti_span_trim(sti_span_str(" ")).p);
	assert_null(sti_span_trim(absent).p);
}

static void test_order_is_that_of_octets_and_the_shorter_comes_first(void **state)
{
	static const char *const sorted[] = {"", "0-1234", "1234", "12345", "A", "\x7f", "\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++)
		for (size_t j = 0; j < sizeof(sorted) / sizeof(sorted[0]); j++) {
			int order = sti_span_compare(sti_span_str(sorted[i]), sti_span_str(sorted[j]));

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	assert_int_equal(sti_span_compare(absent, sti_span_str("")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent_and_empty_are_equal_but_not_the_same),
		cmocka_unit_test(test_a_nul_is_an_octet_like_any_other),
		cmocka_unit_test(test_case_is_that_of_ascii_letters_alone),
		cmocka_unit_test(test_find_what_is_not_there),
		cmocka_unit_test(test_from_and_first_past_the_end),
		cmocka_unit_test(test_cut_gives_one_part_more_than_there_are_commas),
		cmocka_unit_test(test_trim_takes_blanks_and_tabs_only),
		cmocka_unit_test(test_order_is_that_of_octets_and_the_shorter_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

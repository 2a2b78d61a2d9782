/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/tn.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/vectors.h"

static const struct sti_tn_plan uk = {"44", "0", "00", 9, 10};
static const struct sti_tn_plan open_plan = {"49", "0", "00", 6, 11};

struct row {
	const char *text;
	const struct sti_tn_plan *plan;
	const char *expected; /* NULL: refused */
};

/* The text in memory of exact size, so that asan sees a read past its end. */
static void check(const char *bytes, size_t n, const struct sti_tn_plan *plan, const char *expected)
{
	struct sti_span text = vectors_copy(sti_span(bytes, n));
	struct sti_tn tn = {0};
	enum sti_error error = sti_tn_canonical(text, plan, &tn);

	if (!expected && error != STI_E_TN)
		fail_msg("\"%.*s\" gave error %d and %s", (int)n, bytes, (int)error, tn.text);
	if (expected && (error || strcmp(tn.text, expected) != 0 || tn.n != strlen(expected)))
		fail_msg("\"%.*s\" gave error %d and %s, not %s", (int)n, bytes, (int)error, tn.text, expected);
	vectors_free(text);
}

static void check_rows(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(row[i].text, strlen(row[i].text), row[i].plan, row[i].expected);
}

#define ROWS(row) check_rows(row, sizeof(row) / sizeof((row)[0]))

static void test_rfc8224_8_3_as_dialled_in_nanp(void **state)
{
	static const struct row row[] = {
		{"+1 (202) 555-0100", &sti_tn_plan_nanp, "12025550100"},
		{"+12025550100", &sti_tn_plan_nanp, "12025550100"},
		{"12025550100", &sti_tn_plan_nanp, "12025550100"},
		{"1-202-555-0100", &sti_tn_plan_nanp, "12025550100"},
		{"2025550100", &sti_tn_plan_nanp, "12025550100"},
		{"(202) 555.0100", &sti_tn_plan_nanp, "12025550100"},
		{"5550100", &sti_tn_plan_nanp, "5550100"},
		{"011 44 20 7946 0958", &sti_tn_plan_nanp, "442079460958"},
		{"+44 20 7946 0958", &sti_tn_plan_nanp, "442079460958"},
		{"+2025550100", &sti_tn_plan_nanp, "2025550100"}, /* a + settles it: country code 20 */
		{"011", &sti_tn_plan_nanp, "011"}, /* a prefix with nothing behind is none */
		{"911", &sti_tn_plan_nanp, "911"},
		{"112", &sti_tn_plan_nanp, "112"},
	};

	(void)state;
	ROWS(row);
}

static void test_trunk_prefix_of_other_countries(void **state)
{
	static const struct row row[] = {
		{"020 7946 0958", &uk, "442079460958"},
		{"20 7946 0958", &uk, "2079460958"},
		{"00 1 202 555 0100", &uk, "12025550100"},
		{"442079460958", &uk, "442079460958"},
		{"999", &uk, "999"},
		{"0", &uk, "0"},
		{"0999", &uk, "0999"},
		{"030 23125 000", &open_plan, "493023125000"},
	};

	(void)state;
	ROWS(row);
}

static void test_without_a_plan_only_the_spelling_is_cleaned(void **state)
{
	static const struct row row[] = {
		{"2025550100", NULL, "2025550100"},
		{"+1.202.555.0100", NULL, "12025550100"},
		{"011 44 20 7946 0958", NULL, "011442079460958"},
		{"-12025550100", NULL, "12025550100"},
		{"1001", NULL, "1001"},
	};

	(void)state;
	ROWS(row);
}

static void test_B9_star_and_hash_codes(void **state)
{
	static const struct row row[] = {
		{"*67", &sti_tn_plan_nanp, "*67"},
		{"#", &sti_tn_plan_nanp, "#"},
		{"*", NULL, "*"},
		{"*672025550100", &sti_tn_plan_nanp, "*672025550100"},
		{"*#06#", NULL, "*#06#"},
		{"202555010#", &sti_tn_plan_nanp, "202555010#"}, /* ten characters, but no national number */
	};

	(void)state;
	ROWS(row);
}

static void test_B9_spellings_that_are_no_number(void **state)
{
	static const struct row row[] = {
		{"", NULL, NULL},
		{" ", NULL, NULL},
		{"+", NULL, NULL},
		{"+ ()-.", NULL, NULL},
		{"++12025550100", NULL, NULL},
		{"1+2025550100", NULL, NULL},
		{"12025550100+", NULL, NULL},
		{"12025550100;tgrp=trunk1", NULL, NULL},
		{"tel:+12025550100", NULL, NULL},
		{"sip:12025550100@example.com", NULL, NULL},
		{"%312025550100", NULL, NULL},
		{"\xef\xbc\x91"
		 "2025550100",
		 NULL, NULL}, /* fullwidth 1 */
		{"\xd9\xa1"
		 "2025550100",
		 NULL, NULL}, /* Arabic-Indic 1 */
		{"1\xc2\xa0"
		 "2025550100",
		 NULL, NULL}, /* no-break space */
		{"1\xe2\x80\x91"
		 "2025550100",
		 NULL, NULL}, /* no-break hyphen */
		{"1202555010O", NULL, NULL},
		{"1-800-FLOWERS", NULL, NULL},
		{"12025550100\t", NULL, NULL},
		{"12025550100\r\n", NULL, NULL},
		{"12025550100,12025550101", NULL, NULL},
		{"\"12025550100\"", NULL, NULL},
		{"anonymous", NULL, NULL},
	};

	(void)state;
	ROWS(row);
	check("1202555\0"
	      "0100",
	      12, NULL, NULL);
}

static void test_B9_fifteen_digits_and_not_one_more(void **state)
{
	static const struct row row[] = {
		{"123456789012345", NULL, "123456789012345"},
		{"1234567890123456", NULL, NULL},
		{"+1234567890123456", &sti_tn_plan_nanp, NULL},
		{"011123456789012345", &sti_tn_plan_nanp, "123456789012345"}, /* counted without the prefix */
		{"0111234567890123456", &sti_tn_plan_nanp, NULL},
		{"011123456789012345", NULL, NULL},
		{"00000000000000000000000000000000000000000000000", NULL, NULL},
	};
	static const struct sti_tn_plan long_code = {"123456789", "", "", 7, 8};

	(void)state;
	ROWS(row);
	check("5550100", 7, &long_code, NULL); /* 16 with the country code */
}

static void test_every_byte_alone(void **state)
{
	size_t good = 0;

	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		struct sti_tn tn;

		good += sti_tn_canonical(sti_span(&byte, 1), &sti_tn_plan_nanp, &tn) == STI_OK;
	}
	assert_int_equal(good, 12);
}

static void test_canonical_again_changes_nothing(void **state)
{
	static const char *const text[] = {"+1 (202) 555-0100", "2025550100", "*67", "911", "011 44 20 7946 0958"};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_tn once, twice;

		assert_int_equal(sti_tn_canonical(sti_span_str(text[i]), &sti_tn_plan_nanp, &once), STI_OK);
		assert_int_equal(sti_tn_canonical(sti_tn_span(&once), &sti_tn_plan_nanp, &twice), STI_OK);
		assert_true(sti_tn_equal(&once, &twice));
	}
}

static void test_refused_leaves_the_number_alone(void **state)
{
	struct sti_tn tn;

	(void)state;
	assert_int_equal(sti_tn_canonical(sti_span_str("12025550100"), NULL, &tn), STI_OK);
	assert_int_equal(sti_tn_canonical(sti_span_str("x"), NULL, &tn), STI_E_TN);
	assert_string_equal(tn.text, "12025550100");
}

static void test_one_number_begins_the_other(void **state)
{
	struct sti_tn a, b;

	(void)state;
	assert_int_equal(sti_tn_canonical(sti_span_str("1202555010"), NULL, &a), STI_OK);
	assert_int_equal(sti_tn_canonical(sti_span_str("12025550100"), NULL, &b), STI_OK);
	assert_false(sti_tn_equal(&a, &b));
	assert_true(sti_tn_equal(&a, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8224_8_3_as_dialled_in_nanp),
		cmocka_unit_test(test_trunk_prefix_of_other_countries),
		cmocka_unit_test(test_without_a_plan_only_the_spelling_is_cleaned),
		cmocka_unit_test(test_B9_star_and_hash_codes),
		cmocka_unit_test(test_B9_spellings_that_are_no_number),
		cmocka_unit_test(test_B9_fifteen_digits_and_not_one_more),
		cmocka_unit_test(test_every_byte_alone),
		cmocka_unit_test(test_canonical_again_changes_nothing),
		cmocka_unit_test(test_refused_leaves_the_number_alone),
		cmocka_unit_test(test_one_number_begins_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/vectors.h"

#define ZEROS_38 "00000000000000000000000000000000000000"
#define DIGEST   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct mark mark_of(int64_t number)
{
	struct mark mark = {.time = 1700000000};

	mark_set_number(&mark, number);
	for (size_t i = 0; i < MARK_SHA256; i++)
		mark.sha256[i] = (uint8_t)i;
	return mark;
}

static void test_numbers_in_order(void **state)
{
	static const int64_t number[] = {0, 1, 255, 256, 65535, INT64_C(1) << 53, INT64_MAX};
	static const uint8_t huge[] = {0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0};
	struct mark above;

	(void)state;
	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++)
		for (size_t k = 0; k < sizeof(number) / sizeof(number[0]); k++) {
			struct mark a = mark_of(number[i]), b = mark_of(number[k]);
			int order = mark_compare(&a, &b);

			assert_true(i < k ? order < 0 : i > k ? order > 0 : order == 0);
		}
	above = mark_of(INT64_MAX);
	assert_int_equal(mark_set_octets(&above, sti_span(huge, sizeof(huge))), STI_OK);
	assert_true(mark_compare(&above, &(struct mark){0}) > 0);
	assert_true(mark_compare(&(struct mark){0}, &above) < 0);
}

/* threats.md E21: a crlNumber is as long as a serial number. */
static void test_E21_numbers_of_20_and_21_octets(void **state)
{
	static const struct {
		const char *hex;
		enum sti_error error;
	} rows[] = {
		{"", STI_OK},
		{"00", STI_OK},
		{"05", STI_OK},
		{"0000000000000000000000000000000000000000000000000005", STI_OK},
		{"ffffffffffffffffffffffffffffffffffffffff", STI_OK},
		{"00ffffffffffffffffffffffffffffffffffffffff", STI_OK},
		{"01ffffffffffffffffffffffffffffffffffffffff", STI_E_LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span octets = vectors_hex(rows[i].hex);
		struct mark mark = mark_of(77), same = mark_of(77);
		size_t skip = octets.n > MARK_NUMBER ? octets.n - MARK_NUMBER : 0;

		assert_int_equal(mark_set_octets(&mark, octets), rows[i].error);
		if (rows[i].error)
			assert_int_equal(mark_compare(&mark, &same), 0);
		else
			assert_memory_equal(mark.number + MARK_NUMBER - (octets.n - skip), octets.p + skip,
					    octets.n - skip);
		vectors_free(octets);
	}
}

static void test_negative_number_is_none(void **state)
{
	struct mark mark = mark_of(5), zero = mark_of(0);

	(void)state;
	mark_set_number(&mark, -1);
	assert_int_equal(mark_compare(&mark, &zero), 0);
}

static void test_text_and_back(void **state)
{
	static const int64_t times[] = {0, 1700000000, -1, INT64_MAX, -INT64_MAX};
	uint8_t memory[200];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct buf text = buf_lend(memory, sizeof(memory));
		struct mark mark = mark_of(INT64_MAX), back = {0};

		mark.time = times[i];
		mark_write(&mark, &text);
		assert_int_equal(mark_parse(buf_span(&text), &back), STI_OK);
		assert_memory_equal(back.number, mark.number, MARK_NUMBER);
		assert_memory_equal(back.sha256, mark.sha256, MARK_SHA256);
		assert_true(back.time == mark.time);
	}
}

static void test_text_as_it_stands_on_disk(void **state)
{
	uint8_t memory[200];
	struct buf text = buf_lend(memory, sizeof(memory));
	struct mark mark = mark_of(42);

	(void)state;
	mark_write(&mark, &text);
	assert_true(sti_span_is(buf_span(&text), "1 " ZEROS_38 "2a 1700000000 " DIGEST "\n"));
}

static void test_lines_that_are_no_mark(void **state)
{
	static const char *const text[] = {
		"",
		"\n",
		"1\n",
		"1 " ZEROS_38 "2a 1700000000 " DIGEST,
		"1 " ZEROS_38 "2a 1700000000 " DIGEST "\r\n",
		"1 " ZEROS_38 "2a 1700000000 " DIGEST "\n\n",
		"1 " ZEROS_38 "2a 1700000000 " DIGEST "\nx",
		"1 " ZEROS_38 "2a 1700000000 " DIGEST " \n",
		" 1 " ZEROS_38 "2a 1700000000 " DIGEST "\n",
		"1  " ZEROS_38 "2a 1700000000 " DIGEST "\n",
		"2 " ZEROS_38 "2a 1700000000 " DIGEST "\n",
		"01 " ZEROS_38 "2a 1700000000 " DIGEST "\n",
		"1 " ZEROS_38 "2A 1700000000 " DIGEST "\n",
		"1 2a 1700000000 " DIGEST "\n",
		"1 " ZEROS_38 "002a 1700000000 " DIGEST "\n",
		"1 " ZEROS_38 "2a 01700000000 " DIGEST "\n",
		"1 " ZEROS_38 "2a +1700000000 " DIGEST "\n",
		"1 " ZEROS_38 "2a -0 " DIGEST "\n",
		"1 " ZEROS_38 "2a - " DIGEST "\n",
		"1 " ZEROS_38 "2a  " DIGEST "\n",
		"1 " ZEROS_38 "2a 9223372036854775808 " DIGEST "\n",
		"1 " ZEROS_38 "2a 1700000000\n",
		"1 " ZEROS_38 "2a 1700000000 \n",
		"1 " ZEROS_38 "2a 1700000000 " DIGEST "00\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_span exact = vectors_copy(sti_span_str(text[i]));
		struct mark mark = {.time = 7};

		if (mark_parse(exact, &mark) != STI_E_NUMBER || mark.time != 7)
			fail_msg("%s", text[i]);
		vectors_free(exact);
	}
	assert_int_equal(mark_parse(sti_span("1\0 ", 3), &(struct mark){0}), STI_E_NUMBER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_in_order),
		cmocka_unit_test(test_E21_numbers_of_20_and_21_octets),
		cmocka_unit_test(test_negative_number_is_none),
		cmocka_unit_test(test_text_and_back),
		cmocka_unit_test(test_text_as_it_stands_on_disk),
		cmocka_unit_test(test_lines_that_are_no_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

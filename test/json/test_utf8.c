/* SPDX-License-Identifier: Apache-2.0 */
#include "json/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/vectors.h"

static void test_every_scalar_value_there_and_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		uint8_t octets[4];
		uint32_t again = UINT32_MAX;
		size_t n = utf8_write(code, octets);
		bool surrogate = code >= 0xd800 && code <= 0xdfff;

		if (utf8_read(sti_span(octets, n), &again) != (surrogate ? 0 : n) || (!surrogate && again != code))
			fail_msg("U+%04X", code);
		if (utf8_read(sti_span(octets, n - 1), &again) != 0)
			fail_msg("U+%04X cut short", code);
	}
}

/* Each code point has one spelling: of all sequences of two and three octets exactly so many are
 * characters as there are code points that need them. */
static void test_B2_overlong_sequences_of_two_and_three_octets(void **state)
{
	size_t two = 0, three = 0;
	uint32_t code;

	(void)state;
	for (uint32_t bits = 0; bits < 1u << 24; bits++) {
		const uint8_t octets[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
		size_t n = utf8_read(sti_span(octets, 3), &code);

		two += n == 2 && octets[2] == 0;
		three += n == 3;
	}
	assert_int_equal(two, 0x800 - 0x80);
	assert_int_equal(three, 0x10000 - 0x800 - 0x800);
}

static void test_B2_four_octets_that_are_no_character(void **state)
{
	static const char *const rows[] = {"f08fbfbf", "f4908080", "f5808080", "f8888080",
					   "f09f9841", "f09f41",   "fe",       "ff"};
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sti_span text = vectors_hex(rows[i]);

		if (utf8_read(text, &code) != 0)
			fail_msg("%s", rows[i]);
		vectors_free(text);
	}
	assert_int_equal(utf8_read(sti_span(NULL, 0), &code), 0);
}

/* Unicode 23.7: 32 in the Arabic block and two in each of 17 planes. */
static void test_B2_there_are_66_noncharacters(void **state)
{
	size_t n = 0;

	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++)
		n += utf8_is_noncharacter(code);
	assert_int_equal(n, 66);
	assert_true(utf8_is_noncharacter(0xfdd0));
	assert_true(utf8_is_noncharacter(0x10ffff));
	assert_false(utf8_is_noncharacter(0xfffd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_scalar_value_there_and_back),
		cmocka_unit_test(test_B2_overlong_sequences_of_two_and_three_octets),
		cmocka_unit_test(test_B2_four_octets_that_are_no_character),
		cmocka_unit_test(test_B2_there_are_66_noncharacters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

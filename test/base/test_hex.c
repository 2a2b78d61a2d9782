/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/hex.h"
#include "support/vectors.h"

static void test_either_case(void **state)
{
	static const uint8_t wanted[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	static const char *const text[] = {"0123456789abcdef", "0123456789ABCDEF", "0123456789aBcDeF"};
	uint8_t out[8];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(out, 0, sizeof(out));
		assert_int_equal(hex_decode(sti_span_str(text[i]), out, 8), STI_OK);
		assert_memory_equal(out, wanted, 8);
	}
	assert_int_equal(hex_decode(sti_span_str(""), out, 0), STI_OK);
	assert_int_equal(hex_decode(sti_span(NULL, 0), out, 0), STI_OK);
}

static void test_other_lengths(void **state)
{
	static const char *const text[] = {"", "0", "012", "01234", "012345"};
	uint8_t out[2];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_span exact = vectors_copy(sti_span_str(text[i]));

		assert_int_equal(hex_decode(exact, out, 2), STI_E_NUMBER);
		vectors_free(exact);
	}
}

static void test_every_octet_that_is_no_digit(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t text[2], out;
		bool digit = c && strchr("0123456789abcdefABCDEF", c);

		for (int at = 0; at < 2; at++) {
			text[0] = text[1] = '7';
			text[at] = (uint8_t)c;
			assert_int_equal(hex_decode(sti_span(text, 2), &out, 1), digit ? STI_OK : STI_E_NUMBER);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_either_case),
		cmocka_unit_test(test_other_lengths),
		cmocka_unit_test(test_every_octet_that_is_no_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

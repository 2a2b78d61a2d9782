/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/vectors.h"

static void check(const uint8_t got[DIGEST_SHA256], const char *expected)
{
	struct sti_span octets = vectors_hex(expected);

	assert_int_equal(octets.n, DIGEST_SHA256);
	assert_memory_equal(got, octets.p, DIGEST_SHA256);
	vectors_free(octets);
}

/* The examples of FIPS 180-4, as NIST prints them. */
static void test_sha256_known_answers(void **state)
{
	uint8_t out[DIGEST_SHA256];

	(void)state;
	assert_int_equal(digest_sha256(sti_span(NULL, 0), out), STI_OK);
	check(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(digest_sha256(sti_span_str("abc"), out), STI_OK);
	check(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(digest_sha256(sti_span_str("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), out),
			 STI_OK);
	check(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_two_parts_cut_anywhere_are_the_whole(void **state)
{
	static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdefghijklmnop";
	struct sti_span whole = sti_span_str(text);
	uint8_t expected[DIGEST_SHA256], out[DIGEST_SHA256];

	(void)state;
	assert_int_equal(digest_sha256(whole, expected), STI_OK);
	for (size_t cut = 0; cut <= whole.n; cut++) {
		assert_int_equal(digest_sha256_two(sti_span_first(whole, cut), sti_span_from(whole, cut), out), STI_OK);
		assert_true(digest_equal(out, expected));
	}
}

/* RFC 4231 4.2 to 4.8: keys shorter than a block and longer than one. */
static void test_L5_keyed_known_answers(void **state)
{
	static const struct {
		const char *key;
		const char *text;
		const char *expected;
	} rows[] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b657920466"
		 "9"
		 "727374",
		 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sti_span key = vectors_hex(rows[i].key), text = vectors_hex(rows[i].text);
		uint8_t out[DIGEST_SHA256];

		assert_int_equal(digest_keyed(key, text, out), STI_OK);
		check(out, rows[i].expected);
		vectors_free(text);
		vectors_free(key);
	}
}

static void test_keyed_with_a_key_of_one_block_and_one_more(void **state)
{
	uint8_t key[65] = {1}, a[DIGEST_SHA256], b[DIGEST_SHA256], hashed[DIGEST_SHA256];

	(void)state;
	/* RFC 2104 2: a key longer than a block is hashed first, one as long as a block is not */
	assert_int_equal(digest_sha256(sti_span(key, 65), hashed), STI_OK);
	assert_int_equal(digest_keyed(sti_span(key, 65), sti_span_str("x"), a), STI_OK);
	assert_int_equal(digest_keyed(sti_span(hashed, sizeof(hashed)), sti_span_str("x"), b), STI_OK);
	assert_true(digest_equal(a, b));
	assert_int_equal(digest_keyed(sti_span(key, 64), sti_span_str("x"), a), STI_OK);
	assert_int_equal(digest_keyed(sti_span(key, 1), sti_span_str("x"), b), STI_OK);
	assert_true(digest_equal(a, b));
	assert_int_equal(digest_keyed(sti_span(NULL, 0), sti_span_str("x"), b), STI_OK);
	assert_false(digest_equal(a, b));
}

static void test_one_bit_anywhere_makes_unequal(void **state)
{
	uint8_t a[DIGEST_SHA256] = {0}, b[DIGEST_SHA256] = {0};

	(void)state;
	assert_true(digest_equal(a, b));
	for (size_t bit = 0; bit < sizeof(b) * 8; bit++) {
		b[bit / 8] = (uint8_t)(1u << bit % 8);
		assert_false(digest_equal(a, b));
		b[bit / 8] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_known_answers),
		cmocka_unit_test(test_two_parts_cut_anywhere_are_the_whole),
		cmocka_unit_test(test_L5_keyed_known_answers),
		cmocka_unit_test(test_keyed_with_a_key_of_one_block_and_one_more),
		cmocka_unit_test(test_one_bit_anywhere_makes_unequal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/es256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/value.h"
#include "support/vectors.h"

#define ZEROS    "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE      "0000000000000000000000000000000000000000000000000000000000000001"
#define N        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define N_MORE_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define P        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void test_A8_r_and_s_at_the_ends_of_their_range(void **state)
{
	static const struct {
		const char *half;
		bool in;
	} rows[] = {
		{ZEROS, false},    {ONE, true}, {N_LESS_1, true},  {N, false},
		{N_MORE_1, false}, {P, false},  {ALL_ONES, false},
	};
	size_t n = sizeof(rows) / sizeof(*rows);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		struct sti_span r = vectors_hex(rows[i / n].half), s = vectors_hex(rows[i % n].half);
		uint8_t signature[STI_SIGNATURE];

		memcpy(signature, r.p, r.n);
		memcpy(signature + r.n, s.p, s.n);
		if (es256_in_range(signature) != (rows[i / n].in && rows[i % n].in))
			fail_msg("r %s s %s", rows[i / n].half, rows[i % n].half);
		vectors_free(s);
		vectors_free(r);
	}
}

/* Halves of every length, with and without the top bit. */
static void test_der_and_back_for_halves_of_every_length(void **state)
{
	static const uint8_t first[] = {0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < 32 * 32 * 4 * 4; i++) {
		uint8_t signature[STI_SIGNATURE] = {0}, again[STI_SIGNATURE], der[ES256_DER_MAX];
		size_t n;

		signature[i % 32] = first[i / 1024 % 4];
		signature[32 + i / 32 % 32] = first[i / 4096];
		n = es256_to_der(signature, der);
		assert_true(n <= ES256_DER_MAX);
		assert_int_equal(es256_from_der(sti_span(der, n), again), STI_OK);
		assert_memory_equal(again, signature, STI_SIGNATURE);
	}
}

static void test_der_of_zero_has_one_octet(void **state)
{
	static const uint8_t signature[STI_SIGNATURE], expected[] = {0x30, 6, 2, 1, 0, 2, 1, 0};
	uint8_t der[ES256_DER_MAX];

	(void)state;
	assert_int_equal(es256_to_der(signature, der), sizeof(expected));
	assert_memory_equal(der, expected, sizeof(expected));
}

static void test_der_that_is_not_the_shortest(void **state)
{
	static const char *const rows[] = {
		"",
		"30",
		"3000",
		"3003020101",
		"30060201010201",
		"3106020101020101",
		"3006020101030101",
		"3006020101020101ff", /* something behind */
		"3007020101020101", /* shorter than it says */
		"30080201010201010500", /* a third element */
		"308106020101020101", /* long form of a short length */
		"30800201010201010000", /* indefinite length */
		"300702020001020101", /* a zero too many */
		"3006020181020101", /* negative */
		"30050200020101", /* no octets */
		"3005020101020001",
		"30260221010101010101010101010101010101010101010101010101010101010101010101020101", /* 33 octets */
		"3027022200810101010101010101010101010101010101010101010101010101010101010101020101",
	};
	uint8_t signature[STI_SIGNATURE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sti_span der = vectors_hex(rows[i]);

		if (es256_from_der(der, signature) != STI_E_DER)
			fail_msg("%s", rows[i]);
		vectors_free(der);
	}
}

static bool verifies(const struct value *group, const struct value *test, bool der)
{
	struct sti_span message = vectors_hex(value_text(test, "msg")), given = vectors_hex(value_text(test, "sig"));
	struct sti_span spki = vectors_hex(value_text(group, "publicKeyDer"));
	struct sti_public_key *key = NULL;
	uint8_t signature[STI_SIGNATURE];
	bool good = false;

	assert_int_equal(sti_public_key_parse(spki, &key), STI_OK);
	if (der) {
		good = es256_from_der(given, signature) == STI_OK;
	} else if (given.n == STI_SIGNATURE) {
		memcpy(signature, given.p, STI_SIGNATURE);
		good = true;
	}
	good = good && sti_public_key_verify(key, message, signature) == STI_OK;
	sti_public_key_free(key);
	vectors_free(spki);
	vectors_free(given);
	vectors_free(message);
	return good;
}

static void check_wycheproof(const char *file, bool der)
{
	struct value *root;
	const struct value *groups;
	size_t right = 0, n = 0;

	if (!vectors_present())
		return;
	root = value_read(file);
	groups = value_member(root, "testGroups");
	for (size_t i = 0; i < value_count(groups); i++) {
		const struct value *group = value_at(groups, i), *tests = value_member(group, "tests");

		for (size_t k = 0; k < value_count(tests); k++) {
			const struct value *test = value_at(tests, k);
			bool valid = strcmp(value_text(test, "result"), "valid") == 0;

			n++;
			if (verifies(group, test, der) == valid)
				right++;
			else
				print_error("tcId %lld: %s\n", value_number(test, "tcId"), value_text(test, "comment"));
		}
	}
	assert_int_equal(n, value_number(root, "numberOfTests"));
	vectors_count(file, right, n);
	value_free(root);
}

static void test_A7_A8_A16_wycheproof_raw_signatures(void **state)
{
	(void)state;
	check_wycheproof("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", false);
}

static void test_A8_A16_wycheproof_der_signatures(void **state)
{
	(void)state;
	check_wycheproof("wycheproof/ecdsa_secp256r1_sha256_test.json", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_A8_r_and_s_at_the_ends_of_their_range),
		cmocka_unit_test(test_der_and_back_for_halves_of_every_length),
		cmocka_unit_test(test_der_of_zero_has_one_octet),
		cmocka_unit_test(test_der_that_is_not_the_shortest),
		cmocka_unit_test(test_A7_A8_A16_wycheproof_raw_signatures),
		cmocka_unit_test(test_A8_A16_wycheproof_der_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_extension.h"

#include "base/limits.h"
#include "der_text.h"

/* What a reader of this test has seen. */
struct seen {
	size_t n;
	uint8_t octets[8];
};

static enum sti_error note(struct sti_span value, void *out)
{
	struct seen *seen = out;

	if (value.n && value.p[0] == 0xee)
		return STI_E_DER;
	seen->octets[seen->n++] = value.n ? value.p[0] : 0;
	return STI_OK;
}

static const struct crl_extension known[] = {{20, note}, {27, NULL}, {28, note}};

static void test_extensions(void **state)
{
	static const struct {
		const char *text;
		enum sti_error error;
		size_t n;
	} rows[] = {
		{"30{06:551d14 04:aa}", STI_OK, 1},
		{"30{06:551d14 04:}", STI_OK, 1},
		{"30{06:551d14 04:aa} 30{06:551d1c 01:ff 04:bb}", STI_OK, 2},
		{"30{06:551d14 01:00 04:aa}", STI_OK, 1}, /* a default that is written out */
		{"30{06:551d1b 01:ff 04:aa}", STI_OK, 0},
		/* unknown ones */
		{"30{06:551d63 04:cc}", STI_OK, 0},
		{"30{06:551d63 01:00 04:cc}", STI_OK, 0},
		{"30{06:551d63 01:ff 04:cc}", STI_E_CERT, 0},
		{"30{06:551d1400 01:ff 04:cc}", STI_E_CERT, 0},
		{"30{06:551e14 01:ff 04:cc}", STI_E_CERT, 0},
		{"30{06:561d14 01:ff 04:cc}", STI_E_CERT, 0},
		{"30{06:2b06010505070101 04:cc}", STI_OK, 0},
		/* twice, known or not */
		{"30{06:551d14 04:aa} 30{06:551d14 04:ab}", STI_E_CERT, 1},
		{"30{06:551d14 04:aa} 30{06:551d63 04:cc} 30{06:551d14 04:aa}", STI_E_CERT, 1},
		{"30{06:551d63 04:cc} 30{06:551d63 04:cc}", STI_E_CERT, 0},
		/* none */
		{"", STI_E_CERT, 0},
		/* not DER, or not an Extension */
		{"30{}", STI_E_DER, 0},
		{"30{06:551d14}", STI_E_DER, 0},
		{"30{04:aa}", STI_E_DER, 0},
		{"30{04:aa 06:551d14}", STI_E_DER, 0},
		{"30{06:551d14 04:aa 04:aa}", STI_E_DER, 0},
		{"30{06:551d14 04:aa} =00", STI_E_DER, 1},
		{"30{06:551d14 03:aa}", STI_E_DER, 0},
		{"30{06:551d14 01: 04:aa}", STI_E_DER, 0},
		{"30{06:551d14 01:01 04:aa}", STI_E_DER, 0},
		{"30{06:551d14 01:ffff 04:aa}", STI_E_DER, 0},
		{"30{06:551d14 01:ff 01:ff 04:aa}", STI_E_DER, 0},
		{"31{06:551d14 04:aa}", STI_E_DER, 0},
		{"30{06:551d14 24{04:aa}}", STI_E_DER, 0},
		{"=3080 06:551d14 04:aa =0000", STI_E_DER, 0},
		{"=308108 06:551d14 04:aa", STI_E_DER, 0},
		{"=30080603551d140402aa", STI_E_DER, 0},
		{"=30", STI_E_DER, 0},
		/* what a reader says */
		{"30{06:551d14 04:ee}", STI_E_DER, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span der = der_text(rows[i].text);
		struct seen seen = {0};
		enum sti_error error = crl_extension_read(der, known, sizeof(known) / sizeof(known[0]), &seen);

		if (error != rows[i].error || seen.n != rows[i].n)
			fail_msg("%s: %s, %zu seen", rows[i].text, sti_error_text(error), seen.n);
		vectors_free(der);
	}
}

static void test_more_extensions_than_the_limit(void **state)
{
	struct buf all = buf_own(1 << 12);
	struct seen seen = {0};

	(void)state;
	for (uint8_t i = 0; i <= LIMIT_CRL_EXTENSIONS; i++) {
		const uint8_t der[] = {0x30, 7, 6, 3, 0x55, 0x1d, (uint8_t)(100 + i), 4, 0};

		assert_int_equal(crl_extension_read(buf_span(&all), known, 0, &seen), i ? STI_OK : STI_E_CERT);
		buf_put(&all, sti_span(der, sizeof(der)));
	}
	assert_int_equal(crl_extension_read(buf_span(&all), known, 0, &seen), STI_E_LIMIT);
	buf_free(&all);
}

static void test_integers(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} rows[] = {
		{"", false},     {"00", true},    {"7f", true},    {"80", true},   {"ff", true},   {"0080", true},
		{"007f", false}, {"0000", false}, {"ff80", false}, {"ff7f", true}, {"8000", true}, {"ffffff", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span octets = vectors_hex(rows[i].hex);

		if (crl_extension_is_integer(octets) != rows[i].good)
			fail_msg("%s", rows[i].hex);
		vectors_free(octets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_more_extensions_than_the_limit),
		cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

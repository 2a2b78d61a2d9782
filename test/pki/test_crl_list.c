/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_list.h"

#include "base/limits.h"
#include "der_text.h"

#define ALG   "30{06:2a8648ce3d040302}"
#define RSA   "30{06:2a864886f70d01010b 05:}"
#define NAME  "30{31{30{06:550403 0c:5041}}}"
#define THIS  "17:3730303130323030303030305a " /* 1970-01-02 */
#define NEXT  "17:3730303130333030303030305a "
#define SIG   "03:003003020101 "
#define ENTRY "30{02:05 " THIS "}"

#define CRL(tbs)          "30{30{" tbs "}" ALG SIG "}"
#define HEAD              "02:01 " ALG NAME
#define EXTENSION(x, der) "30{06:551d" x " 01:ff 04{" der "}}"
#define WITH(extensions)  CRL(HEAD THIS NEXT "a0{30{" extensions "}}")
#define NUMBER(hex)       EXTENSION("14", "02:" hex)
#define IDP(fields)       EXTENSION("1c", "30{" fields "}")

#define OCTETS_20 "ff112233445566778899aabbccddeeff00112233"

static void test_crls_that_are_refused_or_not(void **state)
{
	static const struct {
		const char *text;
		enum sti_error error;
	} rows[] = {
		{CRL(HEAD THIS NEXT), STI_OK},
		{CRL(HEAD THIS NEXT "30{" ENTRY "}"), STI_OK},
		{CRL(HEAD THIS NEXT "30{" ENTRY "}a0{30{" NUMBER("05") "}}"), STI_OK},
		{CRL(HEAD THIS NEXT "30{}"), STI_OK}, /* wrong but real */
		{CRL(ALG NAME THIS NEXT "30{" ENTRY "}"), STI_OK}, /* version 1 */
		{CRL(ALG NAME THIS NEXT "a0{30{" NUMBER("05") "}}"), STI_E_CERT},
		{CRL("02:00 " ALG NAME THIS NEXT), STI_E_CERT},
		{CRL("02:02 " ALG NAME THIS NEXT), STI_E_CERT},
		{CRL("02:0001 " ALG NAME THIS NEXT), STI_E_CERT},
		{CRL("02: " ALG NAME THIS NEXT), STI_E_CERT},
		/* algorithms */
		{CRL("02:01 " RSA NAME THIS NEXT), STI_E_CERT}, /* inside another than outside */
		{"30{30{" HEAD THIS NEXT "}" RSA SIG "}", STI_E_CERT},
		{"30{30{02:01 " RSA NAME THIS NEXT "}" RSA SIG "}", STI_OK}, /* which one is for who checks it */
		/* issuer */
		{CRL("02:01 " ALG "30{}" THIS NEXT), STI_E_CERT},
		{CRL("02:01 " ALG "31{30{06:550403 0c:5041}}" THIS NEXT), STI_E_CERT},
		{CRL("02:01 " ALG "30{02:05}" THIS NEXT), STI_E_CERT},
		{CRL("02:01 " ALG THIS NEXT), STI_E_CERT},
		/* times */
		{CRL(HEAD THIS), STI_E_CERT}, /* no nextUpdate */
		{CRL(HEAD THIS "30{" ENTRY "}"), STI_E_CERT},
		{CRL(HEAD THIS "a0{30{" NUMBER("05") "}}"), STI_E_CERT},
		{CRL(HEAD), STI_E_CERT},
		{CRL(HEAD NEXT THIS), STI_E_CERT}, /* ends before it begins */
		{CRL(HEAD NEXT NEXT), STI_OK},
		{CRL(HEAD THIS "18:32303730303130323030303030305a "), STI_OK}, /* 2070 */
		{CRL(HEAD THIS "18:32303730303130323030303030302e355a "), STI_E_CERT}, /* .5 seconds */
		{CRL(HEAD THIS "17:373030313033303030305a "), STI_E_CERT}, /* no seconds */
		{CRL(HEAD THIS "17:3730303130333030303030302b30313030 "), STI_E_CERT}, /* +0100 */
		{CRL(HEAD THIS "17:3730313330333030303030305a "), STI_E_CERT}, /* month 13 */
		{CRL(HEAD THIS "17: "), STI_E_CERT},
		{CRL(HEAD THIS "0c:3730303130333030303030305a "), STI_E_CERT},
		/* what stands behind */
		{CRL(HEAD THIS NEXT "30{" ENTRY "}30{" ENTRY "}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a0{30{" NUMBER("05") "}}a0{30{" NUMBER("05") "}}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a0{30{" NUMBER("05") "}}30{" ENTRY "}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a0{30{" NUMBER("05") "}02:01}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a0{30{}}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a0{}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "a1{30{" NUMBER("05") "}}"), STI_E_CERT},
		{CRL(HEAD THIS NEXT "30{02:05}"), STI_E_CERT},
		/* signature */
		{"30{30{" HEAD THIS NEXT "}" ALG "}", STI_E_CERT}, /* none */
		{"30{30{" HEAD THIS NEXT "}" ALG "03:}", STI_E_CERT},
		{"30{30{" HEAD THIS NEXT "}" ALG "03:00}", STI_E_CERT},
		{"30{30{" HEAD THIS NEXT "}" ALG "03:0730}", STI_E_CERT}, /* unused bits */
		{"30{30{" HEAD THIS NEXT "}" ALG "04:0030}", STI_E_CERT},
		{"30{30{" HEAD THIS NEXT "}" ALG SIG SIG "}", STI_E_CERT},
		{"30{30{" HEAD THIS NEXT "}" SIG "}", STI_E_CERT},
		/* no CertificateList */
		{"", STI_E_CERT},
		{"30{}", STI_E_CERT},
		{"=30", STI_E_CERT},
		{"=3080", STI_E_CERT},
		{"=3084ffffffff", STI_E_CERT},
		{"=30850000000000", STI_E_CERT},
		{CRL(HEAD THIS NEXT) "=00", STI_E_CERT},
		{"31{30{" HEAD THIS NEXT "}" ALG SIG "}", STI_E_CERT},
		{"=3080 30{" HEAD THIS NEXT "}" ALG SIG "=0000", STI_E_CERT}, /* indefinite length */
		{"30{=3080 " HEAD THIS NEXT "=0000 " ALG SIG "}", STI_E_CERT},
		/* extensions */
		{WITH(NUMBER("05")), STI_OK},
		{WITH(NUMBER("05") NUMBER("05")), STI_E_CERT},
		{WITH(EXTENSION("63", "05:")), STI_E_CERT}, /* critical, not known */
		{WITH("30{06:551d63 04{05:}}"), STI_OK},
		{WITH(EXTENSION("12", "05:") EXTENSION("23", "05:") EXTENSION("2e", "05:")), STI_OK},
		/* crlNumber: threats.md E21 */
		{WITH(NUMBER("00")), STI_OK},
		{WITH(NUMBER("00" OCTETS_20)), STI_OK},
		{WITH(NUMBER("01" OCTETS_20)), STI_E_LIMIT},
		{WITH(NUMBER("ff")), STI_E_CERT}, /* negative */
		{WITH(NUMBER("0005")), STI_E_CERT},
		{WITH(NUMBER("")), STI_E_CERT},
		{WITH(EXTENSION("14", "02:05 02:05")), STI_E_CERT},
		{WITH(EXTENSION("14", "0a:05")), STI_E_CERT},
		{WITH(EXTENSION("14", "")), STI_E_CERT},
		{WITH(EXTENSION("1b", "02:05")), STI_OK}, /* BaseCRLNumber */
		{WITH(EXTENSION("1b", "05:")), STI_E_CERT},
		/* IssuingDistributionPoint */
		{WITH(IDP("84:ff")), STI_OK},
		{WITH(IDP("84:00")), STI_OK},
		{WITH("30{06:551d1c 04{30{84:ff}}}"), STI_OK}, /* not critical */
		{WITH(IDP("a0{a0{86:68747470}}84:ff")), STI_OK},
		{WITH(IDP("a0{a0{86:68747470}}")), STI_OK},
		{WITH(IDP("81:ff")), STI_OK},
		{WITH(IDP("82:ff 84:ff")), STI_OK},
		{WITH(IDP("81:ff 82:ff")), STI_E_CERT},
		{WITH(IDP("85:ff")), STI_E_CERT}, /* for attribute certificates only */
		{WITH(IDP("84:ff 85:00")), STI_OK},
		{WITH(IDP("83:0640 ")), STI_E_CERT}, /* for some reasons only */
		{WITH(IDP("83:0640 84:ff")), STI_E_CERT},
		{WITH(IDP("84:ff 81:ff")), STI_E_CERT}, /* out of order */
		{WITH(IDP("84:ff 84:ff")), STI_E_CERT},
		{WITH(IDP("a0{}a0{}")), STI_E_CERT},
		{WITH(IDP("84:01")), STI_E_CERT},
		{WITH(IDP("84:")), STI_E_CERT},
		{WITH(IDP("84:ffff")), STI_E_CERT},
		{WITH(IDP("a4{01:ff}")), STI_E_CERT},
		{WITH(IDP("86:ff")), STI_E_CERT},
		{WITH(IDP("01:ff")), STI_E_CERT},
		{WITH(EXTENSION("1c", "31{84:ff}")), STI_E_CERT},
		{WITH(EXTENSION("1c", "30{84:ff}05:")), STI_E_CERT},
		{WITH(EXTENSION("1c", "84:ff")), STI_E_CERT},
		{WITH(EXTENSION("1c", "=3002 84:ff")), STI_E_CERT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span der = der_text(rows[i].text);
		struct crl_list list;
		enum sti_error error = crl_list_parse(der, &list);

		if (error != rows[i].error)
			fail_msg("%s: %s", rows[i].text, sti_error_text(error));
		if (!error)
			crl_list_free(&list);
		vectors_free(der);
	}
}

static struct crl_list parse(struct sti_span der)
{
	struct crl_list list;

	assert_int_equal(crl_list_parse(der, &list), STI_OK);
	return list;
}

static void test_what_is_read(void **state)
{
	struct sti_span der = der_text(CRL(HEAD THIS NEXT "30{" ENTRY ENTRY "}a0{30{" NUMBER("0080")
						   EXTENSION("1b", "02:07") IDP("82:ff 84:ff") "}}"));
	struct crl_list list = parse(der);
	struct sti_span algorithm = der_text(ALG), issuer = der_text(NAME);

	(void)state;
	assert_true(sti_span_equal(list.algorithm, algorithm));
	assert_true(sti_span_equal(list.issuer_der, issuer));
	assert_int_equal(X509_NAME_entry_count(list.issuer), 1);
	assert_true(sti_span_is(list.signature, "\x30\x03\x02\x01\x01"));
	assert_ptr_equal(list.tbs.p, der.p + 3);
	assert_int_equal(list.tbs.p[0], 0x30);
	assert_ptr_equal(list.tbs.p + list.tbs.n, list.algorithm.p);
	assert_int_equal(list.this_update, 86400);
	assert_int_equal(list.next_update, 2 * 86400);
	assert_true(sti_span_equal(list.number, sti_span("\0\x80", 2)));
	assert_true(sti_span_equal(list.base_number, sti_span("\7", 1)));
	assert_true(list.for_cas && list.is_indirect && !list.for_users);
	assert_int_equal(list.scope.n, 8);
	assert_int_equal(list.revoked.n, 2);
	crl_list_free(&list);
	vectors_free(issuer);
	vectors_free(algorithm);
	vectors_free(der);
}

static void test_what_is_not_there(void **state)
{
	struct sti_span der = der_text(CRL(HEAD THIS NEXT));
	struct crl_list list = parse(der);

	(void)state;
	assert_null(list.number.p);
	assert_null(list.base_number.p);
	assert_null(list.scope.p);
	assert_false(list.for_cas || list.is_indirect || list.for_users);
	assert_int_equal(list.revoked.n, 0);
	crl_list_free(&list);
	vectors_free(der);
}

/* Every CRL cut off anywhere, and with any octet of its frame changed, is refused or read, nothing else. */
static void test_every_cut_and_every_octet(void **state)
{
	struct sti_span der = der_text(CRL(HEAD THIS NEXT "30{" ENTRY "}a0{30{" NUMBER("05") IDP("84:ff") "}}"));

	(void)state;
	for (size_t n = 0; n < der.n; n++) {
		struct sti_span cut = vectors_copy(sti_span_first(der, n));
		struct crl_list list;

		assert_int_equal(crl_list_parse(cut, &list), STI_E_CERT);
		vectors_free(cut);
	}
	for (size_t i = 0; i < der.n * 256; i++) {
		struct sti_span changed = vectors_copy(der);
		struct crl_list list;

		((uint8_t *)(uintptr_t)changed.p)[i / 256] = (uint8_t)i;
		if (crl_list_parse(changed, &list) == STI_OK)
			crl_list_free(&list);
		vectors_free(changed);
	}
	vectors_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crls_that_are_refused_or_not),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_every_cut_and_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

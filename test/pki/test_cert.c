/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cert.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "world.h"

static enum sti_error parse(const struct pair *pair, struct cert *out)
{
	struct sti_span der = der_of(pair);
	enum sti_error error = cert_parse(der, out);

	vectors_free(der);
	return error;
}

static void test_values_taken_out(void **state)
{
	struct pair root = root_make();
	struct cert cert;
	struct sti_span der = der_of(&root);

	(void)state;
	assert_int_equal(parse(&root, &cert), STI_OK);
	assert_int_equal(cert.key, CERT_KEY_P256);
	assert_int_equal(cert.from, DAY);
	assert_int_equal(cert.until, 2 * DAY);
	assert_true(sti_span_equal(cert.der, der));
	cert_free(&cert);
	vectors_free(der);
	pair_free(&root);
}

struct times {
	int type;
	const char *text;
};

static void change_not_after(X509 *x509, const void *how)
{
	const struct times *times = how;
	ASN1_TIME *time = ASN1_STRING_type_new(times->type);

	assert_int_equal(ASN1_STRING_set(time, times->text, -1), 1);
	assert_int_equal(X509_set1_notAfter(x509, time), 1);
	ASN1_STRING_free(time);
}

static void test_E9_I5_times_to_the_second_and_oddities(void **state)
{
	static const struct {
		struct times times;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{{V_ASN1_UTCTIME, "700101000000Z"}, 0},
		{{V_ASN1_UTCTIME, "991231235959Z"}, 946684799},
		{{V_ASN1_UTCTIME, "000229120000Z"}, 951825600}, /* a leap year of the 400 */
		{{V_ASN1_UTCTIME, "380119031408Z"}, 2147483648}, /* 2^31 */
		{{V_ASN1_UTCTIME, "491231235959Z"}, 2524607999}, /* the last of UTCTime */
		{{V_ASN1_GENERALIZEDTIME, "20500101000000Z"}, 2524608000}, /* and the next second */
		{{V_ASN1_GENERALIZEDTIME, "21000228235959Z"}, 4107542399}, /* no leap year of the 100 */
		{{V_ASN1_GENERALIZEDTIME, "21000301000000Z"}, 4107542400},
		{{V_ASN1_GENERALIZEDTIME, "99991231235959Z"}, 253402300799}, /* RFC 5280 4.1.2.5: no end */
		{{V_ASN1_GENERALIZEDTIME, "19700101000001Z"}, 1}, /* should be UTCTime */
		{{V_ASN1_UTCTIME, "010229120000Z"}, -1}, /* no leap year */
		{{V_ASN1_UTCTIME, "701301000000Z"}, -1}, /* month 13 */
		{{V_ASN1_UTCTIME, "700101240000Z"}, -1}, /* hour 24 */
		{{V_ASN1_UTCTIME, "700101000060Z"}, -1}, /* second 60 */
		{{V_ASN1_UTCTIME, "7001010000Z"}, -1}, /* without seconds */
		{{V_ASN1_UTCTIME, "700101000000"}, -1}, /* local time */
		{{V_ASN1_UTCTIME, "7001010000+00"}, -1}, /* as long as a good one */
		{{V_ASN1_UTCTIME, "700101000000+0000"}, -1}, /* an offset */
		{{V_ASN1_UTCTIME, "19700101000000Z"}, -1}, /* four digits in UTCTime */
		{{V_ASN1_GENERALIZEDTIME, "20500101000000.5Z"}, -1}, /* a fraction */
		{{V_ASN1_GENERALIZEDTIME, "500101000000Z"}, -1}, /* two digits in GeneralizedTime */
		{{V_ASN1_GENERALIZEDTIME, "2050010100000Z5"}, -1},
		{{V_ASN1_UTCTIME, ""}, -1},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert cert = {0};
		enum sti_error error;

		pair_change(&root, &root, change_not_after, &rows[i].times);
		error = parse(&root, &cert);
		if (error != (rows[i].seconds < 0 ? STI_E_CERT : STI_OK) || (!error && cert.until != rows[i].seconds))
			fail_msg("%s: error %d, %lld", rows[i].times.text, error, (long long)cert.until);
		cert_free(&cert);
	}
	pair_free(&root);
}

/* Every day of 800 years against the calendar of the C library. */
static void test_E9_every_day_is_counted(void **state)
{
	struct pair root = root_make();
	X509 *x509 = x509_of(&root);

	(void)state;
	for (int64_t day = -7305; day < 365 * 400; day += 1 + (day % 28 == 0) * 5) {
		int64_t from, until;

		assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)(day * DAY)));
		assert_int_equal(cert_validity(x509, &from, &until), STI_OK);
		assert_int_equal(from, day * DAY);
	}
	X509_free(x509);
	pair_free(&root);
}

static void test_A16_E2_E3_kinds_of_keys(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum cert_key kind;
	} rows[] = {
		{ec_key("P-256", NULL, NULL), CERT_KEY_P256},
		{ec_key("P-384", NULL, NULL), CERT_KEY_P384},
		{EVP_RSA_gen(2048), CERT_KEY_RSA},
		{EVP_RSA_gen(1024), CERT_KEY_OTHER},
		{ec_key("P-521", NULL, NULL), CERT_KEY_P521},
		{ec_key("secp256k1", NULL, NULL), CERT_KEY_OTHER}, /* another curve of the same size */
		{ec_key("brainpoolP256r1", NULL, NULL), CERT_KEY_OTHER}, /* and another */
		{ec_key("P-256", OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), CERT_KEY_OTHER},
		{ec_key("P-384", OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), CERT_KEY_OTHER},
		{ec_key("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), CERT_KEY_OTHER},
		{ec_key("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"), CERT_KEY_OTHER},
		{EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), CERT_KEY_OTHER},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert cert;

		pair_change(&root, &root, change_key, rows[i].pkey);
		assert_int_equal(parse(&root, &cert), STI_OK);
		if (cert.key != rows[i].kind)
			fail_msg("row %zu: %d", i, cert.key);
		/* OpenSSL never saw a key that we refuse (threats.md E2, E3) */
		assert_int_equal(X509_get0_pubkey(cert.x509) != NULL, cert.key != CERT_KEY_OTHER);
		cert_free(&cert);
		EVP_PKEY_free(rows[i].pkey);
	}
	pair_free(&root);
}

struct point {
	int curve;
	size_t n;
	uint8_t octets[97];
};

static void change_point(X509 *x509, const void *how)
{
	const struct point *point = how;
	uint8_t *octets = OPENSSL_memdup(point->octets, point->n);

	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509), OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
						V_ASN1_OBJECT, OBJ_nid2obj(point->curve), octets, (int)point->n),
			 1);
}

static void test_A16_points_that_are_none(void **state)
{
	static const struct point rows[] = {
		{NID_X9_62_prime256v1, 65, {4, 1, 2, 3}}, /* not on the curve */
		{NID_X9_62_prime256v1, 65, {4}}, /* 0, 0 */
		{NID_X9_62_prime256v1, 1, {0}}, /* infinity */
		{NID_X9_62_prime256v1, 65, {0}}, /* infinity with a tail */
		{NID_X9_62_prime256v1, 64, {4}}, /* cut off */
		{NID_X9_62_prime256v1, 97, {4}}, /* a point of P-384 */
		{NID_secp384r1, 65, {4}}, /* a point of P-256 */
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert cert;
		struct pair odd = root_make();

		pair_change(&odd, &root, change_point, &rows[i]);
		assert_int_equal(parse(&odd, &cert), STI_OK);
		if (cert.key != CERT_KEY_OTHER)
			fail_msg("row %zu: %d", i, cert.key);
		cert_free(&cert);
		pair_free(&odd);
	}
	pair_free(&root);
}

static enum sti_error parse_exact(struct sti_span der)
{
	struct sti_span exact = vectors_copy(der);
	struct cert cert;
	enum sti_error error = cert_parse(exact, &cert);

	if (!error)
		cert_free(&cert);
	vectors_free(exact);
	return error;
}

static void test_every_cut_and_an_octet_behind(void **state)
{
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct buf longer = buf_own(4096);

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(parse_exact(sti_span_first(der, n)), STI_E_CERT);
	buf_put(&longer, der);
	buf_put_byte(&longer, 0);
	assert_int_equal(parse_exact(buf_span(&longer)), STI_E_CERT);
	buf_free(&longer);
	vectors_free(der);
	pair_free(&root);
}

/* The outer SEQUENCE with a length that is one octet longer than it need be: BER, not DER. */
static void test_length_that_is_not_minimal(void **state)
{
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct buf longer = buf_own(4096);
	const uint8_t head[] = {0x30, 0x83, 0x00, der.p[2], der.p[3]};

	(void)state;
	assert_int_equal(der.p[1], 0x82);
	buf_put(&longer, sti_span(head, sizeof(head)));
	buf_put(&longer, sti_span_from(der, 4));
	assert_int_equal(parse_exact(buf_span(&longer)), STI_E_CERT);
	buf_free(&longer);
	vectors_free(der);
	pair_free(&root);
}

static void test_longer_than_the_limit(void **state)
{
	uint8_t *memory = calloc(1, LIMIT_CERT_BODY + 1);

	(void)state;
	assert_int_equal(parse_exact(sti_span(memory, LIMIT_CERT_BODY + 1)), STI_E_LIMIT);
	free(memory);
}

static void test_name_with_bytes_that_are_not_printable(void **state)
{
	static const char cn[] = "a\x1b[2J\n\xc3\xa9\x7f\"z";
	struct issue_subject subject = {.kind = ISSUE_ROOT, .name = {NULL, "Example", cn}};
	struct pair root = pair_make(subject, NULL);
	char name[LIMIT_CERT_NAME];
	struct cert cert;
	size_t n;

	(void)state;
	assert_int_equal(parse(&root, &cert), STI_OK);
	n = cert_subject(&cert, NID_commonName, name);
	assert_true(n > 5 && name[0] == 'a' && name[1] == '?' && name[n - 1] == 'z');
	for (size_t i = 0; i < n; i++)
		assert_in_range(name[i], ' ', '~');
	assert_int_equal(cert_subject(&cert, NID_countryName, name), 0);
	cert_free(&cert);
	pair_free(&root);
}

static void change_name(X509 *x509, const void *how)
{
	X509_NAME *name = X509_get_subject_name(x509);
	uint8_t text[300];

	memset(text, 'x', sizeof(text));
	X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, X509_NAME_get_index_by_NID(name, NID_commonName, -1)));
	X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
	assert_int_equal(X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(NID_commonName)), 1);
	assert_int_equal(X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, text, *(const int *)how), 1);
	assert_int_equal(X509_NAME_add_entry(name, entry, -1, 0), 1);
	X509_NAME_ENTRY_free(entry);
}

static void test_name_that_is_too_long_or_empty(void **state)
{
	static const struct {
		int n;
		size_t kept;
	} rows[] = {{0, 0}, {1, 1}, {64, 64}, {65, 64}, {300, 64}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair root = root_make();
		char name[LIMIT_CERT_NAME];
		struct cert cert;

		pair_change(&root, &root, change_name, &rows[i].n);
		assert_int_equal(parse(&root, &cert), STI_OK);
		assert_int_equal(cert_subject(&cert, NID_commonName, name), rows[i].kept);
		cert_free(&cert);
		pair_free(&root);
	}
}

static void change_twice(X509 *x509, const void *how)
{
	int at = X509_get_ext_by_NID(x509, NID_key_usage, -1);

	(void)how;
	assert_int_equal(X509_add_ext(x509, X509_get_ext(x509, at), -1), 1);
}

static void test_extension_that_is_there_twice(void **state)
{
	static const uint8_t key_usage[] = {0x55, 0x1d, 0x0f}, alt_name[] = {0x55, 0x1d, 0x11};
	struct pair root = root_make();
	struct sti_span value;
	struct cert cert;

	(void)state;
	assert_int_equal(parse(&root, &cert), STI_OK);
	assert_int_equal(cert_extension(&cert, sti_span(key_usage, 3), &value), STI_OK);
	assert_int_equal(value.p[0], V_ASN1_BIT_STRING);
	assert_int_equal(cert_extension(&cert, sti_span(key_usage, 2), &value), STI_E_NOT_FOUND);
	assert_int_equal(cert_extension(&cert, sti_span(alt_name, 3), &value), STI_E_NOT_FOUND);
	cert_free(&cert);
	pair_change(&root, &root, change_twice, NULL);
	assert_int_equal(parse(&root, &cert), STI_OK);
	assert_int_equal(cert_extension(&cert, sti_span(key_usage, 3), &value), STI_E_CERT);
	cert_free(&cert);
	pair_free(&root);
}

static void test_share_outlives_the_first_owner(void **state)
{
	struct pair root = root_make();
	struct cert cert, share;
	struct sti_span der;
	X509 *x509;

	(void)state;
	assert_int_equal(parse(&root, &cert), STI_OK);
	assert_int_equal(cert_share(&cert, &share), STI_OK);
	x509 = cert.x509;
	der = vectors_copy(cert.der);
	assert_ptr_not_equal(share.der.p, cert.der.p);
	cert_free(&cert);
	assert_ptr_equal(share.x509, x509);
	assert_true(sti_span_equal(share.der, der));
	assert_int_equal(share.key, CERT_KEY_P256);
	assert_int_equal(share.from, DAY);
	assert_int_equal(share.until, 2 * DAY);
	cert_free(&share);
	vectors_free(der);
	pair_free(&root);
}

/* The same digest of a certificate whose key is refused: what OpenSSL is shown is not what is kept. */
static void test_E3_octets_of_a_refused_key_are_kept(void **state)
{
	struct pair root = root_make();
	EVP_PKEY *pkey = ec_key("P-256", OSSL_PKEY_PARAM_EC_ENCODING, "explicit");
	struct sti_span der;
	struct cert cert;

	(void)state;
	pair_change(&root, &root, change_key, pkey);
	der = der_of(&root);
	assert_int_equal(cert_parse(der, &cert), STI_OK);
	assert_true(sti_span_equal(cert.der, der));
	cert_free(&cert);
	vectors_free(der);
	EVP_PKEY_free(pkey);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_taken_out),
		cmocka_unit_test(test_E9_I5_times_to_the_second_and_oddities),
		cmocka_unit_test(test_E9_every_day_is_counted),
		cmocka_unit_test(test_A16_E2_E3_kinds_of_keys),
		cmocka_unit_test(test_A16_points_that_are_none),
		cmocka_unit_test(test_every_cut_and_an_octet_behind),
		cmocka_unit_test(test_length_that_is_not_minimal),
		cmocka_unit_test(test_longer_than_the_limit),
		cmocka_unit_test(test_name_with_bytes_that_are_not_printable),
		cmocka_unit_test(test_name_that_is_too_long_or_empty),
		cmocka_unit_test(test_extension_that_is_there_twice),
		cmocka_unit_test(test_share_outlives_the_first_owner),
		cmocka_unit_test(test_E3_octets_of_a_refused_key_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/spki.h"

#include "world.h"

/* A made certificate is a frame around its SubjectPublicKeyInfo: nothing else in it is looked at. */
static void put_sequence(struct buf *out, struct sti_span value)
{
	uint8_t head[8], *at = head;

	ASN1_put_object(&at, 1, (int)value.n, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	buf_put(out, sti_span(head, (size_t)(at - head)));
	buf_put(out, value);
}

static struct sti_span frame_of(struct sti_span version, struct sti_span info)
{
	static const uint8_t between[] = {2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0};
	struct buf fields = buf_own(8192), tbs = buf_own(8192), cert = buf_own(8192);
	struct sti_span exact;

	buf_put(&fields, version);
	buf_put(&fields, sti_span(between, sizeof(between)));
	buf_put(&fields, info);
	put_sequence(&tbs, buf_span(&fields));
	put_sequence(&cert, buf_span(&tbs));
	exact = vectors_copy(buf_span(&cert));
	buf_free(&fields);
	buf_free(&tbs);
	buf_free(&cert);
	return exact;
}

static struct sti_span frame(struct sti_span info)
{
	static const uint8_t version_3[] = {0xa0, 3, 2, 1, 2};

	return frame_of(sti_span(version_3, sizeof(version_3)), info);
}

static enum cert_key kind_of(struct sti_span info)
{
	struct sti_span cert = frame(info);
	struct spki spki;
	enum cert_key key = CERT_KEY_OTHER;

	assert_int_equal(spki_find(cert, &spki), STI_OK);
	key = spki_key(&spki);
	vectors_free(cert);
	return key;
}

/* RSAPublicKey of which only the sizes count: modulus of `bits`, ending in `last`; the exponent as given. */
static enum cert_key rsa(size_t bits, uint8_t last, const char *exponent)
{
	BIGNUM *n = BN_new(), *e = NULL;
	ASN1_INTEGER *modulus, *public;
	uint8_t *key = NULL, *at, *info = NULL;
	X509_PUBKEY *pubkey = X509_PUBKEY_new();
	enum cert_key kind;
	int length;

	assert_int_equal(BN_set_word(n, last), 1);
	if (bits)
		assert_int_equal(BN_set_bit(n, (int)bits - 1), 1);
	assert_true(BN_hex2bn(&e, exponent) > 0);
	modulus = BN_to_ASN1_INTEGER(n, NULL);
	public = BN_to_ASN1_INTEGER(e, NULL);
	length = i2d_ASN1_INTEGER(modulus, NULL) + i2d_ASN1_INTEGER(public, NULL);
	key = OPENSSL_malloc((size_t)ASN1_object_size(1, length, V_ASN1_SEQUENCE));
	at = key;
	ASN1_put_object(&at, 1, length, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	i2d_ASN1_INTEGER(modulus, &at);
	i2d_ASN1_INTEGER(public, &at);
	assert_int_equal(
		X509_PUBKEY_set0_param(pubkey, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, key, (int)(at - key)),
		1);
	length = i2d_X509_PUBKEY(pubkey, &info);
	assert_true(length > 0);
	kind = kind_of(sti_span(info, (size_t)length));
	OPENSSL_free(info);
	X509_PUBKEY_free(pubkey);
	ASN1_INTEGER_free(modulus);
	ASN1_INTEGER_free(public);
	BN_free(n);
	BN_free(e);
	return kind;
}

static void test_E2_sizes_of_RSA_keys(void **state)
{
	static const struct {
		size_t bits;
		uint8_t last;
		const char *exponent;
		enum cert_key key;
	} rows[] = {
		{2048, 1, "010001", CERT_KEY_RSA},       {4096, 1, "03", CERT_KEY_RSA},
		{3072, 255, "FFFFFFFF", CERT_KEY_RSA},   {2047, 1, "010001", CERT_KEY_OTHER},
		{4097, 1, "010001", CERT_KEY_OTHER},     {16384, 1, "010001", CERT_KEY_OTHER},
		{2048, 2, "010001", CERT_KEY_OTHER}, /* even */
		{0, 0, "010001", CERT_KEY_OTHER}, /* 0 */
		{2048, 1, "01", CERT_KEY_OTHER}, /* signs nothing */
		{2048, 1, "00", CERT_KEY_OTHER},         {2048, 1, "010000", CERT_KEY_OTHER}, /* even */
		{2048, 1, "0100000001", CERT_KEY_OTHER}, /* 33 bits */
		{2048, 1, "-03", CERT_KEY_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rsa(rows[i].bits, rows[i].last, rows[i].exponent) != rows[i].key)
			fail_msg("row %zu", i);
}

static enum cert_key kind_of_key(EVP_PKEY *pkey)
{
	uint8_t *info = NULL;
	int n = i2d_PUBKEY(pkey, &info);
	enum cert_key kind;

	assert_true(n > 0);
	kind = kind_of(sti_span(info, (size_t)n));
	OPENSSL_free(info);
	EVP_PKEY_free(pkey);
	return kind;
}

static EVP_PKEY *pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, NULL);
	EVP_PKEY *pkey = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_keygen(context, &pkey), 1);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static void test_E2_E3_kinds_and_spellings(void **state)
{
	(void)state;
	assert_int_equal(kind_of_key(EVP_EC_gen("P-256")), CERT_KEY_P256);
	assert_int_equal(kind_of_key(EVP_EC_gen("P-384")), CERT_KEY_P384);
	assert_int_equal(kind_of_key(EVP_EC_gen("P-521")), CERT_KEY_P521);
	assert_int_equal(kind_of_key(EVP_EC_gen("P-224")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(EVP_EC_gen("secp256k1")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(ec_key("P-256", "encoding", "explicit")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(ec_key("P-521", "encoding", "explicit")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(ec_key("P-256", "point-format", "compressed")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(ec_key("P-256", "point-format", "hybrid")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")), CERT_KEY_OTHER);
	assert_int_equal(kind_of_key(EVP_RSA_gen(2048)), CERT_KEY_RSA);
	assert_int_equal(kind_of_key(pss_key()), CERT_KEY_OTHER);
}

static void test_frames_that_are_broken(void **state)
{
	static const char *const rows[] = {
		"", /* nothing */
		"3000", /* no algorithm */
		"30023000", /* no OID */
		"300630020600", /* an OID of nothing, cut off */
		"30073002060003010000", /* an octet behind */
		"30073002060003020000", /* longer than it is */
		"3008300306012a0300", /* a BIT STRING of nothing */
		"3009300306012a030107", /* bits that are left over */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span info = vectors_hex(rows[i]), cert = frame(info);
		struct spki spki;

		if (spki_find(cert, &spki) != STI_E_CERT)
			fail_msg("row %zu", i);
		vectors_free(cert);
		vectors_free(info);
	}
}

static void test_version_1_has_no_version(void **state)
{
	struct sti_span info = vectors_hex("300c300706032b65700500030100"), cert;
	struct spki spki;

	(void)state;
	cert = frame_of(sti_span(NULL, 0), info);
	assert_int_equal(spki_find(cert, &spki), STI_OK);
	assert_int_equal(spki.algorithm.n, 3);
	assert_int_equal(spki.parameters.n, 2);
	assert_int_equal(spki.key.n, 0);
	vectors_free(cert);
	vectors_free(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E2_sizes_of_RSA_keys),
		cmocka_unit_test(test_E2_E3_kinds_and_spellings),
		cmocka_unit_test(test_frames_that_are_broken),
		cmocka_unit_test(test_version_1_has_no_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

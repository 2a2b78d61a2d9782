/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/signature.h"

#include "crl_world.h"
#include "der_text.h"

#define ECDSA(x) "30{06:2a8648ce3d0403" x "}"
#define RSA(x)   "30{06:2a864886f70d0101" x " 05:}"

enum { P256, P384, RSA2048, KINDS };

static EVP_PKEY *key_of(int kind)
{
	return kind == P256 ? EVP_EC_gen("P-256") : kind == P384 ? EVP_EC_gen("P-384") : EVP_RSA_gen(2048);
}

struct signer {
	struct pair pair;
	struct cert cert;
};

static struct signer signer_of(EVP_PKEY *pkey)
{
	struct buf key = key_pem(pkey);
	struct issue_subject subject = {.kind = ISSUE_ROOT, .name = {"US", "Example", "Example"}};
	struct signer signer;

	subject.key = buf_span(&key);
	signer.pair = pair_make(subject, NULL);
	signer.cert = cert_of(&signer.pair);
	buf_free(&key);
	return signer;
}

static void signer_free(struct signer *signer)
{
	cert_free(&signer->cert);
	pair_free(&signer->pair);
}

static struct sti_span sign(const struct signer *signer, const EVP_MD *digest, struct sti_span message)
{
	EVP_PKEY *pkey = pkey_of(&signer->pair);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t octets[1024];
	size_t n = sizeof(octets);

	assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(context, octets, &n, message.p, message.n), 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return vectors_copy(sti_span(octets, n));
}

static enum sti_error check(const struct signer *signer, const char *algorithm, struct sti_span message,
			    struct sti_span signature)
{
	struct sti_span der = der_text(algorithm);
	enum sti_error error = signature_check(&signer->cert, der, message, signature);

	vectors_free(der);
	return error;
}

static void test_every_key_with_every_algorithm(void **state)
{
	static const struct {
		const char *algorithm;
		const EVP_MD *(*digest)(void);
		bool is_rsa;
	} rows[] = {
		{ECDSA("02"), EVP_sha256, false}, {ECDSA("03"), EVP_sha384, false}, {ECDSA("04"), EVP_sha512, false},
		{RSA("0b"), EVP_sha256, true},    {RSA("0c"), EVP_sha384, true},    {RSA("0d"), EVP_sha512, true},
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct sti_span message = sti_span_str("what is signed");

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct signer signer = signer_of(key_of(kind));

		for (size_t i = 0; i < n; i++) {
			struct sti_span signature = sign(&signer, rows[i].digest(), message);

			for (size_t k = 0; k < n; k++)
				assert_int_equal(check(&signer, rows[k].algorithm, message, signature),
						 rows[k].digest == rows[i].digest && rows[k].is_rsa == (kind == RSA2048)
							 ? STI_OK
							 : STI_E_SIGNATURE);
			vectors_free(signature);
		}
		signer_free(&signer);
	}
}

static void test_algorithms_that_are_none(void **state)
{
	static const struct {
		const char *algorithm;
		int kind;
		enum sti_error error;
	} rows[] = {
		{ECDSA("02"), P256, STI_OK},
		{"30{06:2a8648ce3d040302 05:}", P256, STI_E_SIGNATURE}, /* ECDSA has no parameters */
		{"30{06:2a8648ce3d040302 30{}}", P256, STI_E_SIGNATURE},
		{RSA("0b"), RSA2048, STI_OK},
		{"30{06:2a864886f70d01010b}", RSA2048, STI_OK}, /* RFC 4055 5 */
		{"30{06:2a864886f70d01010b 05:00}", RSA2048, STI_E_SIGNATURE},
		{"30{06:2a864886f70d01010b 05: 05:}", RSA2048, STI_E_SIGNATURE},
		{"", P256, STI_E_SIGNATURE},
		{"30{}", P256, STI_E_SIGNATURE},
		{"31{06:2a8648ce3d040302}", P256, STI_E_SIGNATURE},
		{"30{06:2a8648ce3d040302}=00", P256, STI_E_SIGNATURE},
		{"30{0d:2a8648ce3d040302}", P256, STI_E_SIGNATURE},
		{"30{06:2a8648ce3d0403}", P256, STI_E_SIGNATURE},
		{"30{06:2a8648ce3d04030200}", P256, STI_E_SIGNATURE},
	};
	struct sti_span message = sti_span_str("what is signed");
	struct signer signer[KINDS] = {[P256] = signer_of(key_of(P256)), [RSA2048] = signer_of(key_of(RSA2048))};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span signature = sign(&signer[rows[i].kind], EVP_sha256(), message);

		if (check(&signer[rows[i].kind], rows[i].algorithm, message, signature) != rows[i].error)
			fail_msg("%s", rows[i].algorithm);
		vectors_free(signature);
	}
	signer_free(&signer[RSA2048]);
	signer_free(&signer[P256]);
}

static void test_E7_signature_over_sha1(void **state)
{
	struct sti_span message = sti_span_str("what is signed"), signature;
	struct signer ec = signer_of(key_of(P256)), rsa = signer_of(key_of(RSA2048));

	(void)state;
	signature = sign(&ec, EVP_sha1(), message);
	assert_int_equal(check(&ec, "30{06:2a8648ce3d0401}", message, signature), STI_E_SIGNATURE);
	vectors_free(signature);
	signature = sign(&rsa, EVP_sha1(), message);
	assert_int_equal(check(&rsa, RSA("05"), message, signature), STI_E_SIGNATURE);
	vectors_free(signature);
	signer_free(&rsa);
	signer_free(&ec);
}

static void test_another_message_signature_or_key(void **state)
{
	struct sti_span message = sti_span_str("what is signed"), signature, cut;
	struct signer signer = signer_of(key_of(P256)), other = signer_of(key_of(P256));

	(void)state;
	signature = sign(&signer, EVP_sha256(), message);
	cut = vectors_copy(sti_span_first(signature, signature.n - 1));
	assert_int_equal(check(&signer, ECDSA("02"), message, signature), STI_OK);
	assert_int_equal(check(&signer, ECDSA("02"), sti_span_str("What is signed"), signature), STI_E_SIGNATURE);
	assert_int_equal(check(&signer, ECDSA("02"), sti_span("", 0), signature), STI_E_SIGNATURE);
	assert_int_equal(check(&signer, ECDSA("02"), message, cut), STI_E_SIGNATURE);
	assert_int_equal(check(&signer, ECDSA("02"), message, sti_span("\0", 1)), STI_E_SIGNATURE);
	assert_int_equal(check(&other, ECDSA("02"), message, signature), STI_E_SIGNATURE);
	vectors_free(cut);
	vectors_free(signature);
	signer_free(&other);
	signer_free(&signer);
}

static void test_A16_keys_that_are_none_of_ours(void **state)
{
	struct sti_span message = sti_span_str("what is signed"), signature;
	struct signer signer = signer_of(EVP_EC_gen("P-521"));

	(void)state;
	signature = sign(&signer, EVP_sha256(), message);
	assert_int_equal(check(&signer, ECDSA("02"), message, signature), STI_E_KEY);
	vectors_free(signature);
	signer_free(&signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_with_every_algorithm),
		cmocka_unit_test(test_algorithms_that_are_none),
		cmocka_unit_test(test_E7_signature_over_sha1),
		cmocka_unit_test(test_another_message_signature_or_key),
		cmocka_unit_test(test_A16_keys_that_are_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

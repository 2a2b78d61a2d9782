/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issuer.h"

#include "world.h"

static enum sti_error parse(struct sti_span cert, struct sti_span key)
{
	const struct issue_issuer issuer = {cert, key};
	X509 *x509 = NULL;
	EVP_PKEY *pkey = NULL;
	enum sti_error error = issuer_parse(&issuer, &x509, &pkey);

	assert_true(error || (x509 && pkey));
	EVP_PKEY_free(pkey);
	X509_free(x509);
	return error;
}

static void test_issuers_that_are_none(void **state)
{
	struct pair root = root_make(), other = root_make();
	struct sti_span cert = buf_span(&root.cert), key = buf_span(&root.key), none = {0};
	struct sti_span junk = sti_span_str("-----BEGIN X-----\nMAMCAQU=\n-----END X-----\n");

	(void)state;
	assert_int_equal(parse(cert, key), STI_OK);
	assert_int_equal(parse(cert, buf_span(&other.key)), STI_E_KEY);
	assert_int_equal(parse(none, key), STI_E_PEM);
	assert_int_equal(parse(cert, none), STI_E_PEM);
	assert_int_equal(parse(junk, key), STI_E_CERT);
	assert_int_equal(parse(cert, junk), STI_E_KEY);
	assert_int_equal(parse(key, key), STI_E_CERT);
	pair_free(&other);
	pair_free(&root);
}

static void test_public_key_alone(void **state)
{
	struct pair root = root_make();
	EVP_PKEY *pkey = pkey_of(&root), *public = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	n = BIO_get_mem_data(bio, &text);
	assert_int_equal(issuer_key_parse(sti_span(text, (size_t)n), &public), STI_OK);
	assert_int_equal(EVP_PKEY_eq(public, pkey), 1);
	EVP_PKEY_free(public);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_issuers_that_are_none),
		cmocka_unit_test(test_public_key_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/key_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "support/vectors.h"

static struct sti_span take_bio(BIO *bio)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);
	struct sti_span copy;

	assert_true(n > 0);
	copy = vectors_copy(sti_span(text, (size_t)n));
	BIO_free(bio);
	return copy;
}

struct key_pair key_pair_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *private_bio = BIO_new(BIO_s_mem());
	BIO *public_bio = BIO_new(BIO_s_mem());
	struct key_pair pair;

	assert_non_null(key);
	assert_int_equal(PEM_write_bio_PrivateKey(private_bio, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(PEM_write_bio_PUBKEY(public_bio, key), 1);
	pair = (struct key_pair){take_bio(private_bio), take_bio(public_bio)};
	EVP_PKEY_free(key);
	return pair;
}

void key_pair_free(struct key_pair *pair)
{
	vectors_free(pair->private_pem);
	vectors_free(pair->public_pem);
}

struct sti_span key_pair_public_of(struct sti_span pem)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	BIO *out = BIO_new(BIO_s_mem());
	X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);

	BIO_free(in);
	if (!certificate) {
		BIO_free(out);
		return vectors_copy(pem);
	}
	assert_int_equal(PEM_write_bio_PUBKEY(out, X509_get0_pubkey(certificate)), 1);
	X509_free(certificate);
	return take_bio(out);
}

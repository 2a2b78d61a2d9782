/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PKI_WORLD_H
#define TEST_PKI_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/issue.h"
#include "support/vectors.h"

/* A small PKI to be judged: everything between DAY and 2 * DAY unless said otherwise. */
enum { DAY = 86400, NOON = DAY + DAY / 2 };

struct pair { /* a certificate and its key, PEM */
	struct buf cert;
	struct buf key;
};

static inline struct pair pair_make(struct issue_subject subject, const struct pair *issuer)
{
	static const uint8_t serial[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	struct pair pair = {buf_own(1 << 16), buf_own(1 << 12)};
	struct issue_issuer signer = {0};

	if (issuer)
		signer = (struct issue_issuer){buf_span(&issuer->cert), buf_span(&issuer->key)};
	if (subject.key.p)
		buf_put(&pair.key, subject.key);
	else
		assert_int_equal(issue_key(&pair.key), STI_OK);
	subject.key = buf_span(&pair.key);
	if (!subject.serial.p)
		subject.serial = sti_span(serial, sizeof(serial));
	if (!subject.not_after) {
		subject.not_before = DAY;
		subject.not_after = 2 * DAY;
	}
	assert_int_equal(issue_cert(&subject, issuer ? &signer : NULL, &pair.cert), STI_OK);
	return pair;
}

static inline void pair_free(struct pair *pair)
{
	buf_free(&pair->cert);
	buf_free(&pair->key);
}

static inline struct pair root_make(void)
{
	return pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"US", "Example", "Example SHAKEN ROOT"}},
			 NULL);
}

static inline struct pair intermediate_make(const struct pair *root)
{
	return pair_make(
		(struct issue_subject){.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "Example SHAKEN CA"}},
		root);
}

static inline struct issue_subject signer_subject(void)
{
	return (struct issue_subject){.kind = ISSUE_SIGNER, .name = {"CA", "Carrier", "SHAKEN 709J"}, .spc = "709J"};
}

static inline struct pair signer_make(const struct pair *issuer)
{
	return pair_make(signer_subject(), issuer);
}

/* Certificates in the order given, as one PEM text of exact size; to be freed with vectors_free. */
static inline struct sti_span bundle(size_t n, const struct pair *const pair[])
{
	struct buf all = buf_own(1 << 20);
	struct sti_span exact;

	for (size_t i = 0; i < n; i++)
		buf_put(&all, buf_span(&pair[i]->cert));
	assert_int_equal(buf_error(&all), STI_OK);
	exact = vectors_copy(buf_span(&all));
	buf_free(&all);
	return exact;
}

#define BUNDLE(...)                                                                                                    \
	bundle(sizeof((const struct pair *[]){__VA_ARGS__}) / sizeof(const struct pair *),                             \
	       (const struct pair *[]){__VA_ARGS__})

/* The one certificate in PEM as OpenSSL sees it. */
static inline X509 *x509_of(const struct pair *pair)
{
	BIO *bio = BIO_new_mem_buf(pair->cert.p, (int)pair->cert.n);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(x509);
	BIO_free(bio);
	return x509;
}

static inline EVP_PKEY *pkey_of(const struct pair *pair)
{
	BIO *bio = BIO_new_mem_buf(pair->key.p, (int)pair->key.n);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	assert_non_null(pkey);
	BIO_free(bio);
	return pkey;
}

static inline struct sti_span der_of(const struct pair *pair)
{
	X509 *x509 = x509_of(pair);
	uint8_t *der = NULL;
	int n = i2d_X509(x509, &der);
	struct sti_span copy = vectors_copy(sti_span(der, (size_t)n));

	assert_true(n > 0);
	OPENSSL_free(der);
	X509_free(x509);
	return copy;
}

/* Changes a certificate and signs it again: for what issue_cert would never make. */
static inline void pair_change_with(struct pair *pair, const struct pair *issuer, const EVP_MD *digest,
				    void (*change)(X509 *, const void *), const void *how)
{
	X509 *x509 = x509_of(pair);
	EVP_PKEY *pkey = pkey_of(issuer);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	change(x509, how);
	assert_true(X509_sign(x509, pkey, digest) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
	n = BIO_get_mem_data(bio, &text);
	pair->cert.n = 0;
	buf_put(&pair->cert, sti_span(text, (size_t)n));
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	X509_free(x509);
}

static inline void pair_change(struct pair *pair, const struct pair *issuer, void (*change)(X509 *, const void *),
			       const void *how)
{
	pair_change_with(pair, issuer, EVP_sha256(), change, how);
}

/* A change: another public key. */
static inline void change_key(X509 *x509, const void *pkey)
{
	assert_int_equal(X509_set_pubkey(x509, (EVP_PKEY *)(uintptr_t)pkey), 1);
}

/* A change: the extension `nid` away. */
static inline void change_remove(X509 *x509, const void *nid)
{
	int at = X509_get_ext_by_NID(x509, *(const int *)nid, -1);

	assert_true(at >= 0);
	X509_EXTENSION_free(X509_delete_ext(x509, at));
}

/* An EC key on any curve, written in any way: the parameter `name` of it set to `value`. */
static inline EVP_PKEY *ec_key(const char *curve, const char *name, const char *value)
{
	EVP_PKEY *pkey = EVP_EC_gen(curve);

	assert_non_null(pkey);
	if (name)
		assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, name, value), 1);
	return pkey;
}

/* A private key of any kind, PKCS#8 PEM. */
static inline struct buf key_pem(EVP_PKEY *pkey)
{
	struct buf out = buf_own(1 << 13);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &text);
	buf_put(&out, sti_span(text, (size_t)n));
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return out;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static char *take_text(BIO *bio)
{
	char *from;
	long n = BIO_get_mem_data(bio, &from);
	char *text = strndup(from, (size_t)n);

	assert_non_null(text);
	BIO_free(bio);
	return text;
}

static char *certificate_text(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	return take_text(bio);
}

static char *key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return take_text(bio);
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const char *name, EVP_PKEY *key, long from, long until)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	uint32_t serial;

	assert_int_equal(RAND_bytes((unsigned char *)&serial, sizeof(serial)), 1);
	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	return certificate;
}

static void sign(X509 *certificate, X509 *issuer, EVP_PKEY *issuer_key)
{
	assert_int_equal(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), 1);
	assert_true(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
}

static X509 *make_authority(EVP_PKEY *key)
{
	X509 *ca = make_certificate("Test Authority", key, -3600, 3600);

	add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	sign(ca, ca, key);
	return ca;
}

static X509 *make_leaf(const struct tls_pair_wish *wish, EVP_PKEY *key)
{
	bool hour = wish->from == 0 && wish->until == 0;
	X509 *leaf = make_certificate("Test Leaf", key, hour ? -3600 : wish->from, hour ? 3600 : wish->until);

	add_extension(leaf, NID_subject_alt_name, wish->names);
	add_extension(leaf, NID_key_usage, "critical,digitalSignature");
	return leaf;
}

struct tls_pair tls_pair_make(const struct tls_pair_wish *wish)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = make_authority(ca_key);
	X509 *leaf = make_leaf(wish, key);
	struct tls_pair pair;

	sign(leaf, wish->self_signed ? leaf : ca, wish->self_signed ? key : ca_key);
	pair = (struct tls_pair){certificate_text(ca), certificate_text(leaf), key_text(key)};
	X509_free(leaf);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return pair;
}

void tls_pair_free(struct tls_pair *pair)
{
	free(pair->ca);
	free(pair->certificate);
	free(pair->key);
}

char *tls_pair_file(const char *text)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	assert_true(snprintf(path, sizeof(path), "%s/tls_pair_XXXXXX", folder ? folder : "/tmp") < (int)sizeof(path));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return strdup(path);
}

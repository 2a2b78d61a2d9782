/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue.h"

#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "pki/extension.h"
#include "pki/issuer.h"
#include "pki/name.h"
#include "pki/pem.h"

enum { SERIAL_MAX = 20 };

/* 1950-01-01 and the last second of 9999: what ASN.1 times can say (RFC 5280 4.1.2.5). */
static const int64_t earliest = -631152000, latest = 253402300799;

/* All that goes into one certificate; the issuer's are the subject's own when self-signed. */
struct work {
	const struct issue_subject *subject;
	X509 *cert;
	EVP_PKEY *key;
	X509 *issuer;
	EVP_PKEY *issuer_key;
};

static enum sti_error serial_set(struct sti_span serial, X509 *cert)
{
	BIGNUM *number;
	ASN1_INTEGER *integer;

	if (serial.n == 0 || serial.n > SERIAL_MAX || (serial.n == SERIAL_MAX && serial.p[0] > 0x7f))
		return STI_E_NUMBER;
	number = BN_bin2bn(serial.p, (int)serial.n, NULL);
	if (!number)
		return STI_E_MEMORY;
	if (BN_is_zero(number)) {
		BN_free(number);
		return STI_E_NUMBER;
	}
	integer = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return integer ? STI_OK : STI_E_MEMORY;
}

static enum sti_error times_set(const struct issue_subject *subject, X509 *cert)
{
	if (subject->not_before < earliest || subject->not_after > latest || subject->not_before > subject->not_after)
		return STI_E_NUMBER;
	if (!ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)subject->not_before) ||
	    !ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)subject->not_after))
		return STI_E_MEMORY;
	return STI_OK;
}

static enum sti_error names_set(const struct work *w)
{
	enum sti_error error = name_write(&w->subject->name, X509_get_subject_name(w->cert));

	if (!error && X509_set_issuer_name(w->cert, X509_get_subject_name(w->issuer)) != 1)
		return STI_E_MEMORY;
	return error;
}

static enum sti_error work_open(const struct issue_subject *subject, const struct issue_issuer *issuer, struct work *w)
{
	enum sti_error error = issuer_key_parse(subject->key, &w->key);

	w->subject = subject;
	w->cert = X509_new();
	if (!w->cert)
		return STI_E_MEMORY;
	w->issuer = issuer ? NULL : w->cert;
	w->issuer_key = issuer ? NULL : w->key;
	if (!error && issuer)
		error = issuer_parse(issuer, &w->issuer, &w->issuer_key);
	return error;
}

static void work_close(struct work *w)
{
	if (w->issuer != w->cert)
		X509_free(w->issuer);
	if (w->issuer_key != w->key)
		EVP_PKEY_free(w->issuer_key);
	X509_free(w->cert);
	EVP_PKEY_free(w->key);
}

static enum sti_error fill(const struct work *w)
{
	enum sti_error error;

	if (X509_set_version(w->cert, X509_VERSION_3) != 1 || X509_set_pubkey(w->cert, w->key) != 1)
		return STI_E_MEMORY;
	error = serial_set(w->subject->serial, w->cert);
	if (!error)
		error = times_set(w->subject, w->cert);
	if (!error)
		error = names_set(w);
	if (!error)
		error = extension_add(w->subject, w->cert, w->issuer);
	if (!error && X509_sign(w->cert, w->issuer_key, EVP_sha256()) <= 0)
		error = STI_E_KEY; /* a public key, where a private one is needed */
	return error;
}

static enum sti_error cert_write(const X509 *cert, struct buf *out)
{
	uint8_t *der = NULL;
	int n = i2d_X509(cert, &der);
	enum sti_error error = STI_E_MEMORY;

	if (n > 0)
		error = pem_write("CERTIFICATE", sti_span(der, (size_t)n), out);
	OPENSSL_free(der);
	return error;
}

enum sti_error issue_cert(const struct issue_subject *subject, const struct issue_issuer *issuer, struct buf *out)
{
	struct work w = {0};
	enum sti_error error;

	ERR_set_mark();
	error = work_open(subject, issuer, &w);
	if (!error)
		error = fill(&w);
	if (!error)
		error = cert_write(w.cert, out);
	work_close(&w);
	ERR_pop_to_mark();
	return error;
}

static enum sti_error key_write(EVP_PKEY *key, struct buf *out)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	uint8_t *der = NULL;
	int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
	enum sti_error error = STI_E_CRYPTO;

	if (n > 0) {
		error = pem_write("PRIVATE KEY", sti_span(der, (size_t)n), out);
		OPENSSL_clear_free(der, (size_t)n);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	return error;
}

enum sti_error issue_key(struct buf *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	enum sti_error error = key ? key_write(key, out) : STI_E_CRYPTO;

	EVP_PKEY_free(key);
	return error;
}

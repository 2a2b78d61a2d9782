/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cert.h"

#include <stdlib.h>
#include <limits.h>

#include <openssl/x509v3.h>

static const struct {
	enum cert_key key;
	int nid;
	int point; /* octets of an uncompressed point, SEC1 2.3.3 */
} curves[] = {
	{CERT_KEY_P256, NID_X9_62_prime256v1, 1 + 2 * 32},
	{CERT_KEY_P384, NID_secp384r1, 1 + 2 * 48},
};

/* Looks at the octets, not at the decoded key: a decoder forgets how the curve and point were written. */
static enum cert_key ec_kind(const X509_ALGOR *algorithm, const uint8_t *point, int n)
{
	const void *parameter;
	int type;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	if (type != V_ASN1_OBJECT || n < 1 || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return CERT_KEY_OTHER;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (OBJ_obj2nid(parameter) == curves[i].nid && n == curves[i].point)
			return curves[i].key;
	return CERT_KEY_OTHER;
}

static enum cert_key rsa_kind(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return bits >= 2048 && bits <= 4096 ? CERT_KEY_RSA : CERT_KEY_OTHER;
}

static enum cert_key key_kind(const X509 *x509)
{
	const EVP_PKEY *key = X509_get0_pubkey(x509); /* NULL also for a point that is not on the curve */
	ASN1_OBJECT *object;
	X509_ALGOR *algorithm;
	const uint8_t *octets;
	int n;

	if (!key || X509_PUBKEY_get0_param(&object, &octets, &n, &algorithm, X509_get_X509_PUBKEY(x509)) != 1)
		return CERT_KEY_OTHER;
	switch (OBJ_obj2nid(object)) {
	case NID_X9_62_id_ecPublicKey:
		return ec_kind(algorithm, octets, n);
	case NID_rsaEncryption:
		return rsa_kind(key);
	default:
		return CERT_KEY_OTHER;
	}
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that the
 * leap day is the last one. */
static int64_t days_of(const struct tm *tm)
{
	int64_t year = tm->tm_year + 1900 - (tm->tm_mon < 2);
	int64_t month = (tm->tm_mon + 10) % 12;

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + tm->tm_mday - 1 - 719468;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ and nothing else. */
enum sti_error cert_time(const ASN1_TIME *time, int64_t *out)
{
	int length = ASN1_STRING_length(time);
	struct tm tm;

	if (length != (ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 13 : 15) ||
	    ASN1_STRING_get0_data(time)[length - 1] != 'Z' || ASN1_TIME_to_tm(time, &tm) != 1)
		return STI_E_CERT;
	*out = days_of(&tm) * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	return STI_OK;
}

enum sti_error cert_validity(const X509 *x509, int64_t *from, int64_t *until)
{
	enum sti_error error = cert_time(X509_get0_notBefore(x509), from);

	return error ? error : cert_time(X509_get0_notAfter(x509), until);
}

static enum sti_error copy(struct sti_span der, struct cert *out)
{
	uint8_t *p = malloc(der.n);

	if (!p)
		return STI_E_MEMORY;
	memcpy(p, der.p, der.n);
	out->der = sti_span(p, der.n);
	return STI_OK;
}

/* DER has one spelling: written again it must be the same octets, else a certificate could be
 * listed and met under two digests. */
static enum sti_error decode(struct cert *out)
{
	const uint8_t *at = out->der.p;

	out->x509 = d2i_X509(NULL, &at, (long)out->der.n);
	if (!out->x509 || !cert_equal(out, out->x509))
		return STI_E_CERT;
	out->key = key_kind(out->x509);
	return cert_validity(out->x509, &out->from, &out->until);
}

enum sti_error cert_parse(struct sti_span der, struct cert *out)
{
	enum sti_error error;

	*out = (struct cert){0};
	if (der.n == 0 || der.n > LIMIT_CERT_BODY)
		return der.n ? STI_E_LIMIT : STI_E_CERT;
	error = copy(der, out);
	if (!error)
		error = decode(out);
	if (error)
		cert_free(out);
	return error;
}

void cert_free(struct cert *cert)
{
	X509_free(cert->x509);
	free((void *)(uintptr_t)cert->der.p);
	*cert = (struct cert){0};
}

bool cert_equal(const struct cert *cert, const X509 *x509)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x509, &der);
	bool equal = n > 0 && sti_span_equal(cert->der, sti_span(der, (size_t)n));

	OPENSSL_free(der);
	return equal;
}

enum sti_error cert_extension(const struct cert *cert, struct sti_span oid, struct sti_span *value)
{
	enum sti_error error = STI_E_NOT_FOUND;

	for (int i = 0; i < X509_get_ext_count(cert->x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(cert->x509, i);
		const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
		const ASN1_OCTET_STRING *octets = X509_EXTENSION_get_data(extension);

		if (!sti_span_equal(oid, sti_span(OBJ_get0_data(object), OBJ_length(object))))
			continue;
		if (!error)
			return STI_E_CERT;
		*value = sti_span(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets));
		error = STI_OK;
	}
	return error;
}

size_t cert_subject(const struct cert *cert, int nid, char out[LIMIT_CERT_NAME])
{
	const X509_NAME *name = X509_get_subject_name(cert->x509);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	struct sti_span text;

	if (at < 0)
		return 0;
	const ASN1_STRING *string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	text = sti_span_first(sti_span(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)),
			      LIMIT_CERT_NAME);
	for (size_t i = 0; i < text.n; i++)
		out[i] = text.p[i] >= ' ' && text.p[i] <= '~' ? (char)text.p[i] : '?';
	return text.n;
}

enum sti_error cert_public_key(const struct cert *cert, struct sti_public_key **out)
{
	uint8_t *der = NULL;
	enum sti_error error;
	int n;

	if (cert->key != CERT_KEY_P256)
		return STI_E_KEY;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &der);
	if (n <= 0)
		return STI_E_MEMORY;
	error = sti_public_key_parse(sti_span(der, (size_t)n), out);
	OPENSSL_free(der);
	return error;
}

bool cert_is_root(const struct cert *cert)
{
	return X509_check_ca(cert->x509) == 1 && X509_self_signed(cert->x509, 1) == 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cert.h"

#include <stdlib.h>

#include <openssl/x509v3.h>

#include "base/copy.h"
#include "pki/spki.h"

/* id-pe-TNAuthList 1.3.6.1.5.5.7.1.26, RFC 8226 9 */
static const uint8_t tnauthlist_oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a};

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

static bool is_encoded_as(const X509 *x509, struct sti_span der)
{
	uint8_t *again = NULL;
	int n = i2d_X509(x509, &again);
	bool equal = n > 0 && sti_span_equal(der, sti_span(again, (size_t)n));

	OPENSSL_free(again);
	return equal;
}

/* OpenSSL has no key of the certificate: a point that is not on its curve, or no memory when it came to
 * that. It is asked again, so that no memory is not taken for a bad key (threats.md J5). */
static enum sti_error refuse_key(struct cert *out)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(out->x509), &der);
	const uint8_t *at = der;
	EVP_PKEY *key;

	if (n <= 0)
		return STI_E_MEMORY;
	key = d2i_PUBKEY(NULL, &at, n);
	OPENSSL_free(der);
	if (key) {
		EVP_PKEY_free(key);
		return STI_E_MEMORY;
	}
	out->key = CERT_KEY_OTHER;
	return STI_OK;
}

/* DER has one spelling: written again it must be the same octets, else a certificate could be
 * listed and met under two digests. */
static enum sti_error decode(struct sti_span der, struct cert *out)
{
	const uint8_t *at = der.p;

	out->x509 = d2i_X509(NULL, &at, (long)der.n);
	if (!out->x509 || !is_encoded_as(out->x509, der))
		return STI_E_CERT;
	if (out->key != CERT_KEY_OTHER && !X509_get0_pubkey(out->x509) && refuse_key(out))
		return STI_E_MEMORY;
	return cert_validity(out->x509, &out->from, &out->until);
}

/* OpenSSL decodes the key together with the certificate, and what it does with strange parameters is
 * arithmetic with numbers of a stranger (CVE-2022-0778, threats.md E2, E3). So it is shown a copy in which
 * a key that we refuse has an algorithm that does not exist. */
static enum sti_error decode_without_key(const struct spki *spki, struct cert *out)
{
	size_t last = (size_t)(spki->algorithm.p - out->der.p) + spki->algorithm.n - 1;
	uint8_t *shown = malloc(out->der.n);
	enum sti_error error;

	if (!shown)
		return STI_E_MEMORY;
	memcpy(shown, out->der.p, out->der.n);
	shown[last] = 0x7f;
	error = decode(sti_span(shown, out->der.n), out);
	free(shown);
	return error;
}

static enum sti_error read(struct cert *out)
{
	struct spki spki;
	enum sti_error error = spki_find(out->der, &spki);

	if (error)
		return error;
	out->key = spki_key(&spki);
	return out->key == CERT_KEY_OTHER ? decode_without_key(&spki, out) : decode(out->der, out);
}

enum sti_error cert_parse(struct sti_span der, struct cert *out)
{
	enum sti_error error;

	*out = (struct cert){0};
	if (der.n == 0 || der.n > LIMIT_CERT_BODY)
		return der.n ? STI_E_LIMIT : STI_E_CERT;
	error = copy_make(der, &out->der);
	if (!error)
		error = read(out);
	if (error)
		cert_free(out);
	return error;
}

void cert_free(struct cert *cert)
{
	X509_free(cert->x509);
	copy_free(cert->der);
	*cert = (struct cert){0};
}

enum sti_error cert_share(const struct cert *cert, struct cert *out)
{
	*out = (struct cert){.key = cert->key, .from = cert->from, .until = cert->until};
	if (copy_make(cert->der, &out->der))
		return STI_E_MEMORY;
	X509_up_ref(cert->x509);
	out->x509 = cert->x509;
	return STI_OK;
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

enum sti_error cert_tnauthlist(const struct cert *cert, struct sti_tnauthlist **out)
{
	struct sti_span value;
	enum sti_error error = cert_extension(cert, sti_span(tnauthlist_oid, sizeof(tnauthlist_oid)), &value);

	return error ? error : sti_tnauthlist_parse(value, out);
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

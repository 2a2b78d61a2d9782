/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/spki.h"

#include "pki/der.h"

enum { POINT_UNCOMPRESSED = 0x04, RSA_MIN = 2048, RSA_MAX = 4096 };

/* rsaEncryption 1.2.840.113549.1.1.1 (RSASSA-PSS keys have another), id-ecPublicKey 1.2.840.10045.2.1 */
static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t asn1_null[] = {0x05, 0x00};

static const struct {
	enum cert_key key;
	size_t n; /* octets of an uncompressed point, SEC1 2.3.3 */
	struct sti_span parameters; /* namedCurve, whole */
} curves[] = {
	{CERT_KEY_P256, 1 + 2 * 32, {(const uint8_t *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10}},
	{CERT_KEY_P384, 1 + 2 * 48, {(const uint8_t *)"\x06\x05\x2b\x81\x04\x00\x22", 7}},
	{CERT_KEY_P521, 1 + 2 * 66, {(const uint8_t *)"\x06\x05\x2b\x81\x04\x00\x23", 7}},
};

/* RFC 5280 4.1: version (absent in v1), serialNumber, signature, issuer, validity, subject, and then it. */
static enum sti_error find_info(struct sti_span cert, struct sti_span *info)
{
	struct sti_span body, tbs, value;
	uint8_t tag;

	if (der_whole(cert, DER_SEQUENCE, &body) || der_take(&body, DER_SEQUENCE, &tbs))
		return STI_E_CERT;
	if (tbs.n && tbs.p[0] == DER_CONTEXT && der_next(&tbs, &tag, &value))
		return STI_E_CERT;
	for (int i = 0; i < 5; i++)
		if (der_next(&tbs, &tag, &value))
			return STI_E_CERT;
	return der_take(&tbs, DER_SEQUENCE, info) ? STI_E_CERT : STI_OK;
}

enum sti_error spki_find(struct sti_span cert, struct spki *out)
{
	struct sti_span info, algorithm, bits;

	if (find_info(cert, &info) || der_take(&info, DER_SEQUENCE, &algorithm) ||
	    der_whole(info, DER_BIT_STRING, &bits) || der_take(&algorithm, DER_OID, &out->algorithm))
		return STI_E_CERT;
	if (out->algorithm.n == 0 || bits.n == 0 || bits.p[0] != 0)
		return STI_E_CERT;
	out->parameters = algorithm;
	out->key = sti_span_from(bits, 1);
	return STI_OK;
}

static enum cert_key ec_key(const struct spki *spki)
{
	if (spki->key.n == 0 || spki->key.p[0] != POINT_UNCOMPRESSED)
		return CERT_KEY_OTHER;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (sti_span_equal(spki->parameters, curves[i].parameters) && spki->key.n == curves[i].n)
			return curves[i].key;
	return CERT_KEY_OTHER;
}

/* Of a positive INTEGER, minimal; 0: it is none, or it is even. */
static size_t odd_bits(struct sti_span integer)
{
	size_t bits;

	if (integer.n && integer.p[0] == 0)
		integer = sti_span_from(integer, 1);
	else if (integer.n && integer.p[0] > 0x7f)
		return 0;
	if (integer.n == 0 || integer.p[0] == 0 || integer.p[integer.n - 1] % 2 == 0)
		return 0;
	bits = integer.n * 8;
	for (uint8_t top = integer.p[0]; top < 0x80; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* e of 1 is no signature at all; a huge one is only there to keep us calculating (threats.md E2). */
static enum cert_key rsa_key(const struct spki *spki)
{
	struct sti_span numbers, modulus, exponent;
	size_t bits, e_bits;

	if (!sti_span_equal(spki->parameters, sti_span(asn1_null, sizeof(asn1_null))) ||
	    der_whole(spki->key, DER_SEQUENCE, &numbers) || der_take(&numbers, DER_INTEGER, &modulus) ||
	    der_whole(numbers, DER_INTEGER, &exponent))
		return CERT_KEY_OTHER;
	bits = odd_bits(modulus);
	e_bits = odd_bits(exponent);
	return bits >= RSA_MIN && bits <= RSA_MAX && e_bits >= 2 && e_bits <= 32 ? CERT_KEY_RSA : CERT_KEY_OTHER;
}

enum cert_key spki_key(const struct spki *spki)
{
	if (sti_span_equal(spki->algorithm, sti_span(oid_ec, sizeof(oid_ec))))
		return ec_key(spki);
	if (sti_span_equal(spki->algorithm, sti_span(oid_rsa, sizeof(oid_rsa))))
		return rsa_key(spki);
	return CERT_KEY_OTHER;
}

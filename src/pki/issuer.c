/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issuer.h"

#include "base/limits.h"
#include "pki/pem.h"

enum { KEY_DER_MAX = 4096 }; /* an RSA-4096 private key has 2,400 octets */

static EVP_PKEY *key_decode(struct sti_span label, struct sti_span der)
{
	const uint8_t *at = der.p;

	if (sti_span_is(label, "PUBLIC KEY"))
		return d2i_PUBKEY(NULL, &at, (long)der.n);
	return d2i_AutoPrivateKey(NULL, &at, (long)der.n);
}

enum sti_error issuer_key_parse(struct sti_span pem, EVP_PKEY **out)
{
	uint8_t memory[KEY_DER_MAX];
	struct buf der = buf_lend(memory, sizeof(memory));
	struct sti_span label;
	enum sti_error error = pem_next(&pem, &label, &der);

	if (!error)
		*out = key_decode(label, buf_span(&der));
	OPENSSL_cleanse(memory, sizeof(memory));
	if (error)
		return error == STI_E_NOT_FOUND ? STI_E_PEM : error;
	return *out ? STI_OK : STI_E_KEY;
}

static enum sti_error cert_decode(struct sti_span pem, X509 **out)
{
	struct buf der = buf_own(LIMIT_CERT_BODY);
	struct sti_span label;
	enum sti_error error = pem_next(&pem, &label, &der);
	const uint8_t *at = der.p;

	if (!error)
		*out = d2i_X509(NULL, &at, (long)der.n);
	buf_free(&der);
	if (error)
		return error == STI_E_NOT_FOUND ? STI_E_PEM : error;
	return *out ? STI_OK : STI_E_CERT;
}

enum sti_error issuer_parse(const struct issue_issuer *issuer, X509 **cert, EVP_PKEY **key)
{
	enum sti_error error = cert_decode(issuer->cert, cert);

	if (!error)
		error = issuer_key_parse(issuer->key, key);
	if (!error && X509_check_private_key(*cert, *key) != 1)
		error = STI_E_KEY;
	return error;
}

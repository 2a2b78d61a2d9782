/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/signature.h"

#include <openssl/evp.h>

#include "pki/der.h"

/* RFC 5758 3.2 and RFC 4055 5. */
static const struct algorithm {
	const char *oid; /* octets */
	size_t n;
	bool is_rsa;
	const EVP_MD *(*digest)(void);
} algorithms[] = {
	{"\x2a\x86\x48\xce\x3d\x04\x03\x02", 8, false, EVP_sha256},
	{"\x2a\x86\x48\xce\x3d\x04\x03\x03", 8, false, EVP_sha384},
	{"\x2a\x86\x48\xce\x3d\x04\x03\x04", 8, false, EVP_sha512},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9, true, EVP_sha256},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", 9, true, EVP_sha384},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", 9, true, EVP_sha512},
};

/* ECDSA has no parameters, RSA has NULL or none. */
static bool has_parameters(const struct algorithm *algorithm, struct sti_span rest)
{
	return rest.n == 0 || (algorithm->is_rsa && sti_span_equal(rest, sti_span("\x05\0", 2)));
}

static const struct algorithm *algorithm_of(struct sti_span der)
{
	struct sti_span rest, oid;

	if (der_whole(der, DER_SEQUENCE, &rest) || der_take(&rest, DER_OID, &oid))
		return NULL;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (sti_span_equal(oid, sti_span(algorithms[i].oid, algorithms[i].n)))
			return has_parameters(&algorithms[i], rest) ? &algorithms[i] : NULL;
	return NULL;
}

static enum sti_error verify(EVP_PKEY *key, const EVP_MD *digest, struct sti_span message, struct sti_span signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum sti_error error = STI_E_SIGNATURE;

	if (!context)
		return STI_E_MEMORY;
	if (EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
	    EVP_DigestVerify(context, signature.p, signature.n, message.p, message.n) == 1)
		error = STI_OK;
	EVP_MD_CTX_free(context);
	return error;
}

enum sti_error signature_check(const struct cert *signer, struct sti_span algorithm, struct sti_span message,
			       struct sti_span signature)
{
	const struct algorithm *known = algorithm_of(algorithm);

	if (signer->key == CERT_KEY_OTHER || signer->key == CERT_KEY_P521)
		return STI_E_KEY;
	if (!known || known->is_rsa != (signer->key == CERT_KEY_RSA))
		return STI_E_SIGNATURE;
	return verify(X509_get0_pubkey(signer->x509), known->digest(), message, signature);
}

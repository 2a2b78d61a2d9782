/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BLOCK = 64 }; /* of SHA-256, FIPS 180-4 */

enum sti_error digest_sha256_two(struct sti_span a, struct sti_span b, uint8_t out[DIGEST_SHA256])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	if (!context)
		return STI_E_MEMORY;
	good = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(context, a.p, a.n) == 1 &&
	       EVP_DigestUpdate(context, b.p, b.n) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;
	EVP_MD_CTX_free(context);
	return good ? STI_OK : STI_E_CRYPTO;
}

enum sti_error digest_sha256(struct sti_span bytes, uint8_t out[DIGEST_SHA256])
{
	return digest_sha256_two(bytes, sti_span(NULL, 0), out);
}

static enum sti_error padded(const uint8_t key[BLOCK], uint8_t pad, struct sti_span bytes, uint8_t out[DIGEST_SHA256])
{
	uint8_t block[BLOCK];
	enum sti_error error;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	error = digest_sha256_two(sti_span(block, BLOCK), bytes, out);
	OPENSSL_cleanse(block, sizeof(block));
	return error;
}

/* RFC 2104 2, written out so that our library links no MAC that a token's alg could ever reach
 * (threats.md A2). */
enum sti_error digest_keyed(struct sti_span key, struct sti_span bytes, uint8_t out[DIGEST_SHA256])
{
	uint8_t block[BLOCK] = {0}, inner[DIGEST_SHA256];
	enum sti_error error = STI_OK;

	if (key.n > BLOCK)
		error = digest_sha256(key, block);
	else if (key.n)
		memcpy(block, key.p, key.n);
	if (!error)
		error = padded(block, 0x36, bytes, inner);
	if (!error)
		error = padded(block, 0x5c, sti_span(inner, sizeof(inner)), out);
	OPENSSL_cleanse(block, sizeof(block));
	return error;
}

bool digest_equal(const uint8_t a[DIGEST_SHA256], const uint8_t b[DIGEST_SHA256])
{
	return CRYPTO_memcmp(a, b, DIGEST_SHA256) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_KEY_H
#define STI_KEY_H

#include <sti/error.h>
#include <sti/span.h>

STI_BEGIN

/* ES256, RFC 7518 3.4: P-256 with SHA-256; the signature is R||S, 32 octets each, never DER. */
enum { STI_SIGNATURE = 64 };

/* Parsed once, then only read: one key may serve many threads. */
struct sti_key;        /* private */
struct sti_public_key; /* public */

/* An unencrypted PEM private key (SEC1 or PKCS#8) on the named curve P-256; anything else is
 * STI_E_KEY. *out is the caller's, to be freed with sti_key_free. */
STI_API enum sti_error sti_key_parse(struct sti_span pem, struct sti_key **out);
STI_API void sti_key_free(struct sti_key *key);

STI_API enum sti_error sti_key_sign(const struct sti_key *key, struct sti_span message,
				    uint8_t signature[STI_SIGNATURE]);

/* A PEM or DER SubjectPublicKeyInfo on the named curve P-256, point uncompressed, on the curve and
 * not at infinity (checked once, here). */
STI_API enum sti_error sti_public_key_parse(struct sti_span pem_or_der, struct sti_public_key **out);
STI_API void sti_public_key_free(struct sti_public_key *key);

/* STI_OK only when the library said 1; STI_E_SIGNATURE when R or S is outside 1..n-1 or the
 * signature does not verify; STI_E_CRYPTO when the library could not tell. */
STI_API enum sti_error sti_public_key_verify(const struct sti_public_key *key, struct sti_span message,
					     const uint8_t signature[STI_SIGNATURE]);

/* SHA-256 of the DER SubjectPublicKeyInfo: the signer key id. Owned by the key. */
STI_API const uint8_t *sti_public_key_id(const struct sti_public_key *key);

/* True when the two are halves of one key; public_key may be NULL. */
STI_API bool sti_key_matches(const struct sti_key *key, const struct sti_public_key *public_key);

STI_END

#endif

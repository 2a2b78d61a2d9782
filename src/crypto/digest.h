/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <sti/error.h>
#include <sti/span.h>

enum { DIGEST_SHA256 = 32 };

enum sti_error digest_sha256(struct sti_span bytes, uint8_t out[DIGEST_SHA256]);

/* SHA-256 over a then b, without joining them first. */
enum sti_error digest_sha256_two(struct sti_span a, struct sti_span b, uint8_t out[DIGEST_SHA256]);

/* HMAC-SHA-256, for numbers in logs (threats.md L5); never for tokens. */
enum sti_error digest_keyed(struct sti_span key, struct sti_span bytes, uint8_t out[DIGEST_SHA256]);

/* Equal in constant time. */
bool digest_equal(const uint8_t a[DIGEST_SHA256], const uint8_t b[DIGEST_SHA256]);

#endif

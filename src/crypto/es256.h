/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ES256_H
#define CRYPTO_ES256_H

#include <sti/key.h>

/*
 * The two spellings of an ECDSA signature on P-256: R||S of JOSE (RFC 7518 3.4) and the DER of the
 * crypto library (RFC 3279 2.2.3). Pure byte work.
 */
enum { ES256_DER_MAX = 72 }; /* two INTEGERs of 33 octets, three headers of two */

/* True when both R and S are in 1 .. n-1 (FIPS 186-5 6.4.2 step 1). */
bool es256_in_range(const uint8_t signature[STI_SIGNATURE]);

/* Gives the number of octets written. */
size_t es256_to_der(const uint8_t signature[STI_SIGNATURE], uint8_t der[ES256_DER_MAX]);

/* Strict: shortest lengths and integers, no negative, nothing behind. STI_E_DER. */
enum sti_error es256_from_der(struct sti_span der, uint8_t signature[STI_SIGNATURE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_SIGNATURE_H
#define PKI_SIGNATURE_H

#include "pki/cert.h"

/* The signature under something of X.509: ECDSA or RSA (PKCS #1 v1.5) over SHA-256, -384 or -512.
 * algorithm: AlgorithmIdentifier, with tag and length. STI_E_SIGNATURE, also for another algorithm
 * or one that is not of this key; STI_E_KEY for a key that is not P-256, P-384 or RSA. */
enum sti_error signature_check(const struct cert *signer, struct sti_span algorithm, struct sti_span message,
			       struct sti_span signature);

#endif

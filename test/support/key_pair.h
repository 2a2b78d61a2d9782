/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_KEY_PAIR_H
#define SUPPORT_KEY_PAIR_H

#include <sti/span.h>

/* A new P-256 key pair as PEM, PKCS#8 and SubjectPublicKeyInfo; malloc'ed to exact size,
 * freed with key_pair_free. The test fails when OpenSSL does. */
struct key_pair {
	struct sti_span private_pem;
	struct sti_span public_pem;
};

struct key_pair key_pair_make(void);
/* The public key of a PEM certificate, or the PEM public key again; freed with vectors_free. */
struct sti_span key_pair_public_of(struct sti_span pem);

void key_pair_free(struct key_pair *pair);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CHAIN_H
#define PKI_CHAIN_H

#include "pki/cert.h"

/* Certificates in the order in which they were given. */
struct chain {
	struct cert *cert; /* owned */
	size_t n;
};

/* PEM blocks CERTIFICATE and nothing else (a private key among them is STI_E_PEM), 1 to max of
 * them, else STI_E_LIMIT; or one certificate in DER. */
enum sti_error chain_parse(struct sti_span body, size_t max, struct chain *out);
void chain_free(struct chain *chain);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ANCHOR_H
#define PKI_ANCHOR_H

#include "pki/chain.h"

/*
 * The certificates to which an operator pins a policy administrator: who may sign its lists and its
 * CRL. They are not STI-CA roots and vouch for no caller (threats.md F2).
 * A self-signed one that is a CA vouches for what chains to it; any other certificate in the file
 * vouches for itself alone, and may be the signer.
 */
struct anchor;

/* PEM, 1 to LIMIT_ANCHORS certificates. *out is the caller's. STI_E_PEM, STI_E_CERT, STI_E_LIMIT; STI_E_KEY
 * for one with a key that is not P-256, P-384 or RSA. */
enum sti_error anchor_parse(struct sti_span pem, struct anchor **out);
void anchor_free(struct anchor *anchor);

/* Whether the first of `signer` is pinned itself, or has a path over the others of it and of the file
 * to a pinned CA (RFC 5280 6), all valid at `now`, with this bit of keyUsage (KU_…) where it has a
 * keyUsage. STI_OK; STI_E_NOT_FOUND: not vouched for; STI_E_TIMEOUT: outside its validity; STI_E_KEY:
 * another key, or not for this use. */
enum sti_error anchor_check(const struct anchor *anchor, const struct chain *signer, uint32_t usage, int64_t now);

/* The i-th certificate of the file; NULL behind the last: to look for the signer of a CRL by its name. */
const struct cert *anchor_at(const struct anchor *anchor, size_t i);

#endif

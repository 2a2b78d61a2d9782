/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_CRLS_H
#define STI_CRLS_H

#include <sti/error.h>
#include <sti/span.h>

STI_BEGIN

/*
 * The CRLs that say which certificates are revoked. Every certificate of a path but the root is
 * looked up in every CRL that speaks for it. Immutable.
 */
struct sti_crls;

struct sti_crl_source {
	struct sti_span crl;     /* PEM or DER; absent: there is none yet */
	struct sti_span anchor;  /* PEM: who may sign it: pinned by the operator, no STI-CA root */
	struct sti_span country; /* two letters: it speaks only for paths under roots of this country; absent: for all */
	int64_t grace;           /* seconds after nextUpdate for which it still counts, 0 or more */
	bool hard;               /* after that (and without any) nothing it speaks for is trusted; else it is passed
				    over, but for what it revoked */
};

/* STI_E_SIGNATURE, STI_E_NOT_FOUND (no signer under the anchor), STI_E_TIMEOUT (the signer is out of its
 * time), STI_E_KEY, STI_E_CONFIG (grace or country) and what parsing says; *at, when not NULL, is the index
 * of the source that it is about. now: seconds of the epoch. *out is the caller's. */
STI_API enum sti_error sti_crls_create(const struct sti_crl_source *source, size_t n, int64_t now,
				       struct sti_crls **out, size_t *at);
STI_API void sti_crls_free(struct sti_crls *crls);

STI_END

#endif

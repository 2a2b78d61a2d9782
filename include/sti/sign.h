/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_SIGN_H
#define STI_SIGN_H

#include <sti/key.h>
#include <sti/tn.h>

STI_BEGIN

/* Long enough for any Identity header value that this library writes. */
enum { STI_IDENTITY_MAX = 9 * 1024 };

struct sti_sign_request {
	struct sti_tn orig;
	const struct sti_tn *dest;
	size_t n_dest;
	int64_t iat;            /* seconds of the epoch */
	char attest;            /* 'A', 'B' or 'C'; not used with div */
	struct sti_span origid; /* a UUID; not used with div */
	const struct sti_tn *div; /* NULL: a shaken PASSporT; else a div one, RFC 8946 3: this was the target before */
};

/* Builds the canonical PASSporT (RFC 8225 9, RFC 8588 8), signs it and writes the Identity header
 * value, *n octets, into out. dest is written in lexicographic order, each number once.
 * The PASSporT is the part before the first `;`. */
STI_API enum sti_error sti_sign(const struct sti_key *key, struct sti_span x5u, const struct sti_sign_request *request,
				char out[STI_IDENTITY_MAX], size_t *n);

STI_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_LIST_WRITE_H
#define TRUST_LIST_WRITE_H

#include <sti/key.h>

#include "base/buf.h"

/* The writing side of both lists, in the fields of the seeds and no others: for a policy
 * administrator, a certification authority, the lab and the tests. JSON is canonical (RFC 8225 9), typ as
 * each seed prints it: jwt for the CA list, JWT for the cpsMapping; readers compare without case. */
struct list_claims {
	struct sti_span x5u;
	int64_t sequence;
	int64_t exp; /* seconds of the epoch */
};

/* der: roots. Appends the compact JWS to out. STI_E_LIMIT when the list would be larger than a reader
 * takes. */
enum sti_error list_write_ca(const struct sti_key *key, const struct list_claims *claims, const struct sti_span *der,
			     size_t n, struct buf *out);

struct list_cps {
	struct sti_span ocn;
	struct sti_span url;
};

/* In any order; STI_E_JSON_TWICE for an OCN that stands twice. */
enum sti_error list_write_mapping(const struct sti_key *key, const struct list_claims *claims,
				  const struct list_cps *cps, size_t n, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PATH_H
#define PKI_PATH_H

#include "pki/roots.h"

struct path {
	const struct cert *anchor; /* owned by the roots */
	const struct cert *cert[LIMIT_CHAIN]; /* leaf first, without the anchor; owned by the chain */
	size_t n; /* of cert; 0: the first of the chain is itself listed */
	int64_t from, until; /* the validity that all of the path share; may be empty */
	int64_t list_until; /* seconds, inclusive: so long the list with the anchor counts */
	unsigned steps; /* signatures checked, with and without a path; one under P-384 or P-521 counts for four */
	bool is_exhausted; /* more would have been to be checked than LIMIT_PATH_STEPS */
	const char *why; /* without a path: what was in the way, static text */
};

/* RFC 5280 6 from the first certificate of the chain over others of it to a listed root, root and
 * leaf and at most LIMIT_CHAIN - 1 between, with at most LIMIT_PATH_STEPS signatures
 * checked. The chain
 * may be of any length and in any order. Of several paths one that is valid at `now` (seconds) under a
 * list that counts; else one whose list is past; else one whose only fault is the time. STI_E_NOT_FOUND
 * when there is none, and then only steps, is_exhausted and why mean anything. STI_E_MEMORY. */
enum sti_error path_find(const struct sti_roots *roots, const struct chain *chain, int64_t now, struct path *out);

#endif

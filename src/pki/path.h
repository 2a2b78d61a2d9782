/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PATH_H
#define PKI_PATH_H

#include "pki/roots.h"

struct path {
	const struct cert *anchor; /* owned by the roots */
	int64_t from, until; /* the validity that all of the path share; may be empty */
};

/* RFC 5280 6 from the first certificate of the chain over others of it to a listed root, root and
 * leaf and at most LIMIT_CHAIN - 1 between. Of several paths one that is valid at `now` (seconds);
 * else one whose only fault is the time. STI_E_NOT_FOUND when there is none. */
enum sti_error path_find(const struct sti_roots *roots, const struct chain *chain, int64_t now, struct path *out);

#endif

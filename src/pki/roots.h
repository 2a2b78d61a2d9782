/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ROOTS_H
#define PKI_ROOTS_H

#include <stdatomic.h>

#include <sti/credential.h>

#include "pki/chain.h"

/* Only read once it is built; references are counted across threads. */
struct sti_roots {
	struct chain list;
	int64_t *until; /* of each, seconds, inclusive: the signed list with it counts so long; INT64_MAX: the
			   operator's own file */
	bool is_complete; /* false: a signed list that may have more was never had */
	atomic_uint refs;
};

struct roots_entry {
	const struct cert *cert; /* shared, not copied */
	int64_t until;
};

/* From signed lists and files; a certificate that stands twice counts once, with the later `until`.
 * Each must be self-signed and a CA, STI_E_CERT or STI_E_KEY. n may be 0. *out: one reference, ended by
 * sti_roots_free. */
enum sti_error roots_make(const struct roots_entry *entry, size_t n, bool is_complete, struct sti_roots **out);
struct sti_roots *roots_ref(struct sti_roots *roots);

#endif

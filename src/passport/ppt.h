/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PASSPORT_PPT_H
#define PASSPORT_PPT_H

#include <sti/span.h>

enum { PPT_DEMANDS = 2 };

/* A PASSporT type (the header member ppt, RFC 8225 8) and what its RFC demands of the payload
 * besides orig, dest and iat. */
struct ppt {
	const char *name;
	const char *demands[PPT_DEMANDS]; /* claims; NULL where there are fewer */
	bool verdict; /* a call may be believed because of one */
	const char *clause;
};

/* NULL for a type that we do not know (it is carried, never believed) and for an absent name. */
const struct ppt *ppt_find(struct sti_span name);

/* False for NULL. */
bool ppt_demands(const struct ppt *type, const char *claim);

#endif

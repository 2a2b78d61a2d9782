/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_AGING_H
#define APP_AGING_H

#include "app/log.h"

/* How old a list or CRL in force has got: steps that the operator is told of, one after another (threats.md E19,
 * F8, F17). Pure. */
enum { AGING_YOUNG }; /* no step reached; steps count from 1 */

struct aging {
	bool is_crl;
	int64_t from, until; /* seconds: of a list when it was taken and when it is over; of a CRL its nextUpdate */
	int64_t grace; /* seconds, of a CRL */
};

struct aging_step {
	unsigned percent; /* of the life of a list */
	bool has_grace; /* of a CRL: only after that */
	bool is_always; /* also while the source answers, but with nothing newer */
	enum log_event event;
	unsigned severity; /* 1 minor, 2 major, 3 critical */
	const char *code;
};

/* The last one that is reached says it all. is_failing: the source is not to be had. */
unsigned aging_reached(const struct aging *aging, bool is_failing, int64_t now);

/* NULL for AGING_YOUNG. */
const struct aging_step *aging_step(const struct aging *aging, unsigned step);

#endif

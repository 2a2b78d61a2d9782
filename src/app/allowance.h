/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_ALLOWANCE_H
#define APP_ALLOWANCE_H

#include <sti/error.h>
#include <sti/span.h>

/*
 * How often each of many strangers may do a thing: a leaky bucket for each name, in a table of fixed size.
 * Names that meet in one place share it; which do is not theirs to choose. Loop thread only.
 */
struct allowance;

struct allowance_rule {
	unsigned burst; /* at once, 1 at least */
	unsigned per_minute; /* for ever after */
};

/* STI_E_MEMORY, STI_E_CRYPTO without randomness. */
enum sti_error allowance_create(struct allowance_rule rule, struct allowance **out);
void allowance_free(struct allowance *allowance); /* NULL is fine */

/* Whether once more is allowed; nothing is taken. now: seconds of any clock that does not go back. */
bool allowance_is_left(const struct allowance *allowance, struct sti_span name, int64_t now);

/* Takes one, also where none is left. */
void allowance_take(struct allowance *allowance, struct sti_span name, int64_t now);

#endif

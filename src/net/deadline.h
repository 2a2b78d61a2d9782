/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_DEADLINE_H
#define NET_DEADLINE_H

#include <stdint.h>

/*
 * Absolute deadlines in the order they were set. Everything in one queue has the same limit, so the
 * first entry is always the next one due and one tick serves any number of connections. Entries
 * belong to the caller; an entry is in one queue at a time. Milliseconds of uv_now.
 */
struct deadline {
	struct deadline *next, *before;
	uint64_t at;
};

struct deadline_queue {
	struct deadline *first, *last;
	unsigned n;
};

void deadline_set(struct deadline_queue *queue, struct deadline *deadline, uint64_t at);
void deadline_clear(struct deadline_queue *queue, struct deadline *deadline);

/* The first one that is due at `now`; NULL when there is none. It stays in the queue. */
struct deadline *deadline_due(const struct deadline_queue *queue, uint64_t now);

#endif

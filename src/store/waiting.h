/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_WAITING_H
#define STORE_WAITING_H

#include "store/table.h"

/*
 * Calls that wait for a late PASSporT. Whoever stores one wakes those that asked for its pair of
 * numbers. Pure: deadlines are the caller's, who removes an entry when its time is over.
 * One thread; bounded.
 */
struct waiting;
struct waiting_entry;

/* True: it took what came. False: it has no use for it any more, the next one is asked. */
typedef bool waiting_wake(void *context);

/* capacity: calls that may wait at once; more is STI_E_FULL. */
enum sti_error waiting_create(size_t capacity, struct waiting **out);
void waiting_free(struct waiting *waiting);

/* Copies the pairs. wake is called from waiting_call, until it says true; the entry stays until it is
 * removed, which wake may not do itself. */
enum sti_error waiting_add(struct waiting *waiting, const struct table_pair *pair, size_t n, waiting_wake *wake,
			   void *context, struct waiting_entry **out);
void waiting_remove(struct waiting *waiting, struct waiting_entry *entry);

/* A PASSporT for the pair has been stored: wakes the one that has waited longest, for a PASSporT
 * serves one call. True when somebody took it. */
bool waiting_call(struct waiting *waiting, const struct table_pair *pair);

size_t waiting_count(const struct waiting *waiting);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_TRUST_CELL_H
#define APP_TRUST_CELL_H

#include "trust/snapshot.h"

/*
 * The one place where the trust snapshot in force hangs: one thread swaps it, any thread takes a reference
 * and keeps it for as long as a call lasts, so that no call sees half of an update (threats.md F20).
 *
 * A mutex around the pointer, held for one load and one count. An atomic pointer alone would be wrong: a
 * reader that has loaded it may find the snapshot freed before it has counted itself. What would do without
 * a lock (hazard pointers, epochs) wants every reader registered, which is more to get wrong than the tens
 * of nanoseconds of a free mutex are worth beside a signature check of tens of microseconds.
 */
struct trust_cell;

/* Takes over the caller's reference to the first snapshot; it stays the caller's after an error.
 * STI_E_MEMORY. */
enum sti_error trust_cell_open(struct trust_snapshot *first, struct trust_cell **out);

/* When no other thread uses it any more; references that were taken stay good. NULL is fine. */
void trust_cell_close(struct trust_cell *cell);

/* A reference of the caller's own, to be given up with trust_snapshot_unref. Any thread. */
struct trust_snapshot *trust_cell_take(struct trust_cell *cell);

/* Takes over the caller's reference to the new one, gives up the old, outside the lock: whoever lets go of
 * it last frees it. Any thread. */
void trust_cell_swap(struct trust_cell *cell, struct trust_snapshot *next);

#endif

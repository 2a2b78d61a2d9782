/* SPDX-License-Identifier: Apache-2.0 */
#include "app/trust_cell.h"

#include <pthread.h>
#include <stdlib.h>

struct trust_cell {
	pthread_mutex_t lock;
	struct trust_snapshot *snapshot;
};

enum sti_error trust_cell_open(struct trust_snapshot *first, struct trust_cell **out)
{
	struct trust_cell *cell = calloc(1, sizeof(*cell));

	*out = NULL;
	if (!cell)
		return STI_E_MEMORY;
	if (pthread_mutex_init(&cell->lock, NULL)) {
		free(cell);
		return STI_E_MEMORY;
	}
	cell->snapshot = first;
	*out = cell;
	return STI_OK;
}

void trust_cell_close(struct trust_cell *cell)
{
	if (!cell)
		return;
	trust_snapshot_unref(cell->snapshot);
	pthread_mutex_destroy(&cell->lock);
	free(cell);
}

struct trust_snapshot *trust_cell_take(struct trust_cell *cell)
{
	struct trust_snapshot *snapshot;

	pthread_mutex_lock(&cell->lock);
	snapshot = trust_snapshot_ref(cell->snapshot);
	pthread_mutex_unlock(&cell->lock);
	return snapshot;
}

void trust_cell_swap(struct trust_cell *cell, struct trust_snapshot *next)
{
	struct trust_snapshot *old;

	pthread_mutex_lock(&cell->lock);
	old = cell->snapshot;
	cell->snapshot = next;
	pthread_mutex_unlock(&cell->lock);
	trust_snapshot_unref(old);
}

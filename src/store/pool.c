/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pool.h"

#include <stdlib.h>

enum sti_error pool_open(struct pool *pool, uint32_t slots)
{
	pool->n = 0;
	pool->slot = calloc(slots, sizeof(*pool->slot));
	if (!pool->slot)
		return STI_E_MEMORY;
	if (pthread_mutex_init(&pool->lock, NULL)) {
		free(pool->slot);
		pool->slot = NULL;
		return STI_E_MEMORY;
	}
	return STI_OK;
}

void pool_close(struct pool *pool)
{
	if (!pool->slot)
		return;
	pthread_mutex_destroy(&pool->lock);
	free(pool->slot);
}

bool pool_take(struct pool *pool, uint32_t *slot, uint32_t n)
{
	uint32_t have;

	pthread_mutex_lock(&pool->lock);
	have = pool_count(pool);
	if (n <= have) {
		memcpy(slot, pool->slot + (have - n), n * sizeof(*slot));
		atomic_store_explicit(&pool->n, have - n, memory_order_relaxed);
	}
	pthread_mutex_unlock(&pool->lock);
	return n <= have;
}

void pool_give(struct pool *pool, const uint32_t *slot, uint32_t n)
{
	uint32_t have;

	pthread_mutex_lock(&pool->lock);
	have = pool_count(pool);
	memcpy(pool->slot + have, slot, n * sizeof(*slot));
	atomic_store_explicit(&pool->n, have + n, memory_order_relaxed);
	pthread_mutex_unlock(&pool->lock);
}

uint32_t pool_count(const struct pool *pool)
{
	return atomic_load_explicit(&pool->n, memory_order_relaxed);
}

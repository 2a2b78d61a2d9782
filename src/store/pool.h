/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include <sti/error.h>
#include <sti/span.h>

/* The free slots, shared by all shards, under a lock that is held for nothing else. */
struct pool {
	pthread_mutex_t lock;
	uint32_t *slot;
	_Atomic uint32_t n;
};

/* Empty, with room for `slots`. STI_E_MEMORY. */
enum sti_error pool_open(struct pool *pool, uint32_t slots);
/* Also after pool_open has failed, or of a pool that is all 0. */
void pool_close(struct pool *pool);

/* All n or, with false, none. */
bool pool_take(struct pool *pool, uint32_t *slot, uint32_t n);
void pool_give(struct pool *pool, const uint32_t *slot, uint32_t n);
uint32_t pool_count(const struct pool *pool);

#endif

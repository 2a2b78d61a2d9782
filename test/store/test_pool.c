/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/pool.h"

enum { SLOTS = 10, ROUNDS = 20000, THREADS = 4 };

static void fill(struct pool *pool)
{
	assert_int_equal(pool_open(pool, SLOTS), STI_OK);
	for (uint32_t i = 0; i < SLOTS; i++)
		pool_give(pool, &i, 1);
}

static void test_all_or_none(void **state)
{
	struct pool pool = {0};
	uint32_t slot[SLOTS + 1];

	(void)state;
	fill(&pool);
	assert_false(pool_take(&pool, slot, SLOTS + 1));
	assert_int_equal(pool_count(&pool), SLOTS);
	assert_true(pool_take(&pool, slot, 7));
	assert_false(pool_take(&pool, slot + 7, 4));
	assert_true(pool_take(&pool, slot + 7, 3));
	assert_int_equal(pool_count(&pool), 0);
	assert_true(pool_take(&pool, slot, 0));
	pool_close(&pool);
}

/* Takes all: each slot must be there once. */
static void drain(struct pool *pool)
{
	uint32_t slot[SLOTS];
	bool seen[SLOTS] = {false};

	assert_true(pool_take(pool, slot, SLOTS));
	for (size_t i = 0; i < SLOTS; i++) {
		assert_in_range(slot[i], 0, SLOTS - 1);
		assert_false(seen[slot[i]]);
		seen[slot[i]] = true;
	}
	pool_close(pool);
}

static void test_no_slot_twice(void **state)
{
	struct pool pool = {0};
	uint32_t slot[4];

	(void)state;
	fill(&pool);
	assert_true(pool_take(&pool, slot, 4));
	pool_give(&pool, slot, 4);
	drain(&pool);
}

static void *take_and_give(void *context)
{
	struct pool *pool = context;
	uint32_t slot[3];

	for (int i = 0; i < ROUNDS; i++)
		if (pool_take(pool, slot, 3))
			pool_give(pool, slot, 3);
	return NULL;
}

static void test_threads_lose_no_slot(void **state)
{
	struct pool pool = {0};
	pthread_t thread[THREADS];

	(void)state;
	fill(&pool);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take_and_give, &pool), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	drain(&pool);
}

static void test_closing_what_was_never_opened(void **state)
{
	struct pool pool = {0};

	(void)state;
	pool_close(&pool);
	assert_null(pool.slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_or_none),
		cmocka_unit_test(test_no_slot_twice),
		cmocka_unit_test(test_threads_lose_no_slot),
		cmocka_unit_test(test_closing_what_was_never_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

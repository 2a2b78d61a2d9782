/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/shard.h"

enum { SLOTS = 600, T0 = 1700000000 };

struct bench {
	struct shard_space space;
	struct shard shard;
};

static const struct shard_call no_call = {0};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->space.slot = calloc(SLOTS, sizeof(*b->space.slot));
	b->space.node = calloc(SLOTS, sizeof(*b->space.node));
	b->space.slots = SLOTS;
	b->space.buckets = 16; /* crowded, so that chains are walked */
	b->space.key = (struct siphash_key){{5, 6}};
	assert_true(b->space.slot && b->space.node);
	assert_int_equal(pool_open(&b->space.pool, SLOTS), STI_OK);
	for (uint32_t i = 0; i < SLOTS; i++)
		pool_give(&b->space.pool, &i, 1);
	assert_int_equal(shard_open(&b->shard, &b->space, T0), STI_OK);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	shard_close(&b->shard);
	pool_close(&b->space.pool);
	free(b->space.slot);
	free(b->space.node);
	free(b);
	return 0;
}

static const uint8_t signer[2][32] = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 5, 6, 7, 9, 9}};

/* Signed by signer[0] when the token begins with a t, else by signer[1]. */
static void put(struct bench *b, const char *token, const char *orig, const char *dest, int64_t expires,
		int64_t replay_until)
{
	struct sti_span to[2] = {sti_span_str(dest), sti_span_str("12025550199")};
	struct table_item item = {.token = sti_span_str(token),
				  .orig = sti_span_str(orig),
				  .dest = to,
				  .n_dest = 2,
				  .expires = expires,
				  .replay_until = replay_until};
	struct record record;
	uint32_t slot;

	memcpy(item.signer, signer[token[0] != 't'], 32);
	memcpy(item.replay, token, strlen(token) < 32 ? strlen(token) : 32);
	assert_int_equal(record_make(&item, &b->space.key, &record), STI_OK);
	assert_true(pool_take(&b->space.pool, &slot, 1));
	slot_write(b->space.slot, &b->space.key, &slot, &record);
	shard_add(&b->shard, slot);
}

static bool knows(const struct bench *b, const char *token)
{
	uint8_t replay[32] = {0};

	memcpy(replay, token, strlen(token) < 32 ? strlen(token) : 32);
	return shard_knows(&b->shard, replay);
}

static void pair_of(struct record_number pair[2], const char *orig, const char *dest)
{
	assert_int_equal(record_number_make(sti_span_str(orig), &pair[0]), STI_OK);
	assert_int_equal(record_number_make(sti_span_str(dest), &pair[1]), STI_OK);
}

/* expected NULL: not found. */
static void expect_take(struct bench *b, const char *dest, const struct shard_call *call, int64_t now,
			const char *expected)
{
	struct record_number pair[2];
	struct buf out = buf_own(4096);
	uint32_t taken;
	enum sti_error error;

	pair_of(pair, "12025550100", dest);
	error = shard_take(&b->shard, pair, call, now, &out, &taken);
	assert_int_equal(error, expected ? STI_OK : STI_E_NOT_FOUND);
	if (expected)
		assert_true(sti_span_is(buf_span(&out), expected));
	buf_free(&out);
}

static uint32_t used(const struct bench *b)
{
	return SLOTS - pool_count(&b->space.pool);
}

static void test_set_comes_oldest_first_and_once(void **state)
{
	struct bench *b = *state;

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "two", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "other", "12025550100", "12025550102", T0 + 60, T0 + 65);
	expect_take(b, "12025550101", &no_call, T0, "one\ntwo");
	expect_take(b, "12025550101", &no_call, T0, NULL);
	expect_take(b, "12025550102", &no_call, T0, "other");
}

static void test_taken_under_one_dest_is_gone_under_the_other(void **state)
{
	struct bench *b = *state;

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	expect_take(b, "12025550199", &no_call, T0, "one");
	expect_take(b, "12025550101", &no_call, T0, NULL);
}

static void test_same_call_gets_the_same_bytes_in_its_time(void **state)
{
	struct bench *b = *state;
	const struct shard_call call = {7, T0 + 10};
	const struct shard_call other = {8, T0 + 10};

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "two", "12025550100", "12025550101", T0 + 60, T0 + 65);
	expect_take(b, "12025550101", &call, T0, "one\ntwo");
	put(b, "late", "12025550100", "12025550101", T0 + 60, T0 + 65);
	expect_take(b, "12025550101", &call, T0 + 9, "one\ntwo");
	expect_take(b, "12025550101", &other, T0 + 9, "late");
	expect_take(b, "12025550101", &call, T0 + 10, NULL); /* not swept yet */
	assert_int_equal(shard_sweep(&b->shard, T0 + 10), 0);
	expect_take(b, "12025550101", &call, T0 + 10, NULL);
	assert_true(knows(b, "one") && knows(b, "late"));
}

static void test_answer_is_never_stale(void **state)
{
	struct bench *b = *state;
	const struct shard_call call = {7, T0 + 10};

	put(b, "one", "12025550100", "12025550101", T0 + 5, T0 + 65);
	expect_take(b, "12025550101", &call, T0, "one");
	expect_take(b, "12025550101", &call, T0 + 5, NULL);
}

static void test_I7_stale_is_not_given_out_before_the_sweep(void **state)
{
	struct bench *b = *state;

	put(b, "one", "12025550100", "12025550101", T0 + 5, T0 + 65);
	expect_take(b, "12025550101", &no_call, T0 + 5, NULL);
	assert_int_equal(shard_sweep(&b->shard, T0 + 5), 1);
}

static void test_no_room_for_one_token_takes_nothing(void **state)
{
	struct bench *b = *state;
	struct record_number pair[2];
	struct buf small = buf_own(2);
	uint32_t taken;

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "two", "12025550100", "12025550101", T0 + 60, T0 + 65);
	pair_of(pair, "12025550100", "12025550101");
	assert_int_equal(shard_take(&b->shard, pair, &no_call, T0, &small, &taken), STI_E_LIMIT);
	assert_int_equal(taken, 0);
	expect_take(b, "12025550101", &no_call, T0, "one\ntwo");
	buf_free(&small);
}

/* room: of the buffer, for "first", "a long one", "last", in this order stored. */
static const struct {
	size_t room;
	const char *taken;
	const char *left;
} rooms[] = {
	{21, "first\na long one\nlast", NULL}, {20, "a long one\nlast", "first"}, {15, "a long one\nlast", "first"},
	{14, "first\nlast", "a long one"},     {10, "first\nlast", "a long one"}, {9, "last", "first\na long one"},
	{4, "last", "first\na long one"},
};

static void test_little_room_takes_the_newest_that_fit_and_leaves_the_others(void **state)
{
	struct bench *b = *state;
	struct record_number pair[2];
	uint32_t taken;

	pair_of(pair, "12025550100", "12025550101");
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		for (int with_call = 0; with_call < 2; with_call++) {
			const struct shard_call call = {with_call ? 7 + i : 0, T0 + 10};
			struct buf out = buf_own(rooms[i].room), again = buf_own(rooms[i].room);

			put(b, "first", "12025550100", "12025550101", T0 + 60, T0 + 65);
			put(b, "a long one", "12025550100", "12025550101", T0 + 60, T0 + 65);
			put(b, "last", "12025550100", "12025550101", T0 + 60, T0 + 65);
			assert_int_equal(shard_take(&b->shard, pair, &call, T0, &out, &taken), STI_OK);
			assert_true(sti_span_is(buf_span(&out), rooms[i].taken));
			if (with_call) {
				assert_int_equal(shard_answer(&b->shard, pair, &call, T0, &again), STI_OK);
				assert_true(sti_span_is(buf_span(&again), rooms[i].taken));
			}
			expect_take(b, "12025550101", &no_call, T0, rooms[i].left);
			buf_free(&out);
			buf_free(&again);
		}
	}
}

static void test_hash_is_known_until_its_time_and_then_the_slot_is_free(void **state)
{
	struct bench *b = *state;

	put(b, "taken", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "stale", "12025550100", "12025550102", T0 + 60, T0 + 65);
	expect_take(b, "12025550101", &no_call, T0, "taken");
	for (int64_t now = T0; now < T0 + 65; now++) {
		assert_int_equal(shard_sweep(&b->shard, now), now == T0 + 60);
		assert_true(knows(b, "taken") && knows(b, "stale"));
		assert_int_equal(used(b), 2);
	}
	assert_int_equal(shard_sweep(&b->shard, T0 + 65), 0);
	assert_false(knows(b, "taken") || knows(b, "stale"));
	assert_int_equal(used(b), 0);
}

static void test_sweep_order_is_not_insert_order(void **state)
{
	struct bench *b = *state;

	put(b, "long", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "short", "12025550100", "12025550102", T0 + 5, T0 + 10);
	assert_int_equal(shard_sweep(&b->shard, T0 + 4), 0);
	assert_int_equal(shard_sweep(&b->shard, T0 + 5), 1);
	assert_int_equal(shard_sweep(&b->shard, T0 + 59), 0);
	assert_int_equal(shard_sweep(&b->shard, T0 + 60), 1);
}

static void test_due_beyond_the_wheel_goes_round_again(void **state)
{
	struct bench *b = *state;
	uint32_t expired = 0;

	put(b, "far", "12025550100", "12025550101", T0 + 3 * SHARD_WHEEL + 4, T0 + 5 * SHARD_WHEEL);
	for (int64_t now = T0; now < T0 + 3 * SHARD_WHEEL + 4; now++)
		expired += shard_sweep(&b->shard, now);
	assert_int_equal(expired, 0);
	assert_int_equal(shard_sweep(&b->shard, T0 + 3 * SHARD_WHEEL + 4), 1);
	assert_int_equal(used(b), 1);
	shard_sweep(&b->shard, T0 + 5 * SHARD_WHEEL);
	assert_int_equal(used(b), 0);
}

static void test_I3_clock_jumps_ahead(void **state)
{
	struct bench *b = *state;

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	assert_int_equal(shard_sweep(&b->shard, T0 + 1000000), 1);
	assert_int_equal(used(b), 0);
}

static void test_I3_clock_set_back(void **state)
{
	struct bench *b = *state;

	shard_sweep(&b->shard, T0 + 100000);
	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	assert_int_equal(shard_sweep(&b->shard, T0), 0);
	expect_take(b, "12025550101", &no_call, T0, "one");
	assert_int_equal(used(b), 1);
}

/* Threads read the clock each for itself. */
static void test_clock_of_another_thread_is_behind(void **state)
{
	struct bench *b = *state;

	shard_sweep(&b->shard, T0 + 10);
	put(b, "one", "12025550100", "12025550101", T0 + 12, T0 + 20);
	assert_int_equal(shard_sweep(&b->shard, T0 + 8), 0);
	assert_int_equal(b->shard.swept, T0 + 10);
	assert_int_equal(shard_sweep(&b->shard, T0 + 12), 1);
}

static void test_stored_when_due_already_goes_with_the_next_sweep(void **state)
{
	struct bench *b = *state;

	put(b, "old", "12025550100", "12025550101", T0 - 50, T0 - 40);
	expect_take(b, "12025550101", &no_call, T0, NULL);
	assert_int_equal(shard_sweep(&b->shard, T0 + 1), 1);
	assert_int_equal(used(b), 0);
}

/* 16 buckets: everything shares chains; each is found and removed all the same, in any order. */
static void test_crowded_buckets(void **state)
{
	struct bench *b = *state;
	char token[16];
	char dest[12];

	for (int i = 0; i < 500; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		snprintf(dest, sizeof(dest), "1%03d55501%02d", 302 + i / 100, i % 100);
		put(b, token, "12025550100", dest, T0 + 1 + i % 60, T0 + 80);
	}
	for (int i = 0; i < 500; i += 3) {
		snprintf(token, sizeof(token), "t%d", i);
		snprintf(dest, sizeof(dest), "1%03d55501%02d", 302 + i / 100, i % 100);
		expect_take(b, dest, &no_call, T0, token);
	}
	assert_int_equal(shard_sweep(&b->shard, T0 + 60), 500 - 167);
	assert_int_equal(used(b), 500);
	shard_sweep(&b->shard, T0 + 80);
	assert_int_equal(used(b), 0);
}

static void expect_count(struct bench *b, const struct record_number pair[2], size_t all, size_t own)
{
	struct shard_tally tally = shard_count(&b->shard, pair, signer[0]);

	assert_int_equal(tally.all, all);
	assert_int_equal(tally.own, own);
}

static void test_count_is_of_the_pair_and_of_the_signer(void **state)
{
	struct bench *b = *state;
	struct record_number pair[2];

	put(b, "one", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "two", "12025550100", "12025550101", T0 + 60, T0 + 65);
	put(b, "three", "12025550100", "12025550102", T0 + 60, T0 + 65);
	pair_of(pair, "12025550100", "12025550101");
	expect_count(b, pair, 2, 1);
	pair_of(pair, "12025550100", "12025550199");
	expect_count(b, pair, 3, 2);
	pair_of(pair, "12025550101", "12025550100");
	expect_count(b, pair, 0, 0);
}

static void test_spent_record_of_the_file(void **state)
{
	struct bench *b = *state;
	uint32_t slot;

	assert_true(pool_take(&b->space.pool, &slot, 1));
	memcpy(b->space.slot[slot].replay, "spent", 5);
	b->space.slot[slot].replay_until = T0 + 9;
	shard_add_spent(&b->shard, slot);
	assert_true(knows(b, "spent"));
	assert_int_equal(shard_sweep(&b->shard, T0 + 8), 0);
	assert_true(knows(b, "spent"));
	assert_int_equal(shard_sweep(&b->shard, T0 + 9), 0);
	assert_false(knows(b, "spent"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_set_comes_oldest_first_and_once),
		TEST(test_taken_under_one_dest_is_gone_under_the_other),
		TEST(test_same_call_gets_the_same_bytes_in_its_time),
		TEST(test_answer_is_never_stale),
		TEST(test_I7_stale_is_not_given_out_before_the_sweep),
		TEST(test_no_room_for_one_token_takes_nothing),
		TEST(test_little_room_takes_the_newest_that_fit_and_leaves_the_others),
		TEST(test_hash_is_known_until_its_time_and_then_the_slot_is_free),
		TEST(test_sweep_order_is_not_insert_order),
		TEST(test_due_beyond_the_wheel_goes_round_again),
		TEST(test_I3_clock_jumps_ahead),
		TEST(test_I3_clock_set_back),
		TEST(test_clock_of_another_thread_is_behind),
		TEST(test_stored_when_due_already_goes_with_the_next_sweep),
		TEST(test_crowded_buckets),
		TEST(test_count_is_of_the_pair_and_of_the_signer),
		TEST(test_spent_record_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/slot.h"

enum { SLOTS = 2 * SLOT_CHAIN };

static const struct siphash_key key = {{11, 12}};

struct made {
	struct slot *base; /* SLOTS of exact size */
	uint8_t *token;
	char text[LIMIT_DEST][12];
	struct sti_span dest[LIMIT_DEST];
	struct table_item item;
	struct record record;
	uint32_t chain[SLOT_CHAIN];
};

/* A record of n_token octets in every second slot, from the last to the first. */
static void make(struct made *made, size_t n_token, size_t n_dest)
{
	made->base = calloc(SLOTS, sizeof(*made->base));
	made->token = malloc(n_token);
	assert_true(made->base && made->token);
	for (size_t i = 0; i < n_token; i++)
		made->token[i] = (uint8_t)('A' + i % 23);
	for (size_t i = 0; i < n_dest; i++) {
		snprintf(made->text[i], sizeof(made->text[i]), "120255501%02u", (unsigned)i % 100);
		made->dest[i] = sti_span_str(made->text[i]);
	}
	made->item = (struct table_item){.token = {made->token, n_token},
					 .orig = sti_span_str("12125550199"),
					 .dest = made->dest,
					 .n_dest = n_dest,
					 .expires = 1000,
					 .replay_until = 1005,
					 .replay = {1, 2, 3},
					 .signer = {4, 5, 6, 7, 8, 9, 10, 11, 12}};
	assert_int_equal(record_make(&made->item, &key, &made->record), STI_OK);
	for (uint32_t i = 0; i < SLOT_CHAIN; i++)
		made->chain[i] = SLOTS - 1 - 2 * i;
}

static void drop(struct made *made)
{
	free(made->base);
	free(made->token);
}

static const struct slot *head_of(const struct made *made)
{
	return &made->base[made->chain[0]];
}

static void test_slots_that_a_record_needs(void **state)
{
	static const struct {
		size_t n_dest, n_token, slots;
	} row[] = {
		{1, 1, 1},   {1, 720, 1}, {1, 721, 2},  {1, 1472, 2},   {1, 1473, 3},       {4, 672, 1},
		{4, 673, 2}, {5, 1, 2},   {32, 600, 8}, {32, 8192, 12}, {1, LIMIT_JWS, 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(slot_count(1 + row[i].n_dest, row[i].n_token), row[i].slots);
}

static void test_token_of_each_length_comes_back(void **state)
{
	static const size_t length[] = {1, 200, 720, 721, 1472, 1473, 4000, LIMIT_JWS};
	static const size_t dests[] = {1, 4, 5, 32};

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		struct made made;
		struct buf out = buf_own(LIMIT_JWS);

		make(&made, length[i % 8], dests[i / 8]);
		slot_write(made.base, &key, made.chain, &made.record);
		assert_true(slot_head_is_good(head_of(&made), &key));
		assert_true(slot_body_is_good(made.base, &key, made.chain[0]));
		assert_memory_equal(head_of(&made)->signer, made.item.signer, SLOT_SIGNER);
		assert_int_equal(slot_token_size(head_of(&made)), length[i % 8]);
		assert_int_equal(slot_chain_count(head_of(&made)), slot_count(1 + dests[i / 8], length[i % 8]));
		assert_memory_equal(slot_number(head_of(&made)), made.record.number,
				    made.record.n_number * sizeof(made.record.number[0]));
		slot_read_token(made.base, made.chain[0], &out);
		assert_int_equal(buf_error(&out), STI_OK);
		assert_true(sti_span_equal(buf_span(&out), made.item.token));
		buf_free(&out);
		drop(&made);
	}
}

static bool is_whole(const struct made *made)
{
	return slot_head_is_good(head_of(made), &key) && slot_body_is_good(made->base, &key, made->chain[0]);
}

/* Every octet that counts: the head, and the body as far as it is written, over three slots. */
static void test_each_damaged_octet_is_noticed(void **state)
{
	struct made made;
	size_t left = 2000 + 32;

	(void)state;
	make(&made, 2000, 1);
	slot_write(made.base, &key, made.chain, &made.record);
	for (size_t s = 0; s < 3; s++) {
		uint8_t *octet = (uint8_t *)&made.base[made.chain[s]];
		size_t body = left < SLOT_BODY ? left : SLOT_BODY;

		for (size_t i = s ? SLOT_HEAD : 0; i < SLOT_HEAD + body; i++) {
			octet[i] ^= 0x40;
			/* a next that leads astray is found by its number, before it is followed */
			if (i < offsetof(struct slot, next) || i >= offsetof(struct slot, n_body))
				assert_false(is_whole(&made));
			else
				assert_false(slot_head_is_good(head_of(&made), &key));
			octet[i] ^= 0x40;
		}
		left -= body;
	}
	assert_true(is_whole(&made));
	drop(&made);
}

static void test_two_slots_of_a_chain_swapped(void **state)
{
	struct made made;
	uint8_t kept[SLOT_BODY];

	(void)state;
	make(&made, 3 * SLOT_BODY, 1);
	slot_write(made.base, &key, made.chain, &made.record);
	memcpy(kept, made.base[made.chain[1]].body, SLOT_BODY);
	memcpy(made.base[made.chain[1]].body, made.base[made.chain[2]].body, SLOT_BODY);
	memcpy(made.base[made.chain[2]].body, kept, SLOT_BODY);
	assert_false(is_whole(&made));
	drop(&made);
}

static void test_another_key(void **state)
{
	const struct siphash_key other = {{11, 13}};
	struct made made;

	(void)state;
	make(&made, 600, 1);
	slot_write(made.base, &key, made.chain, &made.record);
	assert_false(slot_head_is_good(head_of(&made), &other));
	assert_false(slot_body_is_good(made.base, &other, made.chain[0]));
	drop(&made);
}

/* A right sum over a head that could not have been written. */
static void test_signed_head_with_impossible_counts(void **state)
{
	static const struct {
		uint16_t n_body;
		uint8_t n_number;
		uint8_t shard;
	} row[] = {
		{632, 0, 0},
		{632, 1, 0},
		{632, RECORD_NUMBERS + 1, 0},
		{32, 2, 0},
		{0, 2, 0},
		{LIMIT_JWS + 33, 2, 0},
		{UINT16_MAX, 2, 0},
		{632, 2, RECORD_SHARDS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct made made;
		struct slot *head;

		make(&made, 600, 1);
		slot_write(made.base, &key, made.chain, &made.record);
		head = &made.base[made.chain[0]];
		head->n_body = row[i].n_body;
		head->n_number = row[i].n_number;
		head->shard = row[i].shard;
		head->head_sum = slot_head_sum(head, &key);
		assert_false(slot_head_is_good(head, &key));
		drop(&made);
	}
}

static void test_spent_record_keeps_its_hash_and_no_octet_of_the_call(void **state)
{
	struct made made;
	const uint8_t nothing[SLOT_BODY] = {0};

	(void)state;
	make(&made, 2000, 1);
	slot_write(made.base, &key, made.chain, &made.record);
	slot_spend(&made.base[made.chain[0]]);
	assert_true(slot_is_spent(head_of(&made)));
	assert_false(slot_body_is_good(made.base, &key, made.chain[0]));
	slot_wipe(made.base, made.chain[0]);
	assert_true(slot_head_is_good(head_of(&made), &key));
	assert_memory_equal(head_of(&made)->replay, made.item.replay, 32);
	for (size_t i = 0; i < SLOTS; i++)
		assert_memory_equal(made.base[i].body, nothing, SLOT_BODY);
	drop(&made);
}

static void test_cleared_slot_is_all_zero(void **state)
{
	struct made made;
	const uint8_t nothing[SLOT_SIZE] = {0};

	(void)state;
	make(&made, 600, 1);
	slot_write(made.base, &key, made.chain, &made.record);
	slot_clear(&made.base[made.chain[0]]);
	assert_memory_equal(head_of(&made), nothing, SLOT_SIZE);
	drop(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_that_a_record_needs),
		cmocka_unit_test(test_token_of_each_length_comes_back),
		cmocka_unit_test(test_each_damaged_octet_is_noticed),
		cmocka_unit_test(test_two_slots_of_a_chain_swapped),
		cmocka_unit_test(test_another_key),
		cmocka_unit_test(test_signed_head_with_impossible_counts),
		cmocka_unit_test(test_spent_record_keeps_its_hash_and_no_octet_of_the_call),
		cmocka_unit_test(test_cleared_slot_is_all_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/slot.h"
#include "store/table.h"
#include "store/tmpfs.h"
#include "support/alloc_sweep.h"
#include "support/shm_folder.h"
#include "support/small_disk.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { T0 = 1700000000, MANY = 100000 };

static struct shm_folder folder;

static int setup(void **state)
{
	(void)state;
	folder = shm_folder_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shm_folder_remove(&folder);
	return 0;
}

static struct table *open_at(uint32_t slots, int64_t now)
{
	struct table_config config = {shm_folder_file(&folder, "table"), slots, 10};
	struct table *table;

	assert_int_equal(table_open(&config, now, &table), STI_OK);
	return table;
}

/* PASSporT number `id`, all from the number: its pair, its length, its octets. */
struct made {
	struct table_item item;
	struct sti_span dest;
	char orig_text[12];
	char dest_text[12];
	uint8_t token[3100];
};

/* 1 NPA 555 01xx: 100 numbers in each of 800 areas. */
static void number_of(char text[12], uint32_t i)
{
	snprintf(text, 12, "1%03u55501%02u", 200 + i / 100 % 800, i % 100);
}

static void make_sized(struct made *made, uint32_t id, size_t n_token)
{
	number_of(made->orig_text, id / 80000 * 7919 + id % 97);
	number_of(made->dest_text, id % 80000);
	made->dest = sti_span_str(made->dest_text);
	for (size_t i = 0; i < n_token; i++)
		made->token[i] = (uint8_t)('A' + (id + i * (1 + id % 7)) % 57);
	made->item = (struct table_item){.token = {made->token, n_token},
					 .orig = sti_span_str(made->orig_text),
					 .dest = &made->dest,
					 .n_dest = 1,
					 .expires = T0 + 60,
					 .replay_until = T0 + 65};
	memcpy(made->item.replay, &id, sizeof(id));
	memcpy(made->item.signer, &id, sizeof(id)); /* each signed by another */
}

/* Lengths from 300 to 3,000, so that records of one to four slots mix. */
static void make(struct made *made, uint32_t id)
{
	make_sized(made, id, 300 + id * 7 % 2700);
}

static enum sti_error put(struct table *table, uint32_t id)
{
	struct made made;

	make(&made, id);
	return table_put(table, &made.item, 1, T0);
}

static enum sti_error take(struct table *table, const struct made *made, const char *call, int64_t now, struct buf *out)
{
	struct table_pair pair = {made->item.orig, made->dest};
	size_t hit = 99;
	enum sti_error error;

	*out = buf_own(LIMIT_PAIR * (LIMIT_JWS + 1));
	error = table_take(table, &pair, 1, sti_span_str(call), now, out, &hit);
	if (!error)
		assert_int_equal(hit, 0);
	return error;
}

/* Takes it and compares; STI_E_NOT_FOUND when it is not there. */
static enum sti_error take_made(struct table *table, const struct made *made, int64_t now)
{
	struct buf out;
	enum sti_error error = take(table, made, NULL, now, &out);

	if (!error)
		assert_true(sti_span_equal(buf_span(&out), made->item.token));
	buf_free(&out);
	return error;
}

static enum sti_error take_id(struct table *table, uint32_t id)
{
	struct made made;

	make(&made, id);
	return take_made(table, &made, T0);
}

static bool file_holds(struct sti_span bytes)
{
	FILE *file = fopen(shm_folder_file(&folder, "table"), "rb");
	size_t size = TMPFS_HEADER + 200 * SLOT_SIZE;
	uint8_t *all = malloc(size);
	size_t n;
	bool found;

	assert_true(file && all);
	n = fread(all, 1, size, file);
	found = memmem(all, n, bytes.p, bytes.n) != NULL;
	fclose(file);
	free(all);
	return found;
}

static void test_taken_once(void **state)
{
	struct table *table = open_at(16, T0);

	(void)state;
	assert_int_equal(take_id(table, 1), STI_E_NOT_FOUND);
	assert_int_equal(put(table, 1), STI_OK);
	assert_int_equal(table_stats(table).stored, 1);
	assert_int_equal(take_id(table, 1), STI_OK);
	assert_int_equal(take_id(table, 1), STI_E_NOT_FOUND);
	assert_int_equal(table_stats(table).stored, 0);
	assert_int_equal(table_stats(table).taken, 1);
	table_close(table);
}

static void test_several_dests_are_one_passport(void **state)
{
	struct table *table = open_at(16, T0);
	char text[LIMIT_DEST][12];
	struct sti_span dest[LIMIT_DEST];
	struct made made;

	(void)state;
	for (uint32_t i = 0; i < LIMIT_DEST; i++) {
		number_of(text[i], i);
		dest[i] = sti_span_str(text[i]);
	}
	for (uint32_t id = 0; id < LIMIT_DEST; id++) {
		make(&made, id);
		made.item.dest = dest;
		made.item.n_dest = LIMIT_DEST;
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
		assert_int_equal(table_stats(table).stored, 1);
		made.dest = dest[id];
		assert_int_equal(take_made(table, &made, T0), STI_OK);
		for (uint32_t other = 0; other < LIMIT_DEST; other++) {
			made.dest = dest[other];
			assert_int_equal(take_made(table, &made, T0), STI_E_NOT_FOUND);
		}
		assert_int_equal(table_stats(table).stored, 0);
		table_sweep(table, T0 + 65);
		assert_int_equal(table_stats(table).slots_used, 0);
		table_sweep(table, T0);
	}
	table_close(table);
}

static void test_first_pair_that_has_one(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made[3];
	struct table_pair pair[3];
	struct buf out = buf_own(LIMIT_JWS);
	size_t hit = 99;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		make(&made[i], i);
		pair[i] = (struct table_pair){made[i].item.orig, made[i].dest};
	}
	assert_int_equal(table_put(table, &made[1].item, 1, T0), STI_OK);
	assert_int_equal(table_put(table, &made[2].item, 1, T0), STI_OK);
	assert_int_equal(table_take(table, pair, 3, sti_span(NULL, 0), T0, &out, &hit), STI_OK);
	assert_int_equal(hit, 1);
	assert_true(sti_span_equal(buf_span(&out), made[1].item.token));
	buf_free(&out);
	assert_int_equal(take_id(table, 2), STI_OK);
	table_close(table);
}

static void expect_call(struct table *table, const struct table_pair *pair, const char *call, int64_t now,
			const struct made *expected, size_t expected_hit)
{
	struct buf out = buf_own(LIMIT_JWS);
	size_t hit = 99;
	enum sti_error error = table_take(table, pair, 2, sti_span_str(call), now, &out, &hit);

	assert_int_equal(error, expected ? STI_OK : STI_E_NOT_FOUND);
	if (expected) {
		assert_int_equal(hit, expected_hit);
		assert_true(sti_span_equal(buf_span(&out), expected->item.token));
	}
	buf_free(&out);
}

/* Meanwhile the first pair got one: the call has its answer already. */
static void test_same_call_same_answer_for_ten_seconds(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made[2];
	struct table_pair pair[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		make(&made[i], i);
		pair[i] = (struct table_pair){made[i].item.orig, made[i].dest};
	}
	assert_int_equal(table_put(table, &made[1].item, 1, T0), STI_OK);
	expect_call(table, pair, "call-1", T0, &made[1], 1);
	assert_int_equal(table_put(table, &made[0].item, 1, T0), STI_OK);
	expect_call(table, pair, "call-1", T0 + 9, &made[1], 1);
	expect_call(table, pair, "call-2", T0 + 9, &made[0], 0);
	expect_call(table, pair, "call-2", T0 + 9, &made[0], 0);
	expect_call(table, pair, "call-1", T0 + 10, NULL, 0);
	assert_int_equal(table_stats(table).taken, 2);
	table_close(table);
}

static void test_no_octet_of_a_taken_token_stays_in_the_file(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;
	struct sti_span part;
	struct buf out;

	(void)state;
	make_sized(&made, 5, 3000);
	part = sti_span(made.token + 2900, 50);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_true(file_holds(part) && file_holds(made.item.orig));
	assert_int_equal(take(table, &made, "call", T0, &out), STI_OK);
	buf_free(&out);
	assert_int_equal(table_sweep(table, T0 + 10), 0);
	assert_false(file_holds(part) || file_holds(made.item.orig) || file_holds(made.dest));
	table_close(table);
}

static void test_no_octet_of_a_stale_token_stays_in_the_file(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;

	(void)state;
	make_sized(&made, 5, 3000);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(table_sweep(table, T0 + 60), 1);
	assert_false(file_holds(sti_span(made.token + 2900, 50)) || file_holds(made.item.orig));
	table_close(table);
}

static void test_answer_of_a_call_does_not_outlive_the_process(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;
	struct buf out;

	(void)state;
	make_sized(&made, 5, 3000);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(take(table, &made, "call", T0, &out), STI_OK);
	buf_free(&out);
	table_close(table);
	table = open_at(16, T0);
	assert_false(file_holds(sti_span(made.token + 2900, 50)) || file_holds(made.item.orig));
	assert_int_equal(take(table, &made, "call", T0, &out), STI_E_NOT_FOUND);
	buf_free(&out);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(table_stats(table).stored, 0);
	table_close(table);
}

/* Point 2: iat = now - 55. */
static void test_I7_expires_by_the_sweep_alone(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;

	(void)state;
	make(&made, 1);
	made.item.expires = T0 + 5;
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(table_sweep(table, T0 + 4), 0);
	assert_int_equal(table_stats(table).stored, 1);
	assert_int_equal(table_sweep(table, T0 + 5), 1);
	assert_int_equal(table_stats(table).stored, 0);
	assert_int_equal(table_stats(table).expired, 1);
	table_close(table);
}

static void test_G1_posted_a_thousand_times_before_and_after_it_is_taken(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;

	(void)state;
	make(&made, 1);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(table_stats(table).stored, 1);
	assert_int_equal(table_stats(table).duplicates, 999);
	assert_int_equal(take_made(table, &made, T0), STI_OK);
	table_close(table);
	table = open_at(16, T0 + 1);
	for (int64_t now = T0 + 1; now < T0 + 65; now++) {
		table_sweep(table, now);
		assert_int_equal(table_put(table, &made.item, 1, now), STI_OK);
		assert_int_equal(table_stats(table).stored, 0);
		assert_int_equal(take_made(table, &made, now), STI_E_NOT_FOUND);
	}
	table_sweep(table, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

static void test_G1_twice_in_one_post(void **state)
{
	struct table *table = open_at(16, T0);
	struct made made;
	struct table_item item[2];

	(void)state;
	make(&made, 1);
	item[0] = item[1] = made.item;
	assert_int_equal(table_put(table, item, 2, T0), STI_OK);
	assert_int_equal(table_stats(table).stored, 1);
	assert_int_equal(take_made(table, &made, T0), STI_OK);
	table_close(table);
}

static void test_G6_a_thousand_callers_to_one_number(void **state)
{
	struct table *table = open_at(4000, T0);
	struct made made;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		make(&made, i);
		number_of(made.orig_text, i);
		number_of(made.dest_text, 0);
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	}
	assert_int_equal(table_stats(table).stored, 1000);
	table_close(table);
}

static void test_G6_one_pair_holds_so_many_and_no_more(void **state)
{
	struct table *table = open_at(2000, T0);
	struct made made;
	struct buf out;
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < LIMIT_PAIR + 20; i++) {
		make_sized(&made, i * 80000, 400);
		number_of(made.orig_text, 0);
		assert_int_equal(table_put(table, &made.item, 1, T0), i < LIMIT_PAIR ? STI_OK : STI_E_FULL);
	}
	assert_int_equal(table_stats(table).stored, LIMIT_PAIR);
	assert_int_equal(table_stats(table).refused_full, 20);
	make_sized(&made, 0, 400); /* is there already */
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	assert_int_equal(take(table, &made, NULL, T0, &out), STI_OK);
	assert_int_equal(out.n, LIMIT_PAIR * 401 - 1);
	for (size_t i = 0; i < out.n; i++)
		n += out.p[i] == '\n';
	assert_int_equal(n, LIMIT_PAIR - 1);
	buf_free(&out);
	table_close(table);
}

/* PASSporT number `id` of the one call between number 0 and number `to`. */
static void make_for(struct made *made, uint32_t id, uint32_t to, uint8_t signer)
{
	make_sized(made, id, 400);
	number_of(made->orig_text, 0);
	number_of(made->dest_text, to);
	memset(made->item.signer, signer, sizeof(made->item.signer));
}

static enum sti_error put_for(struct table *table, uint32_t id, uint32_t to, uint8_t signer)
{
	struct made made;

	make_for(&made, id, to, signer);
	return table_put(table, &made.item, 1, T0);
}

static void test_G6_one_signer_leaves_room_for_the_true_one(void **state)
{
	struct table *table = open_at(200, T0);
	struct made made;
	struct buf out;

	(void)state;
	for (uint32_t id = 0; id < 20; id++)
		assert_int_equal(put_for(table, id, 1, 66), id < LIMIT_PAIR_SIGNER ? STI_OK : STI_E_FULL);
	assert_int_equal(put_for(table, 0, 1, 66), STI_OK); /* is there already */
	assert_int_equal(put_for(table, 30, 2, 66), STI_OK); /* another pair */
	table_close(table);
	table = open_at(200, T0);
	assert_int_equal(put_for(table, 40, 1, 66), STI_E_FULL);
	assert_int_equal(put_for(table, 41, 1, 7), STI_OK);
	make_for(&made, 0, 1, 66);
	assert_int_equal(take(table, &made, NULL, T0, &out), STI_OK);
	assert_int_equal(out.n, (LIMIT_PAIR_SIGNER + 1) * 401 - 1);
	buf_free(&out);
	for (uint32_t id = 50; id < 50 + LIMIT_PAIR_SIGNER; id++) /* the next call of the two */
		assert_int_equal(put_for(table, id, 1, 66), STI_OK);
	table_close(table);
}

/* What stands in one POST counts as what lies there, pair by pair and signer by signer. */
static void test_G6_one_signer_in_one_post(void **state)
{
	static const struct {
		uint32_t before, n, dests, signers; /* before: of the first signer, for the first dest */
		enum sti_error error;
	} row[] = {
		{0, LIMIT_PASSPORTS, 1, 1, STI_OK}, {1, LIMIT_PASSPORTS, 1, 1, STI_E_FULL}, {10, 6, 1, 1, STI_OK},
		{10, 7, 1, 1, STI_E_FULL},	    {10, 12, 2, 1, STI_OK},		    {10, 14, 2, 1, STI_E_FULL},
		{10, 12, 1, 2, STI_OK},
	};
	struct made *made = calloc(LIMIT_PASSPORTS, sizeof(*made));
	struct table_item item[LIMIT_PASSPORTS];

	(void)state;
	assert_non_null(made);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct table *table = open_at(64, T0);

		for (uint32_t k = 0; k < row[i].before; k++)
			assert_int_equal(put_for(table, 100 + k, 0, 1), STI_OK);
		for (uint32_t k = 0; k < row[i].n; k++) {
			make_for(&made[k], k, k % row[i].dests, (uint8_t)(1 + k % row[i].signers));
			item[k] = made[k].item;
		}
		assert_int_equal(table_put(table, item, row[i].n, T0), row[i].error);
		assert_int_equal(table_stats(table).stored, row[i].before + (row[i].error ? 0 : row[i].n));
		table_close(table);
		unlink(shm_folder_file(&folder, "table"));
	}
	free(made);
}

/* With many dests: it counts under each of them. */
static void test_G6_one_signer_and_each_dest_of_a_passport(void **state)
{
	struct table *table = open_at(64, T0);
	struct made made, other;
	struct sti_span dest[2];

	(void)state;
	make_for(&other, 0, 2, 66);
	for (uint32_t id = 0; id < LIMIT_PAIR_SIGNER; id++) {
		make_for(&made, id, 1, 66);
		dest[0] = made.dest;
		dest[1] = other.dest;
		made.item.dest = dest;
		made.item.n_dest = 2;
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	}
	assert_int_equal(put_for(table, 110, 1, 66), STI_E_FULL);
	assert_int_equal(put_for(table, 111, 2, 66), STI_E_FULL);
	assert_int_equal(put_for(table, 112, 3, 66), STI_OK);
	table_close(table);
}

static void test_whole_set_of_the_longest_tokens(void **state)
{
	struct table *table = open_at(16 * LIMIT_PAIR, T0);
	uint8_t *token = malloc(LIMIT_JWS);
	struct made made;
	struct buf out;

	(void)state;
	assert_non_null(token);
	memset(token, 'A', LIMIT_JWS);
	for (uint8_t id = 0; id < LIMIT_PAIR; id++) {
		make_for(&made, id, 1, id);
		made.item.token = sti_span(token, LIMIT_JWS);
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	}
	assert_int_equal(take(table, &made, NULL, T0, &out), STI_OK);
	assert_int_equal(out.n, LIMIT_PAIR * (LIMIT_JWS + 1) - 1);
	assert_int_equal(table_stats(table).stored, 0);
	buf_free(&out);
	free(token);
	table_close(table);
}

/* Every cut of the same octets between orig and dest, colons and zeros among them. */
static void test_G7_pairs_that_join_to_the_same_text(void **state)
{
	static const char text[2][12] = {"12025550100", "1:202:555\0000"};
	struct table *table = open_at(64, T0);

	(void)state;
	for (uint32_t t = 0; t < 2; t++)
		for (uint32_t at = 0; at <= 11; at++) {
			struct made made;

			make_sized(&made, t * 100 + at, 400);
			made.item.orig = sti_span(text[t], at);
			made.dest = sti_span(text[t] + at, 11 - at);
			assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
		}
	for (uint32_t t = 0; t < 2; t++)
		for (uint32_t at = 0; at <= 11; at++) {
			struct made made;

			make_sized(&made, t * 100 + at, 400);
			made.item.orig = sti_span(text[t], at);
			made.dest = sti_span(text[t] + at, 11 - at);
			assert_int_equal(take_made(table, &made, T0), STI_OK);
		}
	assert_int_equal(table_stats(table).stored, 0);
	table_close(table);
}

static void test_number_that_cannot_be_stored_is_not_found(void **state)
{
	struct table *table = open_at(16, T0);
	struct table_pair pair = {sti_span_str("1202555010012025"), sti_span_str("12025550101")};
	struct buf out = buf_own(10);
	size_t hit;

	(void)state;
	assert_int_equal(table_take(table, &pair, 1, sti_span(NULL, 0), T0, &out, &hit), STI_E_NOT_FOUND);
	assert_int_equal(table_take(table, NULL, 0, sti_span_str("call"), T0, &out, &hit), STI_E_NOT_FOUND);
	buf_free(&out);
	table_close(table);
}

static void test_batch_is_all_or_nothing(void **state)
{
	struct table *table = open_at(20, T0);
	struct made *made = calloc(LIMIT_PASSPORTS + 1, sizeof(*made));
	struct table_item item[LIMIT_PASSPORTS + 1];

	(void)state;
	assert_non_null(made);
	for (uint32_t i = 0; i < LIMIT_PASSPORTS + 1; i++) {
		make_sized(&made[i], i, 1400); /* two slots each */
		item[i] = made[i].item;
	}
	assert_int_equal(table_put(table, item, 11, T0), STI_E_FULL);
	assert_int_equal(table_stats(table).stored, 0);
	assert_int_equal(table_stats(table).slots_used, 0);
	assert_int_equal(table_put(table, item, LIMIT_PASSPORTS + 1, T0), STI_E_LIMIT);
	item[3].n_dest = 0;
	assert_int_equal(table_put(table, item, 10, T0), STI_E_LIMIT);
	assert_int_equal(table_stats(table).slots_used, 0);
	item[3].n_dest = 1;
	assert_int_equal(table_put(table, item, 0, T0), STI_OK);
	assert_int_equal(table_put(table, item, 10, T0), STI_OK);
	assert_int_equal(table_put(table, item + 10, 1, T0), STI_E_FULL);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(take_made(table, &made[i], T0), STI_OK);
	free(made);
	table_close(table);
}

static void test_room_comes_back_without_a_sweep(void **state)
{
	struct table *table = open_at(1, T0);
	struct made made;

	(void)state;
	make_sized(&made, 1, 400);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	make_sized(&made, 2, 400);
	number_of(made.orig_text, 1);
	made.item.replay_until = T0 + 130;
	assert_int_equal(table_put(table, &made.item, 1, T0 + 64), STI_E_FULL);
	assert_int_equal(table_put(table, &made.item, 1, T0 + 65), STI_OK);
	table_close(table);
}

static void test_everything_is_there_after_a_restart(void **state)
{
	struct table *table = open_at(2000, T0);

	(void)state;
	for (uint32_t id = 0; id < 500; id++)
		assert_int_equal(put(table, id), STI_OK);
	for (uint32_t id = 0; id < 500; id += 5)
		assert_int_equal(take_id(table, id), STI_OK);
	table_close(table);
	table = open_at(2500, T0 + 1); /* and the file may grow */
	assert_int_equal(table_stats(table).stored, 400);
	for (uint32_t id = 0; id < 500; id++) {
		assert_int_equal(put(table, id), STI_OK);
		assert_int_equal(take_id(table, id), id % 5 ? STI_OK : STI_E_NOT_FOUND);
	}
	assert_int_equal(table_stats(table).duplicates, 500);
	table_sweep(table, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

static void test_I6_what_got_stale_while_we_were_down(void **state)
{
	struct table *table = open_at(200, T0);

	(void)state;
	for (uint32_t id = 0; id < 20; id++)
		assert_int_equal(put(table, id), STI_OK);
	table_close(table);
	table = open_at(200, T0 + 60);
	assert_int_equal(table_stats(table).stored, 0);
	assert_int_equal(table_stats(table).slots_used, 20);
	assert_int_equal(put(table, 7), STI_OK);
	assert_int_equal(table_stats(table).duplicates, 1);
	table_close(table);
	table = open_at(200, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

static void flip_octet(off_t at)
{
	FILE *file = fopen(shm_folder_file(&folder, "table"), "r+b");
	int octet;

	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	octet = fgetc(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fputc(octet ^ 0x11, file), octet ^ 0x11);
	fclose(file);
}

/* One octet anywhere in the slots: the record it hits is gone, or whole, and the others are there. */
static void test_J1_damaged_file_gives_out_nothing_wrong(void **state)
{
	(void)state;
	for (off_t at = TMPFS_HEADER; at < TMPFS_HEADER + 8 * SLOT_SIZE; at += SANITIZED ? 31 : 7) {
		struct table *table = open_at(8, T0);
		struct made made[2];
		size_t there = 0;

		for (uint32_t id = 0; id < 2; id++) {
			make_sized(&made[id], id, 2000);
			assert_int_equal(table_put(table, &made[id].item, 1, T0), STI_OK);
		}
		table_close(table);
		flip_octet(at);
		table = open_at(8, T0);
		for (uint32_t id = 0; id < 2; id++)
			there += take_made(table, &made[id], T0) == STI_OK;
		assert_in_range(there, 1, 2);
		table_close(table);
		unlink(shm_folder_file(&folder, "table"));
	}
}

static struct slot *map_slots(void **map, size_t *size)
{
	int fd = open(shm_folder_file(&folder, "table"), O_RDWR);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	*map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(*map != MAP_FAILED);
	close(fd);
	return (struct slot *)(void *)((uint8_t *)*map + TMPFS_HEADER);
}

static uint32_t find_head(const struct slot *slot, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && !slot[i].head_sum)
		i++;
	assert_true(i < n);
	return i;
}

/* Heads with the right sum whose chain goes astray: out of the file, in a circle, into another. */
static void test_J1_chain_that_goes_astray(void **state)
{
	(void)state;
	for (int what = 0; what < 4; what++) {
		struct table *table = open_at(8, T0);
		struct made made[2];
		struct slot *slot;
		size_t size;
		void *map;
		uint32_t head;

		for (uint32_t id = 0; id < 2; id++) {
			make_sized(&made[id], id, 2000);
			assert_int_equal(table_put(table, &made[id].item, 1, T0), STI_OK);
		}
		table_close(table);
		slot = map_slots(&map, &size);
		head = find_head(slot, 8);
		slot[head].next = what == 0   ? 8
				  : what == 1 ? head
				  : what == 2 ? find_head(slot + head + 1, 7 - head) + head + 1
					      : SLOT_NONE;
		slot[head].head_sum = slot_head_sum(&slot[head], &((const struct tmpfs_header *)map)->key);
		munmap(map, size);
		table = open_at(8, T0);
		assert_int_equal(table_stats(table).stored, 1);
		assert_int_equal(table_stats(table).slots_used, 3);
		table_close(table);
		unlink(shm_folder_file(&folder, "table"));
	}
}

/* The same first slot a second time, sums and all: the tail can belong to one only. */
static void test_J1_two_heads_with_one_tail(void **state)
{
	struct table *table = open_at(8, T0);
	struct made made;
	struct slot *slot;
	size_t size;
	void *map;

	(void)state;
	make_sized(&made, 1, 2000);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
	table_close(table);
	slot = map_slots(&map, &size);
	memcpy(&slot[7], &slot[find_head(slot, 7)], SLOT_SIZE);
	munmap(map, size);
	table = open_at(8, T0);
	assert_int_equal(table_stats(table).stored, 1);
	assert_int_equal(table_stats(table).slots_used, 3);
	assert_int_equal(take_made(table, &made, T0), STI_OK);
	assert_int_equal(take_made(table, &made, T0), STI_E_NOT_FOUND);
	table_sweep(table, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

static void test_slots_out_of_range(void **state)
{
	struct table_config config = {shm_folder_file(&folder, "table"), 0, 10};
	struct table *table;

	(void)state;
	assert_int_equal(table_open(&config, T0, &table), STI_E_LIMIT);
	config.slots = LIMIT_SLOTS + 1u;
	assert_int_equal(table_open(&config, T0, &table), STI_E_LIMIT);
	assert_int_equal(shm_folder_count(&folder), 0);
}

static void test_second_process_is_refused(void **state)
{
	struct table *table = open_at(16, T0);
	struct table_config config = {shm_folder_file(&folder, "table"), 16, 10};
	struct table *second;

	(void)state;
	assert_int_equal(table_open(&config, T0, &second), STI_E_BUSY);
	table_close(table);
	table = open_at(16, T0);
	table_close(table);
}

/* Opens, stores, takes and closes; every error is of memory, and a taker without memory takes nothing. */
static bool live_on_little_memory(void *context)
{
	struct table_config config = {context, 100, 10};
	struct table *table;
	struct buf out;
	struct made made;
	enum sti_error error = table_open(&config, T0, &table);

	if (!error) {
		make(&made, 1);
		assert_int_equal(table_put(table, &made.item, 1, T0), STI_OK);
		error = take(table, &made, NULL, T0, &out);
		buf_free(&out);
		assert_int_equal(table_stats(table).stored, error ? 1 : 0);
		table_close(table);
		unlink(context);
	}
	assert_int_equal(error, alloc_sweep_failed() ? STI_E_MEMORY : STI_OK);
	return !error;
}

static void test_J5_no_memory(void **state)
{
	(void)state;
	alloc_sweep("J5: table_open to table_close", live_on_little_memory,
		    (void *)(uintptr_t)shm_folder_file(&folder, "table"));
}

static int open_on_a_full_disk(void *context)
{
	struct table_config config = {context, 2000, 10};
	struct table *table;

	if (!small_disk_mount(folder.path))
		return SMALL_DISK_SKIPPED;
	if (table_open(&config, T0, &table) != STI_E_IO || errno != ENOSPC)
		return 1;
	config.slots = 1200;
	if (table_open(&config, T0, &table))
		return 2;
	for (uint32_t id = 0; id < 100; id++)
		if (put(table, id))
			return 3;
	table_close(table);
	/* growing fails, and what was promised is still there */
	config.slots = 2000;
	if (table_open(&config, T0, &table) != STI_E_IO || errno != ENOSPC)
		return 4;
	config.slots = 1200;
	if (table_open(&config, T0, &table) || table_stats(table).stored != 100)
		return 5;
	table_close(table);
	return 0;
}

static void test_J4_no_space(void **state)
{
	(void)state;
	small_disk_expect(small_disk_child(open_on_a_full_disk, (void *)(uintptr_t)shm_folder_file(&folder, "table")));
}

/* J1: a child stores, takes every third and sweeps, and says over a pipe what has been done; it is
 * killed when a random number of these lines has come, wherever it is then. */

enum { KILLS = 50, KILL_SLOTS = 20000, KILL_IDS = 4000 };

struct acknowledged {
	bool put[KILL_IDS];
	bool taken[KILL_IDS];
};

static void work_until_killed(int pipe_end)
{
	struct table *table = open_at(KILL_SLOTS, T0);

	for (uint32_t id = 0; id < KILL_IDS; id++) {
		int32_t said = (int32_t)id + 1;

		if (put(table, id))
			_exit(1);
		if (write(pipe_end, &said, sizeof(said)) != (ssize_t)sizeof(said))
			_exit(2);
		if (id % 3)
			continue;
		said = -said;
		if (take_id(table, id) || write(pipe_end, &said, sizeof(said)) != (ssize_t)sizeof(said))
			_exit(3);
		table_sweep(table, T0);
	}
	for (;;)
		pause();
}

static void note(struct acknowledged *done, int32_t said)
{
	if (said > 0)
		done->put[said - 1] = true;
	else
		done->taken[-said - 1] = true;
}

static void kill_one(struct acknowledged *done, unsigned lines)
{
	int ends[2];
	int32_t said;
	pid_t pid;
	int status;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		work_until_killed(ends[1]);
	close(ends[1]);
	for (unsigned i = 0; i < lines; i++) {
		assert_int_equal(read(ends[0], &said, sizeof(said)), sizeof(said));
		note(done, said);
	}
	kill(pid, SIGKILL);
	while (read(ends[0], &said, sizeof(said)) == (ssize_t)sizeof(said)) /* said before it died */
		note(done, said);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* take_id fails the test when a token is not whole. */
static size_t check_survivors(const struct acknowledged *done)
{
	struct table *table = open_at(KILL_SLOTS, T0);
	size_t there = 0;

	for (uint32_t id = 0; id < KILL_IDS; id++) {
		enum sti_error error = take_id(table, id);

		there += !error;
		if (done->put[id] && id % 3)
			assert_int_equal(error, STI_OK);
		if (done->taken[id]) {
			assert_int_equal(error, STI_E_NOT_FOUND);
			assert_int_equal(put(table, id), STI_OK);
			assert_int_equal(take_id(table, id), STI_E_NOT_FOUND);
		}
	}
	assert_int_equal(table_stats(table).stored, 0);
	table_sweep(table, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
	return there;
}

static void test_J1_kill_9_at_random_moments(void **state)
{
	struct acknowledged *done = malloc(sizeof(*done));
	unsigned kills = SANITIZED ? 10 : KILLS;
	unsigned seed = (unsigned)getpid();
	size_t there = 0;

	(void)state;
	assert_non_null(done);
	for (unsigned i = 0; i < kills; i++) {
		memset(done, 0, sizeof(*done));
		kill_one(done, (unsigned)rand_r(&seed) % 3000);
		there += check_survivors(done);
		unlink(shm_folder_file(&folder, "table"));
	}
	print_message("J1: %u of %u kills, %zu PASSporTs found again, each whole\n", kills, kills, there);
	free(done);
}

/* Threads: each stores its own and takes its neighbour's; a sweeper with time of its own. */

enum { THREADS = 4, EACH = SANITIZED ? 3000 : 20000 };

struct worker {
	struct table *table;
	uint32_t number;
	size_t found;
	size_t refused;
};

static void *put_and_take(void *context)
{
	struct worker *worker = context;

	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t id = i * THREADS + worker->number;
		struct table_stats stats = table_stats(worker->table);

		worker->refused += put(worker->table, id) != STI_OK || stats.slots_used > stats.slots;
		worker->found += take_id(worker->table, id ^ 1) == STI_OK;
		if (i % 64 == 0)
			table_sweep(worker->table, T0 + i % 3);
	}
	return NULL;
}

static void test_threads_take_each_passport_once(void **state)
{
	struct table *table = open_at(3 * THREADS * EACH, T0);
	struct worker worker[THREADS];
	pthread_t thread[THREADS];
	size_t found = 0;

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		worker[i] = (struct worker){.table = table, .number = i};
		assert_int_equal(pthread_create(&thread[i], NULL, put_and_take, &worker[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(worker[i].refused, 0);
		found += worker[i].found;
	}
	assert_int_equal(table_stats(table).taken, found);
	assert_int_equal(table_stats(table).stored, THREADS * EACH - found);
	for (uint32_t id = 0; id < THREADS * EACH; id++)
		found += take_id(table, id) == STI_OK;
	assert_int_equal(found, THREADS * EACH);
	table_sweep(table, T0 + 65);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

/* One small table for all: full most of the time, in batches over many shards. */
static void *put_batches(void *context)
{
	struct worker *worker = context;
	struct made *made = calloc(4, sizeof(*made));

	for (uint32_t i = 0; made && i < EACH / 4; i++) {
		struct table_item item[4];

		for (uint32_t k = 0; k < 4; k++) {
			make(&made[k], (i * THREADS + worker->number) * 4 + k);
			made[k].item.expires = T0 + 1 + i / 10;
			made[k].item.replay_until = T0 + 2 + i / 10;
			item[k] = made[k].item;
		}
		worker->refused += table_put(worker->table, item, 4, T0 + i / 10) == STI_E_FULL;
		worker->found += take_made(worker->table, &made[i % 4], T0 + i / 10) == STI_OK;
	}
	free(made);
	return NULL;
}

static void test_threads_on_a_full_table_lose_no_slot(void **state)
{
	struct table *table = open_at(200, T0);
	struct worker worker[THREADS];
	pthread_t thread[THREADS];

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		worker[i] = (struct worker){.table = table, .number = i};
		assert_int_equal(pthread_create(&thread[i], NULL, put_batches, &worker[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	table_sweep(table, T0 + 10 * EACH);
	assert_int_equal(table_stats(table).stored, 0);
	assert_int_equal(table_stats(table).slots_used, 0);
	table_close(table);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Octets of memory of this process, shared and mapped included. */
static size_t resident(void)
{
	char line[64] = "";
	char *end = line;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	strtoul(line, &end, 10);
	return strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* 490 to 700 octets. */
static void make_ordinary(struct made *made, uint32_t id)
{
	make_sized(made, id, 490 + id % 211);
}

static double fill(struct table *table, uint32_t n, enum sti_error expected)
{
	double begin = seconds();
	struct made made;

	for (uint32_t id = 0; id < n; id++) {
		make_ordinary(&made, id);
		assert_int_equal(table_put(table, &made.item, 1, T0), expected);
	}
	return seconds() - begin;
}

static double empty(struct table *table, uint32_t n)
{
	double begin = seconds();
	struct made made;

	for (uint32_t id = 0; id < n; id++) {
		make_ordinary(&made, id);
		assert_int_equal(take_made(table, &made, T0), STI_OK);
	}
	return seconds() - begin;
}

/* Point 10 and H10: 100,000 within 120 MB; full refuses and drops nothing; the figures of each step. */
static void test_H10_hundred_thousand_fill_the_table_and_none_is_dropped(void **state)
{
	size_t before = resident();
	struct table *table = open_at(MANY, T0);
	struct made made;
	double each = 1e6 / MANY;
	double begin = seconds();
	double making;
	size_t memory;

	(void)state;
	for (uint32_t id = 0; id < MANY; id++)
		make_ordinary(&made, id);
	making = seconds() - begin;
	print_message("insert into new memory %.2f us each\n", (fill(table, MANY, STI_OK) - making) * each);
	memory = resident() - before;
	assert_int_equal(table_stats(table).stored, MANY);
	make_ordinary(&made, MANY);
	assert_int_equal(table_put(table, &made.item, 1, T0), STI_E_FULL);
	assert_int_equal(table_stats(table).stored, MANY);
	print_message("%d PASSporTs in %.1f MB, file and index\n", MANY, (double)memory / 1e6);
	if (!SANITIZED)
		assert_true(memory <= 120000000);
	table_close(table);
	begin = seconds();
	table = open_at(MANY, T0);
	print_message("opened again in %.3f s\n", seconds() - begin);
	assert_int_equal(table_stats(table).stored, MANY);
	print_message("take %.2f us each\n", (empty(table, MANY / 2) - making / 2) * each * 2);
	begin = seconds();
	assert_int_equal(table_sweep(table, T0 + 60), MANY - MANY / 2);
	print_message("sweep %.2f us each\n", (seconds() - begin) * each * 2);
	assert_int_equal(table_stats(table).slots_used, MANY);
	begin = seconds();
	assert_int_equal(table_sweep(table, T0 + 65), 0);
	print_message("replay hashes forgotten %.2f us each\n", (seconds() - begin) * each);
	assert_int_equal(table_stats(table).slots_used, 0);
	print_message("insert again %.2f us each\n", (fill(table, MANY, STI_OK) - making) * each);
	table_close(table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken_once),
		TEST(test_several_dests_are_one_passport),
		TEST(test_first_pair_that_has_one),
		TEST(test_same_call_same_answer_for_ten_seconds),
		TEST(test_no_octet_of_a_taken_token_stays_in_the_file),
		TEST(test_no_octet_of_a_stale_token_stays_in_the_file),
		TEST(test_answer_of_a_call_does_not_outlive_the_process),
		TEST(test_I7_expires_by_the_sweep_alone),
		TEST(test_G1_posted_a_thousand_times_before_and_after_it_is_taken),
		TEST(test_G1_twice_in_one_post),
		TEST(test_G6_a_thousand_callers_to_one_number),
		TEST(test_G6_one_pair_holds_so_many_and_no_more),
		TEST(test_G6_one_signer_leaves_room_for_the_true_one),
		TEST(test_G6_one_signer_in_one_post),
		TEST(test_G6_one_signer_and_each_dest_of_a_passport),
		TEST(test_whole_set_of_the_longest_tokens),
		TEST(test_G7_pairs_that_join_to_the_same_text),
		TEST(test_number_that_cannot_be_stored_is_not_found),
		TEST(test_batch_is_all_or_nothing),
		TEST(test_room_comes_back_without_a_sweep),
		TEST(test_everything_is_there_after_a_restart),
		TEST(test_I6_what_got_stale_while_we_were_down),
		TEST(test_J1_damaged_file_gives_out_nothing_wrong),
		TEST(test_J1_chain_that_goes_astray),
		TEST(test_J1_two_heads_with_one_tail),
		TEST(test_slots_out_of_range),
		TEST(test_second_process_is_refused),
		TEST(test_J5_no_memory),
		TEST(test_J4_no_space),
		TEST(test_J1_kill_9_at_random_moments),
		TEST(test_threads_take_each_passport_once),
		TEST(test_threads_on_a_full_table_lose_no_slot),
		TEST(test_H10_hundred_thousand_fill_the_table_and_none_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

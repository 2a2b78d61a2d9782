/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table.h"

#include <stdlib.h>

#include "store/shard.h"
#include "store/tmpfs.h"

struct table {
	struct tmpfs file;
	struct shard_space space;
	struct shard shard[RECORD_SHARDS];
	uint32_t n_shard; /* opened */
	uint32_t call_grace;
	_Atomic uint32_t stored;
	_Atomic uint64_t duplicates;
	_Atomic uint64_t expired;
	_Atomic uint64_t taken;
	_Atomic uint64_t refused_full;
};

/* What one table_put has to do. */
struct batch {
	struct record record[LIMIT_PASSPORTS];
	size_t n;
	uint64_t shards; /* one bit for each that it touches */
	const struct record *fresh[LIMIT_PASSPORTS];
	size_t n_fresh;
	uint32_t slots; /* that the fresh ones need */
};

_Static_assert(RECORD_SHARDS <= 64, "a bit for each");
_Static_assert(LIMIT_SLOTS <= UINT32_MAX / SLOT_LINKS, "a link is slot and place in 32 bits");

static uint32_t bucket_count(uint32_t slots)
{
	uint32_t n = 16;

	while (n < slots / RECORD_SHARDS)
		n *= 2;
	return n;
}

static enum sti_error open_space(struct shard_space *space, const struct tmpfs *file, uint32_t slots)
{
	space->slot = file->slot;
	space->slots = slots;
	space->key = file->key;
	space->buckets = bucket_count(slots);
	space->node = calloc(slots, sizeof(*space->node));
	if (!space->node)
		return STI_E_MEMORY;
	return pool_open(&space->pool, slots);
}

static enum sti_error open_shards(struct table *table, int64_t now)
{
	enum sti_error error = STI_OK;

	while (!error && table->n_shard < RECORD_SHARDS) {
		error = shard_open(&table->shard[table->n_shard], &table->space, now);
		table->n_shard += !error;
	}
	return error;
}

static void disown(struct shard_space *space, uint32_t first)
{
	for (uint32_t at = first; at < space->slots && space->node[at].first == first; at = space->slot[at].next)
		space->node[at].first = SLOT_NONE;
}

/* Marks the chain of a head as its own; false when it leaves the file, comes to a head, to itself
 * or to another's slot. */
static bool own_chain(struct shard_space *space, uint32_t first)
{
	size_t n = slot_chain_count(&space->slot[first]);
	uint32_t at = first;

	for (size_t i = 0; i < n; i++, at = space->slot[at].next) {
		if (at >= space->slots || space->node[at].first != SLOT_NONE || (i && space->slot[at].head_sum))
			return false;
		space->node[at].first = first;
	}
	return true;
}

/* One slot of the file at start: a record, or left for free. */
static void load_slot(struct table *table, uint32_t at, int64_t now)
{
	struct shard_space *space = &table->space;
	struct slot *slot = &space->slot[at];

	if (!slot_head_is_good(slot, &space->key) || slot->replay_until <= now)
		return;
	if (slot_is_spent(slot) || slot->expires <= now) {
		slot_spend(slot);
		memset(slot->body, 0, SLOT_BODY);
		shard_add_spent(&table->shard[slot->shard], at);
		return;
	}
	if (own_chain(space, at) && slot_body_is_good(space->slot, &space->key, at)) {
		shard_add(&table->shard[slot->shard], at);
		table->stored++;
		return;
	}
	disown(space, at);
}

/* What belongs to no record is wiped: it may be half a record of a process that died. */
static void load(struct table *table, int64_t now)
{
	struct shard_space *space = &table->space;

	for (uint32_t i = 0; i < space->slots; i++)
		space->node[i].first = SLOT_NONE;
	for (uint32_t i = 0; i < space->slots; i++)
		load_slot(table, i, now);
	for (uint32_t i = space->slots; i-- > 0;) {
		if (space->node[i].first != SLOT_NONE)
			continue;
		slot_clear(&space->slot[i]);
		pool_give(&space->pool, &i, 1);
	}
}

enum sti_error table_open(const struct table_config *config, int64_t now, struct table **out)
{
	struct table *table;
	enum sti_error error;

	if (config->slots == 0 || config->slots > LIMIT_SLOTS)
		return STI_E_LIMIT;
	table = calloc(1, sizeof(*table));
	if (!table)
		return STI_E_MEMORY;
	error = tmpfs_open(config->path, config->slots, &table->file);
	if (error) {
		free(table);
		return error;
	}
	table->call_grace = config->call_grace;
	error = open_space(&table->space, &table->file, config->slots);
	if (!error)
		error = open_shards(table, now);
	if (error) {
		table_close(table);
		return error;
	}
	load(table, now);
	*out = table;
	return STI_OK;
}

void table_close(struct table *table)
{
	if (!table)
		return;
	for (uint32_t i = 0; i < table->n_shard; i++)
		shard_close(&table->shard[i]);
	pool_close(&table->space.pool);
	free(table->space.node);
	tmpfs_close(&table->file);
	free(table);
}

static enum sti_error make_batch(const struct table *table, const struct table_item *item, size_t n,
				 struct batch *batch)
{
	enum sti_error error = STI_OK;

	batch->n = n;
	batch->shards = 0;
	batch->n_fresh = 0;
	batch->slots = 0;
	if (n > LIMIT_PASSPORTS)
		return STI_E_LIMIT;
	for (size_t i = 0; !error && i < n; i++) {
		error = record_make(&item[i], &table->space.key, &batch->record[i]);
		batch->shards |= UINT64_C(1) << batch->record[i].shard;
	}
	return error;
}

static uint32_t sweep_shard(struct table *table, struct shard *shard, int64_t now)
{
	uint32_t expired = shard_sweep(shard, now);

	table->stored -= expired;
	table->expired += expired;
	return expired;
}

/* In one order always, so that two batches cannot wait for each other. */
static void lock_shards(struct table *table, uint64_t shards, int64_t now)
{
	for (size_t i = 0; i < RECORD_SHARDS; i++) {
		if (!(shards >> i & 1))
			continue;
		pthread_mutex_lock(&table->shard[i].lock);
		sweep_shard(table, &table->shard[i], now);
	}
}

static void unlock_shards(struct table *table, uint64_t shards)
{
	for (size_t i = 0; i < RECORD_SHARDS; i++)
		if (shards >> i & 1)
			pthread_mutex_unlock(&table->shard[i].lock);
}

static bool is_known(const struct table *table, const struct batch *batch, const struct record *record)
{
	for (size_t i = 0; i < batch->n_fresh; i++)
		if (memcmp(batch->fresh[i]->item->replay, record->item->replay, 32) == 0)
			return true;
	return shard_knows(&table->shard[record->shard], record->item->replay);
}

/* What lies there for the pair, and what comes before it in the batch. */
static struct shard_tally count_pair(const struct table *table, const struct batch *batch, const struct record *record,
				     const struct record_number pair[2])
{
	struct shard_tally tally = shard_count(&table->shard[record->shard], pair, record->item->signer);

	for (size_t i = 0; i < batch->n_fresh; i++) {
		if (!record_is_for(batch->fresh[i], pair))
			continue;
		tally.all++;
		tally.own += memcmp(batch->fresh[i]->item->signer, record->item->signer, SLOT_SIGNER) == 0;
	}
	return tally;
}

/* Room for one more under each of its pairs, and for one more of its signer? */
static bool fits_pairs(const struct table *table, const struct batch *batch, const struct record *record)
{
	for (size_t i = 1; i < record->n_number; i++) {
		struct record_number pair[2] = {record->number[0], record->number[i]};
		struct shard_tally tally = count_pair(table, batch, record, pair);

		if (tally.all >= LIMIT_PAIR || tally.own >= LIMIT_PAIR_SIGNER)
			return false;
	}
	return true;
}

static enum sti_error pick_fresh(const struct table *table, struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->record[i];

		if (is_known(table, batch, record))
			continue;
		if (!fits_pairs(table, batch, record))
			return STI_E_FULL;
		batch->fresh[batch->n_fresh++] = record;
		batch->slots += (uint32_t)slot_count(record->n_number, record->item->token.n);
	}
	return STI_OK;
}

/* Nothing can fail once the slots are reserved. */
static enum sti_error store_batch(struct table *table, struct batch *batch)
{
	struct shard_space *space = &table->space;
	uint32_t slot[LIMIT_PASSPORTS * SLOT_CHAIN];
	const uint32_t *chain = slot;
	enum sti_error error = pick_fresh(table, batch);

	if (error)
		return error;
	if (!pool_take(&space->pool, slot, batch->slots))
		return STI_E_FULL;
	for (size_t i = 0; i < batch->n_fresh; i++) {
		const struct record *record = batch->fresh[i];

		slot_write(space->slot, &space->key, chain, record);
		shard_add(&table->shard[record->shard], chain[0]);
		chain += slot_count(record->n_number, record->item->token.n);
	}
	table->stored += (uint32_t)batch->n_fresh;
	table->duplicates += batch->n - batch->n_fresh;
	return STI_OK;
}

enum sti_error table_put(struct table *table, const struct table_item *item, size_t n, int64_t now)
{
	struct batch batch;
	enum sti_error error = make_batch(table, item, n, &batch);

	if (error)
		return error;
	lock_shards(table, batch.shards, now);
	error = store_batch(table, &batch);
	unlock_shards(table, batch.shards);
	if (error)
		table->refused_full += n;
	return error;
}

static struct shard_call make_call(const struct table *table, struct sti_span call, int64_t now)
{
	struct shard_call made = {.until = now + table->call_grace};

	if (call.n && table->call_grace) {
		made.hash = siphash(&table->space.key, call);
		made.hash += made.hash == 0; /* which means none */
	}
	return made;
}

/* One pair; or, with `again`, only what the call got for it before. */
static enum sti_error take_pair(struct table *table, const struct table_pair *pair, const struct shard_call *call,
				bool again, int64_t now, struct buf *tokens)
{
	struct record_number number[2];
	struct shard *shard;
	uint32_t taken = 0;
	enum sti_error error;

	if (record_number_make(pair->orig, &number[0]) || record_number_make(pair->dest, &number[1]))
		return STI_E_NOT_FOUND;
	shard = &table->shard[record_shard(&table->space.key, &number[0])];
	pthread_mutex_lock(&shard->lock);
	error = again ? shard_answer(shard, number, call, now, tokens)
		      : shard_take(shard, number, call, now, tokens, &taken);
	pthread_mutex_unlock(&shard->lock);
	table->stored -= taken;
	table->taken += taken;
	return error;
}

/* The answer of before comes first: since then an earlier pair may have got a PASSporT. */
enum sti_error table_take(struct table *table, const struct table_pair *pair, size_t n, struct sti_span call,
			  int64_t now, struct buf *tokens, size_t *hit)
{
	struct shard_call made = make_call(table, call, now);

	for (int again = made.hash && n > 1; again >= 0; again--)
		for (size_t i = 0; i < n; i++) {
			enum sti_error error = take_pair(table, &pair[i], &made, again, now, tokens);

			*hit = i;
			if (error != STI_E_NOT_FOUND)
				return error;
		}
	return STI_E_NOT_FOUND;
}

uint32_t table_sweep(struct table *table, int64_t now)
{
	uint32_t expired = 0;

	for (size_t i = 0; i < RECORD_SHARDS; i++) {
		pthread_mutex_lock(&table->shard[i].lock);
		expired += sweep_shard(table, &table->shard[i], now);
		pthread_mutex_unlock(&table->shard[i].lock);
	}
	return expired;
}

struct table_stats table_stats(const struct table *table)
{
	return (struct table_stats){
		.slots = table->space.slots,
		.slots_used = table->space.slots - pool_count(&table->space.pool),
		.stored = table->stored,
		.duplicates = table->duplicates,
		.expired = table->expired,
		.taken = table->taken,
		.refused_full = table->refused_full,
	};
}

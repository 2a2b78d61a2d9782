/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SHARD_H
#define STORE_SHARD_H

#include "store/pool.h"
#include "store/slot.h"

/*
 * The index of one shard of the table, in memory of the process: records by pair of numbers and by
 * replay hash, and a wheel of seconds so that a sweep costs what expires. The caller holds `lock`
 * around every call.
 */
enum {
	SHARD_WHEEL = 256, /* seconds; what is due later goes round again */
	SHARD_SLACK = 5 /* seconds that one thread's clock may be behind another's */
};

enum shard_state {
	SHARD_LIVE,
	SHARD_TAKEN, /* spent in the file; its octets are kept for the call that took it */
	SHARD_SPENT
};

/* One for each slot, that of the first slot for the record. */
struct shard_node {
	uint64_t call; /* hash of the call that took it, 0 until then */
	int64_t due; /* when the wheel comes to it */
	uint32_t next; /* in the wheel */
	uint32_t prev;
	uint32_t replay; /* next in the bucket */
	uint32_t link[SLOT_LINKS]; /* for each dest: next in the bucket */
	uint32_t first; /* where the record begins that owns the slot; SLOT_NONE: free */
	uint8_t part; /* place in the chain */
	uint8_t state;
};

/* What the shards share. */
struct shard_space {
	struct slot *slot;
	uint32_t slots;
	struct siphash_key key;
	struct shard_node *node;
	struct pool pool;
	uint32_t buckets; /* of each shard, a power of two */
};

struct shard {
	pthread_mutex_t lock;
	struct shard_space *space;
	uint32_t *pair; /* buckets, of links: slot * SLOT_LINKS + place in the slot */
	uint32_t *replay;
	int64_t swept; /* up to this second */
	uint32_t wheel[SHARD_WHEEL];
};

/* A call that takes; hash 0: it has no id, and no second answer. */
struct shard_call {
	uint64_t hash;
	int64_t until; /* the same answer again before this second */
};

enum sti_error shard_open(struct shard *shard, struct shard_space *space, int64_t now);
void shard_close(struct shard *shard);

/* The record that slot_write has just published, or one found good in the file. */
void shard_add(struct shard *shard, uint32_t first);
/* A spent record found in the file: its replay hash alone. */
void shard_add_spent(struct shard *shard, uint32_t first);

bool shard_knows(const struct shard *shard, const uint8_t replay[32]);
struct shard_tally {
	size_t all;
	size_t own; /* of one signer */
};

/* PASSporTs that lie here for the pair: orig, dest. */
struct shard_tally shard_count(const struct shard *shard, const struct record_number pair[2],
			       const uint8_t signer[SLOT_SIGNER]);

/* Appends what this call got before, the newest that fit. STI_E_NOT_FOUND: nothing; STI_E_LIMIT: not
 * one fits. */
enum sti_error shard_answer(const struct shard *shard, const struct record_number pair[2],
			    const struct shard_call *call, int64_t now, struct buf *tokens);
/* The same, else takes the set of the pair, again the newest that fit: the others stay. *taken counts
 * the PASSporTs. On an error nothing is taken. */
enum sti_error shard_take(struct shard *shard, const struct record_number pair[2], const struct shard_call *call,
			  int64_t now, struct buf *tokens, uint32_t *taken);

/* What is due by now: wiped, forgotten. How many PASSporTs expired untaken. */
uint32_t shard_sweep(struct shard *shard, int64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "base/buf.h"
#include "base/limits.h"

/*
 * PASSporTs between publishing and the call: one preallocated file on tmpfs, never on disk. It
 * survives the crash of the process. One process owns it (a lock on the file), its threads share
 * it: every call but open and close may come from any thread.
 * Time is seconds of the epoch, given by the caller. A key is a pair of canonical numbers, of any
 * octets, LIMIT_TN at the most.
 */
struct table;

struct table_config {
	const char *path; /* of the file; its folder must be tmpfs, else STI_E_IO with errno EXDEV */
	/* 1 … LIMIT_SLOTS, the bound of memory: 832 octets of file and about 75 of index each. A slot holds
	 * one PASSporT of ordinary length: 720 octets with one dest, 16 less for each further, up to 4. */
	uint32_t slots;
	uint32_t call_grace; /* seconds in which the same call gets the same answer again: 10 */
};

struct table_item {
	struct sti_span token;
	struct sti_span orig;
	const struct sti_span *dest; /* one index entry for each */
	size_t n_dest;
	int64_t expires; /* deleted from this second on */
	uint8_t replay[32]; /* what makes two tokens one: stored or taken before, it is a duplicate */
	uint8_t signer[32]; /* key id: who may fill a pair no further than LIMIT_PAIR_SIGNER */
	int64_t replay_until; /* the hash is kept until then */
};

struct table_stats {
	uint32_t slots;
	uint32_t slots_used;
	uint32_t stored; /* PASSporTs */
	uint64_t duplicates;
	uint64_t expired;
	uint64_t taken;
	uint64_t refused_full;
};

/*
 * Opens or makes the file, takes the lock (STI_E_BUSY), rebuilds the index; stale and damaged
 * slots are dropped, free ones wiped. A file of fewer slots grows.
 * STI_E_LIMIT: slots out of range. STI_E_CONFIG: the file is none of ours, of another layout, or
 * has more slots; it is left as it is (threats.md J12). STI_E_DENIED: not a regular file, not our
 * own, or open to others. STI_E_IO with errno, STI_E_MEMORY. *out is the caller's, to be closed.
 */
enum sti_error table_open(const struct table_config *config, int64_t now, struct table **out);
void table_close(struct table *table);

/*
 * All or nothing. STI_OK: all are stored, or were already (duplicates count as stored); published
 * before it returns. STI_E_FULL: nothing was stored, nothing dropped; also when LIMIT_PAIR lie there
 * for one of the pairs, or LIMIT_PAIR_SIGNER of the same signer. STI_E_LIMIT: more than LIMIT_PASSPORTS items or
 * LIMIT_DEST dests, none, or a token or number too long. A process that dies within leaves a part: its 201 never left.
 * A PASSporT that was taken or is stale keeps its (first) slot until replay_until.
 */
enum sti_error table_put(struct table *table, const struct table_item *item, size_t n, int64_t now);

struct table_pair {
	struct sti_span orig;
	struct sti_span dest;
};

/*
 * Takes the whole set of the first pair that has one out of the store: each token appended to
 * `tokens`, newline between, oldest first; of a set that has no room there the newest that fit, and
 * the others stay; *hit is the index of the pair. A PASSporT with several dests is gone
 * for all of them. The same `call` (any id of the caller's, absent or empty: none) gets the same
 * answer again for call_grace seconds, in this process; then it is wiped, at once without a call.
 * STI_E_NOT_FOUND when there is none. What is stale is never given out. STI_E_LIMIT when
 * not one token fits. On an error nothing is taken.
 */
enum sti_error table_take(struct table *table, const struct table_pair *pair, size_t n, struct sti_span call,
			  int64_t now, struct buf *tokens, size_t *hit);

/* Wipes what has expired by now and forgets replay hashes that are over; how many PASSporTs expired
 * untaken. Costs what is due; wanted every second. */
uint32_t table_sweep(struct table *table, int64_t now);

struct table_stats table_stats(const struct table *table);

#endif

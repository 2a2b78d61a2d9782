/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SLOT_H
#define STORE_SLOT_H

#include <stdatomic.h>

#include "store/record.h"

/*
 * What lies in the file: an array of slots. A record begins in a slot and goes on in others, chained
 * by `next`, when its token is long. Two checksums are the state, and each step is one store of
 * eight octets, so a process that dies anywhere leaves every record in one of these:
 *   free   head_sum is 0: free, or the continuation of another
 *   live   both are right
 *   spent  body_sum is 0: the PASSporT was taken or is stale, its replay hash is still known
 * Stores need order against the compiler only: the memory of a dead process is seen whole.
 */
enum {
	SLOT_SIZE = 832, /* 13 cache lines: a token of 720 octets with one dest fits, the ordinary has 490-700 */
	SLOT_HEAD = 80,
	SLOT_SIGNER = 8, /* octets of the signer's key id: enough to tell the signers of one pair apart */
	SLOT_BODY = SLOT_SIZE - SLOT_HEAD,
	SLOT_LINKS = 4, /* dest entries in the index for each slot */
	SLOT_CHAIN = (LIMIT_JWS + RECORD_NUMBERS * (1 + LIMIT_TN) + SLOT_BODY - 1) / SLOT_BODY
};

#define SLOT_NONE UINT32_MAX

struct slot {
	_Atomic uint64_t head_sum; /* over what stands from `expires` to `body` */
	_Atomic uint64_t body_sum; /* over the bodies of the chain */
	int64_t expires;
	int64_t replay_until;
	uint8_t replay[32];
	uint8_t signer[SLOT_SIGNER];
	uint32_t next; /* SLOT_NONE at the end of the chain */
	uint16_t n_body;
	uint8_t n_number;
	uint8_t shard; /* of the index; kept for a spent record, whose numbers are gone */
	uint8_t body[SLOT_BODY]; /* the numbers, then the token */
};

/* Slots that a record needs: for its octets, and for the index entries of its dests. */
size_t slot_count(size_t n_number, size_t n_token);
size_t slot_chain_count(const struct slot *head);

/* Fills the free slots chain[0 … slot_count), and publishes the record last. */
void slot_write(struct slot *base, const struct siphash_key *key, const uint32_t *chain, const struct record *record);

/* Is there a record that begins here? */
bool slot_head_is_good(const struct slot *slot, const struct siphash_key *key);
/* And its token whole? Only when every `next` of the chain is known to be a slot of the file. */
bool slot_body_is_good(const struct slot *base, const struct siphash_key *key, uint32_t first);
bool slot_is_spent(const struct slot *slot);

/* number[0] is orig; the dests follow. They are gone from a spent record. */
const struct record_number *slot_number(const struct slot *slot);
size_t slot_token_size(const struct slot *head);
void slot_read_token(const struct slot *base, uint32_t first, struct buf *out);

/* live -> spent; the octets stay until they are wiped. */
void slot_spend(struct slot *head);
/* Numbers and token of a spent record. */
void slot_wipe(struct slot *base, uint32_t first);
/* -> free, all octets 0. */
void slot_clear(struct slot *slot);

/* What head_sum must be; for tests that make damaged files. */
uint64_t slot_head_sum(const struct slot *slot, const struct siphash_key *key);

#endif

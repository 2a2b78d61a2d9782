/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "base/limits.h"
#include "store/siphash.h"
#include "store/table.h"

/* A canonical number in a fixed form: its length, its octets, zeros. So no number runs into the
 * next, whatever octets it has (threats.md G7). */
struct record_number {
	uint8_t n;
	uint8_t text[LIMIT_TN];
};

enum { RECORD_NUMBERS = 1 + LIMIT_DEST, RECORD_SHARDS = 64 };

/* An item as it is stored, which it borrows. number[0] is orig, then each dest once. */
struct record {
	const struct table_item *item;
	uint8_t shard;
	uint8_t n_number;
	struct record_number number[RECORD_NUMBERS];
};

/* STI_E_LIMIT: no token, no dest, more than 32, longer than LIMIT_JWS or LIMIT_TN. */
enum sti_error record_make(const struct table_item *item, const struct siphash_key *key, struct record *out);

/* Is it for this pair: orig, dest? */
bool record_is_for(const struct record *record, const struct record_number pair[2]);

enum sti_error record_number_make(struct sti_span number, struct record_number *out);

/* The shard, 0 … RECORD_SHARDS - 1, that holds whatever comes from orig: all pairs of one PASSporT
 * and its duplicates, so that one lock is enough. */
uint8_t record_shard(const struct siphash_key *key, const struct record_number *orig);

#endif

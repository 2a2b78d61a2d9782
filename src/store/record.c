/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

_Static_assert(sizeof(struct record_number) == 1 + LIMIT_TN, "hashed and compared as bytes");

enum sti_error record_number_make(struct sti_span number, struct record_number *out)
{
	if (number.n > LIMIT_TN)
		return STI_E_LIMIT;
	*out = (struct record_number){.n = (uint8_t)number.n};
	if (number.n)
		memcpy(out->text, number.p, number.n);
	return STI_OK;
}

static bool has_number(const struct record *record, const struct record_number *dest)
{
	for (size_t i = 1; i < record->n_number; i++)
		if (memcmp(&record->number[i], dest, sizeof(*dest)) == 0)
			return true;
	return false;
}

bool record_is_for(const struct record *record, const struct record_number pair[2])
{
	return memcmp(&record->number[0], &pair[0], sizeof(pair[0])) == 0 && has_number(record, &pair[1]);
}

/* A dest that stands twice is one index entry, else the set would hold the PASSporT twice. */
static enum sti_error add_dest(struct record *record, struct sti_span number)
{
	struct record_number dest;
	enum sti_error error = record_number_make(number, &dest);

	if (!error && !has_number(record, &dest))
		record->number[record->n_number++] = dest;
	return error;
}

enum sti_error record_make(const struct table_item *item, const struct siphash_key *key, struct record *out)
{
	enum sti_error error;

	if (item->token.n == 0 || item->token.n > LIMIT_JWS || item->n_dest == 0 || item->n_dest > LIMIT_DEST)
		return STI_E_LIMIT;
	*out = (struct record){.item = item, .n_number = 1};
	error = record_number_make(item->orig, &out->number[0]);
	for (size_t i = 0; !error && i < item->n_dest; i++)
		error = add_dest(out, item->dest[i]);
	out->shard = record_shard(key, &out->number[0]);
	return error;
}

uint8_t record_shard(const struct siphash_key *key, const struct record_number *orig)
{
	return (uint8_t)(siphash(key, sti_span(orig, sizeof(*orig))) % RECORD_SHARDS);
}

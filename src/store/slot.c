/* SPDX-License-Identifier: Apache-2.0 */
#include "store/slot.h"

_Static_assert(sizeof(struct slot) == SLOT_SIZE, "the layout of the file");
_Static_assert(offsetof(struct slot, body) == SLOT_HEAD, "no holes in what is hashed");
_Static_assert(RECORD_NUMBERS * sizeof(struct record_number) <= SLOT_BODY, "the numbers stand in the first slot");
_Static_assert(SLOT_CHAIN *SLOT_BODY <= UINT16_MAX, "n_body");

enum { HASHED = offsetof(struct slot, expires) };

/* 0 means none, so no sum may be 0. */
static uint64_t not_zero(uint64_t sum)
{
	return sum ? sum : 1;
}

static size_t numbers_size(size_t n_number)
{
	return n_number * sizeof(struct record_number);
}

size_t slot_count(size_t n_number, size_t n_token)
{
	size_t octets = (numbers_size(n_number) + n_token + SLOT_BODY - 1) / SLOT_BODY;
	size_t links = (n_number - 1 + SLOT_LINKS - 1) / SLOT_LINKS;

	return octets > links ? octets : links;
}

size_t slot_token_size(const struct slot *head)
{
	return head->n_body - numbers_size(head->n_number);
}

size_t slot_chain_count(const struct slot *head)
{
	return slot_count(head->n_number, slot_token_size(head));
}

uint64_t slot_head_sum(const struct slot *slot, const struct siphash_key *key)
{
	return not_zero(siphash(key, sti_span((const uint8_t *)slot + HASHED, SLOT_HEAD - HASHED)));
}

/* Each part is hashed under what came before it. */
static uint64_t body_sum(const struct slot *base, const struct siphash_key *key, uint32_t first)
{
	struct siphash_key chained = *key;
	size_t left = base[first].n_body;

	for (uint32_t at = first; left; at = base[at].next) {
		size_t n = left < SLOT_BODY ? left : SLOT_BODY;

		chained.k[0] ^= siphash(&chained, sti_span(base[at].body, n));
		left -= n;
	}
	return not_zero(chained.k[0] ^ key->k[0]);
}

static void write_body(struct slot *base, const uint32_t *chain, size_t n, const struct record *record)
{
	struct sti_span rest = record->item->token;
	size_t at = numbers_size(record->n_number);

	memcpy(base[chain[0]].body, record->number, at);
	for (size_t i = 0; i < n; i++, at = 0) {
		struct sti_span part = sti_span_first(rest, SLOT_BODY - at);
		struct slot *slot = &base[chain[i]];

		memcpy(slot->body + at, part.p, part.n);
		slot->next = i + 1 < n ? chain[i + 1] : SLOT_NONE;
		rest = sti_span_from(rest, part.n);
	}
}

void slot_write(struct slot *base, const struct siphash_key *key, const uint32_t *chain, const struct record *record)
{
	const struct table_item *item = record->item;
	struct slot *head = &base[chain[0]];

	write_body(base, chain, slot_count(record->n_number, item->token.n), record);
	head->expires = item->expires;
	head->replay_until = item->replay_until;
	memcpy(head->replay, item->replay, sizeof(head->replay));
	memcpy(head->signer, item->signer, sizeof(head->signer));
	head->n_body = (uint16_t)(numbers_size(record->n_number) + item->token.n);
	head->n_number = record->n_number;
	head->shard = record->shard;
	atomic_store_explicit(&head->body_sum, body_sum(base, key, chain[0]), memory_order_relaxed);
	atomic_store_explicit(&head->head_sum, slot_head_sum(head, key), memory_order_release);
}

bool slot_head_is_good(const struct slot *slot, const struct siphash_key *key)
{
	uint64_t sum = atomic_load_explicit(&slot->head_sum, memory_order_acquire);
	size_t numbers = numbers_size(slot->n_number);

	return sum && sum == slot_head_sum(slot, key) && slot->n_number >= 2 && slot->n_number <= RECORD_NUMBERS &&
	       slot->n_body > numbers && slot->n_body - numbers <= LIMIT_JWS && slot->shard < RECORD_SHARDS;
}

bool slot_body_is_good(const struct slot *base, const struct siphash_key *key, uint32_t first)
{
	return atomic_load_explicit(&base[first].body_sum, memory_order_relaxed) == body_sum(base, key, first);
}

bool slot_is_spent(const struct slot *slot)
{
	return atomic_load_explicit(&slot->body_sum, memory_order_relaxed) == 0;
}

const struct record_number *slot_number(const struct slot *slot)
{
	return (const struct record_number *)(const void *)slot->body;
}

void slot_read_token(const struct slot *base, uint32_t first, struct buf *out)
{
	size_t at = numbers_size(base[first].n_number);
	size_t left = slot_token_size(&base[first]);

	for (uint32_t i = first; left; i = base[i].next, at = 0) {
		size_t n = left < SLOT_BODY - at ? left : SLOT_BODY - at;

		buf_put(out, sti_span(base[i].body + at, n));
		left -= n;
	}
}

/* The compiler must not move what follows before the store that announces it. */
static void announce(_Atomic uint64_t *sum)
{
	atomic_store_explicit(sum, 0, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

void slot_spend(struct slot *head)
{
	announce(&head->body_sum);
}

void slot_wipe(struct slot *base, uint32_t first)
{
	size_t n = slot_chain_count(&base[first]);

	for (uint32_t at = first; n; at = base[at].next, n--)
		memset(base[at].body, 0, SLOT_BODY);
}

void slot_clear(struct slot *slot)
{
	announce(&slot->head_sum);
	atomic_store_explicit(&slot->body_sum, 0, memory_order_relaxed);
	memset((uint8_t *)slot + HASHED, 0, SLOT_SIZE - HASHED);
}

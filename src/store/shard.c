/* SPDX-License-Identifier: Apache-2.0 */
#include "store/shard.h"

#include <stdlib.h>

/* One pair's set on its way out. */
struct set {
	uint32_t first[LIMIT_PAIR];
	size_t n;
};

static uint32_t *make_buckets(uint32_t n)
{
	uint32_t *bucket = malloc(n * sizeof(*bucket));

	if (bucket)
		memset(bucket, 0xff, n * sizeof(*bucket)); /* SLOT_NONE */
	return bucket;
}

enum sti_error shard_open(struct shard *shard, struct shard_space *space, int64_t now)
{
	*shard = (struct shard){.space = space, .swept = now};
	memset(shard->wheel, 0xff, sizeof(shard->wheel));
	shard->pair = make_buckets(space->buckets);
	shard->replay = make_buckets(space->buckets);
	if (!shard->pair || !shard->replay || pthread_mutex_init(&shard->lock, NULL)) {
		free(shard->pair);
		free(shard->replay);
		return STI_E_MEMORY;
	}
	return STI_OK;
}

void shard_close(struct shard *shard)
{
	pthread_mutex_destroy(&shard->lock);
	free(shard->pair);
	free(shard->replay);
}

/* Links: one for each dest of a record, in a bucket by (orig, dest) and, once taken, the call: so
 * neither what waits nor what was taken makes the other's list longer. */

static uint32_t *link_next(const struct shard *shard, uint32_t link)
{
	return &shard->space->node[link / SLOT_LINKS].link[link % SLOT_LINKS];
}

static uint32_t link_first(const struct shard *shard, uint32_t link)
{
	return shard->space->node[link / SLOT_LINKS].first;
}

static const struct record_number *link_dest(const struct shard *shard, uint32_t link)
{
	const struct shard_node *node = &shard->space->node[link / SLOT_LINKS];

	return slot_number(&shard->space->slot[node->first]) + 1 + node->part * SLOT_LINKS + link % SLOT_LINKS;
}

static bool link_is(const struct shard *shard, uint32_t link, const struct record_number pair[2])
{
	const struct record_number *orig = slot_number(&shard->space->slot[link_first(shard, link)]);

	return memcmp(orig, &pair[0], sizeof(*orig)) == 0 &&
	       memcmp(link_dest(shard, link), &pair[1], sizeof(pair[1])) == 0;
}

/* call 0: not taken. */
static uint32_t *pair_bucket(const struct shard *shard, const struct record_number pair[2], uint64_t call)
{
	struct siphash_key key = {{shard->space->key.k[0], shard->space->key.k[1] ^ call}};
	uint64_t hash = siphash(&key, sti_span(pair, 2 * sizeof(pair[0])));

	return &shard->pair[hash & (shard->space->buckets - 1)];
}

static uint32_t *link_bucket(const struct shard *shard, uint32_t link)
{
	uint32_t first = link_first(shard, link);
	struct record_number pair[2] = {*slot_number(&shard->space->slot[first]), *link_dest(shard, link)};

	return pair_bucket(shard, pair, shard->space->node[first].call);
}

static void link_add(struct shard *shard, uint32_t link)
{
	uint32_t *bucket = link_bucket(shard, link);

	*link_next(shard, link) = *bucket;
	*bucket = link;
}

static void link_remove(struct shard *shard, uint32_t link)
{
	uint32_t *at = link_bucket(shard, link);

	while (*at != link)
		at = link_next(shard, *at);
	*at = *link_next(shard, link);
}

static void each_link(struct shard *shard, uint32_t first, void (*act)(struct shard *, uint32_t))
{
	const struct slot *slot = shard->space->slot;
	uint32_t n_dest = slot[first].n_number - 1u;
	uint32_t at = first;

	for (uint32_t i = 0; i < n_dest; i++) {
		if (i && i % SLOT_LINKS == 0)
			at = slot[at].next;
		act(shard, at * SLOT_LINKS + i % SLOT_LINKS);
	}
}

/* The wheel: a list of records for each second, modulo SHARD_WHEEL. */

static uint32_t *wheel_at(struct shard *shard, int64_t second)
{
	return &shard->wheel[(uint64_t)second % SHARD_WHEEL];
}

/* What is due already is for the next sweep. */
static void wheel_add(struct shard *shard, uint32_t first, int64_t due)
{
	struct shard_node *node = shard->space->node;
	uint32_t *head;

	node[first].due = due > shard->swept ? due : shard->swept + 1;
	head = wheel_at(shard, node[first].due);
	node[first].prev = SLOT_NONE;
	node[first].next = *head;
	if (*head != SLOT_NONE)
		node[*head].prev = first;
	*head = first;
}

static void wheel_remove(struct shard *shard, uint32_t first)
{
	struct shard_node *node = shard->space->node;
	struct shard_node *own = &node[first];

	if (own->prev == SLOT_NONE)
		*wheel_at(shard, own->due) = own->next;
	else
		node[own->prev].next = own->next;
	if (own->next != SLOT_NONE)
		node[own->next].prev = own->prev;
}

static uint32_t *replay_bucket(const struct shard *shard, const uint8_t replay[32])
{
	uint64_t hash = siphash(&shard->space->key, sti_span(replay, 32));

	return &shard->replay[hash & (shard->space->buckets - 1)];
}

static void replay_add(struct shard *shard, uint32_t first)
{
	uint32_t *bucket = replay_bucket(shard, shard->space->slot[first].replay);

	shard->space->node[first].replay = *bucket;
	*bucket = first;
}

static void replay_remove(struct shard *shard, uint32_t first)
{
	struct shard_node *node = shard->space->node;
	uint32_t *at = replay_bucket(shard, shard->space->slot[first].replay);

	while (*at != first)
		at = &node[*at].replay;
	*at = node[first].replay;
}

bool shard_knows(const struct shard *shard, const uint8_t replay[32])
{
	const struct shard_space *space = shard->space;
	uint32_t at = *replay_bucket(shard, replay);

	while (at != SLOT_NONE && memcmp(space->slot[at].replay, replay, 32) != 0)
		at = space->node[at].replay;
	return at != SLOT_NONE;
}

static void own_slots(struct shard_space *space, uint32_t first)
{
	size_t n = slot_chain_count(&space->slot[first]);
	uint32_t at = first;

	for (uint8_t part = 0; part < n; part++, at = space->slot[at].next) {
		space->node[at].first = first;
		space->node[at].part = part;
	}
}

void shard_add(struct shard *shard, uint32_t first)
{
	own_slots(shard->space, first);
	shard->space->node[first].state = SHARD_LIVE;
	shard->space->node[first].call = 0;
	each_link(shard, first, link_add);
	replay_add(shard, first);
	wheel_add(shard, first, shard->space->slot[first].expires);
}

void shard_add_spent(struct shard *shard, uint32_t first)
{
	shard->space->node[first].first = first;
	shard->space->node[first].state = SHARD_SPENT;
	replay_add(shard, first);
	wheel_add(shard, first, shard->space->slot[first].replay_until);
}

/* Free the continuations: a spent record is its first slot. */
static void free_tail(struct shard_space *space, uint32_t first)
{
	uint32_t tail[SLOT_CHAIN];
	uint32_t n = (uint32_t)slot_chain_count(&space->slot[first]) - 1;
	uint32_t at = first;

	for (uint32_t i = 0; i < n; i++)
		tail[i] = at = space->slot[at].next;
	pool_give(&space->pool, tail, n);
}

/* Out of the wheel already. From here on only the replay hash is known. */
static void retire(struct shard *shard, uint32_t first)
{
	struct shard_space *space = shard->space;

	each_link(shard, first, link_remove);
	slot_spend(&space->slot[first]);
	slot_wipe(space->slot, first);
	free_tail(space, first);
	space->node[first].state = SHARD_SPENT;
}

static void forget(struct shard *shard, uint32_t first)
{
	struct shard_space *space = shard->space;

	replay_remove(shard, first);
	slot_clear(&space->slot[first]);
	pool_give(&space->pool, &first, 1);
}

static bool is_live(const struct shard *shard, uint32_t first, int64_t now)
{
	return shard->space->node[first].state == SHARD_LIVE && shard->space->slot[first].expires > now;
}

static bool is_answer(const struct shard *shard, uint32_t first, uint64_t call, int64_t now)
{
	const struct shard_node *node = &shard->space->node[first];

	return node->state == SHARD_TAKEN && node->call == call && node->due > now &&
	       shard->space->slot[first].expires > now;
}

/* Newest first, as the bucket has it. call 0: what is live. */
static void collect(const struct shard *shard, const struct record_number pair[2], uint64_t call, int64_t now,
		    struct set *set)
{
	set->n = 0;
	for (uint32_t at = *pair_bucket(shard, pair, call); at != SLOT_NONE && set->n < LIMIT_PAIR;
	     at = *link_next(shard, at)) {
		uint32_t first = link_first(shard, at);

		if (link_is(shard, at, pair) &&
		    (call ? is_answer(shard, first, call, now) : is_live(shard, first, now)))
			set->first[set->n++] = first;
	}
}

struct shard_tally shard_count(const struct shard *shard, const struct record_number pair[2],
			       const uint8_t signer[SLOT_SIGNER])
{
	const struct slot *slot = shard->space->slot;
	struct shard_tally tally;
	struct set set;

	collect(shard, pair, 0, INT64_MIN, &set);
	tally = (struct shard_tally){.all = set.n};
	for (size_t i = 0; i < set.n; i++)
		tally.own += memcmp(slot[set.first[i]].signer, signer, SLOT_SIGNER) == 0;
	return tally;
}

/* Keeps the newest whose tokens, newline between, have room. */
static void fit(const struct shard *shard, struct set *set, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		size_t need = slot_token_size(&shard->space->slot[set->first[i]]) + (n > 0);

		if (need > room)
			continue;
		room -= need;
		set->first[n++] = set->first[i];
	}
	set->n = n;
}

/* Oldest first; the set becomes what has been written. */
static enum sti_error write_tokens(const struct shard *shard, struct set *set, struct buf *tokens)
{
	if (set->n == 0)
		return STI_E_NOT_FOUND;
	fit(shard, set, tokens->max - tokens->n);
	if (set->n == 0)
		return STI_E_LIMIT;
	for (size_t i = set->n; i-- > 0;) {
		slot_read_token(shard->space->slot, set->first[i], tokens);
		if (i)
			buf_put_byte(tokens, '\n');
	}
	return buf_error(tokens);
}

enum sti_error shard_answer(const struct shard *shard, const struct record_number pair[2],
			    const struct shard_call *call, int64_t now, struct buf *tokens)
{
	struct set set;

	if (!call->hash)
		return STI_E_NOT_FOUND;
	collect(shard, pair, call->hash, now, &set);
	return write_tokens(shard, &set, tokens);
}

static void take(struct shard *shard, uint32_t first, const struct shard_call *call)
{
	struct shard_space *space = shard->space;
	struct shard_node *node = &space->node[first];
	const struct slot *slot = &space->slot[first];

	wheel_remove(shard, first);
	if (!call->hash) {
		retire(shard, first);
		wheel_add(shard, first, slot->replay_until);
		return;
	}
	slot_spend(&space->slot[first]);
	each_link(shard, first, link_remove);
	node->state = SHARD_TAKEN;
	node->call = call->hash;
	each_link(shard, first, link_add);
	wheel_add(shard, first, call->until < slot->expires ? call->until : slot->expires);
}

enum sti_error shard_take(struct shard *shard, const struct record_number pair[2], const struct shard_call *call,
			  int64_t now, struct buf *tokens, uint32_t *taken)
{
	enum sti_error error = shard_answer(shard, pair, call, now, tokens);
	struct set set;

	*taken = 0;
	if (error != STI_E_NOT_FOUND)
		return error;
	collect(shard, pair, 0, now, &set);
	error = write_tokens(shard, &set, tokens);
	if (error)
		return error;
	for (size_t i = set.n; i-- > 0;) /* the answer keeps its order */
		take(shard, set.first[i], call);
	*taken = (uint32_t)set.n;
	return STI_OK;
}

/* Its PASSporT is over, then its replay hash. True when it expired untaken. */
static bool come_due(struct shard *shard, uint32_t first, int64_t now)
{
	enum shard_state state = shard->space->node[first].state;
	int64_t replay_until = shard->space->slot[first].replay_until;

	wheel_remove(shard, first);
	if (state != SHARD_SPENT)
		retire(shard, first);
	if (replay_until <= now)
		forget(shard, first);
	else
		wheel_add(shard, first, replay_until);
	return state == SHARD_LIVE;
}

static uint32_t sweep_second(struct shard *shard, int64_t second, int64_t now)
{
	const struct shard_node *node = shard->space->node;
	uint32_t expired = 0;
	uint32_t next;

	for (uint32_t at = *wheel_at(shard, second); at != SLOT_NONE; at = next) {
		next = node[at].next;
		if (node[at].due <= now)
			expired += come_due(shard, at, now);
	}
	return expired;
}

uint32_t shard_sweep(struct shard *shard, int64_t now)
{
	int64_t from = shard->swept + 1;
	uint32_t expired = 0;

	if (now <= shard->swept && now >= shard->swept - SHARD_SLACK)
		return 0;
	/* A clock that was set back or jumped: all the wheel once. */
	if (now < shard->swept || now - shard->swept > SHARD_WHEEL)
		from = now - SHARD_WHEEL + 1;
	shard->swept = now;
	for (int64_t second = from; second <= now; second++)
		expired += sweep_second(shard, second, now);
	return expired;
}

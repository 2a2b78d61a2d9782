/* SPDX-License-Identifier: Apache-2.0 */
#include "net/crowd.h"

#include <netinet/in.h>
#include <stdlib.h>

#include <openssl/rand.h>

enum { BUCKETS = 1024 };

struct crowd_source {
	struct deadline rank; /* first: among those with as many members, while there are spare ones */
	struct deadline_queue spare;
	struct crowd_source *next;
	uint8_t key[CROWD_KEY];
	unsigned n;
};

struct crowd {
	uint64_t secret[2];
	struct crowd_source *bucket[BUCKETS];
	/* At i the addresses with i members, so that neither coming nor going has to search. */
	struct deadline_queue *level;
	unsigned n_level;
};

enum sti_error crowd_create(struct crowd **out)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd)
		return STI_E_MEMORY;
	if (RAND_bytes((unsigned char *)crowd->secret, sizeof(crowd->secret)) != 1) {
		free(crowd);
		return STI_E_CRYPTO;
	}
	*out = crowd;
	return STI_OK;
}

void crowd_free(struct crowd *crowd)
{
	for (size_t i = 0; crowd && i < BUCKETS; i++) {
		while (crowd->bucket[i]) {
			struct crowd_source *gone = crowd->bucket[i];

			crowd->bucket[i] = gone->next;
			free(gone);
		}
	}
	if (crowd)
		free(crowd->level);
	free(crowd);
}

bool crowd_key(const struct sockaddr *address, uint8_t key[CROWD_KEY])
{
	memset(key, 0, CROWD_KEY);
	if (address->sa_family == AF_INET)
		memcpy(key, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 8);
	else
		return false;
	return true;
}

/* Multiply-add with a secret odd factor: enough to keep a bucket from being aimed at. */
static struct crowd_source **find(struct crowd *crowd, const uint8_t key[CROWD_KEY])
{
	uint64_t value;
	struct crowd_source **at;

	memcpy(&value, key, sizeof(value));
	value = (value ^ crowd->secret[0]) * (crowd->secret[1] | 1);
	value = (value ^ value >> 32) * (crowd->secret[0] | 1);
	at = &crowd->bucket[value >> 54];
	while (*at && memcmp((*at)->key, key, CROWD_KEY) != 0)
		at = &(*at)->next;
	return at;
}

static void rank(struct crowd *crowd, struct crowd_source *source)
{
	if (source->spare.n)
		deadline_set(&crowd->level[source->n], &source->rank, 0);
}

static void unrank(struct crowd *crowd, struct crowd_source *source)
{
	if (source->spare.n)
		deadline_clear(&crowd->level[source->n], &source->rank);
}

/* Entries point at each other, never at a level: the levels may move. */
static enum sti_error make_level(struct crowd *crowd, unsigned n)
{
	unsigned more = n < 8 ? 16 : 2 * n;
	struct deadline_queue *level;

	if (n < crowd->n_level)
		return STI_OK;
	level = reallocarray(crowd->level, more, sizeof(*level));
	if (!level)
		return STI_E_MEMORY;
	memset(level + crowd->n_level, 0, (more - crowd->n_level) * sizeof(*level));
	crowd->level = level;
	crowd->n_level = more;
	return STI_OK;
}

enum sti_error crowd_enter(struct crowd *crowd, const uint8_t key[CROWD_KEY], unsigned max, struct crowd_member *member)
{
	struct crowd_source **at = find(crowd, key);

	if (*at && (*at)->n >= max)
		return STI_E_FULL;
	if (make_level(crowd, *at ? (*at)->n + 1 : 1))
		return STI_E_MEMORY;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return STI_E_MEMORY;
		memcpy((*at)->key, key, CROWD_KEY);
	}
	unrank(crowd, *at);
	(*at)->n++;
	rank(crowd, *at);
	*member = (struct crowd_member){.source = *at};
	return STI_OK;
}

void crowd_set_spare(struct crowd *crowd, struct crowd_member *member, bool is_spare)
{
	struct crowd_source *source = member->source;

	if (!source || member->is_spare == is_spare)
		return;
	unrank(crowd, source);
	if (is_spare)
		deadline_set(&source->spare, &member->place, 0);
	else
		deadline_clear(&source->spare, &member->place);
	member->is_spare = is_spare;
	rank(crowd, source);
}

void crowd_leave(struct crowd *crowd, struct crowd_member *member)
{
	struct crowd_source *source = member->source, **at;

	if (!source)
		return;
	crowd_set_spare(crowd, member, false);
	member->source = NULL;
	unrank(crowd, source);
	source->n--;
	rank(crowd, source);
	if (source->n)
		return;
	at = find(crowd, source->key);
	*at = source->next;
	free(source);
}

struct crowd_member *crowd_surplus(const struct crowd *crowd, const struct crowd_member *member)
{
	for (unsigned n = crowd->n_level - 1; n >= member->source->n; n--)
		if (crowd->level[n].first)
			return (struct crowd_member *)((struct crowd_source *)crowd->level[n].first)->spare.first;
	return NULL;
}

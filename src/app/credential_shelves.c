/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credential_shelves.h"

#include <stdlib.h>

#include <sys/random.h>

#include "store/siphash.h"

enum { SUSPECT_SHARE = 10 }; /* a tenth of the room: D14 */

struct credential_shelves {
	struct shelf shelf[CREDENTIAL_SHELVES];
	struct siphash_key key;
	struct credential_entry **bucket;
	size_t n_bucket; /* a power of two */
	size_t capacity;
	size_t max_bytes;
};

enum sti_error credential_shelves_create(size_t capacity, size_t max_bytes, struct credential_shelves **out)
{
	struct credential_shelves *shelves = calloc(1, sizeof(*shelves));
	enum sti_error error = STI_OK;

	if (!shelves)
		return STI_E_MEMORY;
	shelves->capacity = capacity;
	shelves->max_bytes = max_bytes;
	shelves->n_bucket = 1;
	while (shelves->n_bucket < capacity)
		shelves->n_bucket *= 2;
	shelves->bucket = calloc(shelves->n_bucket, sizeof(*shelves->bucket));
	if (!shelves->bucket)
		error = STI_E_MEMORY;
	else if (getrandom(&shelves->key, sizeof(shelves->key), 0) != (ssize_t)sizeof(shelves->key))
		error = STI_E_CRYPTO;
	if (error) {
		credential_shelves_free(shelves);
		return error;
	}
	*out = shelves;
	return STI_OK;
}

void credential_shelves_free(struct credential_shelves *shelves)
{
	if (shelves)
		free(shelves->bucket);
	free(shelves);
}

/* Where the entry of this URL hangs, or would. */
static struct credential_entry **bucket_of(const struct credential_shelves *shelves, struct sti_span url)
{
	struct credential_entry **at = &shelves->bucket[siphash(&shelves->key, url) & (shelves->n_bucket - 1)];

	while (*at && !sti_span_equal((*at)->url, url))
		at = &(*at)->collision;
	return at;
}

struct credential_entry *credential_shelves_find(const struct credential_shelves *shelves, struct sti_span url)
{
	return *bucket_of(shelves, url);
}

static struct credential_entry *entry_at(struct shelf_place *place)
{
	return (struct credential_entry *)place; /* its first member */
}

void credential_shelves_remove(struct credential_shelves *shelves, struct credential_entry *entry)
{
	*bucket_of(shelves, entry->url) = entry->collision;
	shelf_leave(&entry->place);
}

static void drop(struct credential_shelves *shelves, struct shelf_place *place)
{
	struct credential_entry *entry = entry_at(place);

	credential_shelves_remove(shelves, entry);
	credential_entry_free(entry);
}

static size_t count(const struct credential_shelves *shelves)
{
	size_t n = 0;

	for (size_t i = 0; i < CREDENTIAL_SHELVES; i++)
		n += shelves->shelf[i].n;
	return n;
}

size_t credential_shelves_bytes(const struct credential_shelves *shelves)
{
	size_t n = 0;

	for (size_t i = 0; i < CREDENTIAL_SHELVES; i++)
		n += shelves->shelf[i].bytes;
	return n;
}

/* One may always stand there. */
static bool is_over(const struct shelf *shelf, size_t n, size_t bytes)
{
	return shelf->n > 1 && (shelf->n > n || shelf->bytes > bytes);
}

/* The tenth of the suspects is theirs alone: were a cache that is full of good ones to remember no failure, a dead
 * repository would cost an attempt for every call. */
static void make_room(struct credential_shelves *shelves)
{
	struct shelf *good = &shelves->shelf[CREDENTIAL_SHELF_GOOD];
	struct shelf *suspect = &shelves->shelf[CREDENTIAL_SHELF_SUSPECT];
	size_t n = shelves->capacity / SUSPECT_SHARE, bytes = shelves->max_bytes / SUSPECT_SHARE;

	while (is_over(suspect, n, bytes))
		drop(shelves, suspect->last);
	while (is_over(good, shelves->capacity - n, shelves->max_bytes - bytes))
		drop(shelves, good->last);
	while ((good->n || suspect->n) &&
	       (count(shelves) > shelves->capacity || credential_shelves_bytes(shelves) > shelves->max_bytes))
		drop(shelves, suspect->last ? suspect->last : good->last);
}

void credential_shelves_move(struct credential_shelves *shelves, struct credential_entry *entry,
			     enum credential_shelf shelf)
{
	shelf_enter(&shelves->shelf[shelf], &entry->place, credential_entry_bytes(entry));
	make_room(shelves);
}

void credential_shelves_add(struct credential_shelves *shelves, struct credential_entry *entry,
			    enum credential_shelf shelf)
{
	*bucket_of(shelves, entry->url) = entry;
	credential_shelves_move(shelves, entry, shelf);
}

struct credential_entry *credential_shelves_first(const struct credential_shelves *shelves, enum credential_shelf shelf)
{
	struct shelf_place *first = shelves->shelf[shelf].first;

	return first ? entry_at(first) : NULL;
}

size_t credential_shelves_count(const struct credential_shelves *shelves, enum credential_shelf shelf)
{
	return shelves->shelf[shelf].n;
}

struct credential_entry *credential_shelves_due(const struct credential_shelves *shelves, int64_t now, size_t *cursor,
						size_t *looks)
{
	while (*looks) {
		struct credential_entry *entry = shelves->bucket[*cursor & (shelves->n_bucket - 1)];

		--*looks;
		for (; entry; entry = entry->collision)
			if (credential_entry_is_due(entry, now))
				return entry;
		++*cursor;
	}
	return NULL;
}

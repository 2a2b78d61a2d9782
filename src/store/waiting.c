/* SPDX-License-Identifier: Apache-2.0 */
#include "store/waiting.h"

#include <stdlib.h>

struct waiting_entry {
	struct waiting_entry *next;
	struct waiting_entry **link; /* what points here */
	waiting_wake *wake;
	bool done; /* it took something */
	void *context;
	size_t n;
	struct table_pair *pair;
	uint8_t text[]; /* the numbers that the pairs point to */
};

struct waiting {
	struct waiting_entry *first;
	struct waiting_entry **end;
	size_t count;
	size_t capacity;
};

enum sti_error waiting_create(size_t capacity, struct waiting **out)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return STI_E_MEMORY;
	waiting->end = &waiting->first;
	waiting->capacity = capacity;
	*out = waiting;
	return STI_OK;
}

void waiting_free(struct waiting *waiting)
{
	if (!waiting)
		return;
	while (waiting->first)
		waiting_remove(waiting, waiting->first);
	free(waiting);
}

static struct sti_span keep(uint8_t **at, struct sti_span number)
{
	struct sti_span kept = sti_span(*at, number.n);

	if (number.n)
		memcpy(*at, number.p, number.n);
	*at += number.n;
	return kept;
}

static struct waiting_entry *make_entry(const struct table_pair *pair, size_t n)
{
	size_t text = 0;
	struct waiting_entry *entry;
	uint8_t *at;

	for (size_t i = 0; i < n; i++)
		text += pair[i].orig.n + pair[i].dest.n;
	entry = calloc(1, sizeof(*entry) + text);
	if (!entry)
		return NULL;
	entry->pair = calloc(n, sizeof(*pair));
	if (!entry->pair) {
		free(entry);
		return NULL;
	}
	at = entry->text;
	for (entry->n = 0; entry->n < n; entry->n++)
		entry->pair[entry->n] = (struct table_pair){keep(&at, pair[entry->n].orig), keep(&at, pair[entry->n].dest)};
	return entry;
}

enum sti_error waiting_add(struct waiting *waiting, const struct table_pair *pair, size_t n, waiting_wake *wake,
			   void *context, struct waiting_entry **out)
{
	struct waiting_entry *entry;

	if (waiting->count == waiting->capacity)
		return STI_E_FULL;
	entry = make_entry(pair, n);
	if (!entry)
		return STI_E_MEMORY;
	entry->wake = wake;
	entry->context = context;
	entry->link = waiting->end;
	*waiting->end = entry;
	waiting->end = &entry->next;
	waiting->count++;
	*out = entry;
	return STI_OK;
}

void waiting_remove(struct waiting *waiting, struct waiting_entry *entry)
{
	*entry->link = entry->next;
	if (entry->next)
		entry->next->link = entry->link;
	else
		waiting->end = entry->link;
	waiting->count--;
	free(entry->pair);
	free(entry);
}

static bool waits_for(const struct waiting_entry *entry, const struct table_pair *pair)
{
	for (size_t i = 0; i < entry->n; i++)
		if (sti_span_equal(entry->pair[i].orig, pair->orig) && sti_span_equal(entry->pair[i].dest, pair->dest))
			return true;
	return false;
}

bool waiting_call(struct waiting *waiting, const struct table_pair *pair)
{
	for (struct waiting_entry *entry = waiting->first; entry; entry = entry->next) {
		if (entry->done || !waits_for(entry, pair))
			continue;
		entry->done = entry->wake(entry->context);
		if (entry->done)
			return true;
	}
	return false;
}

size_t waiting_count(const struct waiting *waiting)
{
	return waiting->count;
}

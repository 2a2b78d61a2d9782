/* SPDX-License-Identifier: Apache-2.0 */
#include "role/discover.h"

#include <stdlib.h>

struct discover {
	size_t n;
	struct discover_entry entry[]; /* sorted by prefix */
};

static int compare_spans(struct sti_span a, struct sti_span b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_entries(const void *a, const void *b)
{
	const struct discover_entry *left = a;
	const struct discover_entry *right = b;

	return compare_spans(left->prefix, right->prefix);
}

enum sti_error discover_create(const struct discover_entry *entry, size_t n, struct discover **out)
{
	struct discover *discover = calloc(1, sizeof(*discover) + n * sizeof(*entry));

	if (!discover)
		return STI_E_MEMORY;
	discover->n = n;
	for (size_t i = 0; i < n; i++)
		discover->entry[i] = entry[i];
	qsort(discover->entry, n, sizeof(*entry), compare_entries);
	*out = discover;
	return STI_OK;
}

void discover_free(struct discover *discover)
{
	free(discover);
}

/* A number has 15 digits at the most, so the longest prefix takes 15 searches at the most. */
struct discover_answer discover_find(const struct discover *discover, const struct sti_tn *called)
{
	for (size_t length = called->n; length > 0; length--) {
		struct discover_entry key = {.prefix = sti_span(called->text, length)};
		const struct discover_entry *found =
			bsearch(&key, discover->entry, discover->n, sizeof(key), compare_entries);

		if (found)
			return (struct discover_answer){DISCOVER_LOCAL_POLICY, found->url};
	}
	return (struct discover_answer){DISCOVER_NOTHING, {NULL, 0}};
}

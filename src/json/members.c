/* SPDX-License-Identifier: Apache-2.0 */
#include "json/members.h"

#include <stdlib.h>

#include "base/limits.h"

static int compare(const void *a, const void *b)
{
	return sti_span_compare((*(const struct json_node *const *)a)->name,
				(*(const struct json_node *const *)b)->name);
}

enum sti_error members_sort(const struct json *doc, const struct json_node *object, const struct json_node ***out)
{
	const struct json_node **member = calloc(object->count ? object->count : 1, sizeof(*member));
	size_t n = 0;

	if (!member)
		return STI_E_MEMORY;
	for (const struct json_node *at = json_first(doc, object); at; at = json_next(doc, object, at))
		member[n++] = at;
	qsort(member, n, sizeof(*member), compare);
	*out = member;
	return STI_OK;
}

/* Without memory, for objects as small as those of PASSporTs. */
static enum sti_error unique_by_pairs(const struct json *doc, const struct json_node *object)
{
	for (const struct json_node *a = json_first(doc, object); a; a = json_next(doc, object, a))
		for (const struct json_node *b = json_next(doc, object, a); b; b = json_next(doc, object, b))
			if (sti_span_equal(a->name, b->name))
				return STI_E_JSON_TWICE;
	return STI_OK;
}

static enum sti_error unique_by_order(const struct json *doc, const struct json_node *object)
{
	const struct json_node **member;
	enum sti_error error = members_sort(doc, object, &member);

	if (error)
		return error;
	for (uint32_t i = 1; i < object->count && !error; i++)
		if (sti_span_equal(member[i - 1]->name, member[i]->name))
			error = STI_E_JSON_TWICE;
	free(member);
	return error;
}

enum sti_error members_unique(const struct json *doc, const struct json_node *object)
{
	return object->count <= LIMIT_JSON_MEMBERS ? unique_by_pairs(doc, object) : unique_by_order(doc, object);
}

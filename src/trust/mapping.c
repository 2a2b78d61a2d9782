/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/mapping.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/url.h"
#include "json/members.h"

enum { OCN = 4 };

struct entry {
	struct sti_span key;
	struct sti_span url;
};

struct mapping {
	struct entry *entry; /* in the order of sti_span_compare, which is that of members_sort */
	size_t n;
	size_t n_dropped;
	uint8_t *text; /* of all keys and URLs */
	atomic_uint refs;
};

static bool is_code(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!(text.p[i] >= 'A' && text.p[i] <= 'Z') && !(text.p[i] >= '0' && text.p[i] <= '9'))
			return false;
	return text.n > 0;
}

static bool is_key(struct sti_span key)
{
	struct sti_span prefix = sti_span_first(key, 2);

	if (sti_span_is(prefix, "0-"))
		return key.n <= 2 + LIMIT_SPC && is_code(sti_span_from(key, 2));
	return key.n == OCN && is_code(key);
}

static bool is_good(const struct json_node *member)
{
	struct url url;

	return is_key(member->name) && url_parse(member->text, &url) == STI_OK;
}

/* The octets that all entries need together; a value that is no string is no entry of a mapping. */
static enum sti_error measure(const struct json *doc, const struct json_node *body, size_t *out)
{
	size_t n = 0;

	for (const struct json_node *at = json_first(doc, body); at; at = json_next(doc, body, at)) {
		if (at->type != JSON_STRING)
			return STI_E_CLAIM_VALUE;
		if (is_good(at))
			n += at->name.n + at->text.n;
	}
	*out = n;
	return STI_OK;
}

static struct sti_span put(uint8_t **at, struct sti_span text)
{
	struct sti_span copy = sti_span(*at, text.n);

	memcpy(*at, text.p, text.n);
	*at += text.n;
	return copy;
}

static void fill(struct mapping *mapping, const struct json_node *const *member, size_t n)
{
	uint8_t *at = mapping->text;

	for (size_t i = 0; i < n; i++) {
		if (!is_good(member[i])) {
			mapping->n_dropped++;
			continue;
		}
		mapping->entry[mapping->n].key = put(&at, member[i]->name);
		mapping->entry[mapping->n++].url = put(&at, member[i]->text);
	}
}

static enum sti_error reserve(struct mapping *mapping, size_t n, size_t n_text)
{
	mapping->entry = calloc(n ? n : 1, sizeof(*mapping->entry));
	mapping->text = malloc(n_text ? n_text : 1);
	return mapping->entry && mapping->text ? STI_OK : STI_E_MEMORY;
}

static enum sti_error read_body(const struct json *doc, const struct json_node *body, struct mapping *mapping)
{
	const struct json_node **member;
	size_t n_text;
	enum sti_error error = measure(doc, body, &n_text);

	if (!error)
		error = reserve(mapping, body->count, n_text);
	if (!error)
		error = members_sort(doc, body, &member);
	if (error)
		return error;
	fill(mapping, member, body->count);
	free(member);
	return STI_OK;
}

enum sti_error mapping_read(const struct list *list, struct mapping **out)
{
	struct mapping *mapping;
	enum sti_error error;

	if (!list->body || list->kind != LIST_MAPPING)
		return STI_E_CLAIM_VALUE;
	if (list->body->count > LIMIT_MAPPING)
		return STI_E_LIMIT;
	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return STI_E_MEMORY;
	atomic_init(&mapping->refs, 1);
	error = read_body(list->jws.payload, list->body, mapping);
	if (error)
		mapping_unref(mapping);
	else
		*out = mapping;
	return error;
}

enum list_verdict mapping_judge(const struct mapping *mapping)
{
	return mapping->n || !mapping->n_dropped ? LIST_GOOD : LIST_EMPTY;
}

struct mapping *mapping_ref(struct mapping *mapping)
{
	atomic_fetch_add_explicit(&mapping->refs, 1, memory_order_relaxed);
	return mapping;
}

void mapping_unref(struct mapping *mapping)
{
	if (!mapping || atomic_fetch_sub_explicit(&mapping->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(mapping->entry);
	free(mapping->text);
	free(mapping);
}

size_t mapping_count(const struct mapping *mapping)
{
	return mapping->n;
}

size_t mapping_dropped(const struct mapping *mapping)
{
	return mapping->n_dropped;
}

enum sti_error mapping_find(const struct mapping *mapping, struct sti_span ocn, struct sti_span *url)
{
	size_t low = 0, high = mapping->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = sti_span_compare(ocn, mapping->entry[middle].key);

		if (order == 0) {
			*url = mapping->entry[middle].url;
			return STI_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return STI_E_NOT_FOUND;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: trust */
#include <stdlib.h>

#include "base/base64.h"
#include "base/limits.h"
#include "trust/ca_list.h"
#include "trust/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOON = 86400 + 86400 / 2 }; /* when the certificates of the corpus are valid */

static const struct list_source source = {.url = {(const uint8_t *)"https://pa.example/", 19}};

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static void look_at_roots(const struct list *list)
{
	struct ca_list roots;
	size_t good = 0;

	if (ca_list_read(list, NOON, &roots) != STI_OK)
		return;
	for (size_t i = 0; i < roots.n; i++) {
		const struct ca_list_entry *entry = &roots.entry[i];

		good += entry->fault == CA_FAULT_NONE;
		demand(ca_fault_text(entry->fault));
		demand((entry->cert.x509 == NULL) == (entry->fault == CA_FAULT_TEXT || entry->fault == CA_FAULT_CERT));
	}
	demand(good == roots.n_good && roots.n <= LIMIT_ROOTS && (ca_list_judge(&roots) == LIST_GOOD) == (good > 0));
	ca_list_free(&roots);
}

static void look_at_mapping(const struct list *list)
{
	struct mapping *mapping;

	if (mapping_read(list, &mapping) != STI_OK)
		return;
	demand(mapping_count(mapping) + mapping_dropped(mapping) == list->body->count);
	for (const struct json_node *at = json_first(list->jws.payload, list->body); at;
	     at = json_next(list->jws.payload, list->body, at)) {
		struct sti_span url;

		if (mapping_find(mapping, at->name, &url) == STI_OK)
			demand(sti_span_equal(url, at->text) && at->name.n >= 3 && url.n > 8);
	}
	mapping_unref(mapping);
}

/* Without a signer and a mark only the steps before them can say no. */
static void judge(struct list *list)
{
	enum list_verdict verdict = list_judge(list, &source, NULL, NULL, NOON);
	struct mark mark;

	demand(verdict <= LIST_FOREIGN_X5U && verdict != LIST_SAME);
	if (verdict != LIST_GOOD)
		return;
	demand(list->sequence >= 0 && list->exp > NOON && list->x5u.p);
	list_mark(list, NOON, &mark);
	demand(list_judge(list, &source, NULL, &mark, NOON) == LIST_SAME);
	demand(list_until(list, 60, NOON) <= NOON + 60);
}

/* The body is read even where nobody would believe it. */
static void check(struct sti_span body)
{
	for (int kind = 0; kind < LIST_KINDS; kind++) {
		struct list *list;

		if (list_parse(body, (enum list_kind)kind, &list) != STI_OK)
			continue;
		judge(list);
		look_at_roots(list);
		look_at_mapping(list);
		list_free(list);
	}
}

/* The input as header and payload, cut at the first newline, so that base64 is no hurdle. */
static void check_wrapped(struct sti_span text)
{
	static const uint8_t signature[STI_SIGNATURE];
	struct buf token = buf_own(4 * text.n + 256);
	struct sti_span header = {0};

	if (sti_span_cut(&text, '\n', &header) && text.p) {
		base64url_encode(&token, header);
		buf_put_byte(&token, '.');
		base64url_encode(&token, text);
		buf_put_byte(&token, '.');
		base64url_encode(&token, sti_span(signature, sizeof(signature)));
		check(buf_span(&token));
	}
	buf_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(sti_span(data, size));
	check_wrapped(sti_span(data, size));
	return 0;
}

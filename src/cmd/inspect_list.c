/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/url.h"
#include "cmd/inspect.h"
#include "trust/ca_list.h"
#include "trust/mapping.h"

/* The claims of both seeds beside the body, as they are written, and those of RFC 7519 that some add. */
static void put_claims(struct inspect *in, const struct list *list)
{
	static const char *const name[] = {"version", "sequence", "exp", "extensions", "iss", "iat", "nbf", "jti"};
	const struct json *payload = list->jws.payload;

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		const struct json_node *node = json_member(payload, json_root(payload), name[i]);

		if (node)
			report_json(&in->report, name[i], payload, node);
	}
}

/* Whose it is is not asked: only the operator's anchor can say. */
static void check_envelope(struct inspect *in, struct list *list)
{
	struct url url = {0};
	bool has_host = list->x5u.p && url_parse_own(list->x5u, &url) == STI_OK;
	struct list_source source = {.host = &url.host, .n_host = has_host ? 1 : 0};
	enum list_verdict verdict = list_judge(list, &source, NULL, NULL, in->now);
	char text[REPORT_TIME];

	if (verdict == LIST_EXPIRED) {
		inspect_note(in, list_verdict_row(verdict)->clause, "has expired, %s",
			     report_time_text(list->exp, text));
		verdict = list_judge(list, &source, NULL, NULL, list->exp - 1);
	}
	if (verdict != LIST_GOOD)
		inspect_fault(in, list_verdict_row(verdict)->clause, "%s: %s", list_verdict_row(verdict)->name,
			      list_verdict_row(verdict)->what);
}

static enum sti_error open_list(struct inspect *in, enum list_kind kind, struct list **out)
{
	enum sti_error error = list_parse(in->token, kind, out);

	if (error)
		return error;
	inspect_put_jws(in, &(*out)->jws, false);
	put_claims(in, *out);
	check_envelope(in, *out);
	if ((*out)->exp)
		report_time(&in->report, "until", (*out)->exp);
	return STI_OK;
}

/* Why an entry is set aside; one that stands twice is no fault of the list. */
static void put_entry(struct inspect *in, const struct ca_list_entry *entry, size_t i)
{
	if (entry->fault != CA_FAULT_NONE && entry->fault != CA_FAULT_TWICE)
		inspect_fault(in, "ATIS-1000084", "root %zu is set aside: %s", i + 1, ca_fault_text(entry->fault));
	if (entry->fault == CA_FAULT_TWICE)
		inspect_note(in, "ATIS-1000084", "root %zu: %s", i + 1, ca_fault_text(entry->fault));
	if (entry->cert.x509)
		inspect_put_certificate(in, NULL, &entry->cert);
	else
		report_text(&in->report, NULL, sti_span(NULL, 0));
}

static enum sti_error put_roots(struct inspect *in, const struct list *list)
{
	struct ca_list roots;
	enum sti_error error = ca_list_read(list, in->now, &roots);

	if (error == STI_E_MEMORY)
		return error;
	if (error) {
		inspect_fault(in, "ATIS-1000084", "trustList: %s", sti_error_text(error));
		return STI_OK;
	}
	report_int(&in->report, "count", (int64_t)roots.n);
	report_open_list(&in->report, "roots");
	for (size_t i = 0; i < roots.n; i++)
		put_entry(in, &roots.entry[i], i);
	report_close_list(&in->report);
	ca_list_free(&roots);
	return STI_OK;
}

enum sti_error inspect_ca_list(struct inspect *in)
{
	struct list *list;
	enum sti_error error = open_list(in, LIST_CA, &list);

	if (error)
		return error;
	if (list->body)
		error = put_roots(in, list);
	list_free(list);
	return error;
}

static void put_pair(struct report *report, const struct json_node *pair)
{
	struct sti_span url = {NULL, 0};

	json_string(pair, &url);
	report_open(report, NULL);
	report_text(report, "ocn", pair->name);
	report_text(report, "url", url);
	report_close(report);
}

static void put_pairs(struct inspect *in, const struct list *list)
{
	const struct json *payload = list->jws.payload;
	size_t n = 0;

	report_int(&in->report, "count", (int64_t)list->body->count);
	report_open_list(&in->report, "cps");
	for (const struct json_node *at = json_first(payload, list->body); at && n < INSPECT_ENTRIES;
	     at = json_next(payload, list->body, at), n++)
		put_pair(&in->report, at);
	report_close_list(&in->report);
	if (list->body->count > n)
		inspect_note(in, "ATIS-1000096", "%u entries, the first %zu are shown", list->body->count, n);
}

static enum sti_error check_pairs(struct inspect *in, const struct list *list)
{
	struct mapping *mapping;
	enum sti_error error = mapping_read(list, &mapping);

	if (error == STI_E_MEMORY)
		return error;
	if (error) {
		inspect_fault(in, "ATIS-1000096", "cpsMapping: %s", sti_error_text(error));
		return STI_OK;
	}
	if (mapping_dropped(mapping))
		inspect_fault(in, "ATIS-1000096", "%zu entries are set aside: expected four of A-Z and 0-9, and https",
			      mapping_dropped(mapping));
	mapping_unref(mapping);
	return STI_OK;
}

enum sti_error inspect_mapping(struct inspect *in)
{
	struct list *list;
	enum sti_error error = open_list(in, LIST_MAPPING, &list);

	if (error)
		return error;
	if (list->body) {
		put_pairs(in, list);
		error = check_pairs(in, list);
	}
	list_free(list);
	return error;
}

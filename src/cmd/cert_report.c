/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cert_report.h"

#include "cmd/report.h"
#include "json/utf8.h"
#include "json/writer.h"

/* A file may have any name; what is not UTF-8 or not to be seen is '?'. */
static struct sti_span name_of(const char *file, uint8_t memory[LIMIT_PATH + 1])
{
	struct sti_span rest = sti_span_first(sti_span_str(file), LIMIT_PATH);
	size_t n = 0;

	while (rest.n) {
		uint32_t code = 0;
		size_t length = utf8_read(rest, &code);

		if (length && code >= ' ' && code != 0x7f)
			memcpy(memory + n, rest.p, length);
		else
			memory[n] = '?';
		n += length && code >= ' ' && code != 0x7f ? length : 1;
		rest = sti_span_from(rest, length ? length : 1);
	}
	return sti_span(memory, n);
}

/* Of the root; a real one has none, and then the certificate's own. */
static struct sti_span country_of(const struct cert_answer *answer, char memory[LIMIT_CERT_NAME])
{
	size_t n = cert_subject(answer->named, NID_countryName, memory);

	if (!n)
		n = cert_subject(answer->view.cert, NID_countryName, memory);
	return sti_span(n ? memory : NULL, n);
}

/* The i-th SPC of the list; absent behind the last. */
static struct sti_span spc_at(const struct sti_tnauthlist *list, size_t at)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->entry[i].kind == STI_TN_ENTRY_SPC && at-- == 0)
			return list->entry[i].text;
	return (struct sti_span){0};
}

static void put_json_spcs(const struct cert_answer *answer, struct buf *out)
{
	struct sti_span spc;

	json_put_name(out, "spc");
	buf_put_byte(out, '[');
	for (size_t i = 0; (spc = spc_at(answer->list, i)).p; i++) {
		json_put_comma(out);
		json_put_string(out, spc);
	}
	buf_put_byte(out, ']');
}

static void put_json_finding(const struct lint *lint, struct buf *out)
{
	json_put_comma(out);
	buf_put_byte(out, '{');
	json_put_member(out, "lint", sti_span_str(lint->name));
	json_put_member(out, "level", sti_span_str(lint_level_text(lint->level)));
	json_put_member(out, "clause", sti_span_str(lint->clause));
	buf_put_byte(out, '}');
}

static void put_json_findings(const struct cert_answer *answer, struct buf *out)
{
	json_put_name(out, "findings");
	buf_put_byte(out, '[');
	for (const struct lint *lint = lint_table; lint->name; lint++)
		if (lint_check(lint, &answer->view) == LINT_FOUND)
			put_json_finding(lint, out);
	buf_put_byte(out, ']');
}

static void put_json(struct sti_span file, const struct cert_answer *answer, struct buf *out)
{
	char memory[LIMIT_CERT_NAME];

	buf_put_byte(out, '{');
	json_put_member(out, "file", file);
	buf_put_str(out, ",\"parsed\":true");
	json_put_member(out, "chain", sti_span_str(answer->chain));
	json_put_member(out, "profile", sti_span_str(answer->profile));
	put_json_spcs(answer, out);
	json_put_member(out, "country", country_of(answer, memory));
	put_json_findings(answer, out);
	buf_put_str(out, "}\n");
}

static void put_text_findings(const struct cert_answer *answer, struct buf *out)
{
	const char *before = "; findings: ";

	for (const struct lint *lint = lint_table; lint->name; lint++) {
		if (lint_check(lint, &answer->view) != LINT_FOUND)
			continue;
		buf_put_str(out, before);
		buf_put_str(out, lint->name);
		before = ", ";
	}
}

/* FILE: chain ok; profile ok; SPC 709J; country US; findings: e_atis_subject_cn */
static void put_text(struct sti_span file, const struct cert_answer *answer, struct buf *out)
{
	char memory[LIMIT_CERT_NAME];
	struct sti_span spc, country = country_of(answer, memory);

	buf_put(out, file);
	buf_put_str(out, ": chain ");
	buf_put_str(out, answer->chain);
	buf_put_str(out, "; profile ");
	buf_put_str(out, answer->profile);
	for (size_t i = 0; (spc = spc_at(answer->list, i)).p; i++) {
		buf_put_str(out, i ? " " : "; SPC ");
		report_put_visible(out, spc); /* IA5: any control, a line feed and an escape sequence too */
	}
	buf_put_str(out, country.p ? "; country " : "; no country");
	buf_put(out, country);
	put_text_findings(answer, out);
	buf_put_byte(out, '\n');
}

void cert_report_put(const char *file, const struct cert_answer *answer, bool json, struct buf *out)
{
	uint8_t memory[LIMIT_PATH + 1];
	struct sti_span name = name_of(file, memory);

	if (json)
		put_json(name, answer, out);
	else
		put_text(name, answer, out);
}

void cert_report_put_unread(const char *file, bool json, struct buf *out)
{
	uint8_t memory[LIMIT_PATH + 1];

	if (!json)
		return;
	buf_put_byte(out, '{');
	json_put_member(out, "file", name_of(file, memory));
	buf_put_str(out, ",\"parsed\":false,\"chain\":null,\"profile\":null,\"spc\":[],\"country\":null,"
			 "\"findings\":[]}\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reference.h"

#include <sti/verdict.h>

#include "app/config.h"
#include "app/metrics.h"
#include "app/schema.h"
#include "pki/lint.h"

static void put_heading(struct buf *out, enum schema_section section)
{
	const struct schema_section_row *s = schema_section(section);

	if (section == SCHEMA_ROOT) {
		buf_put_str(out, "\n## Outside of all sections\n\n");
	} else {
		buf_put_str(out, "\n## ");
		schema_put_name(out, section, NULL);
		buf_put_str(out, s->many ? " \"TITLE\"\n\n" : "\n\n");
	}
	buf_put_str(out, s->what);
	if (s->many) {
		buf_put_str(out, " May stand any number of times; the title is ");
		schema_put_expected(out, s->title, NULL);
		buf_put_str(out, ".");
	}
	buf_put_str(out, "\n\n| key | value | default | what it is |\n| --- | --- | --- | --- |\n");
}

static void put_default(struct buf *out, const struct schema_row *row)
{
	if (row->mandatory)
		buf_put_str(out, "must be set");
	else if (row->fallback)
		buf_put_str(out, row->fallback);
}

static void put_row(struct buf *out, const struct schema_row *row)
{
	buf_put_str(out, "| `");
	buf_put_str(out, row->key);
	buf_put_str(out, row->keep == SCHEMA_LIST ? "` | list: " : "` | ");
	schema_put_expected(out, row->kind, row);
	buf_put_str(out, " | ");
	put_default(out, row);
	buf_put_str(out, " | ");
	buf_put_str(out, row->what);
	buf_put_str(out, " |\n");
}

void config_write_reference(struct buf *out)
{
	const struct schema_row *row;
	size_t at;

	buf_put_str(out,
		    "# Configuration\n\nWritten from the schema in `src/app/schema.c`; a test compares them.\n\n"
		    "One text file: `key = value`, lists `key = {\"a\", \"b\"}`, sections `name { … }` and\n"
		    "`name \"title\" { … }`, comments `#`, `//` and `/* … */`. A key, a section without title or a "
		    "title that stands\n"
		    "twice is refused, and so is what is unknown or out of range, with file and line. Numbers are "
		    "decimal. Values\n"
		    "with anything but letters, digits and `_-.:/` are quoted. Backslashes, `|` and `${` have no "
		    "meaning and are\n"
		    "refused. Paths are relative to the folder of the file. Secrets come from files of their own.\n");
	for (enum schema_section i = 0; i < SCHEMA_SECTIONS; i++) {
		put_heading(out, i);
		for (size_t k = 0; (row = schema_row(i, k, &at)); k++)
			put_row(out, row);
	}
}

static void put_case(struct buf *out, const struct sti_case_row *row)
{
	buf_put_str(out, "| ");
	buf_put_str(out, row->name);
	buf_put_str(out, " | ");
	buf_put_str(out, row->what);
	buf_put_str(out, " | ");
	buf_put_int(out, row->code);
	buf_put_byte(out, ' ');
	buf_put_str(out, row->phrase);
	buf_put_str(out, " | ");
	buf_put_str(out, sti_verstat_text(row->verstat));
	buf_put_str(out, " | `");
	buf_put_str(out, row->check);
	buf_put_str(out, "` | ");
	buf_put_str(out, row->expected);
	buf_put_str(out, " | ");
	buf_put_str(out, row->clause);
	buf_put_str(out, " |\n");
}

void reference_write_cases(struct buf *out)
{
	buf_put_str(out,
		    "# Verification cases\n\nWritten from the table in `src/role/verdict.c`; a test compares them.\n\n"
		    "What can be wrong with a call, in the order in which it is looked for. The first that is found\n"
		    "decides: its code and phrase are `reasoncode` and `reasontext` of the answer, its name is `case`. "
		    "E1 and\n"
		    "E2 are about the request and are answered with a `requestError`. A call with which nothing is "
		    "wrong is\n"
		    "`TN-Validation-Passed` and has no case, and so has a call for which there is no PASSporT: it is\n"
		    "`No-TN-Validation`. Only E17 and E18 give `TN-Validation-Failed`.\n\n"
		    "| case | what is wrong | code and phrase | verdict | check | expected | clause |\n"
		    "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (int c = STI_CASE_E1; c < STI_CASE_COUNT; c++)
		put_case(out, sti_case_row((enum sti_case)c));
}

static void put_kinds(struct buf *out, unsigned on)
{
	static const struct {
		enum lint_kind kind;
		const char *name;
	} row[] = {{LINT_SIGNER, "signer"}, {LINT_INTERMEDIATE, "intermediate"}, {LINT_ROOT, "root"}};
	const char *before = "";

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (!(on & row[i].kind))
			continue;
		buf_put_str(out, before);
		buf_put_str(out, row[i].name);
		before = ", ";
	}
}

static void put_lint(struct buf *out, const struct lint *lint)
{
	buf_put_str(out, "| `");
	buf_put_str(out, lint->name);
	buf_put_str(out, "` | ");
	put_kinds(out, lint->on);
	buf_put_str(out, " | ");
	if (lint->from) {
		buf_put_str(out, "v00");
		buf_put_int(out, lint->from);
	}
	buf_put_str(out, " | ");
	buf_put_str(out, lint->what);
	buf_put_str(out, " | ");
	buf_put_str(out, lint->clause);
	buf_put_str(out, " |\n");
}

void reference_write_lints(struct buf *out)
{
	buf_put_str(
		out,
		"# Lints\n\nWritten from the table in `src/pki/lint.c`; a test compares them.\n\n"
		"What `sidetone cert check` finds in certificates and no call is refused for. The first letter of the "
		"name is\n"
		"the level: error, warn or notice. Names are zlint's where it has the rule. A rule binds what was "
		"issued since\n"
		"its version of ATIS-1000080 was published (v003 2020-09-04, v004 2021-10-18, v005 2022-12-12), a "
		"signer's "
		"certificate\n"
		"90 days later. Rules of the certificate policy count only where `--domain` names a domain whose "
		"policy "
		"has them\n"
		"([certificates.md](certificates.md)).\n\n"
		"| lint | about | since | what there should be | clause |\n"
		"| --- | --- | --- | --- | --- |\n");
	for (const struct lint *lint = lint_table; lint->name; lint++)
		put_lint(out, lint);
}

const struct reference_page reference_table[] = {
	{"cases", "the verification cases, E1 to E19", "src/role/verdict.c", reference_write_cases},
	{"configuration", "every key of the configuration", "src/app/schema.c", config_write_reference},
	{"lints", "what is found in certificates and refuses no call", "src/pki/lint.c", reference_write_lints},
	{"metrics", "every metric of /metrics", "src/app/metrics.c", metrics_write_reference},
	{NULL, NULL, NULL, NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reference.h"

#include <sti/verdict.h>

#include "app/config.h"
#include "app/metrics.h"
#include "app/schema.h"

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

const struct reference_page reference_table[] = {
	{"cases", "the verification cases, E1 to E19", "src/role/verdict.c", reference_write_cases},
	{"configuration", "every key of the configuration", "src/app/schema.c", config_write_reference},
	{"metrics", "every metric of /metrics", "src/app/metrics.c", metrics_write_reference},
	{NULL, NULL, NULL, NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

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

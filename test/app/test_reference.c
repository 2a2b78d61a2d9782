/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/reference.h"

static FILE *page_open(const char *name)
{
	const char *source = getenv("STI_SOURCE");
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/docs/%s.md", source ? source : ".", name) > 0);
	f = fopen(path, "r");
	if (!f)
		print_error("no %s\n", path);
	free(path);
	return f;
}

static struct buf page_read(const char *name)
{
	struct buf text = buf_own(REFERENCE_MAX);
	FILE *f = page_open(name);
	int c;

	while (f && (c = getc(f)) != EOF)
		buf_put_byte(&text, (uint8_t)c);
	if (f)
		fclose(f);
	return text;
}

/* What it should be is left beside, to be copied. */
static void fresh_leave(const struct reference_page *page, struct sti_span fresh)
{
	const char *build = getenv("STI_BUILD");
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/%s.md", build ? build : ".", page->name) > 0);
	f = fopen(path, "w");
	if (f && fwrite(fresh.p, 1, fresh.n, f) == fresh.n)
		print_error("docs/%s.md is not what %s says; copy %s to it\n", page->name, page->source, path);
	if (f)
		fclose(f);
	free(path);
}

static bool is_up_to_date(const struct reference_page *page)
{
	struct buf fresh = buf_own(REFERENCE_MAX), text = page_read(page->name);
	bool same;

	page->write(&fresh);
	assert_int_equal(buf_error(&fresh), STI_OK);
	same = sti_span_equal(buf_span(&fresh), buf_span(&text));
	if (!same)
		fresh_leave(page, buf_span(&fresh));
	buf_free(&fresh);
	buf_free(&text);
	return same;
}

static void test_the_reference_pages_are_up_to_date(void **state)
{
	unsigned n = 0, same = 0;

	(void)state;
	for (const struct reference_page *page = reference_table; page->name; page++, n++)
		same += is_up_to_date(page);
	print_message("pages up to date: %u of %u\n", same, n);
	assert_int_equal(same, n);
}

/* A `|` within a cell would be a cell more. */
static void test_rows_have_the_cells_of_their_head(void **state)
{
	(void)state;
	for (const struct reference_page *page = reference_table; page->name; page++) {
		struct buf text = buf_own(REFERENCE_MAX);
		struct sti_span rest, line;
		size_t bars = 0, n_row = 0;

		page->write(&text);
		for (rest = buf_span(&text); sti_span_cut(&rest, '\n', &line);) {
			size_t n = 0;

			for (size_t i = 0; i < line.n && line.p[0] == '|'; i++)
				n += line.p[i] == '|';
			if (n && bars)
				assert_int_equal(n, bars);
			bars = n;
			n_row += n > 0;
		}
		assert_true(n_row > 10);
		buf_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_reference_pages_are_up_to_date),
		cmocka_unit_test(test_rows_have_the_cells_of_their_head),
	};

	return cmocka_run_group_tests_name("app/reference", tests, NULL, NULL);
}

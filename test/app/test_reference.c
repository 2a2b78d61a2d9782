/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config.h"
#include "base/buf.h"

static FILE *page_open(void)
{
	const char *source = getenv("STI_SOURCE");
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/docs/configuration.md", source ? source : ".") > 0);
	f = fopen(path, "r");
	if (!f)
		print_error("no %s\n", path);
	free(path);
	return f;
}

/* What it should be is left beside, to be copied. */
static void fresh_leave(struct sti_span fresh)
{
	const char *build = getenv("STI_BUILD");
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/configuration.md", build ? build : ".") > 0);
	f = fopen(path, "w");
	if (f && fwrite(fresh.p, 1, fresh.n, f) == fresh.n)
		print_error("docs/configuration.md is not what src/app/schema.c says; copy %s to it\n", path);
	if (f)
		fclose(f);
	free(path);
}

static void test_the_reference_page_is_up_to_date(void **state)
{
	struct buf fresh = buf_own(1 << 20), page = buf_own(1 << 20);
	FILE *f = page_open();
	bool same;
	int c;

	(void)state;
	config_write_reference(&fresh);
	assert_int_equal(buf_error(&fresh), STI_OK);
	while (f && (c = getc(f)) != EOF)
		buf_put_byte(&page, (uint8_t)c);
	if (f)
		fclose(f);
	same = sti_span_equal(buf_span(&fresh), buf_span(&page));
	if (!same)
		fresh_leave(buf_span(&fresh));
	buf_free(&fresh);
	buf_free(&page);
	assert_true(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_reference_page_is_up_to_date)};

	return cmocka_run_group_tests_name("app/reference", tests, NULL, NULL);
}

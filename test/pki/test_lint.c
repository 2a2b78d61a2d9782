/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint.h"

#include "domain_us.h"
#include "pki/chain.h"
#include "world.h"
#include "support/value.h"

static const struct lint *lint_named(const char *name)
{
	for (const struct lint *lint = lint_table; lint->name; lint++)
		if (strcmp(lint->name, name) == 0)
			return lint;
	fail_msg("no lint %s", name);
	return NULL;
}

/* As zlint says it. */
static const char *status_text(const struct lint *lint, enum lint_status status)
{
	static const char *const level[] = {[LINT_ERROR] = "Error", [LINT_WARN] = "Warn", [LINT_NOTICE] = "Notice"};

	if (status == LINT_FOUND)
		return level[lint->level];
	return status == LINT_PASS ? "Pass" : "NA";
}

/* The row's certificate with an empty subject and no TNAuthList is not among the files; this is another. */
static const char *file_of(const struct value *row)
{
	const char *file = value_text(row, "file");

	return strcmp(file, "subjectEmpty.pem") == 0 ? "shakenCertEmpty.pem" : file;
}

/* That lint asks the network in the vectors of one commit and is switched off in those of the other. */
static bool is_offline(const struct value *row)
{
	return strcmp(value_text(row, "lint"), "e_atis_crl_distribution_not_reachable") == 0 &&
	       strcmp(value_text(row, "ref"), "a7f11f7") == 0;
}

/* openssl's text for people stands before it. */
static struct sti_span block_of(struct sti_span pem)
{
	const uint8_t *begin = memmem(pem.p, pem.n, "-----BEGIN", 10);

	assert_non_null(begin);
	return sti_span_from(pem, (size_t)(begin - pem.p));
}

/* The vectors are of 2022 and try rules of v005: so all are held to that. */
static const char *verdict_of(const struct value *row)
{
	const struct lint *lint = lint_named(value_text(row, "lint"));
	struct lint_view view;
	struct sti_span pem;
	struct chain chain;
	char path[128];
	const char *text;

	snprintf(path, sizeof(path), "zlint-shaken/pem/%s", file_of(row));
	pem = vectors_read(path);
	assert_int_equal(chain_parse(block_of(pem), 1, &chain), STI_OK);
	assert_int_equal(lint_view_open(&chain.cert[0], is_offline(row) ? NULL : domain_us(), LINT_V5, &view), STI_OK);
	text = status_text(lint, lint_check(lint, &view));
	lint_view_close(&view);
	chain_free(&chain);
	vectors_free(pem);
	return text;
}

static void test_verdicts_of_zlint(void **state)
{
	struct value *rows;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	rows = value_read("zlint-shaken/expected.json");
	for (size_t i = 0; i < value_count(rows); i++) {
		const struct value *row = value_at(rows, i);
		const char *found = verdict_of(row);

		if (strcmp(found, value_text(row, "status")) == 0)
			good++;
		else
			printf("%s %s: %s, not %s\n", value_text(row, "lint"), value_text(row, "file"), found,
			       value_text(row, "status"));
	}
	vectors_count("zlint-shaken", good, value_count(rows));
	value_free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts_of_zlint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

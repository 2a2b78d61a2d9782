/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/identity.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "support/vectors.h"

#define URL "https://cr.example.com/a.pem"

struct row {
	const char *value;
	enum sti_error error;
	const char *token; /* NULL in this and the rest: absent */
	const char *info;
	const char *alg;
	const char *ppt;
};

static void assert_part(const char *value, const char *what, struct sti_span part, const char *expected)
{
	if (expected ? !part.p || !sti_span_is(part, expected) : part.p != NULL)
		fail_msg("%s: %s is \"%.*s\"", value, what, (int)part.n, (const char *)part.p);
}

static void check_row(const struct row *row)
{
	struct sti_span value = vectors_copy(sti_span_str(row->value));
	struct sti_identity identity = {0};
	enum sti_error error = sti_identity_parse(value, &identity);

	if (error != row->error)
		fail_msg("%s: error %d, not %d", row->value, (int)error, (int)row->error);
	if (!error) {
		assert_part(row->value, "token", identity.token, row->token);
		assert_part(row->value, "info", identity.info, row->info);
		assert_part(row->value, "alg", identity.alg, row->alg);
		assert_part(row->value, "ppt", identity.ppt, row->ppt);
	}
	vectors_free(value);
}

#define ROWS(row)                                                                                                      \
	for (size_t i = 0; i < sizeof(row) / sizeof((row)[0]); i++)                                                    \
	check_row(&(row)[i])

static void test_K3_legal_spellings(void **state)
{
	static const struct row row[] = {
		{"a.b.c;info=<" URL ">;alg=ES256;ppt=shaken", STI_OK, "a.b.c", URL, "ES256", "shaken"},
		{"a.b.c;info=<" URL ">", STI_OK, "a.b.c", URL, NULL, NULL},
		{"a.b.c;ppt=shaken;alg=ES256;info=<" URL ">", STI_OK, "a.b.c", URL, "ES256", "shaken"},
		{"a.b.c;info=<" URL ">;ppt=\"shaken\"", STI_OK, "a.b.c", URL, NULL, "shaken"},
		{"a.b.c;info=<" URL ">;alg=\"ES256\"", STI_OK, "a.b.c", URL, "ES256", NULL},
		{"a.b.c;info=<" URL ">;ppt=\"\"", STI_OK, "a.b.c", URL, NULL, ""},
		{"  a.b.c ; info = <" URL "> ; alg = ES256\t;\tppt = shaken  ", STI_OK, "a.b.c", URL, "ES256",
		 "shaken"},
		{"a.b.c\r\n ;info=<" URL ">\r\n\t;ppt\r\n =\r\n  shaken", STI_OK, "a.b.c", URL, NULL, "shaken"},
		{"a.b.c;INFO=<" URL ">;Alg=ES256;pPt=shaken", STI_OK, "a.b.c", URL, "ES256", "shaken"},
		{"a.b.c;info=<" URL ">;x;y=1;z=\"a;b,c\\\"d\";h=[2001:db8::1]", STI_OK, "a.b.c", URL, NULL, NULL},
		{"a.b.c;info=<https://cr.example.com/a;b,c=\"d\">", STI_OK, "a.b.c",
		 "https://cr.example.com/a;b,c=\"d\"", NULL, NULL},
		{"..c;info=<" URL ">", STI_OK, "..c", URL, NULL, NULL}, /* compact form: refused later, E4 */
		{"a.b.c;info=<>", STI_OK, "a.b.c", "", NULL, NULL}, /* E7 */
		{"a.b.c;info=<" URL ">;alg=none", STI_OK, "a.b.c", URL, "none", NULL},
	};

	(void)state;
	ROWS(row);
}

static void test_K3_bare_token_without_info(void **state)
{
	static const struct row row[] = {
		{"a.b.c", STI_OK, "a.b.c", NULL, NULL, NULL},
		{" a.b.c\t", STI_OK, "a.b.c", NULL, NULL, NULL},
		{"a.b.c;ppt=shaken", STI_OK, "a.b.c", NULL, NULL, "shaken"},
		{"AZaz09-_.", STI_OK, "AZaz09-_.", NULL, NULL, NULL},
	};

	(void)state;
	ROWS(row);
}

static const char *const illegal[] = {
	"",
	" ",
	";",
	";;",
	" ; ",
	";info=<" URL ">",
	"a.b.c;",
	"a.b.c;;info=<" URL ">",
	"a.b.c;info=<" URL ">;",
	"a.b.c;=<" URL ">",
	"a.b.c;info",
	"a.b.c;info=",
	"a.b.c;info=" URL,
	"a.b.c;info=\"" URL "\"",
	"a.b.c;info=<" URL,
	"a.b.c;info=" URL ">",
	"a.b.c;info=<<" URL ">>",
	"a.b.c;info=<" URL "<>",
	"a.b.c;info=<" URL ">x",
	"a.b.c;info=<" URL "> x",
	"a.b.c;info=<" URL ">ppt=shaken",
	"a.b.c;info=<" URL ">,d.e.f",
	"a.b.c;ppt=<shaken>",
	"a.b.c;ppt=\"shaken",
	"a.b.c;ppt=\"shaken\\\"",
	"a.b.c;ppt=\"",
	"a.b.c;ppt=shaken\"",
	"a.b.c;ppt=sha ken",
	"a.b.c;ppt",
	"a.b.c;alg=",
	"a.b.c info=<" URL ">",
	"a.b.c=;info=<" URL ">",
	"a.b+c;info=<" URL ">",
	"a.b/c;info=<" URL ">",
	"a .b.c",
	"a.\r\n b.c",
	"\"a.b.c\";info=<" URL ">",
	"<a.b.c>;info=<" URL ">",
	"a.b.c\n;info=<" URL ">",
	"a.b.c\r\n;info=<" URL ">",
	"a.b.c\r ;info=<" URL ">",
	"a.b.c;info=<" URL ">\r\n",
	"Identity: a.b.c",
	"{\"payload\":\"a\"}",
	"\xef\xbb\xbf"
	"a.b.c",
};

static void test_K3_illegal_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++)
		check_row(&(struct row){illegal[i], STI_E_IDENTITY, NULL, NULL, NULL, NULL});
	assert_int_equal(sti_identity_parse(sti_span(NULL, 0), &(struct sti_identity){0}), STI_E_IDENTITY);
	assert_int_equal(sti_identity_parse(sti_span("a.b.c\0", 6), &(struct sti_identity){0}), STI_E_IDENTITY);
	assert_int_equal(sti_identity_parse(sti_span("a.b.c;\0", 7), &(struct sti_identity){0}), STI_E_IDENTITY);
}

/* CVE-2025-49832: a value without `;` was searched with strchr, and the answer not looked at. */
static void test_K3_no_semicolon_at_every_length(void **state)
{
	(void)state;
	for (size_t n = 1; n < 200; n++) {
		struct sti_identity identity;
		uint8_t *bytes = malloc(n);

		memset(bytes, 'a', n);
		assert_int_equal(sti_identity_parse(sti_span(bytes, n), &identity), STI_OK);
		assert_int_equal(identity.token.n, n);
		assert_null(identity.info.p);
		free(bytes);
	}
}

static void test_K3_every_cut_of_a_good_value(void **state)
{
	static const char whole[] = " a.b.c ;\r\n info = <" URL "> ;alg=\"ES256\";ppt=shaken;x=\"\\\"\" ";

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct sti_span value = vectors_copy(sti_span(whole, n));
		struct sti_identity identity = {0};

		if (sti_identity_parse(value, &identity) == STI_OK)
			assert_true(identity.token.p >= value.p && identity.token.n <= value.n);
		else
			assert_null(identity.token.p);
		vectors_free(value);
	}
}

static void test_K3_parameter_twice(void **state)
{
	static const char *const value[] = {
		"a.b.c;info=<" URL ">;info=<" URL ">",
		"a.b.c;info=<" URL ">;INFO=<https://other.example.com/>",
		"a.b.c;ppt=shaken;ppt=div",
		"a.b.c;alg=ES256;aLg=none",
		"a.b.c;x;X=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++)
		check_row(&(struct row){value[i], STI_E_IDENTITY, NULL, NULL, NULL, NULL});
}

static void test_K3_sixteen_parameters_and_one_more(void **state)
{
	char value[] = "t;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q";
	struct sti_identity identity;

	(void)state;
	assert_int_equal(sti_identity_parse(sti_span(value, sizeof(value) - 3), &identity), STI_OK);
	assert_int_equal(sti_identity_parse(sti_span(value, sizeof(value) - 1), &identity), STI_E_LIMIT);
}

static void test_K3_value_of_64_KiB(void **state)
{
	size_t n = 64 * 1024;
	uint8_t *bytes = malloc(n);
	struct sti_identity identity;

	(void)state;
	memset(bytes, 'a', n);
	assert_int_equal(sti_identity_parse(sti_span(bytes, n), &identity), STI_E_LIMIT);
	assert_int_equal(sti_identity_parse(sti_span(bytes, LIMIT_IDENTITY), &identity), STI_OK);
	assert_int_equal(sti_identity_parse(sti_span(bytes, LIMIT_IDENTITY + 1), &identity), STI_E_LIMIT);
	free(bytes);
}

/* Line and the values in it, each behind a |. */
static void check_split(const char *line, const char *expected)
{
	struct sti_span copy = vectors_copy(sti_span_str(line));
	struct sti_span rest = copy, value;
	char seen[512];
	size_t n = 0;

	while (sti_identity_next(&rest, &value)) {
		assert_true(n + value.n + 2 < sizeof(seen));
		seen[n++] = '|';
		memcpy(seen + n, value.p, value.n);
		n += value.n;
	}
	seen[n] = '\0';
	assert_string_equal(seen, expected);
	vectors_free(copy);
}

static void test_K3_values_joined_by_commas(void **state)
{
	(void)state;
	check_split("a.b.c", "|a.b.c");
	check_split("a,b", "|a|b");
	check_split(" a;info=<x> ,\tb;ppt=\"p\" ", "|a;info=<x>|b;ppt=\"p\"");
	check_split("a;info=<x,y>,b", "|a;info=<x,y>|b");
	check_split("a;x=\"p,q\\\",r\",b", "|a;x=\"p,q\\\",r\"|b");
	check_split("a;info=<\">,b", "|a;info=<\">|b");
	check_split("a;x=\"<\",b", "|a;x=\"<\"|b");
	check_split("Identity: a, b", "|a|b");
	check_split("identity : a", "|a");
	check_split("IDENTITY:\r\n a", "|a");
	check_split("y:a", "|a");
	check_split("Y : a", "|a");
	check_split("y", "|y"); /* a token of one letter, no header name */
	check_split("yes: a", "|yes: a");
}

static void test_K3_empty_and_unbalanced_lines(void **state)
{
	struct sti_span absent = {0}, value;

	(void)state;
	assert_false(sti_identity_next(&absent, &value));
	check_split("", "|");
	check_split("Identity:", "|");
	check_split(",", "||");
	check_split("a,,b", "|a||b");
	check_split("a;info=<x,b", "|a;info=<x,b");
	check_split("a;x=\"p,b", "|a;x=\"p,b");
	check_split("a;x=\"p\\", "|a;x=\"p\\");
}

static void test_written_value_reads_back(void **state)
{
	char out[256];
	size_t n;
	struct sti_identity identity;

	(void)state;
	assert_int_equal(sti_identity_write(sti_span_str("a.b.c"), sti_span_str(URL), sti_span_str("shaken"), out,
					    sizeof(out), &n),
			 STI_OK);
	assert_true(sti_span_is(sti_span(out, n), "a.b.c;info=<" URL ">;alg=ES256;ppt=shaken"));
	assert_int_equal(sti_identity_parse(sti_span(out, n), &identity), STI_OK);
	assert_true(sti_span_is(identity.info, URL));
	assert_int_equal(
		sti_identity_write(sti_span_str("a.b.c"), sti_span_str(URL), sti_span(NULL, 0), out, sizeof(out), &n),
		STI_OK);
	assert_true(sti_span_is(sti_span(out, n), "a.b.c;info=<" URL ">;alg=ES256"));
}

static void test_A21_nothing_is_written_that_would_read_otherwise(void **state)
{
	static const struct {
		const char *token, *x5u, *ppt;
		enum sti_error error;
	} row[] = {
		{"", URL, "shaken", STI_E_IDENTITY},
		{"a.b.c;x=1", URL, "shaken", STI_E_IDENTITY},
		{"a.b.c\r\nX: y", URL, "shaken", STI_E_IDENTITY},
		{"a.b.c", URL ">;ppt=div", "shaken", STI_E_URL},
		{"a.b.c", URL "\r\nX: y", "shaken", STI_E_URL},
		{"a.b.c", "", "shaken", STI_E_URL},
		{"a.b.c", URL, "", STI_E_IDENTITY},
		{"a.b.c", URL, "shaken;x", STI_E_IDENTITY},
		{"a.b.c", URL, "\"shaken\"", STI_E_IDENTITY},
	};
	char out[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(sti_identity_write(sti_span_str(row[i].token), sti_span_str(row[i].x5u),
						    sti_span_str(row[i].ppt), out, sizeof(out), &n),
				 row[i].error);
}

static void test_room_for_one_octet_too_few(void **state)
{
	size_t need = strlen("a.b.c;info=<" URL ">;alg=ES256;ppt=div");
	char *out = malloc(need);
	size_t n;

	(void)state;
	for (size_t size = 0; size <= need; size++) {
		enum sti_error error = sti_identity_write(sti_span_str("a.b.c"), sti_span_str(URL), sti_span_str("div"),
							  out, size, &n);

		assert_int_equal(error, size < need ? STI_E_LIMIT : STI_OK);
	}
	assert_int_equal(n, need);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_K3_legal_spellings),
		cmocka_unit_test(test_K3_bare_token_without_info),
		cmocka_unit_test(test_K3_illegal_spellings),
		cmocka_unit_test(test_K3_no_semicolon_at_every_length),
		cmocka_unit_test(test_K3_every_cut_of_a_good_value),
		cmocka_unit_test(test_K3_parameter_twice),
		cmocka_unit_test(test_K3_sixteen_parameters_and_one_more),
		cmocka_unit_test(test_K3_value_of_64_KiB),
		cmocka_unit_test(test_K3_values_joined_by_commas),
		cmocka_unit_test(test_K3_empty_and_unbalanced_lines),
		cmocka_unit_test(test_written_value_reads_back),
		cmocka_unit_test(test_A21_nothing_is_written_that_would_read_otherwise),
		cmocka_unit_test(test_room_for_one_octet_too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

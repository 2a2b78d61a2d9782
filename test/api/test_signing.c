/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/signing.h"
#include "support/alloc_sweep.h"
#include "support/value.h"
#include "support/vectors.h"

#define ORIGID "8d2d6a4e-62d2-4f6c-9a0f-7f2b9f5d1c11"

/* The request member by member, as JSON; NULL for one that is left out. */
struct body {
	const char *attest, *orig, *dest, *iat, *origid;
};

static const struct body good = {"\"A\"", "{\"tn\":\"12025550100\"}", "{\"tn\":[\"12025550101\"]}", "1443208345",
				 "\"" ORIGID "\""};

static void put(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	if (out->p[out->n - 1] != '{')
		buf_put_byte(out, ',');
	buf_put_byte(out, '"');
	buf_put_str(out, name);
	buf_put_str(out, "\":");
	buf_put_str(out, value);
}

static struct sti_span write_body(const struct body *body)
{
	struct buf out = buf_own(1 << 16);
	struct sti_span copy;

	buf_put_str(&out, "{\"signingRequest\":{");
	put(&out, "attest", body->attest);
	put(&out, "orig", body->orig);
	put(&out, "dest", body->dest);
	put(&out, "iat", body->iat);
	put(&out, "origid", body->origid);
	buf_put_str(&out, "}}");
	copy = vectors_copy(buf_span(&out));
	buf_free(&out);
	return copy;
}

static enum request_error parse(const struct body *body, struct signing_request *request, const char **variable)
{
	struct sti_span text = write_body(body);
	enum request_error error = signing_request_parse(text, &sti_tn_plan_nanp, request, variable);

	vectors_free(text);
	return error;
}

static void test_a_good_request(void **state)
{
	struct signing_request request;
	const char *variable;

	(void)state;
	assert_int_equal(parse(&good, &request, &variable), REQUEST_OK);
	assert_int_equal(request.attest, 'A');
	assert_true(sti_span_is(sti_tn_span(&request.orig), "12025550100"));
	assert_int_equal(request.n_dest, 1);
	assert_true(sti_span_is(sti_tn_span(&request.dest[0]), "12025550101"));
	assert_int_equal(request.iat, 1443208345);
	assert_memory_equal(request.origid, ORIGID, UUID_TEXT);
}

static void test_A21_numbers_are_made_canonical(void **state)
{
	struct signing_request request;
	struct body body = good;
	const char *variable;

	(void)state;
	body.orig = "{\"tn\":\"+1 (202) 555-0100\"}";
	body.dest = "{\"tn\":[\"2025550101\",\"011442079460101\",\"*67\"]}";
	assert_int_equal(parse(&body, &request, &variable), REQUEST_OK);
	assert_true(sti_span_is(sti_tn_span(&request.orig), "12025550100"));
	assert_int_equal(request.n_dest, 3);
	assert_true(sti_span_is(sti_tn_span(&request.dest[0]), "12025550101"));
	assert_true(sti_span_is(sti_tn_span(&request.dest[1]), "442079460101"));
	assert_true(sti_span_is(sti_tn_span(&request.dest[2]), "*67"));
}

static const struct {
	struct body body;
	enum request_error error;
	const char *variable;
} row[] = {
	{{NULL, "{\"tn\":\"12025550100\"}", "{\"tn\":[\"12025550101\"]}", "1", "\"" ORIGID "\""},
	 REQUEST_MISSING,
	 "attest"},
	{{"\"A\"", NULL, "{\"tn\":[\"12025550101\"]}", "1", "\"" ORIGID "\""}, REQUEST_MISSING, "orig"},
	{{"\"A\"", "{}", "{\"tn\":[\"12025550101\"]}", "1", "\"" ORIGID "\""}, REQUEST_MISSING, "orig"},
	{{"\"A\"", "{\"tn\":\"1\"}", NULL, "1", "\"" ORIGID "\""}, REQUEST_MISSING, "dest"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{}", "1", "\"" ORIGID "\""}, REQUEST_MISSING, "dest"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", NULL, "\"" ORIGID "\""}, REQUEST_MISSING, "iat"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", NULL}, REQUEST_MISSING, "origid"},
	{{"\"D\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "attest"},
	{{"\"a\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "attest"},
	{{"\"\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "attest"},
	{{"null", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "attest"},
	{{"\"A\"", "\"1\"", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "orig"},
	{{"\"A\"", "{\"tn\":\"1\\\",\\\"x\\\":\\\"\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""},
	 REQUEST_VALUE,
	 "orig"},
	{{"\"A\"", "{\"tn\":\"1\\n2\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "orig"},
	{{"\"A\"", "{\"tn\":\"1234567890123456\"}", "{\"tn\":[\"1\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "orig"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":\"1\"}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "dest"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "dest"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\",\"x\"]}", "1", "\"" ORIGID "\""}, REQUEST_VALUE, "dest"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "\"1\"", "\"" ORIGID "\""}, REQUEST_VALUE, "iat"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1.5", "\"" ORIGID "\""}, REQUEST_VALUE, "iat"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "-1", "\"" ORIGID "\""}, REQUEST_VALUE, "iat"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"call-7\""}, REQUEST_VALUE, "origid"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "\"{" ORIGID "}\""}, REQUEST_VALUE, "origid"},
	{{"\"A\"", "{\"tn\":\"1\"}", "{\"tn\":[\"1\"]}", "1", "7"}, REQUEST_VALUE, "origid"},
};

static void test_each_parameter_missing_or_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct signing_request request;
		const char *variable = NULL;
		enum request_error error = parse(&row[i].body, &request, &variable);

		if (error != row[i].error || strcmp(variable, row[i].variable) != 0)
			fail_msg("row %zu: error %d at %s", i, error, variable);
	}
}

static void test_bodies_that_are_no_request(void **state)
{
	static const struct {
		const char *body;
		enum request_error error;
	} bad[] = {
		{"", REQUEST_NO_BODY},
		{"{", REQUEST_SYNTAX},
		{"garbage", REQUEST_SYNTAX},
		{"{}", REQUEST_MISSING},
		{"{\"verificationRequest\":{}}", REQUEST_MISSING},
		{"{\"signingRequest\":7}", REQUEST_VALUE},
		{"{\"signingRequest\":{},\"signingRequest\":{}}", REQUEST_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct signing_request request;
		const char *variable = NULL;

		assert_int_equal(
			signing_request_parse(sti_span_str(bad[i].body), &sti_tn_plan_nanp, &request, &variable),
			bad[i].error);
		assert_string_equal(variable, "signingRequest");
	}
}

static void test_33_called_numbers(void **state)
{
	for (size_t n = LIMIT_DEST; n <= LIMIT_DEST + 1; n++) {
		struct buf dest = buf_own(1 << 12);
		struct signing_request request;
		struct body body = good;
		const char *variable;

		buf_put_str(&dest, "{\"tn\":[\"1\"");
		for (size_t i = 1; i < n; i++)
			buf_put_str(&dest, ",\"12025550101\"");
		buf_put_str(&dest, "]}");
		buf_put_byte(&dest, '\0');
		body.dest = (const char *)dest.p;
		assert_int_equal(parse(&body, &request, &variable), n > LIMIT_DEST ? REQUEST_VALUE : REQUEST_OK);
		buf_free(&dest);
	}
	(void)state;
}

static void test_the_answer(void **state)
{
	struct buf out = buf_own(4096);
	struct value *root;

	(void)state;
	signing_response_write(&out,
			       sti_span_str("a.b.c;info=<https://cr.example.com/a.pem>;alg=ES256;ppt=\"shaken\""));
	root = value_parse(buf_span(&out));
	assert_non_null(root);
	assert_string_equal(value_text(value_member(root, "signingResponse"), "identity"),
			    "a.b.c;info=<https://cr.example.com/a.pem>;alg=ES256;ppt=\"shaken\"");
	value_free(root);
	buf_free(&out);
}

static bool attempt(void *context)
{
	const struct sti_span *text = context;
	struct signing_request request;
	const char *variable;
	enum request_error error = signing_request_parse(*text, &sti_tn_plan_nanp, &request, &variable);

	assert_true(error == REQUEST_OK || error == REQUEST_INTERNAL);
	return error == REQUEST_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct body body = good;
	struct sti_span text;

	(void)state;
	body.orig = "{\"\\u0074n\":\"\\u0031\"}";
	text = write_body(&body);
	alloc_sweep("signing request", attempt, &text);
	vectors_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_request),
		cmocka_unit_test(test_A21_numbers_are_made_canonical),
		cmocka_unit_test(test_each_parameter_missing_or_wrong),
		cmocka_unit_test(test_bodies_that_are_no_request),
		cmocka_unit_test(test_33_called_numbers),
		cmocka_unit_test(test_the_answer),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

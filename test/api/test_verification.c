/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/verification.h"
#include "support/alloc_sweep.h"
#include "support/value.h"
#include "support/vectors.h"

#define BODY(inside) "{\"verificationRequest\":{" inside "}}"
#define FROM         "\"from\":{\"tn\":\"12025550100\"}"
#define TO           "\"to\":{\"tn\":[\"12025550101\"]}"
#define TIME         "\"time\":1443208345"
#define IDENTITY(v)  "\"identity\":\"" v "\""

static enum request_error parse(const char *body, struct verification_request *out, const char **variable)
{
	struct sti_span text = vectors_copy(sti_span_str(body));
	enum request_error error = verification_request_parse(text, &sti_tn_plan_nanp, out, variable);

	vectors_free(text);
	return error;
}

static void expect_numbers(const struct verification_request *request)
{
	assert_true(sti_span_is(sti_tn_span(&request->from), "12025550100"));
	assert_int_equal(request->n_to, 1);
	assert_true(sti_span_is(sti_tn_span(&request->to[0]), "12025550101"));
	assert_int_equal(request->time, 1443208345);
}

static void test_a_good_request_outlives_its_body(void **state)
{
	struct verification_request request;
	const char *variable;

	(void)state;
	assert_int_equal(parse(BODY(FROM "," TO "," TIME "," IDENTITY("a.b.c;info=<https:\\/\\/cr.example.com>")),
			       &request, &variable),
			 REQUEST_OK);
	expect_numbers(&request);
	assert_int_equal(request.n_identity, 1);
	assert_true(sti_span_is(request.identity[0], "a.b.c;info=<https://cr.example.com>"));
	verification_request_free(&request);
	verification_request_free(&request);
}

static void test_names_and_spellings_of_another_dialect(void **state)
{
	static const char *const body[] = {
		BODY("\"orig\":{\"tn\":\"12025550100\"},\"dest\":{\"tn\":[\"12025550101\"]},\"iat\":1443208345"),
		BODY("\"orig\":{\"tn\":\"9\"}," FROM "," TO ",\"dest\":{\"tn\":[\"9\"]},\"iat\":9," TIME),
		BODY("\"from\":{\"tn\":\"+1-202-555-0100\"},\"to\":{\"tn\":[\"(202) 555.0101\"]}," TIME),
		BODY("\"attest\":\"A\",\"unknown\":[{}]," TIME "," TO "," FROM),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(body) / sizeof(body[0]); i++) {
		struct verification_request request;
		const char *variable;

		assert_int_equal(parse(body[i], &request, &variable), REQUEST_OK);
		expect_numbers(&request);
		assert_int_equal(request.n_identity, 0);
		verification_request_free(&request);
	}
}

static void test_identities(void **state)
{
	static const struct {
		const char *member;
		size_t n;
		const char *first, *last;
	} row[] = {
		{"\"identity\":\"\"", 0, NULL, NULL},
		{"\"identity\":\" \\t \"", 0, NULL, NULL},
		{IDENTITY("a.b.c"), 1, "a.b.c", "a.b.c"},
		{IDENTITY("Identity: a.b.c;ppt=shaken"), 1, "a.b.c;ppt=shaken", "a.b.c;ppt=shaken"},
		{IDENTITY("a.b.c;info=<https://x/,y>, d.e.f"), 2, "a.b.c;info=<https://x/,y>", "d.e.f"},
		{IDENTITY("a.b.c,d.e.f,g.h.i"), 3, "a.b.c", "g.h.i"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct verification_request request;
		const char *variable;
		char body[512];

		snprintf(body, sizeof(body), BODY(FROM "," TO "," TIME ",%s"), row[i].member);
		assert_int_equal(parse(body, &request, &variable), REQUEST_OK);
		assert_int_equal(request.n_identity, row[i].n);
		if (row[i].n) {
			assert_true(sti_span_is(request.identity[0], row[i].first));
			assert_true(sti_span_is(request.identity[row[i].n - 1], row[i].last));
		}
		verification_request_free(&request);
	}
}

/* A list of values longer than any one string of a PASSporT. */
static void test_sixteen_long_identities(void **state)
{
	for (size_t n = LIMIT_IDENTITIES; n <= LIMIT_IDENTITIES + 1; n++) {
		struct buf body = buf_own(LIMIT_BODY);
		struct verification_request request;
		const char *variable;
		enum request_error error;

		buf_put_str(&body, "{\"verificationRequest\":{" FROM "," TO "," TIME ",\"identity\":\"");
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_put_byte(&body, ',');
			memset(buf_extend(&body, 3000), 'a', 3000);
		}
		buf_put_str(&body, "\"}}");
		assert_int_equal(buf_error(&body), STI_OK);
		error = verification_request_parse(buf_span(&body), &sti_tn_plan_nanp, &request, &variable);
		assert_int_equal(error, n > LIMIT_IDENTITIES ? REQUEST_VALUE : REQUEST_OK);
		assert_string_equal(variable, "identity");
		if (!error)
			assert_int_equal(request.identity[n - 1].n, 3000);
		verification_request_free(&request);
		buf_free(&body);
	}
	(void)state;
}

static void test_E1_E2_each_parameter_missing_or_wrong(void **state)
{
	static const struct {
		const char *body;
		enum request_error error;
		const char *variable;
	} row[] = {
		{BODY(TO "," TIME), REQUEST_MISSING, "from"},
		{BODY("\"from\":{}," TO "," TIME), REQUEST_MISSING, "from"},
		{BODY(FROM "," TIME), REQUEST_MISSING, "to"},
		{BODY(FROM ",\"to\":{}," TIME), REQUEST_MISSING, "to"},
		{BODY(FROM "," TO), REQUEST_MISSING, "time"},
		{BODY("\"from\":\"12025550100\"," TO "," TIME), REQUEST_VALUE, "from"},
		{BODY("\"from\":{\"tn\":\"anonymous\"}," TO "," TIME), REQUEST_VALUE, "from"},
		{BODY(FROM ",\"to\":{\"tn\":\"12025550101\"}," TIME), REQUEST_VALUE, "to"},
		{BODY(FROM ",\"to\":{\"tn\":[]}," TIME), REQUEST_VALUE, "to"},
		{BODY(FROM ",\"to\":{\"tn\":[\"\"]}," TIME), REQUEST_VALUE, "to"},
		{BODY(FROM "," TO ",\"time\":\"1443208345\""), REQUEST_VALUE, "time"},
		{BODY(FROM "," TO ",\"time\":-1"), REQUEST_VALUE, "time"},
		{BODY(FROM "," TO ",\"time\":null"), REQUEST_VALUE, "time"},
		{BODY(FROM "," TO "," TIME ",\"identity\":7"), REQUEST_VALUE, "identity"},
		{BODY(FROM "," TO "," TIME ",\"identity\":null"), REQUEST_VALUE, "identity"},
		{BODY(FROM "," TO "," TIME ",\"identity\":[\"a.b.c\"]"), REQUEST_VALUE, "identity"},
		{"", REQUEST_NO_BODY, "verificationRequest"},
		{"{", REQUEST_SYNTAX, "verificationRequest"},
		{"{}", REQUEST_MISSING, "verificationRequest"},
		{"{\"verificationRequest\":[]}", REQUEST_VALUE, "verificationRequest"},
		{BODY(FROM "," TO "," TIME "," FROM), REQUEST_SYNTAX, "verificationRequest"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct verification_request request;
		const char *variable = NULL;
		enum request_error error = parse(row[i].body, &request, &variable);

		if (error != row[i].error || strcmp(variable, row[i].variable) != 0)
			fail_msg("%s: error %d at %s", row[i].body, error, variable);
		verification_request_free(&request);
	}
}

/* ---- the answer ---- */

static struct value *write_and_parse(const struct sti_verify_result *result, bool number, const struct value **response)
{
	struct buf out = buf_own(1 << 16);
	struct value *root;

	verification_response_write(&out, result, number);
	root = value_parse(buf_span(&out));
	assert_non_null(root);
	*response = value_member(root, "verificationResponse");
	buf_free(&out);
	return root;
}

static const struct sti_passport passport = {
	.attest = {(const uint8_t *)"B", 1},
	.origid = {(const uint8_t *)"with \"quotes\"\n", 14},
};

static void test_a_call_that_passed_carries_no_reason(void **state)
{
	struct sti_verify_result result = {
		.verstat = STI_VERSTAT_PASSED, .decided = STI_SOURCE_OOB, .passport = &passport};
	const struct value *response;
	struct value *root = write_and_parse(&result, false, &response);

	(void)state;
	assert_string_equal(value_text(response, "verstat"), "TN-Validation-Passed");
	assert_string_equal(value_text(response, "source"), "out-of-band");
	assert_string_equal(value_text(response, "attest"), "B");
	assert_string_equal(value_text(response, "origid"), "with \"quotes\"\n");
	assert_false(value_has(response, "reasoncode"));
	assert_false(value_has(response, "reasontext"));
	assert_false(value_has(response, "reasondesc"));
	assert_false(value_has(response, "case"));
	assert_false(value_has(response, "passports"));
	value_free(root);
}

static void test_the_reason_of_each_case(void **state)
{
	(void)state;
	for (int c = STI_CASE_E3; c < STI_CASE_COUNT; c++) {
		const struct sti_case_row *row = sti_case_row((enum sti_case)c);
		struct sti_verify_result result = {.verstat = row->verstat,
						   .c = (enum sti_case)c,
						   .decided = STI_SOURCE_INBAND,
						   .passport = &passport};
		const struct value *response;
		struct value *root = write_and_parse(&result, false, &response);
		char code[8];

		snprintf(code, sizeof(code), "%d", row->code);
		assert_string_equal(value_text(response, "verstat"), sti_verstat_text(row->verstat));
		assert_string_equal(value_text(response, "reasoncode"), code);
		assert_string_equal(value_text(response, "reasontext"), row->phrase);
		assert_string_equal(value_text(response, "reasondesc"), row->what);
		assert_string_equal(value_text(response, "case"), row->name);
		assert_string_equal(value_text(response, "source"), "in-band");
		assert_false(value_has(response, "attest")); /* not believed */
		value_free(root);
		root = write_and_parse(&result, true, &response);
		assert_int_equal(value_number(response, "reasoncode"), row->code);
		value_free(root);
	}
}

static void test_no_PASSporT_at_all(void **state)
{
	struct sti_verify_result result = {0};
	const struct value *response;
	struct value *root = write_and_parse(&result, false, &response);

	(void)state;
	assert_string_equal(value_text(response, "verstat"), "No-TN-Validation");
	assert_false(value_has(response, "source"));
	assert_false(value_has(response, "reasoncode"));
	value_free(root);
}

static void test_what_came_out_of_band_is_returned(void **state)
{
	const struct sti_span oob[] = {sti_span_str("a.b.c"), sti_span_str("d.e.f")};
	struct sti_verify_result result = {.verstat = STI_VERSTAT_FAILED, .c = STI_CASE_E18, .oob = oob, .n_oob = 2};
	struct buf out = buf_own(1 << 16);
	const struct value *response;
	struct value *root = write_and_parse(&result, false, &response);

	(void)state;
	assert_int_equal(value_count(value_member(response, "passports")), 2);
	verification_response_write(&out, &result, false);
	buf_put_byte(&out, '\0');
	assert_non_null(strstr((const char *)out.p, "\"passports\":[\"a.b.c\",\"d.e.f\"]"));
	buf_free(&out);
	value_free(root);
}

/* ---- memory ---- */

static bool attempt(void *context)
{
	struct verification_request request;
	const char *variable;
	enum request_error error =
		verification_request_parse(sti_span_str(context), &sti_tn_plan_nanp, &request, &variable);

	assert_true(error == REQUEST_OK || error == REQUEST_INTERNAL);
	verification_request_free(&request);
	return error == REQUEST_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	static char body[] = BODY(FROM "," TO "," TIME ",\"\\u0069dentity\":\"a.b.c,\\u0061.b.c\"");

	(void)state;
	alloc_sweep("verification request", attempt, body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_request_outlives_its_body),
		cmocka_unit_test(test_names_and_spellings_of_another_dialect),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_sixteen_long_identities),
		cmocka_unit_test(test_E1_E2_each_parameter_missing_or_wrong),
		cmocka_unit_test(test_a_call_that_passed_carries_no_reason),
		cmocka_unit_test(test_the_reason_of_each_case),
		cmocka_unit_test(test_no_PASSporT_at_all),
		cmocka_unit_test(test_what_came_out_of_band_is_returned),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

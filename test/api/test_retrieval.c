/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/retrieval.h"
#include "support/alloc_sweep.h"
#include "support/value.h"
#include "support/vectors.h"

#define PAIR(d, o) "{\"dest\":\"" d "\",\"orig\":\"" o "\"}"

static struct sti_tn tn(const char *text)
{
	struct sti_tn out;

	assert_int_equal(sti_tn_canonical(sti_span_str(text), NULL, &out), STI_OK);
	return out;
}

static void test_a_GET(void **state)
{
	static const struct {
		const char *dest, *orig, *query;
		enum sti_error error;
		const char *call;
		int64_t wait_ms;
	} row[] = {
		{"12025550101", "12025550100", NULL, STI_OK, "", 0},
		{"12025550101", "12025550100", "", STI_OK, "", 0},
		{"12025550101", "12025550100", "call=a84b4c76e66710@example.com&wait=300", STI_OK,
		 "a84b4c76e66710@example.com", 300},
		{"12025550101", "12025550100", "wait=300&call=7", STI_OK, "7", 300},
		{"12025550101", "12025550100", "wait=0", STI_OK, "", 0},
		{"12025550101", "12025550100", "wait=1001", STI_OK, "", 1000},
		{"12025550101", "12025550100", "wait=2147483647", STI_OK, "", 1000},
		{"12025550101", "12025550100", "other=1&call=x=y", STI_OK, "x=y", 0},
		{"*67", "#1", NULL, STI_OK, "", 0},
		{"12025550101", "12025550100", "wait=2147483648", STI_E_NUMBER, NULL, 0},
		{"12025550101", "12025550100", "wait=", STI_E_NUMBER, NULL, 0},
		{"12025550101", "12025550100", "wait", STI_E_NUMBER, NULL, 0},
		{"12025550101", "12025550100", "wait=-1", STI_E_NUMBER, NULL, 0},
		{"12025550101", "12025550100", "wait=1e3", STI_E_NUMBER, NULL, 0},
		{"+12025550101", "12025550100", NULL, STI_E_TN, NULL, 0},
		{"12025550101", "1-202-555-0100", NULL, STI_E_TN, NULL, 0},
		{"", "12025550100", NULL, STI_E_TN, NULL, 0},
		{"12025550101", "", NULL, STI_E_TN, NULL, 0},
		{"1234567890123456", "12025550100", NULL, STI_E_TN, NULL, 0},
		{"12025550101", "..", NULL, STI_E_TN, NULL, 0},
		{"12025550101", "%31", NULL, STI_E_TN, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct retrieval r;
		enum sti_error error = retrieval_parse_get(sti_span_str(row[i].dest), sti_span_str(row[i].orig),
							   sti_span_str(row[i].query), &r);

		if (error != row[i].error)
			fail_msg("row %zu: %s", i, sti_error_text(error));
		if (error)
			continue;
		assert_int_equal(r.n, 1);
		assert_true(sti_span_is(sti_tn_span(&r.pair[0].dest), row[i].dest));
		assert_true(sti_span_is(sti_tn_span(&r.pair[0].orig), row[i].orig));
		assert_true(sti_span_is(sti_span(r.call, r.n_call), row[i].call));
		assert_int_equal(r.wait_ms, row[i].wait_ms);
	}
}

static void test_the_id_of_a_call_at_its_limit(void **state)
{
	(void)state;
	for (size_t n = LIMIT_CALL; n <= LIMIT_CALL + 1; n++) {
		char query[8 + LIMIT_CALL + 1] = "call=";
		struct retrieval r;

		memset(query + 5, 'a', n);
		assert_int_equal(retrieval_parse_get(sti_span_str("1"), sti_span_str("2"), sti_span(query, 5 + n), &r),
				 n > LIMIT_CALL ? STI_E_LIMIT : STI_OK);
	}
}

static void test_a_query(void **state)
{
	static const struct {
		const char *body;
		enum sti_error error;
		size_t n;
		int64_t wait_ms;
	} row[] = {
		{"{\"call\":\"7\",\"wait\":300,\"pairs\":[" PAIR("12025550101", "12025550100") "]}", STI_OK, 1, 300},
		{"{\"pairs\":[" PAIR("12025550101", "12025550100") "," PAIR("*67", "#1") "]}", STI_OK, 2, 0},
		{"{\"wait\":5000,\"pairs\":[" PAIR("1", "2") "],\"more\":{}}", STI_OK, 1, 1000},
		{"{\"wait\":9223372036854775807,\"pairs\":[" PAIR("1", "2") "]}", STI_OK, 1, 1000},
		{"{\"wait\":-1,\"pairs\":[" PAIR("1", "2") "]}", STI_E_NUMBER, 0, 0},
		{"{\"wait\":\"300\",\"pairs\":[" PAIR("1", "2") "]}", STI_E_NUMBER, 0, 0},
		{"{\"wait\":1.5,\"pairs\":[" PAIR("1", "2") "]}", STI_E_NUMBER, 0, 0},
		{"{\"call\":7,\"pairs\":[" PAIR("1", "2") "]}", STI_E_CLAIM_VALUE, 0, 0},
		{"{\"call\":null,\"pairs\":[" PAIR("1", "2") "]}", STI_E_CLAIM_VALUE, 0, 0},
		{"{}", STI_E_CLAIM_MISSING, 0, 0},
		{"[]", STI_E_CLAIM_MISSING, 0, 0},
		{"{\"pairs\":[]}", STI_E_CLAIM_MISSING, 0, 0},
		{"{\"pairs\":{}}", STI_E_CLAIM_MISSING, 0, 0},
		{"{\"pairs\":[7]}", STI_E_TN, 0, 0},
		{"{\"pairs\":[{}]}", STI_E_TN, 0, 0},
		{"{\"pairs\":[{\"dest\":\"1\"}]}", STI_E_TN, 0, 0},
		{"{\"pairs\":[{\"dest\":1,\"orig\":\"2\"}]}", STI_E_TN, 0, 0},
		{"{\"pairs\":[" PAIR("+1", "2") "]}", STI_E_TN, 0, 0},
		{"{\"pairs\":[" PAIR("1", "2") "," PAIR("1", "") "]}", STI_E_TN, 0, 0},
		{"", STI_E_JSON, 0, 0},
		{"garbage", STI_E_JSON, 0, 0},
		{"{\"call\":\"7\",\"call\":\"8\",\"pairs\":[" PAIR("1", "2") "]}", STI_E_JSON_TWICE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_span body = vectors_copy(sti_span_str(row[i].body));
		struct retrieval r;
		enum sti_error error = retrieval_parse_query(body, &r);

		if (error != row[i].error)
			fail_msg("row %zu: %s", i, sti_error_text(error));
		vectors_free(body);
		if (error)
			continue;
		assert_int_equal(r.n, row[i].n);
		assert_int_equal(r.wait_ms, row[i].wait_ms);
	}
}

/* As many pairs as a call has destinations, and one more. */
static void test_33_pairs(void **state)
{
	(void)state;
	for (size_t n = RETRIEVAL_PAIRS; n <= RETRIEVAL_PAIRS + 1; n++) {
		struct buf body = buf_own(1 << 14);
		struct retrieval r;

		buf_put_str(&body, "{\"pairs\":[");
		for (size_t i = 0; i < n; i++)
			buf_put_str(&body,
				    i ? "," PAIR("12025550101", "12025550100") : PAIR("12025550101", "12025550100"));
		buf_put_str(&body, "]}");
		assert_int_equal(retrieval_parse_query(buf_span(&body), &r),
				 n > RETRIEVAL_PAIRS ? STI_E_LIMIT : STI_OK);
		buf_free(&body);
	}
}

static void test_what_is_written_is_read_again(void **state)
{
	struct retrieval out = {.n = RETRIEVAL_PAIRS, .n_call = 12, .wait_ms = 300}, in;
	struct buf body = buf_own(1 << 14);
	char number[16];

	(void)state;
	memcpy(out.call, "\"\\ {}\x01\t\xc3\xa9\"'/", 12);
	for (size_t i = 0; i < RETRIEVAL_PAIRS; i++) {
		snprintf(number, sizeof(number), "120255501%02zu", i);
		out.pair[i] = (struct retrieval_pair){tn("12025550100"), tn(number)};
	}
	retrieval_write_query(&body, &out);
	assert_int_equal(buf_error(&body), STI_OK);
	assert_int_equal(retrieval_parse_query(buf_span(&body), &in), STI_OK);
	assert_int_equal(in.n, out.n);
	assert_int_equal(in.wait_ms, out.wait_ms);
	assert_int_equal(in.n_call, out.n_call);
	assert_memory_equal(in.call, out.call, out.n_call);
	for (size_t i = 0; i < RETRIEVAL_PAIRS; i++) {
		assert_true(sti_tn_equal(&in.pair[i].orig, &out.pair[i].orig));
		assert_true(sti_tn_equal(&in.pair[i].dest, &out.pair[i].dest));
	}
	buf_free(&body);
}

static void test_the_answer(void **state)
{
	static const struct {
		const char *tokens;
		size_t n;
		const char *written;
	} row[] = {
		{"a.b.c", 1, "[\"a.b.c\"]"},
		{"a.b.c\nd.e.f", 2, "[\"a.b.c\",\"d.e.f\"]"},
		{NULL, 0, "[]"},
	};
	struct retrieval_pair hit = {tn("12025550100"), tn("12025550101")};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf out = buf_own(4096);
		struct value *root;

		retrieval_write_answer(&out, sti_span_str(row[i].tokens), &hit);
		root = value_parse(buf_span(&out));
		assert_non_null(root);
		assert_int_equal(value_count(value_member(root, "passports")), row[i].n);
		assert_string_equal(value_text(value_member(root, "pair"), "orig"), "12025550100");
		assert_string_equal(value_text(value_member(root, "pair"), "dest"), "12025550101");
		buf_put_byte(&out, '\0');
		assert_non_null(strstr((const char *)out.p, row[i].written));
		value_free(root);
		buf_free(&out);
	}
}

static bool attempt(void *context)
{
	struct retrieval r;
	enum sti_error error = retrieval_parse_query(sti_span_str(context), &r);

	assert_true(error == STI_OK || error == STI_E_MEMORY);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	static char body[] = "{\"call\":\"\\u0037\",\"pairs\":[" PAIR("1", "2") "," PAIR("3", "4") "]}";

	(void)state;
	alloc_sweep("query", attempt, body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_GET),
		cmocka_unit_test(test_the_id_of_a_call_at_its_limit),
		cmocka_unit_test(test_a_query),
		cmocka_unit_test(test_33_pairs),
		cmocka_unit_test(test_what_is_written_is_read_again),
		cmocka_unit_test(test_the_answer),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

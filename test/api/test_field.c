/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/field.h"
#include "base/limits.h"

static void test_the_object_behind_the_one_member(void **state)
{
	static const struct {
		const char *body;
		enum request_error error;
	} row[] = {
		{"{\"r\":{}}", REQUEST_OK},
		{" { \"r\" : { } , \"other\":1} ", REQUEST_OK},
		{"", REQUEST_NO_BODY},
		{" ", REQUEST_SYNTAX},
		{"{", REQUEST_SYNTAX},
		{"{\"r\":{}}x", REQUEST_SYNTAX},
		{"{\"r\":{},\"r\":{}}", REQUEST_SYNTAX},
		{"{\"r\":{},\"\\u0072\":{}}", REQUEST_SYNTAX},
		{"\xef\xbb\xbf{\"r\":{}}", REQUEST_SYNTAX},
		{"{\"r\":[[[[[[[[[]]]]]]]]]}", REQUEST_SYNTAX},
		{"{}", REQUEST_MISSING},
		{"{\"R\":{}}", REQUEST_MISSING},
		{"[]", REQUEST_MISSING},
		{"null", REQUEST_MISSING},
		{"\"r\"", REQUEST_MISSING},
		{"{\"r\":null}", REQUEST_VALUE},
		{"{\"r\":[]}", REQUEST_VALUE},
		{"{\"r\":\"{}\"}", REQUEST_VALUE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct json_node *request = NULL;
		struct json *doc = NULL;
		enum request_error error = field_open(sti_span_str(row[i].body), "r", &doc, &request);

		if (error != row[i].error)
			fail_msg("%s: %d", row[i].body, error);
		assert_int_equal(doc != NULL, error == REQUEST_OK);
		json_free(doc);
	}
}

struct opened {
	struct json *doc;
	const struct json_node *node;
};

static struct opened open_value(const char *text)
{
	struct opened opened = {0};

	assert_int_equal(json_parse(sti_span_str(text), &json_limits_default, &opened.doc), STI_OK);
	opened.node = json_root(opened.doc);
	return opened;
}

static void test_one_number(void **state)
{
	static const struct {
		const char *value;
		enum request_error error;
	} row[] = {
		{"{\"tn\":\"12025550100\"}", REQUEST_OK},
		{"{\"tn\":\"+1 202-555-0100\"}", REQUEST_OK},
		{"{\"tn\":\"2025550100\"}", REQUEST_OK},
		{"{\"tn\":\"\"}", REQUEST_VALUE},
		{"{\"tn\":\"abc\"}", REQUEST_VALUE},
		{"{\"tn\":\"\xef\xbc\x91\"}", REQUEST_VALUE},
		{"{\"tn\":12025550100}", REQUEST_VALUE},
		{"{\"tn\":[\"12025550100\"]}", REQUEST_VALUE},
		{"{\"tn\":null}", REQUEST_VALUE},
		{"{}", REQUEST_MISSING},
		{"{\"uri\":\"sip:a@example.com\"}", REQUEST_MISSING},
		{"\"12025550100\"", REQUEST_VALUE},
		{"[]", REQUEST_VALUE},
	};
	struct sti_tn tn;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct opened v = open_value(row[i].value);
		enum request_error error = field_tn(v.doc, v.node, &sti_tn_plan_nanp, &tn);

		if (error != row[i].error)
			fail_msg("%s: %d", row[i].value, error);
		if (!error)
			assert_true(sti_span_is(sti_tn_span(&tn), "12025550100"));
		json_free(v.doc);
	}
	assert_int_equal(field_tn(NULL, NULL, &sti_tn_plan_nanp, &tn), REQUEST_MISSING);
}

static void test_several_numbers(void **state)
{
	static const struct {
		const char *value;
		enum request_error error;
		size_t n;
	} row[] = {
		{"{\"tn\":[\"12025550100\"]}", REQUEST_OK, 1},
		{"{\"tn\":[\"12025550100\",\"12025550101\",\"12025550102\"]}", REQUEST_OK, 3},
		{"{\"tn\":[\"12025550100\",\"12025550101\",\"12025550102\",\"12025550103\"]}", REQUEST_VALUE, 0},
		{"{\"tn\":[]}", REQUEST_VALUE, 0},
		{"{\"tn\":\"12025550100\"}", REQUEST_VALUE, 0},
		{"{\"tn\":[12025550100]}", REQUEST_VALUE, 0},
		{"{\"tn\":[\"12025550100\",\"\"]}", REQUEST_VALUE, 0},
		{"{\"tn\":[[\"12025550100\"]]}", REQUEST_VALUE, 0},
		{"{\"tn\":null}", REQUEST_VALUE, 0},
		{"{}", REQUEST_MISSING, 0},
		{"[\"12025550100\"]", REQUEST_VALUE, 0},
		{"null", REQUEST_VALUE, 0},
	};
	struct sti_tn tn[3];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct opened v = open_value(row[i].value);
		enum request_error error = field_tns(v.doc, v.node, &sti_tn_plan_nanp, tn, 3, &n);

		if (error != row[i].error)
			fail_msg("%s: %d", row[i].value, error);
		if (!error)
			assert_int_equal(n, row[i].n);
		json_free(v.doc);
	}
	assert_int_equal(field_tns(NULL, NULL, &sti_tn_plan_nanp, tn, 3, &n), REQUEST_MISSING);
}

static void test_B5_time(void **state)
{
	static const struct {
		const char *value;
		enum request_error error;
		int64_t time;
	} row[] = {
		{"0", REQUEST_OK, 0},
		{"1443208345", REQUEST_OK, 1443208345},
		{"9007199254740992", REQUEST_OK, LIMIT_IAT},
		{"9007199254740993", REQUEST_VALUE, 0},
		{"-1", REQUEST_VALUE, 0},
		{"-0", REQUEST_VALUE, 0},
		{"1.5", REQUEST_VALUE, 0},
		{"1443208345.0", REQUEST_VALUE, 0},
		{"1e9", REQUEST_VALUE, 0},
		{"\"1443208345\"", REQUEST_VALUE, 0},
		{"null", REQUEST_VALUE, 0},
		{"[1]", REQUEST_VALUE, 0},
	};
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct opened v = open_value(row[i].value);
		enum request_error error = field_time(v.node, &time);

		if (error != row[i].error || (!error && time != row[i].time))
			fail_msg("%s: %d", row[i].value, error);
		json_free(v.doc);
	}
	assert_int_equal(field_time(NULL, &time), REQUEST_MISSING);
}

static void test_the_first_of_two_names(void **state)
{
	struct opened v = open_value("{\"b\":2,\"a\":1,\"c\":3}");
	int64_t number;

	(void)state;
	assert_int_equal(json_integer(field_either(v.doc, v.node, "a", "b"), &number), STI_OK);
	assert_int_equal(number, 1);
	assert_int_equal(json_integer(field_either(v.doc, v.node, "x", "c"), &number), STI_OK);
	assert_int_equal(number, 3);
	assert_null(field_either(v.doc, v.node, "x", "y"));
	json_free(v.doc);
}

static void test_numbers_as_they_are_asked_for(void **state)
{
	struct buf out = buf_own(256);
	struct sti_tn tn[2];

	(void)state;
	assert_int_equal(sti_tn_canonical(sti_span_str("12025550100"), &sti_tn_plan_nanp, &tn[0]), STI_OK);
	assert_int_equal(sti_tn_canonical(sti_span_str("12025550101"), &sti_tn_plan_nanp, &tn[1]), STI_OK);
	buf_put_byte(&out, '{');
	field_put_tn(&out, "orig", &tn[0]);
	field_put_tns(&out, "dest", tn, 2);
	buf_put_byte(&out, '}');
	assert_true(sti_span_is(buf_span(&out), "{\"orig\":{\"tn\":\"12025550100\"},"
						"\"dest\":{\"tn\":[\"12025550100\",\"12025550101\"]}}"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_object_behind_the_one_member),
		cmocka_unit_test(test_one_number),
		cmocka_unit_test(test_several_numbers),
		cmocka_unit_test(test_B5_time),
		cmocka_unit_test(test_the_first_of_two_names),
		cmocka_unit_test(test_numbers_as_they_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

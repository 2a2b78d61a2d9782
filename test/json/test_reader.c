/* SPDX-License-Identifier: Apache-2.0 */
#include "json/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>

#include <cmocka.h>

#include "base/limits.h"
#include "json/writer.h"
#include "support/value.h"
#include "support/vectors.h"

/* Parsed from a copy of exact size, so that asan sees a read past the end. */
static enum sti_error parse_with(struct sti_span text, const struct json_limits *limits)
{
	struct sti_span copy = vectors_copy(text);
	struct json *doc = NULL;
	enum sti_error error = json_parse(copy, limits, &doc);

	assert_true((doc != NULL) == (error == STI_OK));
	json_free(doc);
	vectors_free(copy);
	return error;
}

static enum sti_error parse(const char *text)
{
	return parse_with(sti_span_str(text), &json_limits_default);
}

static struct json *good(const char *text)
{
	struct json *doc = NULL;

	assert_int_equal(json_parse(sti_span_str(text), &json_limits_default, &doc), STI_OK);
	return doc;
}

struct row {
	const char *text;
	enum sti_error error;
};

static void check_rows(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parse(row[i].text) != row[i].error)
			fail_msg("%s: %s", row[i].text, sti_error_text(parse(row[i].text)));
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(*rows))

static void test_a_payload_of_a_passport(void **state)
{
	struct json *doc = good("{\"attest\":\"A\",\"dest\":{\"tn\":[\"12025550101\",\"12025550102\"]},"
				"\"iat\":1443208345,\"orig\":{\"tn\":\"12025550100\"}}");
	const struct json_node *tn = json_member(doc, json_member(doc, json_root(doc), "dest"), "tn");
	const struct json_node *second = json_next(doc, tn, json_first(doc, tn));
	int64_t iat;

	(void)state;
	assert_int_equal(tn->count, 2);
	assert_true(sti_span_is(tn->text, "[\"12025550101\",\"12025550102\"]"));
	assert_true(sti_span_is(second->text, "12025550102"));
	assert_null(second->name.p);
	assert_null(json_next(doc, tn, second));
	assert_int_equal(json_integer(json_member(doc, json_root(doc), "iat"), &iat), STI_OK);
	assert_int_equal(iat, 1443208345);
	assert_null(json_member(doc, json_root(doc), "div"));
	assert_null(json_member(doc, tn, "tn"));
	json_free(doc);
}

static void test_a_member_is_found_past_nested_ones_of_the_same_name(void **state)
{
	struct json *doc = good("{\"a\":{\"b\":[{\"b\":1}]},\"b\":2}");

	(void)state;
	assert_true(sti_span_is(json_member(doc, json_root(doc), "b")->text, "2"));
	json_free(doc);
}

static void test_empty_is_present_and_absent_is_not(void **state)
{
	struct json *doc = good("{\"\":\"\"}");
	const struct json_node *member = json_first(doc, json_root(doc));

	(void)state;
	assert_non_null(member->name.p);
	assert_non_null(member->text.p);
	assert_int_equal(member->name.n + member->text.n, 0);
	assert_null(json_root(doc)->name.p);
	assert_null(json_first(doc, member));
	json_free(doc);
}

static void test_escapes_are_undone(void **state)
{
	struct json *doc = good("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00!\"]");
	const struct json_node *first = json_first(doc, json_root(doc));
	struct sti_span text;

	(void)state;
	assert_true(json_string(first, &text));
	assert_true(sti_span_is(text, "\"\\/\b\f\n\r\t"));
	assert_true(json_string(json_next(doc, json_root(doc), first), &text));
	assert_true(sti_span_is(text, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"));
	assert_false(json_string(json_root(doc), &text));
	assert_false(json_string(NULL, &text));
	json_free(doc);
}

static void test_B1_one_name_twice(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":1,\"a\":1}", STI_E_JSON_TWICE},
		{"{\"a\":1,\"b\":2,\"a\":3}", STI_E_JSON_TWICE},
		{"{\"a\":1,\"\\u0061\":2}", STI_E_JSON_TWICE},
		{"{\"\":1,\"\":2}", STI_E_JSON_TWICE},
		{"{\"/\":1,\"\\/\":2}", STI_E_JSON_TWICE},
		{"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", STI_E_JSON_TWICE},
		{"[{\"x\":[{\"a\":1,\"a\":2}]}]", STI_E_JSON_TWICE},
		{"{\"a\":{\"a\":{\"a\":1}}}", STI_OK},
		{"[{\"a\":1},{\"a\":1}]", STI_OK},
		{"{\"a\":1,\"A\":2}", STI_OK},
		/* one letter in two normal forms is two names: RFC 8259 8.3 compares code units */
		{"{\"\xc3\xa9\":1,\"e\xcc\x81\":2}", STI_OK},
	};

	(void)state;
	CHECK(rows);
}

static void test_B1_one_name_twice_in_an_object_too_large_for_pairs(void **state)
{
	struct json_limits limits = {.depth = 2, .members = 1000, .nodes = 2000, .string = 100};
	struct buf text = buf_own(1 << 16);

	(void)state;
	buf_put_byte(&text, '{');
	for (int i = 0; i < 200; i++) {
		json_put_comma(&text);
		buf_put_str(&text, "\"name");
		buf_put_int(&text, i * 7919 % 200);
		buf_put_str(&text, "\":1");
	}
	buf_put_str(&text, ",\"other\":1}");
	assert_int_equal(parse_with(buf_span(&text), &limits), STI_OK);
	text.n -= strlen("other\":1}");
	buf_put_str(&text, "n\\u0061me77\":1}");
	assert_int_equal(parse_with(buf_span(&text), &limits), STI_E_JSON_TWICE);
	text.n -= strlen("n\\u0061me77\":1}");
	buf_put_str(&text, "name0\":1}");
	assert_int_equal(parse_with(buf_span(&text), &limits), STI_E_JSON_TWICE);
	buf_free(&text);
}

static void test_B2_not_utf8_and_characters_that_are_none(void **state)
{
	static const struct row rows[] = {
		{"\xef\xbb\xbf{}", STI_E_JSON}, /* BOM */
		{"[\"\xc0\xaf\"]", STI_E_JSON}, /* overlong */
		{"[\"\xe0\x80\xaf\"]", STI_E_JSON}, /* overlong */
		{"[\"\xed\xa0\x80\"]", STI_E_JSON}, /* surrogate */
		{"[\"\xf4\x90\x80\x80\"]", STI_E_JSON}, /* above U+10FFFF */
		{"[\"\xe2\x82\"]", STI_E_JSON}, /* cut short */
		{"[\"\xe2\x82", STI_E_JSON}, /* cut short by the end */
		{"[\"\x80\"]", STI_E_JSON}, /* continuation alone */
		{"[\"\xff\"]", STI_E_JSON},
		{"[\"\\ud800\"]", STI_E_JSON}, /* half a pair */
		{"[\"\\udc00\"]", STI_E_JSON},
		{"[\"\\ud800\\u0041\"]", STI_E_JSON},
		{"[\"\\ud800\\ud800\"]", STI_E_JSON},
		{"[\"\\ud800\\ue000\"]", STI_E_JSON},
		{"[\"\\udc00\\ud800\"]", STI_E_JSON},
		{"[\"\\ud800x\"]", STI_E_JSON},
		{"[\"\\u0000\"]", STI_E_JSON},
		{"[\"\\ufffe\"]", STI_E_JSON}, /* noncharacters */
		{"[\"\\uFDD0\"]", STI_E_JSON},
		{"[\"\xef\xb7\xaf\"]", STI_E_JSON},
		{"[\"\\ud83f\\udfff\"]", STI_E_JSON},
		{"[\"\xf4\x8f\xbf\xbf\"]", STI_E_JSON},
		{"[\"\xf4\x8f\xbf\xbd\"]", STI_OK},
		{"[\"\xef\xb7\x8f\\ufdcf\\ufffd\"]", STI_OK},
		{"{\"\\u0000\":1}", STI_E_JSON},
	};

	(void)state;
	CHECK(rows);
}

static void test_B3_what_other_readers_let_pass(void **state)
{
	static const struct row rows[] = {
		{"", STI_E_JSON},
		{" ", STI_E_JSON},
		{"{}{}", STI_E_JSON},
		{"{}x", STI_E_JSON},
		{"{},", STI_E_JSON},
		{"// x\n{}", STI_E_JSON},
		{"{/**/}", STI_E_JSON},
		{"{'a':1}", STI_E_JSON},
		{"{a:1}", STI_E_JSON},
		{"{1:1}", STI_E_JSON},
		{"[NaN]", STI_E_JSON},
		{"[Infinity]", STI_E_JSON},
		{"[-Infinity]", STI_E_JSON},
		{"[01]", STI_E_JSON},
		{"[-01]", STI_E_JSON},
		{"[+1]", STI_E_JSON},
		{"[.5]", STI_E_JSON},
		{"[1.]", STI_E_JSON},
		{"[1.e1]", STI_E_JSON},
		{"[1e]", STI_E_JSON},
		{"[1e+]", STI_E_JSON},
		{"[-]", STI_E_JSON},
		{"[0x10]", STI_E_JSON},
		{"[1_0]", STI_E_JSON},
		{"[1,]", STI_E_JSON},
		{"[,1]", STI_E_JSON},
		{"[1 2]", STI_E_JSON},
		{"[1", STI_E_JSON},
		{"[1}", STI_E_JSON},
		{"{\"a\":1]", STI_E_JSON},
		{"{\"a\"}", STI_E_JSON},
		{"{\"a\":}", STI_E_JSON},
		{"{\"a\":1,}", STI_E_JSON},
		{"{,}", STI_E_JSON},
		{"[tru]", STI_E_JSON},
		{"[nul", STI_E_JSON},
		{"[True]", STI_E_JSON},
		{"[\"\\x41\"]", STI_E_JSON},
		{"[\"\\u004\"]", STI_E_JSON},
		{"[\"\\u00g1\"]", STI_E_JSON},
		{"[\"\\", STI_E_JSON},
		{"[\"\\\"", STI_E_JSON},
		{"[\"\\\xc3\xa9\"]", STI_E_JSON},
		{"[\"a\nb\"]", STI_E_JSON},
		{"[\"a\tb\"]", STI_E_JSON},
		{"[\f1]", STI_E_JSON},
		{"[1]\v", STI_E_JSON},
		{" \t\r\n[ 1 , 2 ] \n", STI_OK},
		{"\"\x7f\"", STI_OK},
		{"0", STI_OK},
	};

	(void)state;
	CHECK(rows);
	assert_int_equal(parse_with(sti_span("{}\0", 3), &json_limits_default), STI_E_JSON);
	assert_int_equal(parse_with(sti_span("[\"\0\"]", 5), &json_limits_default), STI_E_JSON);
	assert_int_equal(parse_with(sti_span(NULL, 0), &json_limits_default), STI_E_JSON);
}

/* `n` openings and as many closings of one kind. */
static enum sti_error parse_nest(const char *open, const char *close, int n)
{
	struct buf text = buf_own(1 << 20);
	enum sti_error error;

	for (int i = 0; i < n; i++)
		buf_put_str(&text, open);
	buf_put_byte(&text, '0');
	for (int i = 0; i < n; i++)
		buf_put_str(&text, close);
	error = parse_with(buf_span(&text), &json_limits_default);
	buf_free(&text);
	return error;
}

static void test_B4_depth_9(void **state)
{
	(void)state;
	assert_int_equal(parse_nest("[", "]", LIMIT_JSON_DEPTH), STI_OK);
	assert_int_equal(parse_nest("[", "]", LIMIT_JSON_DEPTH + 1), STI_E_LIMIT);
	assert_int_equal(parse_nest("{\"\":", "}", LIMIT_JSON_DEPTH), STI_OK);
	assert_int_equal(parse_nest("{\"\":", "}", LIMIT_JSON_DEPTH + 1), STI_E_LIMIT);
	assert_int_equal(parse_nest("[{\"\":", "}]", 100000), STI_E_LIMIT);
	assert_int_equal(parse("[[],[],[],[],[],[],[],[],[],{},{},{}]"), STI_OK);
}

static void *parse_deep(void *argument)
{
	struct json_limits limits = {.depth = 100000, .members = 1, .nodes = 100000, .string = 1};
	struct json *doc;
	enum sti_error *error = argument;
	struct buf text = buf_own(1 << 20);

	for (int i = 0; i < 50000; i++)
		buf_put_byte(&text, '[');
	for (int i = 0; i < 50000; i++)
		buf_put_byte(&text, ']');
	*error = json_parse(buf_span(&text), &limits, &doc);
	if (!*error)
		json_free(doc);
	buf_free(&text);
	return NULL;
}

/* Even where a caller allows any depth, the stack does not grow with it. */
static void test_B4_depth_50000_on_a_stack_of_128_KiB(void **state)
{
	enum sti_error error = STI_E_JSON;
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
	assert_int_equal(pthread_create(&thread, &attributes, parse_deep, &error), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	assert_int_equal(error, STI_OK);
}

static void test_one_more_than_each_limit(void **state)
{
	struct json_limits limits = {.depth = 2, .members = 3, .nodes = 5, .string = 4};
	static const struct row rows[] = {
		{"[1,2,3]", STI_OK},
		{"[1,2,3,4]", STI_E_LIMIT},
		{"{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", STI_E_LIMIT},
		{"[[1,2,3]]", STI_OK},
		{"[[1,2,3],4]", STI_E_LIMIT},
		{"[[[]]]", STI_E_LIMIT},
		{"[\"abcd\"]", STI_OK},
		{"[\"abcde\"]", STI_E_LIMIT},
		{"{\"abcde\":1}", STI_E_LIMIT},
		{"[\"\\u0041\"]", STI_E_LIMIT},
		{"[1234]", STI_OK},
		{"[12345]", STI_E_LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (parse_with(sti_span_str(rows[i].text), &limits) != rows[i].error)
			fail_msg("%s", rows[i].text);
}

static void test_B5_integers_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		enum sti_error error;
		int64_t value;
	} rows[] = {
		{"0", STI_OK, 0},
		{"-1", STI_OK, -1},
		{"2147483648", STI_OK, 2147483648},
		{"4294967296", STI_OK, 4294967296},
		{"9007199254740993", STI_OK, 9007199254740993}, /* 2^53+1, which no double holds */
		{"9223372036854775807", STI_OK, INT64_MAX},
		{"-9223372036854775808", STI_OK, INT64_MIN},
		{"9223372036854775808", STI_E_NUMBER, 0},
		{"-9223372036854775809", STI_E_NUMBER, 0},
		{"10000000000000000000", STI_E_NUMBER, 0},
		{"99999999999999999999", STI_E_NUMBER, 0},
		{"-0", STI_E_NUMBER, 0},
		{"1e9", STI_E_NUMBER, 0},
		{"1.5e9", STI_E_NUMBER, 0},
		{"1584983402.0", STI_E_NUMBER, 0},
		{"1.584983402e9", STI_E_NUMBER, 0},
		{"1E+400", STI_E_NUMBER, 0},
		{"\"1584983402\"", STI_E_CLAIM_VALUE, 0},
		{"null", STI_E_CLAIM_VALUE, 0},
		{"true", STI_E_CLAIM_VALUE, 0},
		{"[1]", STI_E_CLAIM_VALUE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json *doc = good(rows[i].text);
		int64_t value = 0;

		if (json_integer(json_root(doc), &value) != rows[i].error || value != rows[i].value)
			fail_msg("%s", rows[i].text);
		json_free(doc);
	}
	assert_int_equal(json_integer(NULL, &(int64_t){0}), STI_E_CLAIM_VALUE);
}

static void test_B5_an_integer_of_400_digits(void **state)
{
	char text[401];
	struct json *doc;

	(void)state;
	memset(text, '9', 400);
	text[400] = '\0';
	doc = good(text);
	assert_int_equal(json_integer(json_root(doc), &(int64_t){0}), STI_E_NUMBER);
	json_free(doc);
}

/* Names that collide in the hash tables of others (equal multiplicative hashes: Aa and BB) must
 * cost no more than any other names: there is no hash. Counted, not timed: all pairs are compared
 * whatever the names, so the cost is that of the limit. */
static void test_B14_64_members_with_colliding_names(void **state)
{
	struct buf text = buf_own(4096);

	(void)state;
	buf_put_byte(&text, '{');
	for (unsigned i = 0; i < LIMIT_JSON_MEMBERS; i++) {
		json_put_comma(&text);
		buf_put_byte(&text, '"');
		for (unsigned bit = 0; bit < 6; bit++)
			buf_put_str(&text, i >> bit & 1 ? "Aa" : "BB");
		buf_put_str(&text, "\":0");
	}
	buf_put_byte(&text, '}');
	assert_int_equal(parse_with(buf_span(&text), &json_limits_default), STI_OK);
	text.n--;
	buf_put_str(&text, ",\"C#\":0}");
	assert_int_equal(parse_with(buf_span(&text), &json_limits_default), STI_E_LIMIT);
	buf_free(&text);
}

static enum sti_error parse_file(const char *name, const struct json_limits *limits)
{
	struct sti_span text = vectors_read(name);
	enum sti_error error = parse_with(text, limits);

	vectors_free(text);
	return error;
}

/* What the grammar allows; large enough for the files. */
static const struct json_limits grammar = {
	.depth = 8, .members = 64, .nodes = 1024, .string = 4096, .grammar_only = true};

static void test_jsontestsuite_y_files_are_accepted(void **state)
{
	struct vectors_list files;
	size_t accepted = 0;

	(void)state;
	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_parsing", "y_");
	for (size_t i = 0; i < files.n; i++)
		accepted += parse_file(files.name[i], &grammar) == STI_OK;
	vectors_count("jsontestsuite y_ accepted", accepted, files.n);
	vectors_list_free(&files);
}

/* Of the y_ files we refuse these in tokens, although RFC 8259 allows them. */
static void test_jsontestsuite_y_files_that_B1_and_B2_refuse(void **state)
{
	static const struct row rows[] = {
		{"y_object_duplicated_key.json", STI_E_JSON_TWICE},
		{"y_object_duplicated_key_and_value.json", STI_E_JSON_TWICE},
		{"y_object_escaped_null_in_key.json", STI_E_JSON},
		{"y_string_null_escape.json", STI_E_JSON},
		{"y_string_escaped_noncharacter.json", STI_E_JSON},
		{"y_string_nonCharacterInUTF-8_U+10FFFF.json", STI_E_JSON},
		{"y_string_nonCharacterInUTF-8_U+FFFF.json", STI_E_JSON},
		{"y_string_last_surrogates_1_and_2.json", STI_E_JSON},
		{"y_string_unicode_U+10FFFE_nonchar.json", STI_E_JSON},
		{"y_string_unicode_U+1FFFE_nonchar.json", STI_E_JSON},
		{"y_string_unicode_U+FDD0_nonchar.json", STI_E_JSON},
		{"y_string_unicode_U+FFFE_nonchar.json", STI_E_JSON},
	};
	struct vectors_list files;
	size_t n = sizeof(rows) / sizeof(*rows), right = 0;

	(void)state;
	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_parsing", "y_");
	for (size_t i = 0; i < files.n; i++) {
		enum sti_error expected = STI_OK, error = parse_file(files.name[i], &json_limits_default);

		for (size_t k = 0; k < n; k++)
			if (strcmp(strrchr(files.name[i], '/') + 1, rows[k].text) == 0)
				expected = rows[k].error;
		if (error == expected)
			right++;
		else
			print_error("%s: %s\n", files.name[i], sti_error_text(error));
	}
	vectors_count("jsontestsuite y_ in tokens, 12 of them refused, as expected", right, files.n);
	vectors_list_free(&files);
}

static void test_jsontestsuite_n_files_are_refused(void **state)
{
	struct vectors_list files;
	size_t refused = 0;

	(void)state;
	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_parsing", "n_");
	for (size_t i = 0; i < files.n; i++)
		refused += parse_file(files.name[i], &json_limits_default) != STI_OK &&
			   parse_file(files.name[i], &grammar) != STI_OK;
	vectors_count("jsontestsuite n_ refused", refused, files.n);
	vectors_list_free(&files);
}

/* The implementation's choice: numbers are text to us, so none is too large to be carried;
 * everything that is not Unicode is refused. */
static void test_B2_jsontestsuite_i_files_as_we_chose(void **state)
{
	static const struct row rows[] = {
		{"i_number_double_huge_neg_exp.json", STI_OK},
		{"i_number_huge_exp.json", STI_OK},
		{"i_number_neg_int_huge_exp.json", STI_OK},
		{"i_number_pos_double_huge_exp.json", STI_OK},
		{"i_number_real_neg_overflow.json", STI_OK},
		{"i_number_real_pos_overflow.json", STI_OK},
		{"i_number_real_underflow.json", STI_OK},
		{"i_number_too_big_neg_int.json", STI_OK},
		{"i_number_too_big_pos_int.json", STI_OK},
		{"i_number_very_big_negative_int.json", STI_OK},
		{"i_object_key_lone_2nd_surrogate.json", STI_E_JSON},
		{"i_string_1st_surrogate_but_2nd_missing.json", STI_E_JSON},
		{"i_string_1st_valid_surrogate_2nd_invalid.json", STI_E_JSON},
		{"i_string_UTF-16LE_with_BOM.json", STI_E_JSON},
		{"i_string_UTF-8_invalid_sequence.json", STI_E_JSON},
		{"i_string_UTF8_surrogate_U+D800.json", STI_E_JSON},
		{"i_string_incomplete_surrogate_and_escape_valid.json", STI_E_JSON},
		{"i_string_incomplete_surrogate_pair.json", STI_E_JSON},
		{"i_string_incomplete_surrogates_escape_valid.json", STI_E_JSON},
		{"i_string_invalid_lonely_surrogate.json", STI_E_JSON},
		{"i_string_invalid_surrogate.json", STI_E_JSON},
		{"i_string_invalid_utf-8.json", STI_E_JSON},
		{"i_string_inverted_surrogates_U+1D11E.json", STI_E_JSON},
		{"i_string_iso_latin_1.json", STI_E_JSON},
		{"i_string_lone_second_surrogate.json", STI_E_JSON},
		{"i_string_lone_utf8_continuation_byte.json", STI_E_JSON},
		{"i_string_not_in_unicode_range.json", STI_E_JSON},
		{"i_string_overlong_sequence_2_bytes.json", STI_E_JSON},
		{"i_string_overlong_sequence_6_bytes.json", STI_E_JSON},
		{"i_string_overlong_sequence_6_bytes_null.json", STI_E_JSON},
		{"i_string_truncated-utf-8.json", STI_E_JSON},
		{"i_string_utf16BE_no_BOM.json", STI_E_JSON},
		{"i_string_utf16LE_no_BOM.json", STI_E_JSON},
		{"i_structure_500_nested_arrays.json", STI_E_LIMIT},
		{"i_structure_UTF-8_BOM_empty_object.json", STI_E_JSON},
	};
	char name[256];
	size_t n = sizeof(rows) / sizeof(*rows), right = 0;
	struct vectors_list files;

	(void)state;
	if (!vectors_present())
		return;
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "jsontestsuite/test_parsing/%s", rows[i].text);
		right += parse_file(name, &json_limits_default) == rows[i].error;
	}
	files = vectors_list("jsontestsuite/test_parsing", "i_");
	vectors_count("jsontestsuite i_ as in our table", right, files.n);
	vectors_list_free(&files);
}

static void test_B1_jsontestsuite_object_same_key_files(void **state)
{
	struct vectors_list files;
	size_t refused = 0;

	(void)state;
	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_transform", "object_same_key_");
	for (size_t i = 0; i < files.n; i++)
		refused += parse_file(files.name[i], &json_limits_default) == STI_E_JSON_TWICE;
	vectors_count("jsontestsuite object_same_key_ refused", refused, files.n);
	vectors_list_free(&files);
}

/* What we accept jansson reads too, and finds the same content in our canonical form of it. What
 * jansson accepts is good grammar to us, or over a limit; but jansson passes over a NUL behind
 * a number. */
static bool agree(struct sti_span text)
{
	struct sti_span copy = vectors_copy(text);
	struct value *theirs = value_parse(copy), *again = NULL;
	struct json *ours = NULL;
	struct buf canonical = buf_own(1 << 20);
	enum sti_error error = json_parse(copy, &json_limits_default, &ours);
	enum sti_error by_grammar = parse_with(text, &grammar);
	bool same = !theirs || by_grammar == STI_OK || by_grammar == STI_E_LIMIT || sti_span_find(text, 0) < text.n;

	if (!error) {
		assert_int_equal(json_put_canonical(&canonical, ours, json_root(ours)), STI_OK);
		again = value_parse(buf_span(&canonical));
		same = theirs && again && value_equal(theirs, again);
	}
	value_free(again);
	value_free(theirs);
	json_free(ours);
	buf_free(&canonical);
	vectors_free(copy);
	return same;
}

static void test_B1_jansson_agrees_on_a_payload_with_one_byte_changed(void **state)
{
	static const char payload[] = "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12025550101\"]},\"iat\":1443,"
				      "\"o\":{\"\\u0061\\n\":\"\xc3\xa9\",\"b\":[true,null,-1.5e3]}}";
	uint8_t text[sizeof(payload)];
	size_t n = sizeof(payload) - 1, right = 0;

	(void)state;
	for (size_t at = 0; at < n; at++)
		for (unsigned byte = 0; byte < 256; byte++) {
			memcpy(text, payload, n);
			text[at] = (uint8_t)byte;
			if (agree(sti_span(text, n)))
				right++;
			else
				print_error("octet %zu = %02x\n", at, byte);
		}
	vectors_count("one byte changed: jansson agrees", right, n * 256);
}

static void test_jansson_agrees_on_a_payload_cut_short(void **state)
{
	static const char payload[] = "{\"a\":[1,-0.5e-1,\"\\ud83d\\ude00\xe2\x82\xac\"],\"b\":{\"c\":false}}";
	size_t n = sizeof(payload) - 1, right = 0;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++)
		right += agree(sti_span(payload, cut));
	vectors_count("cut short: jansson agrees", right, n + 1);
}

static void test_jansson_agrees_on_all_of_jsontestsuite(void **state)
{
	struct vectors_list files;
	size_t right = 0;

	(void)state;
	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_parsing", "");
	for (size_t i = 0; i < files.n; i++) {
		struct sti_span text = vectors_read(files.name[i]);

		/* a number that jansson has no type for is text to us */
		if (agree(text) || strstr(files.name[i], "/i_number_"))
			right++;
		else
			print_error("%s\n", files.name[i]);
		vectors_free(text);
	}
	vectors_count("jsontestsuite: jansson agrees where we accept", right, files.n);
	vectors_list_free(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_payload_of_a_passport),
		cmocka_unit_test(test_a_member_is_found_past_nested_ones_of_the_same_name),
		cmocka_unit_test(test_empty_is_present_and_absent_is_not),
		cmocka_unit_test(test_escapes_are_undone),
		cmocka_unit_test(test_B1_one_name_twice),
		cmocka_unit_test(test_B1_one_name_twice_in_an_object_too_large_for_pairs),
		cmocka_unit_test(test_B2_not_utf8_and_characters_that_are_none),
		cmocka_unit_test(test_B3_what_other_readers_let_pass),
		cmocka_unit_test(test_B4_depth_9),
		cmocka_unit_test(test_B4_depth_50000_on_a_stack_of_128_KiB),
		cmocka_unit_test(test_one_more_than_each_limit),
		cmocka_unit_test(test_B5_integers_are_read_exactly),
		cmocka_unit_test(test_B5_an_integer_of_400_digits),
		cmocka_unit_test(test_B14_64_members_with_colliding_names),
		cmocka_unit_test(test_jsontestsuite_y_files_are_accepted),
		cmocka_unit_test(test_jsontestsuite_y_files_that_B1_and_B2_refuse),
		cmocka_unit_test(test_jsontestsuite_n_files_are_refused),
		cmocka_unit_test(test_B2_jsontestsuite_i_files_as_we_chose),
		cmocka_unit_test(test_B1_jsontestsuite_object_same_key_files),
		cmocka_unit_test(test_B1_jansson_agrees_on_a_payload_with_one_byte_changed),
		cmocka_unit_test(test_jansson_agrees_on_a_payload_cut_short),
		cmocka_unit_test(test_jansson_agrees_on_all_of_jsontestsuite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

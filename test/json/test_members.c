/* SPDX-License-Identifier: Apache-2.0 */
#include "json/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Names twice are let in, so that they can be found here. */
static const struct json_limits limits = {
	.depth = 8, .members = 200, .nodes = 1000, .string = 100, .grammar_only = true};

static struct json *parse(const char *text)
{
	struct json *doc = NULL;

	assert_int_equal(json_parse(sti_span_str(text), &limits, &doc), STI_OK);
	return doc;
}

static void check_order(const char *text, const char *const name[], size_t n)
{
	struct json *doc = parse(text);
	const struct json_node **member = NULL;

	assert_int_equal(members_sort(doc, json_root(doc), &member), STI_OK);
	assert_int_equal(json_root(doc)->count, n);
	for (size_t i = 0; i < n; i++)
		assert_true(sti_span_is(member[i]->name, name[i]));
	free(member);
	json_free(doc);
}

static void test_no_members(void **state)
{
	(void)state;
	check_order("{}", NULL, 0);
}

static void test_a_name_that_begins_another_comes_first(void **state)
{
	(void)state;
	check_order("{\"origid\":1,\"orig\":2,\"\":{\"z\":1,\"a\":2},\"dest\":3}",
		    (const char *[]){"", "dest", "orig", "origid"}, 4);
}

/* By code point, which is not the order of UTF-16 units: U+FF5E stands before U+1F600. */
static void test_names_outside_ascii_go_by_code_point(void **state)
{
	(void)state;
	check_order("{\"\\ud83d\\ude00\":1,\"\\uff5e\":2,\"a\":3,\"Z\":4,\"\\u00e9\":5}",
		    (const char *[]){"Z", "a", "\xc3\xa9", "\xef\xbd\x9e", "\xf0\x9f\x98\x80"}, 5);
}

static void test_B1_twice_is_found_wherever_the_two_stand(void **state)
{
	static const char *const rows[] = {
		"{\"a\":1,\"a\":1}",
		"{\"a\":{\"x\":[1,2]},\"b\":1,\"c\":1,\"a\":1}",
		"{\"c\":1,\"b\":[{\"b\":1}],\"b\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json *doc = parse(rows[i]);

		assert_int_equal(members_unique(doc, json_root(doc)), STI_E_JSON_TWICE);
		json_free(doc);
	}
}

static void test_the_same_name_one_level_down_is_another(void **state)
{
	struct json *doc = parse("{\"a\":{\"a\":1},\"b\":{\"a\":1}}");

	(void)state;
	assert_int_equal(members_unique(doc, json_root(doc)), STI_OK);
	json_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_members),
		cmocka_unit_test(test_a_name_that_begins_another_comes_first),
		cmocka_unit_test(test_names_outside_ascii_go_by_code_point),
		cmocka_unit_test(test_B1_twice_is_found_wherever_the_two_stand),
		cmocka_unit_test(test_the_same_name_one_level_down_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

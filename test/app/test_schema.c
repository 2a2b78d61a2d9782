/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/schema.h"

static void test_every_default_passes_its_own_check(void **state)
{
	const struct schema_row *row;
	size_t at, n = 0;

	(void)state;
	for (enum schema_section s = 0; s < SCHEMA_SECTIONS; s++)
		for (size_t i = 0; (row = schema_row(s, i, &at)); i++) {
			if (row->fallback && !schema_check(row->kind, row, row->fallback))
				fail_msg("%s.%s", schema_section(s)->name, row->key);
			assert_false(row->mandatory && row->fallback);
			assert_false(row->keep == SCHEMA_LIST && row->fallback);
			n++;
		}
	assert_true(n > 60);
}

/* A field of struct config or of an entry holds one key only, and lies inside of its struct. */
static void test_no_two_keys_share_a_field_or_a_name(void **state)
{
	static const size_t size[] = {[SCHEMA_STRING] = sizeof(char *),
				      [SCHEMA_LIST] = sizeof(char **) + sizeof(size_t),
				      [SCHEMA_INT] = sizeof(int64_t),
				      [SCHEMA_BOOL] = sizeof(bool),
				      [SCHEMA_PREFER] = sizeof(enum sti_prefer)};
	uint8_t whole[sizeof(struct config)] = {0}, entry[sizeof(struct config)];
	const struct schema_row *row, *other;
	size_t at, unused;

	(void)state;
	for (enum schema_section s = 0; s < SCHEMA_SECTIONS; s++) {
		uint8_t *map = schema_section(s)->many ? memset(entry, 0, sizeof(entry)) : whole;

		for (size_t i = 0; (row = schema_row(s, i, &at)); i++) {
			assert_true(at + size[row->keep] <=
				    (schema_section(s)->many ? schema_section(s)->size : sizeof(struct config)));
			for (size_t k = 0; k < size[row->keep]; k++)
				if (map[at + k]++)
					fail_msg("%s.%s", schema_section(s)->name, row->key);
			for (size_t k = 0; k < i && (other = schema_row(s, k, &unused)); k++)
				assert_string_not_equal(row->key, other->key);
		}
	}
}

static void test_a_parent_stands_before_its_children(void **state)
{
	(void)state;
	for (enum schema_section s = 1; s < SCHEMA_SECTIONS; s++)
		assert_true(schema_section(s)->parent < s);
}

static const struct value {
	enum schema_kind kind;
	const char *good[8];
	const char *bad[12];
} values[] = {
	{SCHEMA_TEXT, {"a", "a b"}, {""}},
	{SCHEMA_NAME, {"a", "carrier-a", "A.b_9"}, {"", ".", ".a", "a b", "a/b", "\303\244"}},
	{SCHEMA_PATH, {"a", "/a/b c"}, {""}},
	{SCHEMA_URL,
	 {"https://cr.example.com/a.pem", "https://cr.example.com:8443/"},
	 {"", "http://cr.example.com/", "https://192.0.2.1/", "https://u@cr.example.com/", "ftp://a.example.com",
	  "cr.example.com"}},
	{SCHEMA_OWN_URL,
	 {"https://192.0.2.1:8443/a", "https://cps.example.com/cps/company/1234"},
	 {"", "http://a.example.com", "https://"}},
	{SCHEMA_NETWORK,
	 {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::1", "::/0"},
	 {"", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "/24", "2001:db8::1/64", "::/129", "192.0.2", "a"}},
	{SCHEMA_HOST, {"cps.example.com", "192.0.2.1", "[::1]", "localhost"}, {"", "a b", "a/b", "a_b"}},
	{SCHEMA_HOST_PORT,
	 {"localhost:8443", "192.0.2.1:443", "[::1]:443"},
	 {"", "localhost", "localhost:", ":443", "a:0", "a:65536", "a:b"}},
	{SCHEMA_DIGITS, {"1", "120255501001234"}, {"", "+1", "1 2", "1202555010012345", "12a", "1*"}},
	{SCHEMA_COUNTRY, {"1", "44", "353"}, {"", "0", "01", "3531", "+1"}},
	{SCHEMA_ISO_COUNTRY, {"US", "CA"}, {"", "U", "us", "USA", "U1"}},
	{SCHEMA_SHA256,
	 {"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"},
	 {"", "00", "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEF",
	  "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFG",
	  "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"}},
	{SCHEMA_CRL_NUMBER,
	 {"0", "7fffFFFF", "ffffffffffffffffffffffffffffffffffffffff"},
	 {"", "0x1", "-1", "g", "1ffffffffffffffffffffffffffffffffffffffff"}},
	{SCHEMA_OCN, {"1234", "709J", "ABCD"}, {"", "123", "12345", "709j", "12 4"}},
	{SCHEMA_PPT, {"", "shaken", "div", "div-o"}, {"a b", "a\"", "\303\244"}},
	{SCHEMA_URL_PATH, {"/stir/v1", "/a"}, {"", "/", "a", "/a/", "/a?b", "/a b"}},
	{SCHEMA_STORE_OF,
	 {"local", "off", "unix:/run/x", "https://192.0.2.1:8444"},
	 {"", "on", "unix:", "http://a.example.com", "/run/x"}},
};

static void test_values_of_every_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t k = 0; k < 8 && values[i].good[k]; k++)
			if (!schema_check(values[i].kind, NULL, values[i].good[k]))
				fail_msg("kind %d refuses %s", values[i].kind, values[i].good[k]);
		for (size_t k = 0; k < 12 && values[i].bad[k]; k++)
			if (schema_check(values[i].kind, NULL, values[i].bad[k]))
				fail_msg("kind %d takes %s", values[i].kind, values[i].bad[k]);
	}
}

static void test_what_is_expected_is_said(void **state)
{
	const struct schema_row number = {.min = 1, .max = 9}, word = {.words = "a|b|c"};
	struct buf out = buf_own(200);

	(void)state;
	schema_put_expected(&out, SCHEMA_NUMBER, &number);
	buf_put_str(&out, "; ");
	schema_put_expected(&out, SCHEMA_WORD, &word);
	buf_put_str(&out, "; ");
	schema_put_name(&out, SCHEMA_PRIVATE, "listen");
	buf_put_str(&out, "; ");
	schema_put_name(&out, SCHEMA_ROOT, "name");
	assert_true(sti_span_is(buf_span(&out), "a number from 1 to 9; a, b or c; cps.private.listen; name"));
	buf_free(&out);
}

static void test_a_word_is_found_whole(void **state)
{
	(void)state;
	assert_int_equal(schema_word("in|inner|out", "inner"), 1);
	assert_int_equal(schema_word("in|inner|out", "out"), 2);
	assert_int_equal(schema_word("in|inner|out", "inn"), -1);
	assert_int_equal(schema_word("in|inner|out", ""), -1);
	assert_int_equal(schema_word("in|inner|out", "in|inner"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_default_passes_its_own_check),
		cmocka_unit_test(test_no_two_keys_share_a_field_or_a_name),
		cmocka_unit_test(test_a_parent_stands_before_its_children),
		cmocka_unit_test(test_values_of_every_kind),
		cmocka_unit_test(test_what_is_expected_is_said),
		cmocka_unit_test(test_a_word_is_found_whole),
	};

	return cmocka_run_group_tests_name("app/schema", tests, NULL, NULL);
}

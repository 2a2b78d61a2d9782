/* SPDX-License-Identifier: Apache-2.0 */
#include "json/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_string(struct sti_span text, const char *expected)
{
	uint8_t memory[64];
	struct buf out = buf_lend(memory, sizeof(memory));

	json_put_string(&out, text);
	assert_int_equal(buf_error(&out), STI_OK);
	if (!sti_span_is(buf_span(&out), expected))
		fail_msg("%s: %.*s", expected, (int)out.n, (const char *)out.p);
}

static void test_only_what_must_be_escaped_is(void **state)
{
	(void)state;
	check_string(sti_span_str(""), "\"\"");
	check_string(sti_span_str("https://cert.example.org/a"), "\"https://cert.example.org/a\"");
	check_string(sti_span_str("\"\\\""), "\"\\\"\\\\\\\"\"");
	check_string(sti_span_str("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
	check_string(sti_span("\0\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\"");
	check_string(sti_span_str("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
}

/* Whatever octet below 128 stands in a string, the reader finds it again. */
static void test_every_ascii_octet_there_and_back(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 128; c++) {
		static const struct json_limits limits = {
			.depth = 1, .members = 1, .nodes = 1, .string = 16, .grammar_only = true};
		uint8_t memory[16];
		const uint8_t octet = (uint8_t)c;
		struct buf out = buf_lend(memory, sizeof(memory));
		struct json *doc = NULL;

		json_put_string(&out, sti_span(&octet, 1));
		assert_int_equal(json_parse(buf_span(&out), &limits, &doc), STI_OK);
		assert_true(sti_span_equal(json_root(doc)->text, sti_span(&octet, 1)));
		json_free(doc);
	}
}

static void test_commas_stand_between_and_nowhere_else(void **state)
{
	uint8_t memory[64];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	json_put_comma(&out);
	buf_put_byte(&out, '{');
	json_put_name(&out, "{");
	json_put_string(&out, sti_span_str("["));
	json_put_name(&out, "b");
	buf_put_byte(&out, '[');
	json_put_comma(&out);
	buf_put_int(&out, 1);
	json_put_comma(&out);
	buf_put_str(&out, "{}");
	json_put_comma(&out);
	buf_put_str(&out, "[]]}");
	assert_true(sti_span_is(buf_span(&out), "{\"{\":\"[\",\"b\":[1,{},[]]}"));
}

static enum sti_error canonical(const char *text, size_t room, uint8_t *memory, struct sti_span *out)
{
	struct buf buf = buf_lend(memory, room);
	struct json *doc = NULL;
	enum sti_error error;

	assert_int_equal(json_parse(sti_span_str(text), &json_limits_default, &doc), STI_OK);
	error = json_put_canonical(&buf, doc, json_root(doc));
	*out = buf_span(&buf);
	json_free(doc);
	return error;
}

static void test_canonical_form_of_rfc_8225_9(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{" { } ", "{}"},
		{" [ ] ", "[]"},
		{"[ 3, 1 ,2 ]", "[3,1,2]"},
		{"{\"b\":{\"d\":1,\"c\":2},\"a\":[{\"z\":1,\"y\":2}]}",
		 "{\"a\":[{\"y\":2,\"z\":1}],\"b\":{\"c\":2,\"d\":1}}"},
		{"{\"\\u0061\":\"\\u0041\\/\\u000A\"}", "{\"a\":\"A/\\n\"}"},
		{"[true, false, null, -0.50e+3]", "[true,false,null,-0.50e+3]"},
		{"\"x\"", "\"x\""},
		{"{\"orig\":{\"uri\":\"sip:alice@example.com\"},\"iat\":1443208345,\"dest\":{\"uri\":[\"sip:bob@"
		 "example.com\"]}}",
		 "{\"dest\":{\"uri\":[\"sip:bob@example.com\"]},\"iat\":1443208345,\"orig\":{\"uri\":\"sip:alice@"
		 "example.com\"}}"},
	};
	uint8_t memory[256];
	struct sti_span out;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(canonical(rows[i].text, sizeof(memory), memory, &out), STI_OK);
		if (!sti_span_is(out, rows[i].expected))
			fail_msg("%s: %.*s", rows[i].expected, (int)out.n, (const char *)out.p);
	}
}

static void test_canonical_form_with_too_little_room(void **state)
{
	static const char text[] = "{\"b\":[1,{\"c\":\"\\n\"}],\"a\":null}";
	uint8_t memory[sizeof(text)];
	struct sti_span out;

	(void)state;
	for (size_t room = 0; room < sizeof(text) - 1; room++)
		assert_int_equal(canonical(text, room, memory, &out), STI_E_LIMIT);
	assert_int_equal(canonical(text, sizeof(text) - 1, memory, &out), STI_OK);
}

static void test_members_of_text_and_of_none(void **state)
{
	uint8_t memory[64];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	buf_put_byte(&out, '{');
	json_put_member(&out, "spc", sti_span_str("7\"J"));
	json_put_member(&out, "none", (struct sti_span){0});
	json_put_member(&out, "empty", sti_span_str(""));
	buf_put_byte(&out, '}');
	assert_int_equal(buf_error(&out), STI_OK);
	assert_true(sti_span_is(buf_span(&out), "{\"spc\":\"7\\\"J\",\"none\":null,\"empty\":\"\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_must_be_escaped_is),
		cmocka_unit_test(test_members_of_text_and_of_none),
		cmocka_unit_test(test_every_ascii_octet_there_and_back),
		cmocka_unit_test(test_commas_stand_between_and_nowhere_else),
		cmocka_unit_test(test_canonical_form_of_rfc_8225_9),
		cmocka_unit_test(test_canonical_form_with_too_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

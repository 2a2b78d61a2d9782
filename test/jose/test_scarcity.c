/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that gives out, one allocation later each time: whatever was being done says STI_E_MEMORY,
 * leaves nothing behind (asan looks) and works once there is enough. The sources are compiled into
 * this test, so that their calls can be led here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

static long left;

static bool spent(void)
{
	return left-- <= 0;
}

static void *scarce(void *p, size_t n, size_t size)
{
	return spent() ? NULL : reallocarray(p, n, size);
}

static void *scarce_zeroed(size_t n, size_t size)
{
	return spent() ? NULL : calloc(n, size);
}

#define malloc(n)                scarce(NULL, n, 1)
#define calloc(n, size)          scarce_zeroed(n, size)
#define reallocarray(p, n, size) scarce(p, n, size)
#include "jose/jws.c"
#include "json/members.c"
#include "json/reader.c"
#include "json/writer.c"
#undef malloc
#undef calloc
#undef reallocarray

#define HEADER  "{\"\\u0061lg\":\"ES256\"}"
#define LONG    "0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9"
#define PAYLOAD "{\"d\":[" LONG "],\"c\":{\"\\u0062\":1,\"a\":\"\\n\"}}"

static struct buf unsigned_token(void)
{
	static const uint8_t signature[STI_SIGNATURE];
	struct buf token = buf_own(LIMIT_JWS);

	base64url_encode(&token, sti_span_str(HEADER));
	buf_put_byte(&token, '.');
	base64url_encode(&token, sti_span_str(PAYLOAD));
	buf_put_byte(&token, '.');
	base64url_encode(&token, sti_span(signature, sizeof(signature)));
	return token;
}

static void test_taking_a_jws_apart(void **state)
{
	struct buf token = unsigned_token();
	enum sti_error error = STI_E_MEMORY;
	struct jws jws;
	long enough;

	(void)state;
	for (enough = 0; error; enough++) {
		left = enough;
		error = jws_parse(buf_span(&token), &json_limits_default, &jws);
		assert_true(error == STI_OK || error == STI_E_MEMORY);
		assert_true(error == STI_OK || (!jws.header && !jws.payload && !jws.owned));
	}
	/* the decoded parts, and the document, its nodes and its unescaped strings for each of two;
	 * the payload's nodes twice */
	assert_int_equal(enough - 1, 8);
	assert_int_equal(jws.payload_error, STI_OK);
	jws_free(&jws);
	buf_free(&token);
}

static void test_writing_canonical_json(void **state)
{
	enum sti_error error = STI_E_MEMORY;
	struct json *doc = NULL;

	(void)state;
	left = 100;
	assert_int_equal(json_parse(sti_span_str(PAYLOAD), &json_limits_default, &doc), STI_OK);
	for (long enough = 0; error; enough++) {
		struct buf out = buf_own(LIMIT_JWS);

		left = enough;
		error = json_put_canonical(&out, doc, json_root(doc));
		assert_int_equal(error, enough < 2 ? STI_E_MEMORY : STI_OK);
		buf_free(&out);
	}
	json_free(doc);
}

static void test_looking_for_a_name_twice_among_many(void **state)
{
	struct json_limits limits = {.depth = 1, .members = 100, .nodes = 101, .string = 10};
	struct buf text = buf_own(LIMIT_JWS);
	enum sti_error error = STI_E_MEMORY;
	struct json *doc = NULL;

	(void)state;
	buf_put_byte(&text, '{');
	for (int i = 0; i < 100; i++) {
		json_put_comma(&text);
		buf_put_str(&text, "\"");
		buf_put_int(&text, i);
		buf_put_str(&text, "\":0");
	}
	buf_put_byte(&text, '}');
	for (long enough = 0; error; enough++) {
		left = enough;
		error = json_parse(buf_span(&text), &limits, &doc);
		assert_true(error == STI_OK || error == STI_E_MEMORY);
	}
	json_free(doc);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taking_a_jws_apart),
		cmocka_unit_test(test_writing_canonical_json),
		cmocka_unit_test(test_looking_for_a_name_twice_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

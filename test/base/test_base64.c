/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/vectors.h"

static struct sti_span encoded(struct buf *out, struct sti_span bytes, bool url)
{
	out->n = 0;
	if (url)
		base64url_encode(out, bytes);
	else
		base64_encode(out, bytes);
	assert_int_equal(buf_error(out), STI_OK);
	return buf_span(out);
}

/* Decodes a copy of exact size into memory of exact size. */
static enum sti_error decode(struct sti_span text, bool url, struct sti_span *bytes)
{
	struct sti_span copy = vectors_copy(text);
	size_t room = url ? base64url_decoded_size(text.n) : text.n / 4 * 3;
	uint8_t *memory = malloc(room ? room : 1);
	struct buf out = buf_lend(memory, room);
	enum sti_error error;

	if (url)
		error = base64url_decode(copy, memory);
	else
		error = base64_decode(&out, copy);
	*bytes = sti_span(memory, url ? room : out.n);
	vectors_free(copy);
	return error;
}

static enum sti_error refused(struct sti_span text, bool url)
{
	struct sti_span bytes;
	enum sti_error error = decode(text, url, &bytes);

	vectors_free(bytes);
	return error;
}

/* RFC 4648 10, and its letters 62 and 63 in both alphabets. */
static void test_known_answers(void **state)
{
	static const struct {
		const char *bytes;
		const char *standard;
		const char *url;
	} rows[] = {
		{"", "", ""},
		{"f", "Zg==", "Zg"},
		{"fo", "Zm8=", "Zm8"},
		{"foo", "Zm9v", "Zm9v"},
		{"foob", "Zm9vYg==", "Zm9vYg"},
		{"fooba", "Zm9vYmE=", "Zm9vYmE"},
		{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
		{"\xfb\xff\xbf", "+/+/", "-_-_"},
	};
	struct buf out = buf_own(100);

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		bool url = i % 2;
		const char *text = url ? rows[i / 2].url : rows[i / 2].standard;
		struct sti_span bytes;

		assert_true(sti_span_is(encoded(&out, sti_span_str(rows[i / 2].bytes), url), text));
		assert_int_equal(decode(sti_span_str(text), url, &bytes), STI_OK);
		assert_true(sti_span_is(bytes, rows[i / 2].bytes));
		vectors_free(bytes);
	}
	buf_free(&out);
}

static void test_every_length_there_and_back(void **state)
{
	uint8_t octets[200];
	struct buf out = buf_own(400);

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 151 + 7);
	for (size_t n = 0; n <= 2 * sizeof(octets); n++) {
		bool url = n % 2;
		struct sti_span bytes, original = sti_span(octets, n / 2);

		assert_int_equal(decode(encoded(&out, original, url), url, &bytes), STI_OK);
		assert_true(sti_span_equal(bytes, original));
		vectors_free(bytes);
	}
	buf_free(&out);
}

/* All octets in all places of a group of four, three and two letters: the 64 of the alphabet are
 * let in, but of those that hold bits to be thrown away only every fourth or sixteenth. */
static void test_A11_A12_every_octet_in_every_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		size_t good;
		bool url;
	} rows[] = {
		{"AAAA", 0, 64, true},      {"AAAA", 1, 64, true},      {"AAAA", 2, 64, true},
		{"AAAA", 3, 64, true},      {"AAAAAA", 4, 64, true},    {"AAAAAA", 5, 4, true},
		{"AAAAAAA", 6, 16, true},   {"AA", 1, 4, true},         {"AAA", 2, 16, true},
		{"AAAAAA==", 5, 4, false},  {"AAA=", 2, 16 + 1, false}, {"AAAA", 0, 64, false},
		{"AAAAAAAA", 1, 64, false}, {"AAAA", 3, 64 + 1, false}, /* a pad fits there too */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t text[8];
		size_t n = strlen(rows[i].text), good = 0;

		memcpy(text, rows[i].text, n);
		for (unsigned c = 0; c < 256; c++) {
			text[rows[i].at] = (uint8_t)c;
			good += refused(sti_span(text, n), rows[i].url) == STI_OK;
		}
		if (good != rows[i].good)
			fail_msg("%s at %zu: %zu", rows[i].text, rows[i].at, good);
	}
}

static void test_A11_what_others_let_pass(void **state)
{
	static const struct {
		const char *text;
		bool url;
	} rows[] = {
		{"A", true},      {"AAAAA", true},     {"AA==", true},  {"AAA=", true},     {"AA A", true},
		{"AAAA\n", true}, {"AA\r\nAA", true},  {"+/+/", true},  {"AAAA====", true}, {"=", true},
		{"AA", false},    {"AAA", false},      {"A===", false}, {"====", false},    {"==", false},
		{"AA=A", false},  {"AA==AAAA", false}, {"-_-_", false}, {"AAAA\n", false},  {"AAA==", false},
		{"AAAA=", false}, {"AAAA====", false}, {"AB==", false}, {"AAB=", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (refused(sti_span_str(rows[i].text), rows[i].url) != STI_E_BASE64)
			fail_msg("%s", rows[i].text);
}

static void test_decoding_into_too_little_room(void **state)
{
	uint8_t memory[3];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	assert_int_equal(base64_decode(&out, sti_span_str("AAAAAA==")), STI_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_every_length_there_and_back),
		cmocka_unit_test(test_A11_A12_every_octet_in_every_place),
		cmocka_unit_test(test_A11_what_others_let_pass),
		cmocka_unit_test(test_decoding_into_too_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

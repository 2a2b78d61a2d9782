/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "net/http_parser.h"

/* What came out of a stream, as a line of text: "H" for a head, "R[body]" for a request, "!400". */
struct story {
	char text[4096];
	size_t n;
};

static void tell(struct story *s, const char *what, struct sti_span detail)
{
	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "%s%.*s", what, (int)detail.n,
				 detail.p ? (const char *)detail.p : "");
	assert_true(s->n < sizeof(s->text));
}

static void tell_event(struct story *s, struct http_parser *p, enum http_event event)
{
	char status[16];

	snprintf(status, sizeof(status), "!%d", p->status);
	if (event == HTTP_EVENT_HEAD)
		tell(s, "H", p->request.path);
	if (event == HTTP_EVENT_REQUEST)
		tell(s, "R", p->request.body);
	if (event == HTTP_EVENT_REFUSED)
		tell(s, status, sti_span(NULL, 0));
}

static bool advance(struct http_parser *p, struct story *s)
{
	enum http_event event;

	while ((event = http_parser_next(p)) != HTTP_EVENT_MORE) {
		tell_event(s, p, event);
		if (event == HTTP_EVENT_REFUSED)
			return false;
		if (event == HTTP_EVENT_REQUEST)
			http_parser_advance(p);
	}
	return true;
}

static void give(struct http_parser *p, struct sti_span bytes)
{
	while (bytes.n) {
		size_t room;
		uint8_t *at = http_parser_room(p, &room);

		assert_non_null(at);
		assert_true(room > 0);
		room = room < bytes.n ? room : bytes.n;
		memcpy(at, bytes.p, room);
		http_parser_add(p, room);
		bytes = sti_span_from(bytes, room);
	}
}

static struct story read_pieces(const char *stream, size_t n, size_t piece)
{
	struct http_parser p;
	struct story s = {.n = 0};

	http_parser_init(&p, 64);
	for (size_t at = 0; at < n; at += piece) {
		give(&p, sti_span_first(sti_span(stream + at, n - at), piece));
		if (!advance(&p, &s))
			break;
	}
	http_parser_free(&p);
	return s;
}

static struct story read_whole(const char *stream)
{
	size_t n = strlen(stream);
	struct story whole = read_pieces(stream, n, n);

	for (size_t piece = 1; piece < 8; piece++)
		assert_string_equal(read_pieces(stream, n, piece).text, whole.text);
	return whole;
}

#define HEAD(line, headers) line " HTTP/1.1\r\nHost: a\r\n" headers "\r\n"

static void test_streams_in_any_pieces(void **state)
{
	static const struct {
		const char *stream, *story;
	} row[] = {
		{HEAD("GET /a", ""), "H/aR"},
		{HEAD("POST /a", "Content-Length: 3\r\n") "abc", "H/aRabc"},
		{HEAD("POST /a", "Content-Length: 3\r\n") "ab", "H/a"},
		{HEAD("POST /a", "Content-Length: 0\r\n"), "H/aR"},
		{HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n", "H/aRabcde"},
		{HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "0\r\n\r\n", "H/aR"},
		{HEAD("FROB /a", "Content-Length: 1\r\n") "x", "H/aRx"},
		{HEAD("CONNECT a:1", ""), "Ha:1R"},
		{"\r\n" HEAD("GET /a", ""), "H/aR"},
		{"\r\n\r\n" HEAD("GET /a", ""), "!400"},
		{"\r" HEAD("GET /a", ""), "!400"},
		{HEAD("GET /a", "Connection: Upgrade\r\nUpgrade: websocket\r\n") HEAD("GET /b", ""), "H/aRH/bR"},
		{HEAD("GET /a", "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n") "x" HEAD("GET /b", ""),
		 "H/aRxH/bR"},
		{HEAD("GET /a", "Connection: close\r\n") HEAD("GET /b", ""), "H/aRH/bR"},
		{"GET /a HTTP/1.0\r\n\r\n", "H/aR"},
		{HEAD("POST /a", "Content-Length: 65\r\n"), "!413"},
		{HEAD("POST /a", "Content-Length: 9223372036854775807\r\n"), "!413"},
		{HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "40\r\n", "H/a"},
		{HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "41\r\n", "H/a!413"},
		{HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "3\r\nabcd", "H/a!400"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_string_equal(read_whole(row[i].stream).text, row[i].story);
}

static void test_C4_hundred_pipelined_the_second_malformed(void **state)
{
	char stream[100 * 64] =
		HEAD("POST /a", "Content-Length: 3\r\n") "abc" HEAD("POST /b", "Content-Length: +3\r\n") "abc";

	(void)state;
	for (int i = 0; i < 98; i++)
		memcpy(stream + strlen(stream), HEAD("GET /c", ""), sizeof(HEAD("GET /c", "")));
	assert_string_equal(read_whole(stream).text, "H/aRabc!400");
}

static void test_pipelined_behind_chunks_and_lengths(void **state)
{
	(void)state;
	assert_string_equal(
		read_whole(HEAD("POST /a", "Transfer-Encoding: chunked\r\n") "1\r\na\r\n1\r\nb\r\n0\r\n\r\n" HEAD(
				   "POST /b", "Content-Length: 2\r\n") "cd" HEAD("GET /c", ""))
			.text,
		"H/aRabH/bRcdH/cR");
}

static void test_headers_as_sent_but_for_blanks(void **state)
{
	struct http_parser p;

	(void)state;
	http_parser_init(&p, 64);
	give(&p, sti_span_str(HEAD("GET /a?b=c", "X-A: \t one two \t\r\nX-B:\r\nX-C: 3\r\n")));
	assert_int_equal(http_parser_next(&p), HTTP_EVENT_HEAD);
	assert_int_equal(p.request.n_header, 4);
	assert_true(sti_span_is(http_header_find(p.request.header, 4, "x-a"), "one two"));
	assert_true(sti_span_is(p.request.header[2].name, "X-B"));
	assert_non_null(p.request.header[2].value.p);
	assert_int_equal(p.request.header[2].value.n, 0);
	assert_true(sti_span_is(p.request.header[3].value, "3"));
	assert_true(sti_span_is(p.request.path, "/a"));
	assert_true(sti_span_is(p.request.query, "b=c"));
	assert_true(sti_span_is(p.request.host, "a"));
	http_parser_free(&p);
}

static void test_request_of_the_largest_size(void **state)
{
	struct http_parser p;
	char chunk[] = "1\r\nx\r\n";
	enum http_event event;

	(void)state;
	http_parser_init(&p, LIMIT_BODY);
	give(&p, sti_span_str(HEAD("POST /a", "Transfer-Encoding: chunked\r\n")));
	assert_int_equal(http_parser_next(&p), HTTP_EVENT_HEAD);
	for (size_t i = 0; i < LIMIT_BODY; i++) {
		give(&p, sti_span(chunk, 6));
		assert_int_equal(http_parser_next(&p), HTTP_EVENT_MORE);
	}
	give(&p, sti_span_str("0\r\n\r\n"));
	event = http_parser_next(&p);
	assert_int_equal(event, HTTP_EVENT_REQUEST);
	assert_int_equal(p.request.body.n, LIMIT_BODY);
	http_parser_advance(&p);
	assert_true(http_parser_is_idle(&p));
	assert_int_equal(p.capacity, 0); /* large buffers are not kept */
	http_parser_free(&p);
}

static void test_idle_until_the_first_octet(void **state)
{
	struct http_parser p;

	(void)state;
	http_parser_init(&p, 64);
	assert_true(http_parser_is_idle(&p));
	give(&p, sti_span_str("\r"));
	assert_int_equal(http_parser_next(&p), HTTP_EVENT_MORE);
	assert_false(http_parser_is_idle(&p));
	give(&p, sti_span_str("\n"));
	assert_int_equal(http_parser_next(&p), HTTP_EVENT_MORE);
	assert_false(http_parser_is_idle(&p));
	http_parser_free(&p);
}

static void test_C10_expectation_only_before_any_body(void **state)
{
	static const struct {
		const char *stream;
		bool expects;
	} row[] = {
		{HEAD("POST /a", "Expect: 100-continue\r\nContent-Length: 3\r\n"), true},
		{HEAD("POST /a", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"), true},
		{HEAD("POST /a", "Expect: 100-continue\r\nContent-Length: 3\r\n") "a", false},
		{HEAD("POST /a", "Expect: 100-continue\r\nContent-Length: 0\r\n"), false},
		{HEAD("POST /a", "Expect: 100-continue\r\n"), false},
		{HEAD("POST /a", "Content-Length: 3\r\n"), false},
		{"POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_parser p;

		http_parser_init(&p, 64);
		give(&p, sti_span_str(row[i].stream));
		assert_int_equal(http_parser_next(&p), HTTP_EVENT_HEAD);
		assert_int_equal(http_parser_expects(&p), row[i].expects);
		http_parser_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_in_any_pieces),
		cmocka_unit_test(test_C4_hundred_pipelined_the_second_malformed),
		cmocka_unit_test(test_pipelined_behind_chunks_and_lengths),
		cmocka_unit_test(test_headers_as_sent_but_for_blanks),
		cmocka_unit_test(test_request_of_the_largest_size),
		cmocka_unit_test(test_idle_until_the_first_octet),
		cmocka_unit_test(test_C10_expectation_only_before_any_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

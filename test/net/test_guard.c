/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "net/guard.h"

/* A head of exact size given in two pieces: at each cut the verdict must be the same. */
static int judge_cut(const char *bytes, size_t n, size_t cut, struct guard *g, size_t *head)
{
	uint8_t *copy = malloc(n ? n : 1);
	int status;

	assert_non_null(copy);
	guard_init(g);
	memcpy(copy, bytes, n);
	status = guard_head(g, sti_span(copy, cut), head);
	if (!status && !*head)
		status = guard_head(g, sti_span(copy, n), head);
	free(copy);
	return status;
}

static int judge(const char *bytes, size_t n, struct guard *g, size_t *head)
{
	struct guard other;
	size_t other_head;
	int status = judge_cut(bytes, n, n, g, head);

	for (size_t cut = 0; cut < n && n < 4096; cut++) {
		int other_status = judge_cut(bytes, n, cut, &other, &other_head);

		/* Cut within the head, it can only be refused earlier, never otherwise. */
		assert_int_equal(other_status, status);
		assert_int_equal(other_head, *head);
	}
	return status;
}

struct row {
	const char *bytes;
	int status;
};

static void check_rows(const char *what, const struct row *row, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		struct guard g;
		size_t head;
		int status = judge(row[i].bytes, strlen(row[i].bytes), &g, &head);

		if (status != row[i].status || (status == 0 && head != strlen(row[i].bytes)))
			print_error("%s row %zu: %d, not %d\n", what, i, status, row[i].status);
		else
			good++;
	}
	print_message("%s: %zu of %zu\n", what, good, n);
	assert_int_equal(good, n);
}

#define CHECK_ROWS(what, row) check_rows(what, row, sizeof(row) / sizeof(row[0]))
#define POST(headers)         "POST /x HTTP/1.1\r\nHost: a\r\n" headers "\r\n"

static void test_C2_two_readings_of_one_length(void **state)
{
	static const struct row row[] = {
		{POST("Content-Length: 3\r\n"), 0},
		{POST("Content-Length: 0\r\n"), 0},
		{POST("Content-Length:3\r\n"), 0},
		{POST("Content-Length: \t 3 \t\r\n"), 0},
		{POST("content-LENGTH: 3\r\n"), 0},
		{POST("Content-Length: 9223372036854775807\r\n"), 0},
		{POST("Content-Length: 9223372036854775808\r\n"), 400},
		{POST("Content-Length: 18446744073709551619\r\n"), 400},
		{POST("Content-Length: -1\r\n"), 400},
		{POST("Content-Length: +1\r\n"), 400},
		{POST("Content-Length: 0x10\r\n"), 400},
		{POST("Content-Length: 010\r\n"), 400},
		{POST("Content-Length: 00\r\n"), 400},
		{POST("Content-Length: 1,1\r\n"), 400},
		{POST("Content-Length: 1, 1\r\n"), 400},
		{POST("Content-Length: 1 1\r\n"), 400},
		{POST("Content-Length: 3abc\r\n"), 400},
		{POST("Content-Length: 3;\r\n"), 400},
		{POST("Content-Length:\r\n"), 400},
		{POST("Content-Length: \r\n"), 400},
		{POST("Content-Length: \xd9\xa3\r\n"), 400},
		{POST("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
		{POST("Content-Length: 3\r\ncontent-length: 5\r\n"), 400},
		{POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
		{POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
		{POST("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},
	};

	(void)state;
	CHECK_ROWS("Content-Length", row);
}

static void test_C2_transfer_coding_that_is_not_exactly_chunked(void **state)
{
	static const struct row row[] = {
		{POST("Transfer-Encoding: chunked\r\n"), 0},
		{POST("Transfer-Encoding:  Chunked \r\n"), 0},
		{POST("Transfer-Encoding: gzip, chunked\r\n"), 400},
		{POST("Transfer-Encoding: chunked, chunked\r\n"), 400},
		{POST("Transfer-Encoding: chunked, identity\r\n"), 400},
		{POST("Transfer-Encoding: identity\r\n"), 400},
		{POST("Transfer-Encoding: xchunked\r\n"), 400},
		{POST("Transfer-Encoding: chunkedx\r\n"), 400},
		{POST("Transfer-Encoding: \"chunked\"\r\n"), 400},
		{POST("Transfer-Encoding: chunked;q=1\r\n"), 400},
		{POST("Transfer-Encoding:\r\n"), 400},
		{POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
		{POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400},
		{"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	};

	(void)state;
	CHECK_ROWS("Transfer-Encoding", row);
}

static void test_C3_lines_that_are_no_header_lines(void **state)
{
	static const struct row row[] = {
		{POST("X: a\r\n"), 0},
		{POST("X:\r\n"), 0},
		{POST("X: a\tb \xc3\xa4\r\n"), 0},
		{POST("X!#$%&'*+-.^_`|~9: a\r\n"), 0},
		{POST("X : a\r\n"), 400},
		{POST("X\t: a\r\n"), 400},
		{POST(" X: a\r\n"), 400},
		{POST("\tX: a\r\n"), 400},
		{POST("X: a\r\n b\r\n"), 400},
		{POST("X: a\r\n\tb\r\n"), 400},
		{POST("X: a\r\n \r\n"), 400},
		{POST(": a\r\n"), 400},
		{POST("X\r\n"), 400},
		{POST("X a: b\r\n"), 400},
		{POST("X(a): b\r\n"), 400},
		{POST("X\xc3\xa4: b\r\n"), 400},
		{POST("X: a\nY: b\r\n"), 400},
		{POST("X: a\rY: b\r\n"), 400},
		{POST("X: a\r\r\n"), 400},
		{POST("X: a\x7f\r\n"), 400},
		{"POST /x HTTP/1.1\nHost: a\n\n", 400},
		{"POST /x HTTP/1.1\r\nHost: a\r\n\n", 400},
		{" POST /x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{POST("Content-Type: a/b\r\nContent-Type: a/c\r\n"), 400},
		{POST("Authorization: a\r\nauthorization: b\r\n"), 400},
	};

	(void)state;
	CHECK_ROWS("header lines", row);
}

static void test_C3_each_control_byte_in_name_value_and_request_line(void **state)
{
	static const char *const form[] = {
		"POST /x HTTP/1.1\r\nHost: a\r\nX: a%b\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nX%: b\r\n\r\n",
		"POST /x% HTTP/1.1\r\nHost: a\r\n\r\n", "PO%ST /x HTTP/1.1\r\nHost: a\r\n\r\n"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		for (int c = 0; c < 33; c++) {
			char bytes[64];
			struct guard g;
			size_t head, n = strlen(form[i]);
			int byte = c == 32 ? 127 : c;

			memcpy(bytes, form[i], n);
			*strchr(bytes, '%') = (char)byte;
			assert_int_equal(judge(bytes, n, &g, &head), i == 0 && byte == '\t' ? 0 : 400);
		}
	}
}

static void test_request_lines_that_are_none(void **state)
{
	static const struct row row[] = {
		{"GET / HTTP/1.0\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"frob /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET HTTPS://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET http://u@b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET ftp://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
		{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
		{"GET / XTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		{"GET /\r\n", 400},
		{"GET\r\n", 400},
		{"\r\n\r\n", 400},
		{"\x16\x03\x01\x02", 400},
		{"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	};

	(void)state;
	CHECK_ROWS("request lines", row);
}

static void test_host_that_is_missing_twice_or_odd(void **state)
{
	static const struct row row[] = {
		{"GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: [g]\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
		{"GET http://b/ HTTP/1.1\r\n\r\n", 400},
		{"GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	};

	(void)state;
	CHECK_ROWS("Host", row);
}

static void test_C10_connection_that_drops_a_framing_header(void **state)
{
	static const struct row row[] = {
		{POST("Connection: keep-alive\r\n"), 0},
		{POST("Connection: keep-alive, Upgrade\r\nConnection: te\r\n"), 0},
		{POST("Connection: close, ,\r\n"), 0},
		{POST("Connection: keep-alive, Transfer-Encoding\r\n"), 400},
		{POST("Connection: transfer-encoding\r\n"), 400},
		{POST("Connection: Content-Length\r\n"), 400},
		{POST("Connection: X-RequestID,host\r\n"), 400},
		{POST("Connection: keep alive\r\n"), 400},
		{POST("Expect: 100-continue\r\n"), 0},
		{POST("Expect: 100-Continue\r\n"), 0},
		{POST("Expect: 200-ok\r\n"), 417},
		{POST("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400},
	};

	(void)state;
	CHECK_ROWS("Connection, Expect", row);
}

/* first, then n times c, then last. */
static int judge_long(const char *first, int c, size_t n, const char *last)
{
	size_t size = strlen(first) + n + strlen(last), head;
	char *bytes = malloc(size);
	struct guard g;
	int status;

	assert_non_null(bytes);
	memcpy(bytes, first, strlen(first));
	memset(bytes + strlen(first), c, n);
	memcpy(bytes + size - strlen(last), last, strlen(last));
	status = judge_cut(bytes, size, size, &g, &head);
	assert_int_equal(judge_cut(bytes, size, size / 2, &g, &head), status);
	free(bytes);
	return status;
}

static void test_C3_head_of_8_KiB_and_one_octet_more(void **state)
{
	size_t around = strlen("Host: a\r\nX: \r\n");

	(void)state;
	assert_int_equal(judge_long("GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', LIMIT_HTTP_HEAD - around, "\r\n\r\n"), 0);
	assert_int_equal(judge_long("GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', LIMIT_HTTP_HEAD - around + 1, "\r\n\r\n"),
			 431);
	assert_int_equal(judge_long("GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', 64 * 1024, ""), 431);
}

static void test_C6_request_line_of_2_KiB_and_one_octet_more(void **state)
{
	size_t around = strlen("GET / HTTP/1.1");

	(void)state;
	assert_int_equal(judge_long("GET /", 'a', LIMIT_HTTP_LINE - around, " HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(judge_long("GET /", 'a', LIMIT_HTTP_LINE - around + 1, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
	assert_int_equal(judge_long("", 'A', 1024, " / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(judge_long("", 'A', 64 * 1024, ""), 414);
}

static void test_C3_64_headers_and_one_more(void **state)
{
	char bytes[1024] = "GET / HTTP/1.1\r\nHost: a\r\n";
	struct guard g;
	size_t head;

	(void)state;
	for (int i = 0; i < 63; i++)
		memcpy(bytes + strlen(bytes), "X: 1\r\n", 7);
	memcpy(bytes + strlen(bytes), "\r\n", 3);
	assert_int_equal(judge(bytes, strlen(bytes), &g, &head), 0);
	assert_int_equal(g.lines, 65);
	memcpy(bytes + strlen(bytes) - 2, "X: 1\r\n\r\n", 9);
	assert_int_equal(judge(bytes, strlen(bytes), &g, &head), 431);
}

static void test_what_the_head_says(void **state)
{
	static const char bytes[] = "PUT http://b.example:80/p?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n"
				    "Connection: close\r\nExpect: 100-continue\r\n\r\nnext";
	struct guard g;
	size_t head;

	(void)state;
	assert_int_equal(judge(bytes, strlen(bytes), &g, &head), 0);
	assert_int_equal(head, strlen(bytes) - 4);
	assert_int_equal(g.method, HTTP_METHOD_PUT);
	assert_memory_equal(bytes + g.path, "/p", g.path_n);
	assert_true(g.has_query);
	assert_memory_equal(bytes + g.query, "q=1", g.query_n);
	assert_int_equal(g.host_n, 9);
	assert_memory_equal(bytes + g.host, "b.example", 9); /* not the Host header: RFC 9112 3.2.2 */
	assert_int_equal(g.length, 7);
	assert_true(g.close && g.expect && !g.chunked && g.minor == 1);
}

/* ---- chunks ---- */

static int judge_chunks_cut(const char *bytes, size_t n, size_t cut, size_t *taken, bool *end)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct guard_chunks c;
	size_t more = 0;
	int status;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	guard_chunks_init(&c, 64);
	status = guard_chunks(&c, sti_span(copy, cut), taken, end);
	if (!status && !*end) {
		status = guard_chunks(&c, sti_span(copy + *taken, n - *taken), &more, end);
		*taken += more;
	}
	free(copy);
	return status;
}

static void test_C2_chunk_framing_that_has_two_readings(void **state)
{
	static const struct {
		const char *bytes;
		int status; /* -1: waits for more */
	} row[] = {
		{"3\r\nabc\r\n0\r\n\r\n", 0},
		{"1\r\na\r\n00002\r\nbc\r\n0\r\n\r\n", 0},
		{"0\r\n\r\n", 0},
		{"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 0},
		{"3;a=b\r\nabc\r\n0;c=\"d\"\r\n\r\n", 0},
		{"40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n", 0},
		{"41\r\n", 413},
		{"3f\r\n012345678901234567890123456789012345678901234567890123456789012\r\n2\r\n", 413},
		{"10000000000000003\r\nabc", 413},
		{"ffffffffffffffffffffff", 413},
		{"3\r\nabc\r\n0\r\n", -1},
		{"3\r\nab", -1},
		{"", -1},
		{"0x3\r\nabc\r\n0\r\n\r\n", 400},
		{"+3\r\nabc\r\n0\r\n\r\n", 400},
		{"-3\r\nabc\r\n0\r\n\r\n", 400},
		{" 3\r\nabc\r\n0\r\n\r\n", 400},
		{"3 \r\nabc\r\n0\r\n\r\n", 400},
		{"3 ;a\r\nabc\r\n0\r\n\r\n", 400},
		{"g\r\n", 400},
		{"\r\n", 400},
		{";a\r\n", 400},
		{"3\nabc\n0\n\n", 400},
		{"3\r\nabc\n0\r\n\r\n", 400},
		{"3\rabc\r\n0\r\n\r\n", 400},
		{"3;a\rXX\r\nabc\r\n0\r\n\r\n", 400},
		{"3;a\nX\r\nabc\r\n0\r\n\r\n", 400},
		{"3;\x01\r\nabc\r\n0\r\n\r\n", 400},
		{"3\r\nabcXX0\r\n\r\n", 400},
		{"3\r\nabcd\r\n0\r\n\r\n", 400},
		{"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
		{"3\r\nabc\r\n0\r\nX", 400},
		{"3\r\nabc\r\n0\r\n\n", 400},
		{"3\r\nabc\r\n0\r\n\rX", 400},
	};
	const size_t rows = sizeof(row) / sizeof(row[0]);
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < rows; i++) {
		size_t n = strlen(row[i].bytes), taken = 0, right = 0;

		for (size_t cut = 0; cut <= n; cut++) {
			bool end;
			int status = judge_chunks_cut(row[i].bytes, n, cut, &taken, &end);

			status = status == 0 && !end ? -1 : status;
			right += status == row[i].status && (status || taken == n);
		}
		good += right == n + 1;
		if (right != n + 1)
			print_error("chunks row %zu\n", i);
	}
	print_message("chunk framing: %zu of %zu\n", good, rows);
	assert_int_equal(good, rows);
}

static void test_C1_chunk_extension_without_end(void **state)
{
	struct guard_chunks c;
	char bytes[LIMIT_CHUNK_LINE + 8];
	size_t taken;
	bool end;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes, "3;", 2);
	guard_chunks_init(&c, 64);
	assert_int_equal(guard_chunks(&c, sti_span(bytes, LIMIT_CHUNK_LINE), &taken, &end), 0);
	assert_int_equal(guard_chunks(&c, sti_span(bytes + 2, 8), &taken, &end), 400);
}

static void test_C4_chunks_leave_the_next_request_alone(void **state)
{
	static const char bytes[] = "3\r\nabc\r\n0\r\n\r\nPOST /";
	struct guard_chunks c;
	size_t taken;
	bool end;

	(void)state;
	guard_chunks_init(&c, 3);
	assert_int_equal(guard_chunks(&c, sti_span(bytes, strlen(bytes)), &taken, &end), 0);
	assert_true(end);
	assert_int_equal(taken, strlen(bytes) - 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_C2_two_readings_of_one_length),
		cmocka_unit_test(test_C2_transfer_coding_that_is_not_exactly_chunked),
		cmocka_unit_test(test_C3_lines_that_are_no_header_lines),
		cmocka_unit_test(test_C3_each_control_byte_in_name_value_and_request_line),
		cmocka_unit_test(test_request_lines_that_are_none),
		cmocka_unit_test(test_host_that_is_missing_twice_or_odd),
		cmocka_unit_test(test_C10_connection_that_drops_a_framing_header),
		cmocka_unit_test(test_C3_head_of_8_KiB_and_one_octet_more),
		cmocka_unit_test(test_C6_request_line_of_2_KiB_and_one_octet_more),
		cmocka_unit_test(test_C3_64_headers_and_one_more),
		cmocka_unit_test(test_what_the_head_says),
		cmocka_unit_test(test_C2_chunk_framing_that_has_two_readings),
		cmocka_unit_test(test_C1_chunk_extension_without_end),
		cmocka_unit_test(test_C4_chunks_leave_the_next_request_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

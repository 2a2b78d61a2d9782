/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "stage.h"
#include "support/alloc_sweep.h"

#define HEAD(line, headers) line " HTTP/1.1\r\nHost: a\r\n" headers "\r\n"
#define PASSPORT            "Content-Type: application/passport\r\n"

/* An idle client is closed after this, and what may be left out of time in a test is no more than it. */
enum { SHORT_MS = 80 };

static struct stage *open_plain(struct http_site *site)
{
	*site = stage_site(NULL);
	return stage_open(site, stage_limits());
}

/* ---- one request ---- */

static void test_post_is_answered_and_the_connection_kept(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	for (int i = 0; i < 3; i++) {
		wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 3\r\n") "abc");
		assert_int_equal(wire_status(w), 201);
		assert_string_equal(wire_body(w), "abc");
		assert_non_null(strstr(wire_head(w), "\r\nDate: "));
		assert_null(strstr(wire_head(w), "Connection: close"));
		assert_null(strstr(wire_head(w), "Server:"));
	}
	assert_int_equal(stage->seen, 3);
	wire_close(w);
	stage_close(stage);
}

static void test_requests_and_their_first_answers(void **state)
{
	static const struct {
		const char *request;
		int status;
	} row[] = {
		{HEAD("POST /x", PASSPORT "Content-Length: 3\r\n") "abc", 201},
		{HEAD("POST /x", PASSPORT "Transfer-Encoding: chunked\r\n") "3\r\nabc\r\n0\r\n\r\n", 201},
		{HEAD("POST /x", PASSPORT "Content-Length: 0\r\n"), 201},
		{HEAD("POST http://a/x", PASSPORT "Content-Length: 3\r\n") "abc", 201},
		{"POST /x HTTP/1.0\r\n" PASSPORT "Content-Length: 3\r\n\r\nabc", 201},
		{HEAD("POST /nowhere", PASSPORT "Content-Length: 3\r\n") "abc", 404},
		{HEAD("POST /x", "Content-Length: 3\r\n") "abc", 415},
		{HEAD("POST /x", "Content-Type: application/passport; charset=x\r\nContent-Length: 3\r\n") "abc", 415},
		{HEAD("POST /x", PASSPORT "Content-Encoding: gzip\r\nContent-Length: 3\r\n") "abc", 415},
		{HEAD("GET /x", ""), 405},
		{HEAD("TRACE /x", "X: marker\r\n"), 405},
		{HEAD("CONNECT a:443", ""), 405},
		{HEAD("PATCH /x", "Content-Length: 3\r\n") "abc", 405},
		{HEAD("post /x", PASSPORT "Content-Length: 3\r\n") "abc", 405},
		{HEAD("POST /x", PASSPORT "Content-Length: 65537\r\n"), 413},
		{HEAD("POST /x", PASSPORT "Transfer-Encoding: chunked\r\n") "10001\r\n", 413},
		{HEAD("POST /x", PASSPORT "Content-Length: 010\r\n"), 400},
		{HEAD("POST /x", "Connection: keep-alive, Transfer-Encoding\r\nContent-Length: 3\r\n") "abc", 400},
		{HEAD("POST /x", "Expect: a-miracle\r\nContent-Length: 3\r\n") "abc", 417},
		{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
	};
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int status = stage_ask(stage, row[i].request);

		if (status != row[i].status)
			fail_msg("row %zu: %d, not %d", i, status, row[i].status);
	}
	stage_close(stage);
}

static void test_C5_405_says_what_is_allowed_and_echoes_nothing(void **state)
{
	static const char *const method[] = {"GET", "HEAD", "DELETE", "PUT", "TRACE", "PATCH", "post", "OPTIONS"};
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	for (size_t i = 0; i < sizeof(method) / sizeof(method[0]); i++) {
		struct wire *w = stage_wire(stage);

		wire_say(w, method[i]);
		wire_say(w, HEAD(" /x", "X-Marker: m4rker\r\n"));
		assert_int_equal(i == 1 ? wire_status_of_head(w) : wire_status(w), 405);
		assert_non_null(strstr(wire_head(w), "\r\nAllow: POST\r\n"));
		assert_null(strstr(wire_body(w), "m4rker"));
		wire_close(w);
	}
	stage_close(stage);
}

static void test_C5_method_of_1_KiB(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	char request[2048] = {0};

	(void)state;
	memset(request, 'A', 1024);
	memcpy(request + 1024, HEAD(" /x", ""), sizeof(HEAD(" /x", "")));
	assert_int_equal(stage_ask(stage, request), 405);
	stage_close(stage);
}

static void test_C6_path_over_the_line_limit(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	char request[8192] = "GET /";

	(void)state;
	memset(request + 5, 'a', LIMIT_HTTP_LINE - 20);
	memcpy(request + 5 + LIMIT_HTTP_LINE - 20, " HTTP/1.1\r\nHost: a\r\n\r\n", 23);
	assert_int_equal(stage_ask(stage, request), 404);
	memset(request + 5, 'a', 4096);
	memcpy(request + 5 + 4096, " HTTP/1.1\r\nHost: a\r\n\r\n", 23);
	assert_int_equal(stage_ask(stage, request), 414);
	stage_close(stage);
}

static void test_C3_single_header_of_64_KiB(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char *junk = malloc(64 * 1024);

	(void)state;
	assert_non_null(junk);
	memset(junk, 'a', 64 * 1024);
	wire_say(w, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	wire_send(w, junk, 64 * 1024);
	assert_int_equal(wire_status(w), 431);
	assert_non_null(strstr(wire_head(w), "Connection: close"));
	assert_true(wire_ends(w));
	wire_close(w);
	free(junk);
	stage_close(stage);
}

static void test_head_request_gets_the_length_and_no_body(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("HEAD /show/it", "") HEAD("GET /show/it", ""));
	assert_int_equal(wire_status_of_head(w), 200);
	assert_non_null(strstr(wire_head(w), "\r\nContent-Length: 16\r\n"));
	assert_int_equal(wire_status(w), 200);
	assert_string_equal(wire_body(w), "it|a|127.0.0.1|0");
	wire_say(w, HEAD("HEAD /nowhere", "") HEAD("GET /show/b", ""));
	assert_int_equal(wire_status_of_head(w), 404);
	assert_int_equal(wire_status(w), 200);
	wire_close(w);
	stage_close(stage);
}

static void test_http_1_0_is_answered_and_closed(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, "GET /show/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	assert_int_equal(wire_status(w), 200);
	assert_non_null(strstr(wire_head(w), "\r\nConnection: close\r\n"));
	assert_true(wire_ends(w));
	wire_close(w);
	stage_close(stage);
}

static void test_client_that_asks_to_close(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("GET /show/a", "Connection: x, Close\r\n") HEAD("GET /show/b", ""));
	assert_int_equal(wire_status(w), 200);
	assert_non_null(strstr(wire_head(w), "\r\nConnection: close\r\n"));
	assert_true(wire_ends(w));
	assert_int_equal(stage->called, 1);
	wire_close(w);
	stage_close(stage);
}

static void test_client_that_has_finished_sending_is_still_answered(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("GET /show/a", ""));
	wire_finish(w);
	assert_int_equal(wire_status(w), 200);
	assert_true(wire_ends(w));
	wire_close(w);
	stage_close(stage);
}

/* ---- bodies ---- */

static void test_C1_body_of_the_limit_and_one_octet_more(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char *body = malloc(LIMIT_BODY);

	(void)state;
	assert_non_null(body);
	memset(body, 'b', LIMIT_BODY);
	wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 65536\r\n"));
	wire_send(w, body, LIMIT_BODY);
	assert_int_equal(wire_status(w), 201);
	assert_memory_equal(wire_body(w), body, LIMIT_BODY);
	wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 65537\r\n")); /* before it is read */
	assert_int_equal(wire_status(w), 413);
	assert_true(wire_ends(w));
	assert_int_equal(stage->called, 1);
	wire_close(w);
	free(body);
	stage_close(stage);
}

static void test_C1_chunks_without_end(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char chunk[1024 + 8] = "400\r\n";

	(void)state;
	memset(chunk + 5, 'c', 1024);
	memcpy(chunk + 5 + 1024, "\r\n", 2);
	wire_say(w, HEAD("POST /x", PASSPORT "Transfer-Encoding: chunked\r\n"));
	for (int i = 0; i < 200; i++)
		wire_send(w, chunk, 1024 + 7);
	assert_int_equal(wire_status(w), 413);
	assert_true(wire_ends(w));
	assert_int_equal(stage->called, 0);
	wire_close(w);
	stage_close(stage);
}

static void test_C1_body_longer_than_said_is_the_next_request(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 2\r\n") "abc\r\n\r\n");
	assert_int_equal(wire_status(w), 201);
	assert_string_equal(wire_body(w), "ab");
	assert_int_equal(wire_status(w), 400);
	assert_true(wire_ends(w));
	wire_close(w);
	stage_close(stage);
}

static void test_C10_expectation_is_met_before_the_body(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("POST /x", PASSPORT "Expect: 100-continue\r\nContent-Length: 3\r\n"));
	assert_int_equal(wire_status(w), 100);
	assert_int_equal(stage->called, 0);
	wire_say(w, "abc");
	assert_int_equal(wire_status(w), 201);
	wire_say(w, HEAD("POST /x", PASSPORT "Expect: 100-continue\r\nContent-Length: 3\r\n") "abc");
	assert_int_equal(wire_status(w), 201); /* it did not wait */
	wire_close(w);
	stage_close(stage);
}

static void test_C10_expectation_of_what_is_refused(void **state)
{
	static const struct {
		const char *request;
		int status;
	} row[] = {
		{HEAD("POST /x", "Expect: 100-continue\r\nContent-Length: 3\r\n"), 415},
		{HEAD("POST /y", PASSPORT "Expect: 100-continue\r\nContent-Length: 3\r\n"), 404},
		{HEAD("POST /x", PASSPORT "Expect: 100-continue\r\nContent-Length: 65537\r\n"), 413},
	};
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct wire *w = stage_wire(stage);

		wire_say(w, row[i].request);
		assert_int_equal(wire_status(w), row[i].status);
		assert_true(wire_ends(w));
		wire_close(w);
	}
	stage_close(stage);
}

static void test_C10_upgrade_is_ignored(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w,
		 HEAD("GET /show/a", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n")
			 HEAD("GET /show/b", ""));
	assert_int_equal(wire_status(w), 200);
	assert_int_equal(wire_status(w), 200);
	wire_close(w);
	stage_close(stage);
}

/* ---- pipelining ---- */

static void test_C4_hundred_pipelined_the_second_malformed(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char all[100 * 64] = HEAD("GET /show/first", "") "GET /show/second HTTP/1.1\r\n\r\n";

	(void)state;
	for (int i = 0; i < 98; i++)
		memcpy(all + strlen(all), HEAD("GET /show/n", ""), sizeof(HEAD("GET /show/n", "")));
	wire_say(w, all);
	assert_int_equal(wire_status(w), 200);
	assert_non_null(strstr(wire_body(w), "first"));
	assert_int_equal(wire_status(w), 400);
	assert_true(wire_ends(w));
	assert_int_equal(stage->called, 1);
	wire_close(w);
	stage_close(stage);
}

static void test_C4_hundred_pipelined_answered_in_order(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char request[64], expected[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(request, sizeof(request), HEAD("GET /show/%d", ""), i);
		wire_say(w, request);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(expected, sizeof(expected), "%d|a|127.0.0.1|0", i);
		assert_int_equal(wire_status(w), 200);
		assert_string_equal(wire_body(w), expected);
	}
	wire_close(w);
	stage_close(stage);
}

static void test_pipelined_long_answers_are_not_all_gathered(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	for (int i = 0; i < 20; i++)
		wire_say(w, HEAD("GET /long", ""));
	wire_pump(&stage->loop);
	assert_true(stage->called < 20);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(wire_status(w), 200);
		assert_int_equal(strlen(wire_body(w)), STAGE_LONG);
	}
	wire_close(w);
	stage_close(stage);
}

/* ---- answers that come later ---- */

static void answer_waiting(struct stage *stage)
{
	struct http_reply reply = {.status = 200, .media = "text/plain", .body = sti_span_str("late")};

	http_answer(stage->waiting, &reply);
	stage->waiting = NULL;
}

static void await_handler(struct stage *stage)
{
	for (int i = 0; i < 1000 && !stage->waiting; i++)
		wire_pump(&stage->loop);
	assert_non_null(stage->waiting);
}

static void test_answer_later_and_pipelined_bytes_wait(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	for (int round = 0; round < 3; round++) {
		wire_say(w, HEAD("GET /wait", "") HEAD("GET /show/b", ""));
		await_handler(stage);
		wire_say(w, HEAD("GET /show/c", ""));
		wire_pump(&stage->loop);
		assert_int_equal(stage->called, 3 * (unsigned)round + 1); /* one in flight */
		assert_false(http_exchange_is_gone(stage->waiting));
		answer_waiting(stage);
		assert_int_equal(stage->called, 3 * (unsigned)round + 1); /* not on the back of who answers */
		assert_int_equal(wire_status(w), 200);
		assert_string_equal(wire_body(w), "late");
		assert_int_equal(wire_status(w), 200);
		assert_int_equal(wire_status(w), 200);
		assert_string_equal(wire_body(w), "c|a|127.0.0.1|0");
	}
	wire_close(w);
	stage_close(stage);
}

static void test_client_hangs_up_before_the_answer(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("GET /wait", ""));
	await_handler(stage);
	wire_close(w);
	for (int i = 0; i < 1000 && !http_exchange_is_gone(stage->waiting); i++)
		wire_pump(&stage->loop);
	assert_true(http_exchange_is_gone(stage->waiting));
	answer_waiting(stage);
	assert_int_equal(stage_ask(stage, HEAD("GET /show/a", "")), 200);
	stage_close(stage);
}

static void test_client_resets_before_the_answer(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	struct linger now = {.l_onoff = 1};

	(void)state;
	wire_say(w, HEAD("GET /wait", ""));
	await_handler(stage);
	setsockopt(wire_fd(w), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	wire_close(w);
	for (int i = 0; i < 1000 && http_listener_connections(stage->listener); i++)
		wire_pump(&stage->loop);
	assert_int_equal(http_listener_connections(stage->listener), 0);
	assert_true(http_exchange_is_gone(stage->waiting));
	http_answer_status(stage->waiting, 404);
	stage_close(stage);
}

static void test_handler_out_of_time_answers_after_the_server_has(void **state)
{
	struct http_site site = stage_site(NULL);
	struct http_limits limits = stage_limits();
	struct stage *stage;
	struct wire *w;

	(void)state;
	limits.handler_ms = SHORT_MS;
	stage = stage_open(&site, limits);
	w = stage_wire(stage);
	wire_say(w, HEAD("GET /wait", "X-RequestID: r-1\r\n"));
	assert_int_equal(wire_status(w), 503);
	assert_non_null(strstr(wire_head(w), "\r\nRetry-After: 1\r\n"));
	assert_non_null(strstr(wire_head(w), "\r\nX-RequestID: r-1\r\n"));
	assert_true(http_exchange_is_gone(stage->waiting));
	assert_true(wire_ends(w));
	wire_close(w);
	answer_waiting(stage);
	assert_int_equal(stage->last_status, 503);
	stage_close(stage);
}

/* ---- what comes back of a request ---- */

static void test_C11_nothing_of_the_request_but_its_id(void **state)
{
	static const char *const request[] = {
		HEAD("POST /x/m4rker?m4rker", "X-RequestID: good-1\r\nX: m4rker\r\nContent-Length: 6\r\n") "m4rker",
		HEAD("M4RKER /x", "X-RequestID: good-1\r\nX: m4rker\r\n"),
		HEAD("POST /x", "X-RequestID: good-1\r\nContent-Type: m4rker/m4rker\r\nContent-Length: 6\r\n") "m4rker",
		HEAD("POST /x", "X-RequestID: good-1\r\nX: m4rker\r\nContent-Length: 99999\r\n") "m4rker",
		HEAD("POST /x", PASSPORT "X-RequestID: good-1\r\nX: m4rker\r\nTransfer-Encoding: chunked\r\n") "m4rker",
		HEAD("POST /m4rker", "X-RequestID: m4rker good-1\r\nContent-Length: 0\r\n"),
		HEAD("POST /m4rker", "Content-Length: m4rker\r\n"),
		"m4rker m4rker m4rker\r\n",
	};
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	for (size_t i = 0; i < sizeof(request) / sizeof(request[0]); i++) {
		struct wire *w = stage_wire(stage);

		wire_say(w, request[i]);
		assert_true(wire_status(w) >= 400);
		assert_null(strcasestr(wire_head(w), "m4rker"));
		assert_null(strcasestr(wire_body(w), "m4rker"));
		assert_true((strstr(wire_head(w), "\r\nX-RequestID: good-1\r\n") != NULL) == (i < 5));
		wire_close(w);
	}
	stage_close(stage);
}

static void test_name_that_is_not_ours(void **state)
{
	static const char *const name[] = {"a.example", "b.example"};
	struct http_site site = stage_site(NULL);
	struct stage *stage;

	(void)state;
	site.name = name;
	site.n_name = 2;
	stage = stage_open(&site, stage_limits());
	assert_int_equal(stage_ask(stage, "GET /show/a HTTP/1.1\r\nHost: a.example:1\r\n\r\n"), 200);
	assert_int_equal(stage_ask(stage, "GET /show/a HTTP/1.1\r\nHost: B.Example\r\n\r\n"), 200);
	assert_int_equal(stage_ask(stage, "GET /show/a HTTP/1.1\r\nHost: c.example\r\n\r\n"), 421);
	assert_int_equal(stage_ask(stage, "GET http://c.example/show/a HTTP/1.1\r\nHost: a.example\r\n\r\n"), 421);
	assert_int_equal(stage_ask(stage, "GET /show/a HTTP/1.0\r\n\r\n"), 421);
	stage_close(stage);
}

static void test_name_in_the_handshake_that_is_not_ours(void **state)
{
	static const char *const name[] = {"a.example"};
	static const struct {
		const char *sni, *host;
		int status;
	} row[] = {{"a.example", "a.example", 200},
		   {NULL, "a.example", 200},
		   {"c.example", "a.example", 421},
		   {"a.example", "c.example", 421}};
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a.example"});
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site, .limits = stage_limits()};
	struct stage *stage;

	(void)state;
	site.name = name;
	site.n_name = 1;
	config.tls = stage_tls(&pair, NULL, false);
	stage = stage_open_at(&config);
	for (size_t i = 0; i < 4; i++) {
		struct wire *w = wire_open_tls(&stage->loop, http_listener_port(stage->listener),
					       &(struct wire_tls){.name = row[i].sni});

		assert_non_null(w);
		wire_say(w, "GET /show/a HTTP/1.1\r\nHost: ");
		wire_say(w, row[i].host);
		wire_say(w, "\r\n\r\n");
		assert_int_equal(wire_status(w), row[i].status);
		wire_close(w);
	}
	tls_server_unref(config.tls);
	stage_close(stage);
	tls_pair_free(&pair);
}

/* ---- deadlines: one limit is short, the others are not ---- */

static struct stage *open_short(struct http_site *site, size_t offset)
{
	struct http_limits limits = stage_limits();

	*site = stage_site(NULL);
	memcpy((char *)&limits + offset, &(unsigned){SHORT_MS}, sizeof(unsigned));
	return stage_open(site, limits);
}

#define OPEN_SHORT(site, member) open_short(site, offsetof(struct http_limits, member))

static void test_H1_idle_client_is_closed_without_a_word(void **state)
{
	struct http_site site;
	struct stage *stage = OPEN_SHORT(&site, idle_ms);
	struct wire *silent = stage_wire(stage), *kept = stage_wire(stage);

	(void)state;
	wire_say(kept, HEAD("GET /show/a", ""));
	assert_int_equal(wire_status(kept), 200);
	assert_true(wire_ends(silent));
	assert_true(wire_ends(kept));
	wire_close(silent);
	wire_close(kept);
	stage_close(stage);
}

/* One octet every few milliseconds does not renew the limit. */
static int trickle(struct stage *stage, struct wire *w, const char *octet)
{
	uint64_t until = uv_hrtime() + 5 * (uint64_t)SHORT_MS * 1000000;

	while (uv_hrtime() < until && http_listener_connections(stage->listener)) {
		wire_say(w, octet);
		uv_run(&stage->loop, UV_RUN_ONCE);
	}
	return wire_status(w);
}

static void test_H1_head_that_trickles(void **state)
{
	struct http_site site;
	struct stage *stage = OPEN_SHORT(&site, head_ms);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, "GET /show/a HTTP/1.1\r\nHost: a\r\nX: ");
	assert_int_equal(trickle(stage, w, "a"), 408);
	wire_close(w);
	stage_close(stage);
}

static void test_H1_body_that_trickles(void **state)
{
	struct http_site site;
	struct stage *stage = OPEN_SHORT(&site, body_ms);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 60000\r\n"));
	assert_int_equal(trickle(stage, w, "a"), 408);
	wire_close(w);
	stage_close(stage);
}

static void test_C10_expectation_never_followed_by_a_body(void **state)
{
	struct http_site site;
	struct stage *stage = OPEN_SHORT(&site, body_ms);
	struct wire *w = stage_wire(stage);

	(void)state;
	wire_say(w, HEAD("POST /x", PASSPORT "Expect: 100-continue\r\nContent-Length: 3\r\n"));
	assert_int_equal(wire_status(w), 100);
	assert_int_equal(wire_status(w), 408);
	assert_true(wire_ends(w));
	wire_close(w);
	stage_close(stage);
}

static void test_H13_client_that_does_not_read(void **state)
{
	struct http_site site;
	struct stage *stage = OPEN_SHORT(&site, write_ms);
	struct wire *w = stage_wire(stage);

	(void)state;
	for (int i = 0; i < 20; i++)
		wire_say(w, HEAD("GET /long", ""));
	for (int i = 0; i < 10000 && (i < 10 || http_listener_connections(stage->listener)); i++)
		uv_run(&stage->loop, UV_RUN_ONCE);
	assert_int_equal(http_listener_connections(stage->listener), 0);
	assert_true(stage->called < 20);
	wire_close(w);
	stage_close(stage);
}

static void test_H2_silence_in_the_handshake(void **state)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a.example"});
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site, .limits = stage_limits()};
	struct wire *silent, *half;
	struct stage *stage;

	(void)state;
	config.limits.handshake_ms = SHORT_MS;
	config.tls = stage_tls(&pair, NULL, false);
	stage = stage_open_at(&config);
	silent = stage_wire(stage);
	half = stage_wire(stage);
	wire_send(half, "\x16\x03\x01\x02\x00\x01\x00\x01", 8);
	assert_true(wire_ends(silent));
	assert_true(wire_ends(half));
	wire_close(silent);
	wire_close(half);
	tls_server_unref(config.tls);
	stage_close(stage);
	tls_pair_free(&pair);
}

/* The client goes on sending after the refusal and can still read it. */
static void test_refusal_is_heard_by_one_who_is_still_sending(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	char *junk = malloc(1 << 20);

	(void)state;
	assert_non_null(junk);
	memset(junk, 'j', 1 << 20);
	wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 1048576\r\n"));
	wire_send(w, junk, 1 << 20);
	assert_int_equal(wire_status(w), 413);
	assert_true(wire_ends(w));
	wire_close(w);
	free(junk);
	stage_close(stage);
}

static void test_tls_request_larger_than_a_record(void **state)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a.example"});
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site, .limits = stage_limits()};
	char *body = malloc(LIMIT_BODY);
	struct stage *stage;
	struct wire *w;

	(void)state;
	assert_non_null(body);
	memset(body, 'b', LIMIT_BODY);
	config.tls = stage_tls(&pair, NULL, false);
	stage = stage_open_at(&config);
	w = wire_open_tls(&stage->loop, http_listener_port(stage->listener), &(struct wire_tls){.ca = pair.ca});
	for (int i = 0; i < 3; i++) {
		wire_say(w, HEAD("POST /x", PASSPORT "Content-Length: 65536\r\n"));
		wire_send(w, body, LIMIT_BODY);
		assert_int_equal(wire_status(w), 201);
		assert_memory_equal(wire_body(w), body, LIMIT_BODY);
	}
	wire_say(w, HEAD("GET /long", "Connection: close\r\n"));
	assert_int_equal(wire_status(w), 200);
	assert_int_equal(strlen(wire_body(w)), STAGE_LONG);
	assert_true(wire_ends(w));
	assert_int_equal(SSL_get_shutdown(wire_ssl(w)) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	wire_close(w);
	tls_server_unref(config.tls);
	stage_close(stage);
	tls_pair_free(&pair);
	free(body);
}

/* ---- no memory ---- */

/* A client without memory of its own. */
static int open_bare(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* True when the request was answered as it should; it may be refused or cut off besides. */
static bool ask_without_memory(void *context)
{
	static const char request[] = HEAD("POST /x", PASSPORT "Content-Length: 9000\r\n");
	struct stage *stage = context;
	char body[9000] = {0}, answer[16] = {0};
	int fd = open_bare(http_listener_port(stage->listener));
	struct pollfd p = {.fd = fd, .events = POLLIN};

	(void)send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	(void)send(fd, body, sizeof(body), MSG_NOSIGNAL);
	while (poll(&p, 1, 0) == 0)
		wire_pump(&stage->loop);
	(void)recv(fd, answer, 12, 0);
	close(fd);
	while (http_listener_connections(stage->listener))
		wire_pump(&stage->loop);
	if (strcmp(answer, "HTTP/1.1 201") == 0)
		return true;
	assert_true(alloc_sweep_failed());
	assert_true(!answer[0] || strcmp(answer, "HTTP/1.1 503") == 0 || strcmp(answer, "HTTP/1.1 500") == 0);
	return false;
}

static void test_J5_request_without_memory(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	assert_int_equal(stage_ask(stage, HEAD("GET /show/a", "")), 200); /* libuv has its tables */
	alloc_sweep("one request", ask_without_memory, stage);
	assert_int_equal(stage_ask(stage, HEAD("GET /show/a", "")), 200);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post_is_answered_and_the_connection_kept),
		cmocka_unit_test(test_requests_and_their_first_answers),
		cmocka_unit_test(test_C5_405_says_what_is_allowed_and_echoes_nothing),
		cmocka_unit_test(test_C5_method_of_1_KiB),
		cmocka_unit_test(test_C6_path_over_the_line_limit),
		cmocka_unit_test(test_C3_single_header_of_64_KiB),
		cmocka_unit_test(test_head_request_gets_the_length_and_no_body),
		cmocka_unit_test(test_http_1_0_is_answered_and_closed),
		cmocka_unit_test(test_client_that_asks_to_close),
		cmocka_unit_test(test_client_that_has_finished_sending_is_still_answered),
		cmocka_unit_test(test_C1_body_of_the_limit_and_one_octet_more),
		cmocka_unit_test(test_C1_chunks_without_end),
		cmocka_unit_test(test_C1_body_longer_than_said_is_the_next_request),
		cmocka_unit_test(test_C10_expectation_is_met_before_the_body),
		cmocka_unit_test(test_C10_expectation_of_what_is_refused),
		cmocka_unit_test(test_C10_upgrade_is_ignored),
		cmocka_unit_test(test_C4_hundred_pipelined_the_second_malformed),
		cmocka_unit_test(test_C4_hundred_pipelined_answered_in_order),
		cmocka_unit_test(test_pipelined_long_answers_are_not_all_gathered),
		cmocka_unit_test(test_answer_later_and_pipelined_bytes_wait),
		cmocka_unit_test(test_client_hangs_up_before_the_answer),
		cmocka_unit_test(test_client_resets_before_the_answer),
		cmocka_unit_test(test_handler_out_of_time_answers_after_the_server_has),
		cmocka_unit_test(test_C11_nothing_of_the_request_but_its_id),
		cmocka_unit_test(test_name_that_is_not_ours),
		cmocka_unit_test(test_name_in_the_handshake_that_is_not_ours),
		cmocka_unit_test(test_H1_idle_client_is_closed_without_a_word),
		cmocka_unit_test(test_H1_head_that_trickles),
		cmocka_unit_test(test_H1_body_that_trickles),
		cmocka_unit_test(test_C10_expectation_never_followed_by_a_body),
		cmocka_unit_test(test_H13_client_that_does_not_read),
		cmocka_unit_test(test_H2_silence_in_the_handshake),
		cmocka_unit_test(test_refusal_is_heard_by_one_who_is_still_sending),
		cmocka_unit_test(test_tls_request_larger_than_a_record),
		cmocka_unit_test(test_J5_request_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

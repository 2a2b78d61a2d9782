/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>

#include "net/transfer.h"
#include "support/alloc_sweep.h"
#include "support/raw_server.h"

static const struct transfer_tls no_tls;

static struct http_call call_over(const char *path)
{
	return (struct http_call){.method = HTTP_METHOD_GET,
				  .url = sti_span_str("http://localhost/a?b=c"),
				  .unix_socket = path,
				  .connect_ms = 10000,
				  .total_ms = 10000,
				  .answer_max = 4096};
}

static const char *socket_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/sti_transfer_%d.sock", (int)getpid());
	unlink(path);
	return path;
}

static size_t drop_body(char *bytes, size_t size, size_t n, void *context)
{
	(void)bytes;
	(void)context;
	return size * n;
}

/* Performs the call by itself, without a loop. */
static CURLcode perform(const struct http_call *call, struct http_response *response)
{
	struct transfer transfer;
	CURLcode code;

	assert_int_equal(transfer_make(&transfer, call, &no_tls), STI_OK);
	curl_easy_setopt(transfer.easy, CURLOPT_WRITEFUNCTION, drop_body);
	code = curl_easy_perform(transfer.easy);
	transfer_read_head(&transfer, response);
	transfer_free(&transfer);
	return code;
}

#define FIXED "Host: localhost\r\nUser-Agent: sidetone\r\nAccept: */*\r\n"

struct request_row {
	enum http_method method;
	const char *media, *body, *name, *value;
	const char *sent;
};

static void test_requests_octet_for_octet(void **state)
{
	static const struct request_row row[] = {
		{HTTP_METHOD_GET, NULL, NULL, NULL, NULL, "GET /a?b=c HTTP/1.1\r\n" FIXED "\r\n"},
		{HTTP_METHOD_HEAD, NULL, NULL, NULL, NULL, "HEAD /a?b=c HTTP/1.1\r\n" FIXED "\r\n"},
		{HTTP_METHOD_DELETE, NULL, NULL, "X-A", "1", "DELETE /a?b=c HTTP/1.1\r\n" FIXED "X-A: 1\r\n\r\n"},
		{HTTP_METHOD_GET, NULL, NULL, "X-Empty", "", "GET /a?b=c HTTP/1.1\r\n" FIXED "X-Empty:\r\n\r\n"},
		{HTTP_METHOD_POST, "text/plain", "abc", NULL, NULL,
		 "POST /a?b=c HTTP/1.1\r\n" FIXED "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"},
		{HTTP_METHOD_POST, NULL, "abc", NULL, NULL,
		 "POST /a?b=c HTTP/1.1\r\n" FIXED "Content-Length: 3\r\n\r\nabc"},
		{HTTP_METHOD_POST, NULL, NULL, NULL, NULL,
		 "POST /a?b=c HTTP/1.1\r\n" FIXED "Content-Length: 0\r\n\r\n"},
		{HTTP_METHOD_PUT, "text/plain", NULL, NULL, NULL,
		 "PUT /a?b=c HTTP/1.1\r\n" FIXED "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"},
	};
	const char *path = socket_path();
	struct raw_server *server =
		raw_server_start(&(struct raw_plan){.unix_path = path, .answer = "HTTP/1.1 204 Empty\r\n\r\n"});

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_header header = {sti_span_str(row[i].name), sti_span_str(row[i].value)};
		struct http_call call = call_over(path);
		struct http_response response = {.status = 0};

		call.method = row[i].method;
		call.media = row[i].media;
		call.body = sti_span_str(row[i].body);
		call.header = &header;
		call.n_header = row[i].name != NULL;
		assert_int_equal(perform(&call, &response), CURLE_OK);
		assert_int_equal(response.status, 204);
		assert_string_equal(raw_server_last(server), row[i].sent);
	}
	raw_server_stop(server);
}

static void test_methods_and_bodies_that_do_not_go_together(void **state)
{
	static const struct {
		enum http_method method;
		const char *body;
		enum sti_error error;
	} row[] = {
		{HTTP_METHOD_GET, NULL, STI_OK},       {HTTP_METHOD_GET, "a", STI_E_DENIED},
		{HTTP_METHOD_HEAD, "a", STI_E_DENIED}, {HTTP_METHOD_DELETE, "a", STI_E_DENIED},
		{HTTP_METHOD_POST, "a", STI_OK},       {HTTP_METHOD_POST, NULL, STI_OK},
		{HTTP_METHOD_PUT, "a", STI_OK},        {HTTP_METHOD_OTHER, NULL, STI_E_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_call call = {.method = row[i].method, .body = sti_span_str(row[i].body)};

		assert_int_equal(transfer_check(&call), row[i].error);
	}
}

static void test_header_that_would_be_two(void **state)
{
	static const struct http_header row[] = {
		{{(const uint8_t *)"X\r\nY", 4}, {(const uint8_t *)"1", 1}},
		{{(const uint8_t *)"X", 1}, {(const uint8_t *)"1\r\nY: 2", 7}},
		{{(const uint8_t *)"X", 1}, {(const uint8_t *)"1\n", 2}},
		{{(const uint8_t *)"X", 1}, {(const uint8_t *)"1\0002", 3}},
		{{(const uint8_t *)"", 0}, {(const uint8_t *)"1", 1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_call call = call_over("/tmp/none");
		struct transfer transfer;

		call.header = &row[i];
		call.n_header = 1;
		assert_int_equal(transfer_make(&transfer, &call, &no_tls), STI_E_DENIED);
		transfer_free(&transfer);
	}
}

static void test_other_protocols_than_https_are_not_spoken(void **state)
{
	static const char *const url[] = {"http://127.0.0.1/", "file:///etc/hostname", "ftp://127.0.0.1/"};

	(void)state;
	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
		struct http_call call = call_over(NULL);
		struct http_response response = {.status = 0};

		call.url = sti_span_str(url[i]);
		assert_int_equal(perform(&call, &response), CURLE_UNSUPPORTED_PROTOCOL);
	}
}

static bool make_attempt(void *context)
{
	const struct http_call *call = context;
	const struct transfer_tls tls = {"/tmp/none.pem", sti_span_str("certificate"), sti_span_str("key")};
	struct transfer transfer;
	enum sti_error error = transfer_make(&transfer, call, &tls);

	assert_int_equal(error, alloc_sweep_failed() ? STI_E_MEMORY : STI_OK);
	transfer_free(&transfer);
	return !error;
}

static void test_J5_transfer_without_memory(void **state)
{
	struct http_header header = {sti_span_str("X-RequestID"), sti_span_str("1")};
	struct http_call call = call_over("/tmp/none");

	(void)state;
	call.method = HTTP_METHOD_POST;
	call.media = "text/plain";
	call.body = sti_span_str("abc");
	call.header = &header;
	call.n_header = 1;
	alloc_sweep("transfer_make", make_attempt, &call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_octet_for_octet),
		cmocka_unit_test(test_methods_and_bodies_that_do_not_go_together),
		cmocka_unit_test(test_header_that_would_be_two),
		cmocka_unit_test(test_other_protocols_than_https_are_not_spoken),
		cmocka_unit_test(test_J5_transfer_without_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

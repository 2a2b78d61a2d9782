/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/limits.h"
#include "net/reply.h"

static const char *write(struct buf *out, const struct http_reply *reply, const struct reply_frame *frame)
{
	assert_true(reply_write(out, reply, frame));
	buf_put_byte(out, '\0');
	return (const char *)out->p;
}

static void test_reply_with_everything(void **state)
{
	struct http_header other = {sti_span_str("X-Other"), sti_span_str("o")};
	struct http_reply reply = {503, "text/plain", sti_span_str("busy"), &other, 1, 4294967295};
	struct reply_frame frame = {"DATE", "POST", sti_span_str("id-1"), true, false};
	struct buf out = buf_own(1024);

	(void)state;
	assert_string_equal(write(&out, &reply, &frame),
			    "HTTP/1.1 503 Service Unavailable\r\nDate: DATE\r\nAllow: POST\r\nX-RequestID: id-1\r\n"
			    "Connection: close\r\nRetry-After: 4294967295\r\nX-Other: o\r\nContent-Type: "
			    "text/plain\r\nContent-Length: 4\r\n\r\nbusy");
	buf_free(&out);
}

static void test_reply_to_head_and_without_content(void **state)
{
	struct http_reply reply = {.status = 200, .media = "a/b", .body = sti_span_str("abc")};
	struct reply_frame frame = {.date = "D", .head = true};
	struct buf out = buf_own(1024);

	(void)state;
	assert_string_equal(write(&out, &reply, &frame),
			    "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n");
	out.n = 0;
	reply.status = 204;
	assert_string_equal(write(&out, &reply, &frame), "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
	out.n = 0;
	reply = (struct http_reply){.status = 201};
	assert_string_equal(write(&out, &reply, &frame),
			    "HTTP/1.1 201 Created\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
	buf_free(&out);
}

static void test_C11_header_that_would_split_the_answer(void **state)
{
	static const char *const value[] = {"a\r\nX: b", "a\nb", "a\rb", "\x01", "\x7f"};
	struct reply_frame frame = {.date = "D"};
	struct buf out = buf_own(1024);

	(void)state;
	buf_put_str(&out, "before");
	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		struct http_header header = {sti_span_str("X"), sti_span_str(value[i])};
		struct http_reply reply = {.status = 200, .header = &header, .n_header = 1};

		assert_false(reply_write(&out, &reply, &frame));
		assert_int_equal(out.n, 6);
	}
	buf_free(&out);
}

static void test_reply_over_the_limit_leaves_the_buffer_usable(void **state)
{
	char body[256] = {0};
	struct http_reply reply = {.status = 200, .media = "a/b", .body = sti_span(body, sizeof(body))};
	struct reply_frame frame = {.date = "D"};
	struct buf out = buf_own(256);

	(void)state;
	assert_false(reply_write(&out, &reply, &frame));
	assert_int_equal(out.n, 0);
	reply.media = NULL;
	assert_true(reply_write(&out, &reply, &frame));
	buf_free(&out);
}

static void test_C11_request_id_of_odd_bytes_or_length(void **state)
{
	char longest[LIMIT_REQUEST_ID + 1];
	struct http_header header = {sti_span_str("X-RequestID"), sti_span_str("aZ09._-")};
	static const char *const odd[] = {"", "a b", "a\xc3\xa4", "<a>", "a;b", "a\"", "a,b", "a/b"};

	(void)state;
	assert_true(sti_span_is(reply_request_id(&header, 1), "aZ09._-"));
	assert_null(reply_request_id(&header, 0).p);
	memset(longest, 'a', sizeof(longest));
	header.value = sti_span(longest, LIMIT_REQUEST_ID);
	assert_int_equal(reply_request_id(&header, 1).n, LIMIT_REQUEST_ID);
	header.value = sti_span(longest, LIMIT_REQUEST_ID + 1);
	assert_null(reply_request_id(&header, 1).p);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		header.value = sti_span_str(odd[i]);
		assert_null(reply_request_id(&header, 1).p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply_with_everything),
		cmocka_unit_test(test_reply_to_head_and_without_content),
		cmocka_unit_test(test_C11_header_that_would_split_the_answer),
		cmocka_unit_test(test_reply_over_the_limit_leaves_the_buffer_usable),
		cmocka_unit_test(test_C11_request_id_of_odd_bytes_or_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

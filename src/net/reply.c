/* SPDX-License-Identifier: Apache-2.0 */
#include "net/reply.h"

#include "base/limits.h"

static bool is_clean(struct sti_span value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 127)
			return false;
	return true;
}

static bool are_clean(const struct http_header *header, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!header[i].name.n || !is_clean(header[i].name) || !is_clean(header[i].value))
			return false;
	return true;
}

static void put_header(struct buf *out, struct sti_span name, struct sti_span value)
{
	buf_put(out, name);
	buf_put_str(out, ": ");
	buf_put(out, value);
	buf_put_str(out, "\r\n");
}

static void put_text_header(struct buf *out, const char *name, const char *value)
{
	put_header(out, sti_span_str(name), sti_span_str(value));
}

static void put_status(struct buf *out, int status)
{
	buf_put_str(out, "HTTP/1.1 ");
	buf_put_int(out, status);
	buf_put_byte(out, ' ');
	buf_put_str(out, http_phrase(status));
	buf_put_str(out, "\r\n");
}

/* RFC 9110 8.6: no Content-Length where there can be no content. */
static void put_content(struct buf *out, const struct http_reply *reply)
{
	if (reply->status == 204 || reply->status == 304)
		return;
	if (reply->media)
		put_text_header(out, "Content-Type", reply->media);
	buf_put_str(out, "Content-Length: ");
	buf_put_int(out, reply->media ? (int64_t)reply->body.n : 0);
	buf_put_str(out, "\r\n");
}

static void put_frame(struct buf *out, const struct reply_frame *frame)
{
	put_text_header(out, "Date", frame->date);
	if (frame->allow && frame->allow[0])
		put_text_header(out, "Allow", frame->allow);
	if (frame->request_id.p)
		put_header(out, sti_span_str("X-RequestID"), frame->request_id);
	if (frame->close)
		put_text_header(out, "Connection", "close");
}

/* RFC 9110 10.2.3 */
static void put_retry(struct buf *out, unsigned seconds)
{
	if (!seconds)
		return;
	buf_put_str(out, "Retry-After: ");
	buf_put_int(out, seconds);
	buf_put_str(out, "\r\n");
}

bool reply_write(struct buf *out, const struct http_reply *reply, const struct reply_frame *frame)
{
	size_t before = out->n;

	if (!are_clean(reply->header, reply->n_header))
		return false;
	put_status(out, reply->status);
	put_frame(out, frame);
	put_retry(out, reply->retry_after_s);
	for (size_t i = 0; i < reply->n_header; i++)
		put_header(out, reply->header[i].name, reply->header[i].value);
	put_content(out, reply);
	buf_put_str(out, "\r\n");
	if (reply->media && !frame->head && reply->status != 204 && reply->status != 304)
		buf_put(out, reply->body);
	if (!out->error)
		return true;
	out->error = STI_OK;
	out->n = before;
	return false;
}

static bool is_id_letter(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
	       c == '-';
}

struct sti_span reply_request_id(const struct http_header *header, size_t n)
{
	struct sti_span id = http_header_find(header, n, "x-requestid");

	if (id.n == 0 || id.n > LIMIT_REQUEST_ID)
		return sti_span(NULL, 0);
	for (size_t i = 0; i < id.n; i++)
		if (!is_id_letter(id.p[i]))
			return sti_span(NULL, 0);
	return id;
}

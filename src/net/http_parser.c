/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_parser.h"

#include <stdlib.h>

enum { IN_HEAD, IN_BODY, COMPLETE, REFUSED };

enum { FIRST_CAPACITY = 4 * 1024 };

static int on_header_field(llhttp_t *llhttp, const char *at, size_t n)
{
	struct http_parser *p = llhttp->data;

	if (p->n_header == LIMIT_HTTP_HEADERS)
		return -1;
	p->header[p->n_header++] = (struct http_header){sti_span(at, n), sti_span(at + n, 0)};
	return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t n)
{
	struct http_parser *p = llhttp->data;

	p->header[p->n_header - 1].value = sti_span_trim(sti_span(at, n));
	return 0;
}

/* An Upgrade is ignored, RFC 9110 7.8. */
static int on_headers_complete(llhttp_t *llhttp)
{
	llhttp->upgrade = 0;
	return 0;
}

/* Moves a piece of the body up to the pieces before it: it never moves down. */
static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
	struct http_parser *p = llhttp->data;

	memmove(p->bytes + p->head + p->body, at, n);
	p->body += n;
	return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
	struct http_parser *p = llhttp->data;

	p->complete = true;
	return 0;
}

static const llhttp_settings_t settings = {
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void begin(struct http_parser *p)
{
	p->state = IN_HEAD;
	p->head = p->body = p->end = 0;
	p->n_header = 0;
	p->skipped = p->complete = false;
	p->request = (struct http_request){.method = HTTP_METHOD_OTHER, .peer = p->request.peer};
	guard_init(&p->guard);
}

void http_parser_init(struct http_parser *p, size_t body_max)
{
	*p = (struct http_parser){.body_max = body_max};
	begin(p);
}

void http_parser_free(struct http_parser *p)
{
	free(p->bytes);
	p->bytes = NULL;
}

static bool grow(struct http_parser *p, size_t capacity)
{
	uint8_t *bytes;

	if (capacity <= p->capacity)
		return true;
	bytes = realloc(p->bytes, capacity);
	if (!bytes)
		return false;
	p->bytes = bytes;
	p->capacity = capacity;
	return true;
}

/* A head that is not complete may grow; at HEAD the body got its room, and its chunks are moved up. */
uint8_t *http_parser_room(struct http_parser *p, size_t *n)
{
	size_t more = p->n < p->capacity ? p->capacity : p->capacity + FIRST_CAPACITY;

	if (!grow(p, more))
		return NULL;
	*n = p->capacity - p->n;
	return p->bytes + p->n;
}

void http_parser_add(struct http_parser *p, size_t n)
{
	p->n += n;
}

static enum http_event refuse(struct http_parser *p, int status)
{
	p->state = REFUSED;
	p->status = status;
	return HTTP_EVENT_REFUSED;
}

static struct sti_span part(const struct http_parser *p, size_t at, size_t n)
{
	return sti_span(p->bytes + at, n);
}

static void fill_request(struct http_parser *p)
{
	const struct guard *g = &p->guard;

	p->request.method = g->method;
	p->request.path = part(p, g->path, g->path_n);
	p->request.query = g->has_query ? part(p, g->query, g->query_n) : sti_span(NULL, 0);
	p->request.host = g->host_n ? part(p, g->host, g->host_n) : sti_span(NULL, 0);
	p->request.header = p->header;
	p->request.n_header = p->n_header;
}

/* llhttp does not see the request line: it knows fifty methods and takes one that it does not know
 * for a broken message, where it is a 405 for us. */
static bool parse_head(struct http_parser *p)
{
	static const char line[] = "POST / HTTP/1.1\r\n";
	const char *first = (const char *)p->bytes + p->guard.first;

	llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
	p->llhttp.data = p;
	return llhttp_execute(&p->llhttp, line, sizeof(line) - 1) == HPE_OK &&
	       llhttp_execute(&p->llhttp, first, p->head - p->guard.first) == HPE_OK &&
	       p->n_header == p->guard.lines - 1;
}

static enum http_event end_head(struct http_parser *p)
{
	size_t body = p->guard.length > 0 ? (size_t)p->guard.length : 0;
	bool too_large = body > p->body_max;

	if (p->guard.chunked)
		body = p->body_max + FIRST_CAPACITY;
	if (!too_large && !grow(p, p->head + body))
		return refuse(p, 503);
	p->end = p->head;
	if (!parse_head(p))
		return refuse(p, 400);
	fill_request(p);
	if (too_large)
		return refuse(p, 413);
	guard_chunks_init(&p->chunks, p->body_max);
	p->state = IN_BODY;
	return HTTP_EVENT_HEAD;
}

static void drop(struct http_parser *p, size_t from, size_t to)
{
	memmove(p->bytes + from, p->bytes + to, p->n - to);
	p->n -= to - from;
}

/* RFC 9112 2.2: one empty line before the request line is passed over. False: it may be one yet. */
static bool skip_empty_line(struct http_parser *p)
{
	if (p->skipped || p->guard.at || p->n == 0 || p->bytes[0] != '\r')
		return true;
	if (p->n < 2)
		return false;
	if (p->bytes[1] == '\n')
		drop(p, 0, 2);
	p->skipped = true;
	return true;
}

static enum http_event next_in_head(struct http_parser *p)
{
	int status;

	if (!skip_empty_line(p) || p->n == 0)
		return HTTP_EVENT_MORE;
	status = guard_head(&p->guard, part(p, 0, p->n), &p->head);
	if (status)
		return refuse(p, status);
	return p->head ? end_head(p) : HTTP_EVENT_MORE;
}

/* How much of what is there belongs to the body. */
static int frame(struct http_parser *p, size_t *taken, bool *end)
{
	struct sti_span rest = part(p, p->end, p->n - p->end);
	size_t left;

	if (p->guard.chunked)
		return guard_chunks(&p->chunks, rest, taken, end);
	left = (p->guard.length > 0 ? (size_t)p->guard.length : 0) - p->body;
	*taken = rest.n < left ? rest.n : left;
	*end = *taken == left;
	return 0;
}

static enum http_event next_in_body(struct http_parser *p)
{
	size_t taken;
	bool end;
	int status = frame(p, &taken, &end);

	if (status)
		return refuse(p, status);
	if (taken && llhttp_execute(&p->llhttp, (const char *)p->bytes + p->end, taken) != HPE_OK)
		return refuse(p, 400);
	if (p->complete != end)
		return refuse(p, 400);
	drop(p, p->head + p->body, p->end + taken);
	p->end = p->head + p->body;
	if (!end)
		return HTTP_EVENT_MORE;
	p->request.body = part(p, p->head, p->body);
	p->state = COMPLETE;
	return HTTP_EVENT_REQUEST;
}

enum http_event http_parser_next(struct http_parser *p)
{
	switch (p->state) {
	case IN_HEAD:
		return next_in_head(p);
	case IN_BODY:
		return next_in_body(p);
	case COMPLETE:
		return HTTP_EVENT_REQUEST;
	default:
		return HTTP_EVENT_REFUSED;
	}
}

void http_parser_advance(struct http_parser *p)
{
	drop(p, 0, p->end);
	begin(p);
	if (p->n || p->capacity <= FIRST_CAPACITY)
		return;
	http_parser_free(p);
	p->capacity = 0;
}

bool http_parser_is_idle(const struct http_parser *p)
{
	return p->state == IN_HEAD && p->n == 0 && !p->skipped;
}

bool http_parser_is_in_body(const struct http_parser *p)
{
	return p->state == IN_BODY;
}

bool http_parser_expects(const struct http_parser *p)
{
	return p->state == IN_BODY && p->guard.expect && p->guard.minor == 1 && p->n == p->head &&
	       (p->guard.chunked || p->guard.length > 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: net */
/* A byte stream of one connection: guard, llhttp and router, in one piece and in small ones. Both must tell the same.
 */
#include <stdlib.h>

#include "net/http_parser.h"
#include "net/reply.h"
#include "net/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 256, REFUSED = 400 };

static const struct http_route route[] = {
	{.method = HTTP_METHOD_POST, .path = "/cps/company/{}", .media = "application/passport"},
	{.method = HTTP_METHOD_GET, .path = "/cps/passports/{}/{}"},
	{.method = HTTP_METHOD_GET, .path = "/certs/{}.pem"},
	{.method = HTTP_METHOD_POST, .path = "/json", .media = "application/json", .media_charset = true},
};

static const struct http_site site = {.route = route, .n_route = sizeof(route) / sizeof(route[0])};

/* What came out: compared between two readings. */
struct outcome {
	unsigned requests;
	size_t bodies, paths, headers;
	int status; /* of the last route; REFUSED whatever the reason: the guard looks ahead of llhttp */
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_inside(const struct http_parser *p, struct sti_span part)
{
	return !part.p || (part.p >= p->bytes && part.p + part.n <= p->bytes + p->capacity);
}

static void take_head(struct http_parser *p, struct outcome *out)
{
	const struct http_route *found;
	char allow[ROUTER_ALLOW];

	for (size_t i = 0; i < p->request.n_header; i++)
		check(is_inside(p, p->request.header[i].name) && is_inside(p, p->request.header[i].value));
	check(p->request.n_header == p->guard.lines - 1);
	out->status = router_find(&site, &p->request, p->guard.chunked ? ROUTER_BODY_CHUNKED : ROUTER_BODY_LENGTH,
				  &found, allow);
	for (size_t i = 0; i < HTTP_ARGUMENTS; i++)
		check(is_inside(p, p->request.argument[i]));
	out->headers += p->request.n_header + reply_request_id(p->request.header, p->request.n_header).n;
	out->paths += p->request.path.n;
}

static void take_request(struct http_parser *p, struct outcome *out)
{
	check(p->request.body.n <= BODY_MAX && is_inside(p, p->request.body));
	check(p->guard.length < 0 || (size_t)p->guard.length == p->request.body.n);
	out->bodies += p->request.body.n;
	out->requests++;
	http_parser_advance(p);
}

static bool take_all(struct http_parser *p, struct outcome *out)
{
	for (;;) {
		switch (http_parser_next(p)) {
		case HTTP_EVENT_MORE:
			return true;
		case HTTP_EVENT_HEAD:
			take_head(p, out);
			break;
		case HTTP_EVENT_REQUEST:
			take_request(p, out);
			break;
		default:
			check(p->status >= 400 && p->status < 600);
			out->status = REFUSED;
			return false;
		}
	}
}

static struct outcome read_pieces(struct sti_span stream, size_t piece)
{
	struct outcome out = {0};
	struct http_parser p;

	http_parser_init(&p, BODY_MAX);
	while (stream.n) {
		size_t n;
		uint8_t *at = http_parser_room(&p, &n);

		check(at && n);
		n = n < piece ? n : piece;
		n = n < stream.n ? n : stream.n;
		memcpy(at, stream.p, n);
		http_parser_add(&p, n);
		stream = sti_span_from(stream, n);
		if (!take_all(&p, &out))
			break;
	}
	http_parser_free(&p);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = read_pieces(sti_span(data, size), size);
	struct outcome pieces = read_pieces(sti_span(data, size), size ? data[0] % 7 + 1u : 1);

	check(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	return 0;
}

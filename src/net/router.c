/* SPDX-License-Identifier: Apache-2.0 */
#include "net/router.h"

static unsigned hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'))
		return (c | 0x20u) - 'a' + 10;
	return 16;
}

static bool is_letter_or_digit(unsigned c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* pchar of RFC 3986 3.3 but for the percent sign. */
static bool is_plain(unsigned c)
{
	return is_letter_or_digit(c) || (c && c < 128 && strchr("-._~!$&'()*+,;=:@", (int)c));
}

/* RFC 3986 6.2.2.2: what may stand plainly must; and no encoded slash, control or byte beyond ASCII. */
static bool is_escape(struct sti_span s)
{
	unsigned c;

	if (s.n < 3 || hex_value(s.p[1]) > 15 || hex_value(s.p[2]) > 15)
		return false;
	c = hex_value(s.p[1]) * 16 + hex_value(s.p[2]);
	return c > ' ' && c < 127 && c != '/' && c != '\\' && !is_letter_or_digit(c) && !strchr("-._~", (int)c);
}

static bool is_segment(struct sti_span s)
{
	if (s.n == 0 || sti_span_is(s, ".") || sti_span_is(s, ".."))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && is_escape(sti_span_from(s, i)))
			i += 2;
		else if (!is_plain(s.p[i]))
			return false;
	}
	return true;
}

/* Takes off what one {} stands for: up to the text that follows it within the segment. */
static bool take_argument(struct sti_span *path, const char *after, struct sti_span *argument)
{
	struct sti_span segment = sti_span_first(*path, sti_span_find(*path, '/'));
	size_t tail = strcspn(after, "/{");

	if (segment.n < tail || memcmp(segment.p + segment.n - tail, after, tail) != 0)
		return false;
	*argument = sti_span_first(segment, segment.n - tail);
	*path = sti_span_from(*path, argument->n);
	return is_segment(*argument);
}

static bool matches(const char *pattern, struct sti_span path, struct sti_span argument[HTTP_ARGUMENTS])
{
	size_t n = 0;

	while (*pattern) {
		if (strncmp(pattern, "{}", 2) == 0) {
			pattern += 2;
			if (n == HTTP_ARGUMENTS || !take_argument(&path, pattern, &argument[n++]))
				return false;
		} else {
			if (!path.n || path.p[0] != (uint8_t)*pattern++)
				return false;
			path = sti_span_from(path, 1);
		}
	}
	return path.n == 0;
}

static bool serves(const struct http_route *route, enum http_method method)
{
	return route->method == method || (route->method == HTTP_METHOD_GET && method == HTTP_METHOD_HEAD);
}

static void write_allow(unsigned methods, char allow[ROUTER_ALLOW])
{
	size_t n = 0;

	allow[0] = '\0';
	if (methods & 1u << HTTP_METHOD_GET)
		methods |= 1u << HTTP_METHOD_HEAD;
	for (unsigned i = 0; i < HTTP_METHOD_OTHER; i++) {
		const char *name = http_method_name((enum http_method)i);

		if (!(methods >> i & 1))
			continue;
		memcpy(allow + n, ", ", n ? 3 : 0);
		n += n ? 2 : 0;
		memcpy(allow + n, name, strlen(name) + 1);
		n += strlen(name);
	}
}

static bool is_utf8_charset(struct sti_span parameter)
{
	return sti_span_is_nocase(parameter, "charset=utf-8") || sti_span_is_nocase(parameter, "charset=\"utf-8\"");
}

static bool is_media(const struct http_route *route, struct sti_span value)
{
	struct sti_span media;

	if (!sti_span_cut(&value, ';', &media) || !sti_span_is_nocase(sti_span_trim(media), route->media))
		return false;
	return !value.p || (route->media_charset && is_utf8_charset(sti_span_trim(value)));
}

/* Nothing is unpacked here: a coding other than none is refused (threats.md C7). */
static bool is_coded(const struct http_request *request)
{
	struct sti_span coding = http_header_find(request->header, request->n_header, "content-encoding");

	return coding.p && !sti_span_is_nocase(coding, "identity");
}

static int check_body(const struct http_site *site, const struct http_route *route, const struct http_request *request,
		      enum router_body body)
{
	bool sends = request->method == HTTP_METHOD_POST || request->method == HTTP_METHOD_PUT;
	struct sti_span media = http_header_find(request->header, request->n_header, "content-type");

	if (site->length_required && sends && body != ROUTER_BODY_LENGTH)
		return 411;
	if (body != ROUTER_BODY_NONE && is_coded(request))
		return 415;
	return route->media && !is_media(route, media) ? 415 : 0;
}

int router_find(const struct http_site *site, struct http_request *request, enum router_body body,
		const struct http_route **route, char allow[ROUTER_ALLOW])
{
	bool is_path = request->path.n && request->path.p[0] == '/';
	unsigned methods = 0;

	allow[0] = '\0';
	for (size_t i = 0; i < site->n_route; i++) {
		*route = &site->route[i];
		if (is_path && !matches((*route)->path, request->path, request->argument))
			continue;
		if (is_path && serves(*route, request->method))
			return check_body(site, *route, request, body);
		methods |= 1u << (*route)->method;
	}
	*route = NULL;
	if (is_path && !methods)
		return 404;
	write_allow(methods, allow);
	return 405;
}

bool router_is_named(const struct http_site *site, struct sti_span name)
{
	for (size_t i = 0; i < site->n_name; i++)
		if (sti_span_is_nocase(name, site->name[i]))
			return true;
	return site->n_name == 0;
}

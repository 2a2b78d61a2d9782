/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guard.h"

#include "base/decimal.h"
#include "base/limits.h"

enum { TEXT = 1, TOKEN = 2, HOST = 4, HEX = 8 };

/* What each byte may stand in: text of a line (RFC 9110 5.5), a token (5.6.2), a host, a number of
 * hex digits. */
static const uint8_t kind[256] = {
	['\t'] = TEXT,
	[' '] = TEXT,
	['!'] = TEXT | TOKEN,
	['"'] = TEXT,
	['#' ... '\''] = TEXT | TOKEN,
	['(' ... ')'] = TEXT,
	['*' ... '+'] = TEXT | TOKEN,
	[','] = TEXT,
	['-' ... '.'] = TEXT | TOKEN | HOST,
	['/'] = TEXT,
	['0' ... '9'] = TEXT | TOKEN | HOST | HEX,
	[':' ... '@'] = TEXT,
	['A' ... 'F'] = TEXT | TOKEN | HOST | HEX,
	['G' ... 'Z'] = TEXT | TOKEN | HOST,
	['[' ... ']'] = TEXT,
	['^'] = TEXT | TOKEN,
	['_'] = TEXT | TOKEN | HOST,
	['`'] = TEXT | TOKEN,
	['a' ... 'f'] = TEXT | TOKEN | HOST | HEX,
	['g' ... 'z'] = TEXT | TOKEN | HOST,
	['{'] = TEXT,
	['|'] = TEXT | TOKEN,
	['}'] = TEXT,
	['~'] = TEXT | TOKEN,
	[0x80 ... 0xff] = TEXT,
};

static bool is_all(struct sti_span s, unsigned wanted)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(kind[s.p[i]] & wanted))
			return false;
	return s.n > 0;
}

static struct sti_span part(struct sti_span bytes, size_t at, size_t n)
{
	return sti_span(bytes.p + at, n);
}

/* host [":" port] without userinfo, RFC 3986 3.2; an IPv6 literal keeps its brackets. */
static int read_host(struct guard *g, struct sti_span bytes, struct sti_span value)
{
	bool literal = value.n && value.p[0] == '[';
	size_t n = sti_span_find(value, literal ? ']' : ':') + literal;
	struct sti_span host = sti_span_first(value, n);
	struct sti_span port = sti_span_from(value, n);
	int64_t number;

	if (n > value.n || (port.n && port.p[0] != ':'))
		return 400;
	if (port.n && decimal_parse(sti_span_from(port, 1), UINT16_MAX, &number))
		return 400;
	if (literal)
		for (size_t i = 1; i + 1 < n; i++)
			if (!(kind[host.p[i]] & HEX) && host.p[i] != ':' && host.p[i] != '.')
				return 400;
	if (!literal && !is_all(host, HOST))
		return 400;
	if (g->host_n) /* the request target has named it: RFC 9112 3.2.2 */
		return 0;
	g->host = (size_t)(host.p - bytes.p);
	g->host_n = host.n;
	return 0;
}

/* Plain decimal, one spelling for one number. */
static int read_length(struct guard *g, struct sti_span bytes, struct sti_span value)
{
	(void)bytes;
	if (value.n > 1 && value.p[0] == '0')
		return 400;
	return decimal_parse(value, INT64_MAX, &g->length) ? 400 : 0;
}

static int read_coding(struct guard *g, struct sti_span bytes, struct sti_span value)
{
	(void)bytes;
	g->chunked = sti_span_is_nocase(value, "chunked");
	return g->chunked ? 0 : 400;
}

/* What Connection names is dropped by proxies; of these none may be (threats.md C10). */
static bool may_not_be_dropped(struct sti_span name)
{
	static const char *const kept[] = {"transfer-encoding", "content-length", "content-type",
					   "content-encoding",  "host",           "expect",
					   "authorization",     "x-requestid"};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (sti_span_is_nocase(name, kept[i]))
			return true;
	return false;
}

static int read_connection(struct guard *g, struct sti_span bytes, struct sti_span value)
{
	struct sti_span name;

	(void)bytes;
	while (sti_span_cut(&value, ',', &name)) {
		name = sti_span_trim(name);
		if (name.n && (!is_all(name, TOKEN) || may_not_be_dropped(name)))
			return 400;
		if (sti_span_is_nocase(name, "close"))
			g->close = true;
	}
	return 0;
}

static int read_expect(struct guard *g, struct sti_span bytes, struct sti_span value)
{
	(void)bytes;
	g->expect = sti_span_is_nocase(value, "100-continue");
	return g->expect ? 0 : 417;
}

/* Headers that frame the request or decide what is done with it: each may stand once. */
static const struct known {
	const char *name;
	bool repeats;
	int (*read)(struct guard *g, struct sti_span bytes, struct sti_span value);
} known[] = {
	{"host", false, read_host},
	{"content-length", false, read_length},
	{"transfer-encoding", false, read_coding},
	{"connection", true, read_connection},
	{"expect", false, read_expect},
	{"content-type", false, NULL},
	{"content-encoding", false, NULL},
	{"authorization", false, NULL},
};

static int read_header(struct guard *g, struct sti_span bytes, struct sti_span line)
{
	size_t colon = sti_span_find(line, ':');
	struct sti_span name = sti_span_first(line, colon);

	if (colon == line.n || !is_all(name, TOKEN))
		return 400;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!sti_span_is_nocase(name, known[i].name))
			continue;
		if (g->seen >> i & 1 && !known[i].repeats)
			return 400;
		g->seen |= 1u << i;
		return known[i].read ? known[i].read(g, bytes, sti_span_trim(sti_span_from(line, colon + 1))) : 0;
	}
	return 0;
}

static void split_path(struct guard *g, struct sti_span bytes, struct sti_span target)
{
	size_t n = sti_span_find(target, '?');

	g->path = (size_t)(target.p - bytes.p);
	g->path_n = n;
	g->has_query = n < target.n;
	g->query = g->path + n + (g->has_query ? 1 : 0);
	g->query_n = g->has_query ? target.n - n - 1 : 0;
}

/* absolute-form, RFC 9112 3.2.2: servers must take it. Its path may be left out only when empty. */
static int read_absolute(struct guard *g, struct sti_span bytes, struct sti_span target)
{
	struct sti_span rest;
	size_t n = 0;

	if (sti_span_is_nocase(sti_span_first(target, 7), "http://"))
		rest = sti_span_from(target, 7);
	else if (sti_span_is_nocase(sti_span_first(target, 8), "https://"))
		rest = sti_span_from(target, 8);
	else
		return 400;
	n = sti_span_find(rest, '/');
	if (n == rest.n || read_host(g, bytes, sti_span_first(rest, n)) || !g->host_n)
		return 400;
	split_path(g, bytes, sti_span_from(rest, n));
	return 0;
}

/* No blank, no fragment; bytes beyond ASCII go on to the router, which knows no such path. */
static bool is_target(struct sti_span target)
{
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] <= ' ' || target.p[i] == '#')
			return false;
	return target.n > 0;
}

static int read_target(struct guard *g, struct sti_span bytes, struct sti_span method, struct sti_span target)
{
	g->is_connect = sti_span_is(method, "CONNECT") || (sti_span_is(method, "OPTIONS") && sti_span_is(target, "*"));
	if (!is_target(target))
		return 400;
	if (!g->is_connect && target.p[0] != '/')
		return read_absolute(g, bytes, target);
	split_path(g, bytes, target);
	return 0;
}

static int read_version(struct guard *g, struct sti_span version)
{
	if (sti_span_is(version, "HTTP/1.1") || sti_span_is(version, "HTTP/1.0")) {
		g->minor = version.p[7] - '0';
		return 0;
	}
	return version.n == 8 && sti_span_is(sti_span_first(version, 5), "HTTP/") ? 505 : 400;
}

static int read_request_line(struct guard *g, struct sti_span bytes, struct sti_span line)
{
	struct sti_span method, target;
	int status;

	if (!sti_span_cut(&line, ' ', &method) || !is_all(method, TOKEN) || !sti_span_cut(&line, ' ', &target))
		return 400;
	status = read_target(g, bytes, method, target);
	if (status)
		return status;
	g->method = http_method_parse(method);
	return read_version(g, line);
}

/* Everything about the whole head: RFC 9112 3.2 (Host), 6.1 and 6.3 (one framing only). */
static int read_end(const struct guard *g)
{
	if (g->minor == 1 && !(g->seen & 1))
		return 400;
	if (g->chunked && (g->length >= 0 || g->minor == 0))
		return 400;
	return 0;
}

static int read_line(struct guard *g, struct sti_span bytes)
{
	struct sti_span line = part(bytes, g->line, g->at - g->line);

	if (g->lines)
		return read_header(g, bytes, line);
	g->first = g->at + 2;
	return read_request_line(g, bytes, line);
}

static int check_size(const struct guard *g)
{
	if (!g->lines)
		return g->at > LIMIT_HTTP_LINE ? 414 : 0;
	return g->at - g->first > LIMIT_HTTP_HEAD || g->lines > LIMIT_HTTP_HEADERS + 1 ? 431 : 0;
}

/* The text of a line as far as it is there. */
static int pass_text(struct guard *g, struct sti_span bytes)
{
	while (g->at < bytes.n && kind[bytes.p[g->at]] & TEXT)
		g->at++;
	if (g->at > g->line && (bytes.p[g->line] == ' ' || bytes.p[g->line] == '\t'))
		return 400;
	return check_size(g);
}

void guard_init(struct guard *g)
{
	*g = (struct guard){.method = HTTP_METHOD_OTHER, .length = -1};
}

int guard_head(struct guard *g, struct sti_span bytes, size_t *head)
{
	int status;

	*head = 0;
	while ((status = pass_text(g, bytes)) == 0 && g->at < bytes.n) {
		if (bytes.p[g->at] != '\r')
			return 400;
		if (bytes.n - g->at < 2)
			return 0;
		if (bytes.p[g->at + 1] != '\n')
			return 400;
		if (g->at == g->line && g->lines) {
			*head = g->at + 2;
			return read_end(g);
		}
		status = read_line(g, bytes);
		if (status)
			return status;
		g->lines++;
		g->at += 2;
		g->line = g->at;
	}
	return status;
}

enum { SIZE_FIRST, SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, LAST_CR, LAST_LF };

static unsigned hex_value(uint8_t c)
{
	return c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10u;
}

static int add_digit(struct guard_chunks *c, uint8_t digit)
{
	if (!(kind[digit] & HEX))
		return 400;
	c->left = c->left * 16 + hex_value(digit);
	c->state = SIZE;
	return c->left > c->max - c->body ? 413 : 0;
}

static int in_size(struct guard_chunks *c, uint8_t byte)
{
	if (++c->line > LIMIT_CHUNK_LINE)
		return 400;
	if (byte == '\r') {
		c->state = SIZE_LF;
		return 0;
	}
	if (c->state == EXTENSION)
		return kind[byte] & TEXT ? 0 : 400;
	if (byte == ';') {
		c->state = EXTENSION;
		return 0;
	}
	return add_digit(c, byte);
}

static int expect(struct guard_chunks *c, uint8_t byte, uint8_t expected, unsigned next)
{
	c->state = next;
	return byte == expected ? 0 : 400;
}

static void begin_line(struct guard_chunks *c)
{
	c->line = 0;
	c->left = 0;
}

static int step(struct guard_chunks *c, uint8_t byte)
{
	switch (c->state) {
	case SIZE_FIRST:
		begin_line(c);
		return add_digit(c, byte);
	case SIZE:
	case EXTENSION:
		return in_size(c, byte);
	case SIZE_LF:
		c->body += c->left;
		return expect(c, byte, '\n', c->left ? DATA : LAST_CR);
	case DATA_CR:
		return expect(c, byte, '\r', DATA_LF);
	case DATA_LF:
		return expect(c, byte, '\n', SIZE_FIRST);
	case LAST_CR: /* anything else here begins a trailer */
		return expect(c, byte, '\r', LAST_LF);
	default:
		return expect(c, byte, '\n', SIZE_FIRST);
	}
}

static size_t pass_data(struct guard_chunks *c, size_t n)
{
	if (n > c->left)
		n = c->left;
	c->left -= n;
	if (!c->left)
		c->state = DATA_CR;
	return n;
}

void guard_chunks_init(struct guard_chunks *c, size_t max)
{
	*c = (struct guard_chunks){.state = SIZE_FIRST, .max = max};
}

int guard_chunks(struct guard_chunks *c, struct sti_span bytes, size_t *taken, bool *end)
{
	*end = false;
	for (*taken = 0; *taken < bytes.n && !*end;) {
		int status;

		if (c->state == DATA) {
			*taken += pass_data(c, bytes.n - *taken);
			continue;
		}
		*end = c->state == LAST_LF;
		status = step(c, bytes.p[(*taken)++]);
		if (status)
			return status;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <strings.h>

#include <arpa/inet.h>

#include "base/decimal.h"
#include "base/limits.h"

enum {
	HOST_MAX = 253, /* RFC 1035 2.3.4, without the root's dot */
	LABEL_MAX = 63,
	PORT_MAX = 65535
};

/* What one of the three kinds of URL may have. */
struct form {
	bool literal;
	bool query;
	bool plain; /* http besides https */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The underscore is no LDH letter, but stands in names of real repositories. */
static bool label_is_good(struct sti_span label)
{
	if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_alnum(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
			return false;
	return true;
}

/* 127.1, 2130706433, 0x7f.0x1: what inet_aton reads as an address is no name (threats.md D4). */
static bool label_is_number(struct sti_span label)
{
	bool hex = label.n >= 2 && label.p[0] == '0' && (label.p[1] | 0x20) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.n; i++)
		if (hex ? !is_hex(label.p[i]) : !is_digit(label.p[i]))
			return false;
	return true;
}

static bool host_is_name(struct sti_span host)
{
	struct sti_span rest = host;
	struct sti_span label = {0};

	if (host.n == 0 || host.n > HOST_MAX)
		return false;
	while (sti_span_cut(&rest, '.', &label))
		if (!label_is_good(label))
			return false;
	return !label_is_number(label);
}

/* inet_pton takes dotted decimals only, and no zone: nothing that two readers could read differently. */
static bool host_is_address(int family, struct sti_span host)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (host.n == 0 || host.n >= sizeof(text) || memchr(host.p, 0, host.n))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(family, text, address) == 1;
}

/* pchar of RFC 3986 3.3 and the slash, % left to the caller. */
static bool is_path_byte(uint8_t c)
{
	return is_alnum(c) || (c && strchr("-._~!$&'()*+,;=:@/", c));
}

/* %HH, but not of a control byte: %00 and %0a end strings and lines elsewhere. */
static bool is_escape(struct sti_span s)
{
	if (s.n < 3 || s.p[0] != '%' || !is_hex(s.p[1]) || !is_hex(s.p[2]))
		return false;
	return s.p[1] >= '2' && !(s.p[1] == '7' && (s.p[2] | 0x20) == 'f');
}

static bool path_is_good(struct sti_span path, bool query)
{
	for (size_t i = 0; i < path.n; i++) {
		if (is_path_byte(path.p[i]) || (query && path.p[i] == '?'))
			continue;
		if (!is_escape(sti_span_from(path, i)))
			return false;
		i += 2;
	}
	return true;
}

/* Takes https:// off *rest. */
static bool take_scheme(struct sti_span *rest, const struct form *form, uint16_t *port)
{
	struct sti_span scheme = sti_span_first(*rest, sti_span_find(*rest, ':'));
	bool tls = sti_span_is_nocase(scheme, "https");

	if (!tls && !(form->plain && sti_span_is_nocase(scheme, "http")))
		return false;
	*port = tls ? 443 : 80;
	*rest = sti_span_from(*rest, scheme.n);
	if (!sti_span_is(sti_span_first(*rest, 3), "://"))
		return false;
	*rest = sti_span_from(*rest, 3);
	return true;
}

/* Takes host or [host] off *authority. */
static bool take_host(struct sti_span *authority, const struct form *form, struct url *out)
{
	bool bracket = authority->n && authority->p[0] == '[';
	size_t end = sti_span_find(*authority, bracket ? ']' : ':');

	if (bracket && end == authority->n)
		return false;
	out->host = sti_span_first(*authority, end);
	if (bracket)
		out->host = sti_span_from(out->host, 1);
	*authority = sti_span_from(*authority, bracket ? end + 1 : end);
	if (!bracket && host_is_name(out->host))
		return true;
	out->is_literal = host_is_address(bracket ? AF_INET6 : AF_INET, out->host);
	return out->is_literal && form->literal;
}

/* Compared as an integer ever after (threats.md D2). */
static bool read_port(struct sti_span text, uint16_t *port)
{
	int64_t value;

	if (text.n == 0)
		return true;
	text = text.p[0] == ':' ? sti_span_from(text, 1) : sti_span(NULL, 0);
	if (text.n == 0 || text.p[0] == '0' || decimal_parse(text, PORT_MAX, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool read_path(struct sti_span rest, const struct form *form, struct url *out)
{
	if (!path_is_good(rest, form->query))
		return false;
	out->path = sti_span_first(rest, sti_span_find(rest, '?'));
	if (out->path.n == 0)
		out->path = sti_span_str("/");
	return true;
}

static size_t authority_size(struct sti_span rest)
{
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	return n;
}

static enum sti_error parse(struct sti_span text, const struct form *form, struct url *out)
{
	struct sti_span rest = text;
	struct sti_span authority;
	struct url url = {.text = text};

	if (text.n > LIMIT_X5U)
		return STI_E_LIMIT;
	if (!take_scheme(&rest, form, &url.port))
		return STI_E_URL;
	authority = sti_span_first(rest, authority_size(rest));
	rest = sti_span_from(rest, authority.n);
	if (!take_host(&authority, form, &url) || !read_port(authority, &url.port) || !read_path(rest, form, &url))
		return STI_E_URL;
	*out = url;
	return STI_OK;
}

enum sti_error url_parse(struct sti_span text, struct url *out)
{
	return parse(text, &(struct form){0}, out);
}

enum sti_error url_parse_own(struct sti_span text, struct url *out)
{
	return parse(text, &(struct form){.literal = true, .query = true}, out);
}

enum sti_error url_parse_unix(struct sti_span text, struct url *out)
{
	return parse(text, &(struct form){.literal = true, .query = true, .plain = true}, out);
}

bool url_is_at(const struct url *url, struct sti_span host)
{
	return url->host.n == host.n && strncasecmp((const char *)url->host.p, (const char *)host.p, host.n) == 0;
}

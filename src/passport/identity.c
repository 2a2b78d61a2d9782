/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/identity.h>

#include "base/buf.h"
#include "base/limits.h"
#include "passport/x5u.h"

/* What is left of a value, and the parameter names met so far. */
struct reading {
	struct sti_span rest;
	struct sti_span name[LIMIT_IDENTITY_PARAMS];
	size_t n;
};

static bool is_alnum(uint8_t c)
{
	uint8_t small = c | 0x20;

	return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 8224 4 with erratum 6499: base64url letters and dots. */
static bool is_digest_byte(uint8_t c)
{
	return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* RFC 3261 25.1 */
static bool is_token_byte(uint8_t c)
{
	return is_alnum(c) || (c && strchr("-.!%*_+`'~", c));
}

/* gen-value = token / host / quoted-string: an IPv6 reference is a host. */
static bool is_value_byte(uint8_t c)
{
	return is_token_byte(c) || c == '[' || c == ']' || c == ':';
}

/* Octets of one blank at the front: SP, HTAB, or a line end that is folded; 0 for none. */
static size_t blank(struct sti_span s)
{
	if (s.n >= 1 && (s.p[0] == ' ' || s.p[0] == '\t'))
		return 1;
	if (s.n >= 3 && s.p[0] == '\r' && s.p[1] == '\n' && (s.p[2] == ' ' || s.p[2] == '\t'))
		return 3;
	return 0;
}

static void skip_blanks(struct sti_span *rest)
{
	for (size_t n = blank(*rest); n > 0; n = blank(*rest))
		*rest = sti_span_from(*rest, n);
}

static struct sti_span take_run(struct sti_span *rest, bool (*belongs)(uint8_t))
{
	struct sti_span run;
	size_t n = 0;

	while (n < rest->n && belongs(rest->p[n]))
		n++;
	run = sti_span_first(*rest, n);
	*rest = sti_span_from(*rest, n);
	return run;
}

/* The byte, with the blanks that RFC 3261 25.1 allows on both sides of SEMI and EQUAL. */
static bool take_separator(struct sti_span *rest, uint8_t byte)
{
	struct sti_span s = *rest;

	skip_blanks(&s);
	if (s.n == 0 || s.p[0] != byte)
		return false;
	*rest = sti_span_from(s, 1);
	skip_blanks(rest);
	return true;
}

/* Length of a quoted string with both its quotes; 0 when it does not end. */
static size_t quoted_length(struct sti_span s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Length of <…>; 0 when it does not end or another < stands in it. */
static size_t bracketed_length(struct sti_span s)
{
	size_t end = sti_span_find(s, '>');

	if (end == s.n || sti_span_find(sti_span_from(sti_span_first(s, end), 1), '<') != end - 1)
		return 0;
	return end + 1;
}

/* The inside of "…" or <…>, of `length` octets with its delimiters. */
static bool take_inside(struct sti_span *rest, size_t length, struct sti_span *inside)
{
	if (length == 0)
		return false;
	*inside = sti_span(rest->p + 1, length - 2);
	*rest = sti_span_from(*rest, length);
	return true;
}

/* info = <absoluteURI>; what stands in it is judged by who dereferences it (E7). */
static bool take_uri(struct sti_span *rest, struct sti_span *uri)
{
	return rest->n > 0 && rest->p[0] == '<' && take_inside(rest, bracketed_length(*rest), uri);
}

static bool take_value(struct sti_span *rest, struct sti_span *value)
{
	if (rest->n > 0 && rest->p[0] == '"')
		return take_inside(rest, quoted_length(*rest), value);
	*value = take_run(rest, is_value_byte);
	return value->n > 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_name(struct sti_span a, struct sti_span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* RFC 3261 7.3.1: a parameter name stands once. */
static enum sti_error take_name(struct reading *r, struct sti_span *name)
{
	*name = take_run(&r->rest, is_token_byte);
	if (name->n == 0)
		return STI_E_IDENTITY;
	for (size_t i = 0; i < r->n; i++)
		if (same_name(r->name[i], *name))
			return STI_E_IDENTITY;
	if (r->n == LIMIT_IDENTITY_PARAMS)
		return STI_E_LIMIT;
	r->name[r->n++] = *name;
	return STI_OK;
}

/* Those of RFC 8224 need a value; a generic-param may go without. */
static enum sti_error take_param(struct reading *r, struct sti_identity *out)
{
	struct sti_span name, other = {0};
	struct sti_span *value = &other;
	bool good;
	enum sti_error error = take_name(r, &name);

	if (error)
		return error;
	if (sti_span_is_nocase(name, "info"))
		value = &out->info;
	else if (sti_span_is_nocase(name, "alg"))
		value = &out->alg;
	else if (sti_span_is_nocase(name, "ppt"))
		value = &out->ppt;
	if (!take_separator(&r->rest, '='))
		return value == &other ? STI_OK : STI_E_IDENTITY;
	good = value == &out->info ? take_uri(&r->rest, value) : take_value(&r->rest, value);
	return good ? STI_OK : STI_E_IDENTITY;
}

enum sti_error sti_identity_parse(struct sti_span value, struct sti_identity *out)
{
	struct reading r = {.rest = value};
	struct sti_identity identity = {0};

	if (value.n > LIMIT_IDENTITY)
		return STI_E_LIMIT;
	skip_blanks(&r.rest);
	identity.token = take_run(&r.rest, is_digest_byte);
	if (identity.token.n == 0)
		return STI_E_IDENTITY;
	while (take_separator(&r.rest, ';')) {
		enum sti_error error = take_param(&r, &identity);

		if (error)
			return error;
	}
	skip_blanks(&r.rest);
	if (r.rest.n > 0)
		return STI_E_IDENTITY;
	*out = identity;
	return STI_OK;
}

/* Past what stands at the front: a quoted string, a <…>, or one byte. */
static size_t step(struct sti_span s)
{
	size_t n = 1;

	if (s.p[0] == '"')
		n = quoted_length(s);
	else if (s.p[0] == '<')
		n = sti_span_find(s, '>') + 1;
	return n == 0 || n > s.n ? s.n : n;
}

/* "Identity" HCOLON, or its compact form (RFC 8224 13.1). */
static void skip_header_name(struct sti_span *rest)
{
	struct sti_span s = *rest;
	struct sti_span name;

	skip_blanks(&s);
	name = take_run(&s, is_token_byte);
	if ((sti_span_is_nocase(name, "Identity") || sti_span_is_nocase(name, "y")) && take_separator(&s, ':'))
		*rest = s;
}

bool sti_identity_next(struct sti_span *rest, struct sti_span *value)
{
	size_t end = 0;

	if (!rest->p)
		return false;
	skip_header_name(rest);
	skip_blanks(rest);
	while (end < rest->n && rest->p[end] != ',')
		end += step(sti_span_from(*rest, end));
	*value = sti_span_trim(sti_span_first(*rest, end));
	*rest = end < rest->n ? sti_span_from(*rest, end + 1) : sti_span(NULL, 0);
	return true;
}

static bool all(struct sti_span s, bool (*belongs)(uint8_t))
{
	return take_run(&s, belongs).n > 0 && s.n == 0;
}

enum sti_error sti_identity_write(struct sti_span token, struct sti_span x5u, struct sti_span ppt, char *out,
				  size_t size, size_t *n)
{
	struct buf b = buf_lend(out, size);

	if (!all(token, is_digest_byte) || (ppt.p && !all(ppt, is_token_byte)))
		return STI_E_IDENTITY;
	if (x5u_check(x5u))
		return STI_E_URL;
	buf_put(&b, token);
	buf_put_str(&b, ";info=<");
	buf_put(&b, x5u);
	buf_put_str(&b, ">;alg=ES256");
	if (ppt.p) {
		buf_put_str(&b, ";ppt=");
		buf_put(&b, ppt);
	}
	*n = b.n;
	return buf_error(&b);
}

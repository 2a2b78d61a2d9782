/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/span.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool sti_span_is_nocase(struct sti_span a, const char *s)
{
	struct sti_span b = sti_span_str(s);

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int sti_span_compare(struct sti_span a, struct sti_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

size_t sti_span_find(struct sti_span s, uint8_t byte)
{
	const uint8_t *at = s.n ? memchr(s.p, byte, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

struct sti_span sti_span_from(struct sti_span s, size_t from)
{
	return from < s.n ? sti_span(s.p + from, s.n - from) : sti_span(s.p ? s.p + s.n : NULL, 0);
}

struct sti_span sti_span_first(struct sti_span s, size_t n)
{
	return sti_span(s.p, n < s.n ? n : s.n);
}

bool sti_span_cut(struct sti_span *rest, uint8_t byte, struct sti_span *part)
{
	size_t at;

	if (!rest->p)
		return false;
	at = sti_span_find(*rest, byte);
	*part = sti_span_first(*rest, at);
	*rest = at < rest->n ? sti_span(rest->p + at + 1, rest->n - at - 1) : sti_span(NULL, 0);
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct sti_span sti_span_trim(struct sti_span s)
{
	while (s.n && is_blank(s.p[0]))
		s = sti_span(s.p + 1, s.n - 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

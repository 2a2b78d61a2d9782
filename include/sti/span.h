/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_SPAN_H
#define STI_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sti/export.h>

STI_BEGIN

/*
 * Bytes that somebody else owns. A span is never NUL-terminated and may hold any byte.
 * p == NULL means "absent", which differs from present and empty (n == 0).
 */
struct sti_span {
	const uint8_t *p;
	size_t n;
};

static inline struct sti_span sti_span(const void *p, size_t n)
{
	struct sti_span s = {(const uint8_t *)p, n};
	return s;
}

/* A C string of our own (a literal, an argument); never for bytes from strangers. */
static inline struct sti_span sti_span_str(const char *s)
{
	return sti_span(s, s ? strlen(s) : 0);
}

static inline bool sti_span_equal(struct sti_span a, struct sti_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool sti_span_is(struct sti_span a, const char *s)
{
	return sti_span_equal(a, sti_span_str(s));
}

/* ASCII letters compare without case; every other byte exactly. */
STI_API bool sti_span_is_nocase(struct sti_span a, const char *s);

/* Below, at or above zero as a is before, at or behind b: by octets, the shorter first. */
STI_API int sti_span_compare(struct sti_span a, struct sti_span b);

/* Index of the first `byte`, or s.n when there is none. */
STI_API size_t sti_span_find(struct sti_span s, uint8_t byte);

/* The part from index `from` on; an empty span when from >= s.n. */
STI_API struct sti_span sti_span_from(struct sti_span s, size_t from);

/* The first `n` bytes, fewer when there are fewer. */
STI_API struct sti_span sti_span_first(struct sti_span s, size_t n);

/* Takes the part before the first `byte` off *rest (and the byte itself); false when *rest is absent. */
STI_API bool sti_span_cut(struct sti_span *rest, uint8_t byte, struct sti_span *part);

/* Without leading and trailing blanks and tabs. */
STI_API struct sti_span sti_span_trim(struct sti_span s);

STI_END

#endif

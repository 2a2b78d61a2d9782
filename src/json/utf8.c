/* SPDX-License-Identifier: Apache-2.0 */
#include "json/utf8.h"

/* By number of octets: the mark in the first one, which of its bits are the mark, and the smallest
 * code point that needs so many. */
static const struct {
	uint8_t mark;
	uint8_t mask;
	uint32_t least;
} form[] = {
	{0, 0, 0}, {0x00, 0x80, 0x0}, {0xc0, 0xe0, 0x80}, {0xe0, 0xf0, 0x800}, {0xf0, 0xf8, 0x10000},
};

static size_t length(uint8_t first)
{
	for (size_t n = 1; n <= 4; n++)
		if ((first & form[n].mask) == form[n].mark)
			return n;
	return 0;
}

size_t utf8_read(struct sti_span text, uint32_t *code)
{
	size_t n = text.n ? length(text.p[0]) : 0;

	if (n == 0 || n > text.n)
		return 0;
	*code = text.p[0] & (uint32_t)(uint8_t)~form[n].mask;
	for (size_t i = 1; i < n; i++) {
		if ((text.p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text.p[i] & 0x3fu);
	}
	if (*code < form[n].least || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

size_t utf8_write(uint32_t code, uint8_t out[4])
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)(form[n].mark | code);
	return n;
}

bool utf8_is_noncharacter(uint32_t code)
{
	return (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_is(struct sti_span text)
{
	if (text.n != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_TEXT; i++)
		if (is_dash_place(i) ? text.p[i] != '-' : !is_hex(text.p[i]))
			return false;
	return true;
}

/* RFC 4122 4.4: four version bits in octet 6, two variant bits in octet 8. */
static uint8_t octet(const uint8_t random[16], size_t i)
{
	if (i == 6)
		return (uint8_t)((random[6] & 0x0f) | 0x40);
	if (i == 8)
		return (uint8_t)((random[8] & 0x3f) | 0x80);
	return random[i];
}

void uuid_write(const uint8_t random[16], char out[UUID_TEXT + 1])
{
	static const char digit[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		if (is_dash_place(at))
			out[at++] = '-';
		out[at++] = digit[octet(random, i) >> 4];
		out[at++] = digit[octet(random, i) & 15];
	}
	out[at] = '\0';
}

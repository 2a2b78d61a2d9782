/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

enum { BAD = 255 };

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of each byte in the two alphabets; only the last two letters differ. */
static uint8_t value_of(uint8_t c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	if (c == (uint8_t)alphabet[62])
		return 62;
	return c == (uint8_t)alphabet[63] ? 63 : BAD;
}

size_t base64url_decoded_size(size_t encoded)
{
	return encoded / 4 * 3 + (encoded % 4 ? encoded % 4 - 1 : 0);
}

/* Up to four letters into up to three octets; the bits left over must be zero. */
static bool decode_group(const uint8_t *text, size_t n, const char *alphabet, uint8_t *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint8_t value = i < n ? value_of(text[i], alphabet) : 0;

		if (value == BAD)
			return false;
		bits = bits << 6 | value;
	}
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	return n == 4 || (bits & (n == 3 ? 0xffu : 0xffffu)) == 0;
}

static enum sti_error decode(struct sti_span text, const char *alphabet, uint8_t *out)
{
	if (text.n % 4 == 1)
		return STI_E_BASE64;
	for (size_t at = 0; at < text.n; at += 4, out += 3) {
		size_t n = text.n - at < 4 ? text.n - at : 4;

		if (!decode_group(text.p + at, n, alphabet, out))
			return STI_E_BASE64;
	}
	return STI_OK;
}

static void encode(struct buf *out, struct sti_span bytes, const char *alphabet, bool pad)
{
	for (size_t at = 0; at < bytes.n; at += 3) {
		size_t n = bytes.n - at < 3 ? bytes.n - at : 3;
		uint32_t bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (i < n ? bytes.p[at + i] : 0u);
		for (size_t i = 0; i <= n; i++)
			buf_put_byte(out, (uint8_t)alphabet[bits >> (18 - 6 * i) & 63]);
		for (size_t i = n; pad && i < 3; i++)
			buf_put_byte(out, '=');
	}
}

enum sti_error base64url_decode(struct sti_span text, uint8_t *out)
{
	return decode(text, url_alphabet, out);
}

void base64url_encode(struct buf *out, struct sti_span bytes)
{
	encode(out, bytes, url_alphabet, false);
}

enum sti_error base64_decode(struct buf *out, struct sti_span text)
{
	uint8_t *at;

	if (text.n % 4)
		return STI_E_BASE64;
	for (int pads = 0; pads < 2 && text.n && text.p[text.n - 1] == '='; pads++)
		text.n--;
	at = buf_extend(out, base64url_decoded_size(text.n));
	if (!at)
		return buf_error(out);
	return decode(text, std_alphabet, at);
}

void base64_encode(struct buf *out, struct sti_span bytes)
{
	encode(out, bytes, std_alphabet, true);
}

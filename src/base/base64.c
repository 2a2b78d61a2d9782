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

static void encode_group(const uint8_t bytes[3], const char *alphabet, uint8_t letters[4])
{
	uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];

	letters[0] = (uint8_t)alphabet[bits >> 18];
	letters[1] = (uint8_t)alphabet[bits >> 12 & 63];
	letters[2] = (uint8_t)alphabet[bits >> 6 & 63];
	letters[3] = (uint8_t)alphabet[bits & 63];
}

/* One or two octets are left over: n + 1 letters carry something. */
static void encode_rest(struct buf *out, const uint8_t *bytes, size_t n, const char *alphabet, bool pad)
{
	uint8_t last[3] = {0}, letters[4];

	memcpy(last, bytes, n);
	encode_group(last, alphabet, letters);
	buf_put(out, sti_span(letters, n + 1));
	if (pad)
		buf_put(out, sti_span("==", 3 - n));
}

static void encode(struct buf *out, struct sti_span bytes, const char *alphabet, bool pad)
{
	size_t rest = bytes.n % 3;
	uint8_t *at = bytes.n >= 3 ? buf_extend(out, bytes.n / 3 * 4) : NULL;

	for (size_t i = 0; at && i + 3 <= bytes.n; i += 3)
		encode_group(bytes.p + i, alphabet, at + i / 3 * 4);
	if (rest)
		encode_rest(out, bytes.p + bytes.n - rest, rest, alphabet, pad);
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

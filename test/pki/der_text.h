/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PKI_DER_TEXT_H
#define TEST_PKI_DER_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/hex.h"
#include "support/vectors.h"

/*
 * DER as text, its lengths worked out: "30{02:05 0c:6162}" is a SEQUENCE of an INTEGER 5 and a
 * UTF8String "ab"; "=308001" are octets as they are. Blanks may stand between elements.
 */

static inline void der_put(struct buf *out, uint8_t tag, struct sti_span value)
{
	buf_put_byte(out, tag);
	if (value.n >= 0x80) {
		int octets = value.n > 0xffffff ? 4 : value.n > 0xffff ? 3 : value.n > 0xff ? 2 : 1;

		buf_put_byte(out, (uint8_t)(0x80 | octets));
		while (octets--)
			buf_put_byte(out, (uint8_t)(value.n >> 8 * octets));
	} else {
		buf_put_byte(out, (uint8_t)value.n);
	}
	buf_put(out, value);
}

static inline void der_text_hex(const char **at, struct buf *out)
{
	size_t n = strspn(*at, "0123456789abcdef") / 2;

	assert_int_equal(hex_decode(sti_span(*at, 2 * n), buf_extend(out, n), n), STI_OK);
	*at += 2 * n;
}

static inline void der_text_put(const char **at, struct buf *out)
{
	while (**at && **at != '}') {
		struct buf value = buf_own(1 << 20);
		uint8_t tag;

		if (**at == ' ') {
			(*at)++;
		} else if (**at == '=') {
			(*at)++;
			der_text_hex(at, out);
		} else {
			assert_int_equal(hex_decode(sti_span(*at, 2), &tag, 1), STI_OK);
			*at += 3;
			if ((*at)[-1] == '{') {
				der_text_put(at, &value);
				assert_true(*(*at)++ == '}');
			} else {
				assert_true((*at)[-1] == ':');
				der_text_hex(at, &value);
			}
			der_put(out, tag, buf_span(&value));
		}
		buf_free(&value);
	}
}

/* Of exact size, to be freed with vectors_free. */
static inline struct sti_span der_text(const char *text)
{
	struct buf out = buf_own(1 << 20);
	struct sti_span exact;

	der_text_put(&text, &out);
	assert_true(*text == 0);
	assert_int_equal(buf_error(&out), STI_OK);
	exact = vectors_copy(buf_span(&out));
	buf_free(&out);
	return exact;
}

#endif

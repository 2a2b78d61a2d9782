/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_UTF8_H
#define JSON_UTF8_H

#include <sti/span.h>

/* The octets of the first character: 1 to 4; 0 when they are not UTF-8 of the shortest form
 * (RFC 3629 3): overlong, a surrogate, above U+10FFFF, cut short, or nothing there. */
size_t utf8_read(struct sti_span text, uint32_t *code);

/* Writes a code point up to U+10FFFF; gives the number of octets. */
size_t utf8_write(uint32_t code, uint8_t out[4]);

/* U+FDD0 .. U+FDEF and the last two of each plane. */
bool utf8_is_noncharacter(uint32_t code);

#endif

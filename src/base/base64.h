/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/*
 * Strict base64: one text for one value. Refused are any byte outside the alphabet, white space,
 * a length of 1 mod 4 and non-zero trailing bits (RFC 4648 3.5); the URL form has no padding
 * (RFC 7515 2), the standard form must have it (RFC 4648 4).
 */
size_t base64url_decoded_size(size_t encoded);
enum sti_error base64url_decode(struct sti_span text, uint8_t *out);
void base64url_encode(struct buf *out, struct sti_span bytes);

enum sti_error base64_decode(struct buf *out, struct sti_span text);
void base64_encode(struct buf *out, struct sti_span bytes);

#endif

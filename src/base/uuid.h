/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <sti/error.h>
#include <sti/span.h>

enum { UUID_TEXT = 36 };

/* RFC 4122 3: 8-4-4-4-12 hex digits of either case, no braces. */
bool uuid_is(struct sti_span text);

/* A version 4 UUID from 16 random octets; out gets UUID_TEXT letters and a NUL. */
void uuid_write(const uint8_t random[16], char out[UUID_TEXT + 1]);

#endif

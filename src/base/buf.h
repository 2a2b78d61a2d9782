/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <sti/error.h>
#include <sti/span.h>

/*
 * Bytes being written, into memory that the caller lends (buf_lend) or that the buffer owns and
 * grows up to `max` (buf_own). The first failure sticks: later puts do nothing, and buf_error
 * tells once at the end.
 */
struct buf {
	uint8_t *p;
	size_t n;
	size_t capacity;
	size_t max;
	enum sti_error error;
	bool owned;
};

struct buf buf_lend(void *memory, size_t capacity);
struct buf buf_own(size_t max);

void buf_put(struct buf *b, struct sti_span bytes);
void buf_put_byte(struct buf *b, uint8_t byte);
void buf_put_str(struct buf *b, const char *s);
void buf_put_int(struct buf *b, int64_t number);
void buf_put_hex(struct buf *b, struct sti_span bytes);

/* Room for n bytes at the end, to be filled by the caller; NULL after a failure. */
uint8_t *buf_extend(struct buf *b, size_t n);

enum sti_error buf_error(const struct buf *b);
struct sti_span buf_span(const struct buf *b);

/* Gives up owned memory, wiped first (it may have held a key); a lent buffer is only emptied. */
void buf_free(struct buf *b);

#endif

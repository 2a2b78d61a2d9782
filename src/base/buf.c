/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdlib.h>

struct buf buf_lend(void *memory, size_t capacity)
{
	return (struct buf){.p = memory, .capacity = capacity, .max = capacity};
}

struct buf buf_own(size_t max)
{
	return (struct buf){.max = max, .owned = true};
}

static size_t next_capacity(const struct buf *b, size_t need)
{
	size_t capacity = b->capacity ? b->capacity : 256;

	while (capacity < need)
		capacity = capacity > b->max / 2 ? b->max : capacity * 2;
	return capacity < b->max ? capacity : b->max;
}

static bool grow(struct buf *b, size_t need)
{
	uint8_t *p;
	size_t capacity;

	if (need > b->max || !b->owned) {
		b->error = STI_E_LIMIT;
		return false;
	}
	capacity = next_capacity(b, need);
	p = realloc(b->p, capacity);
	if (!p) {
		b->error = STI_E_MEMORY;
		return false;
	}
	b->p = p;
	b->capacity = capacity;
	return true;
}

uint8_t *buf_extend(struct buf *b, size_t n)
{
	uint8_t *at;

	if (b->error)
		return NULL;
	if (n > b->max - b->n) {
		b->error = STI_E_LIMIT;
		return NULL;
	}
	if (b->n + n > b->capacity && !grow(b, b->n + n))
		return NULL;
	at = b->p + b->n;
	b->n += n;
	return at;
}

void buf_put(struct buf *b, struct sti_span bytes)
{
	uint8_t *at;

	if (bytes.n == 0)
		return;
	at = buf_extend(b, bytes.n);
	if (at)
		memcpy(at, bytes.p, bytes.n);
}

void buf_put_byte(struct buf *b, uint8_t byte)
{
	buf_put(b, sti_span(&byte, 1));
}

void buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, sti_span_str(s));
}

void buf_put_int(struct buf *b, int64_t number)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[--at] = (uint8_t)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		digits[--at] = '-';
	buf_put(b, sti_span(digits + at, sizeof(digits) - at));
}

void buf_put_hex(struct buf *b, struct sti_span bytes)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		buf_put_byte(b, (uint8_t)digit[bytes.p[i] >> 4]);
		buf_put_byte(b, (uint8_t)digit[bytes.p[i] & 15]);
	}
}

enum sti_error buf_error(const struct buf *b)
{
	return b->error;
}

struct sti_span buf_span(const struct buf *b)
{
	return sti_span(b->p, b->n);
}

void buf_free(struct buf *b)
{
	if (b->owned && b->p) {
		explicit_bzero(b->p, b->n);
		free(b->p);
	}
	*b = (struct buf){.error = STI_E_LIMIT};
}

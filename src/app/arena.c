/* SPDX-License-Identifier: Apache-2.0 */
#include "app/arena.h"

#include <stdlib.h>

struct arena_piece {
	struct arena_piece *next;
	_Alignas(max_align_t) uint8_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t n, size_t size)
{
	struct arena_piece *piece;
	size_t whole;

	if (__builtin_mul_overflow(n, size, &whole) || __builtin_add_overflow(whole, sizeof(*piece), &whole))
		return NULL;
	piece = calloc(1, whole);
	if (!piece)
		return NULL;
	piece->next = arena->first;
	arena->first = piece;
	return piece->bytes;
}

char *arena_join(struct arena *arena, struct sti_span a, struct sti_span b)
{
	char *s = a.n < SIZE_MAX - b.n ? arena_alloc(arena, a.n + b.n + 1, 1) : NULL;

	if (!s)
		return NULL;
	if (a.n)
		memcpy(s, a.p, a.n);
	if (b.n)
		memcpy(s + a.n, b.p, b.n);
	return s;
}

void arena_free(struct arena *arena)
{
	while (arena->first) {
		struct arena_piece *next = arena->first->next;

		free(arena->first);
		arena->first = next;
	}
}

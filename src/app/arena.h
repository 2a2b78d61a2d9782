/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_ARENA_H
#define APP_ARENA_H

#include <sti/span.h>

/* Many small pieces of memory that are given up together. Starts as {0}. */
struct arena {
	struct arena_piece *first;
};

/* Zeroed and aligned for anything; NULL without memory, or when n * size does not fit. */
void *arena_alloc(struct arena *arena, size_t n, size_t size);

/* A then b, as one C string. */
char *arena_join(struct arena *arena, struct sti_span a, struct sti_span b);

void arena_free(struct arena *arena);

#endif

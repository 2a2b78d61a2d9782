/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SHELF_H
#define APP_SHELF_H

#include <stddef.h>

/* Things in the order of their use, most lately used first, with their number and size. */
struct shelf {
	struct shelf_place *first, *last;
	size_t n;
	size_t bytes;
};

/* Where a thing stands; first in it, zeroed before it enters. */
struct shelf_place {
	struct shelf_place *next, *previous;
	struct shelf *shelf; /* NULL: on none */
	size_t bytes;
};

/* To the front, from whatever shelf it was on. */
void shelf_enter(struct shelf *shelf, struct shelf_place *place, size_t bytes);
void shelf_leave(struct shelf_place *place);

#endif

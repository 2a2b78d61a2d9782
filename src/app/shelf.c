/* SPDX-License-Identifier: Apache-2.0 */
#include "app/shelf.h"

void shelf_leave(struct shelf_place *place)
{
	struct shelf *shelf = place->shelf;

	if (!shelf)
		return;
	*(place->previous ? &place->previous->next : &shelf->first) = place->next;
	*(place->next ? &place->next->previous : &shelf->last) = place->previous;
	shelf->n--;
	shelf->bytes -= place->bytes;
	place->shelf = NULL;
}

void shelf_enter(struct shelf *shelf, struct shelf_place *place, size_t bytes)
{
	shelf_leave(place);
	*place = (struct shelf_place){.next = shelf->first, .shelf = shelf, .bytes = bytes};
	*(shelf->first ? &shelf->first->previous : &shelf->last) = place;
	shelf->first = place;
	shelf->n++;
	shelf->bytes += bytes;
}

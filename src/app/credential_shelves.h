/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CREDENTIAL_SHELVES_H
#define APP_CREDENTIAL_SHELVES_H

#include "app/credential_entry.h"

/*
 * The entries of the cache of credentials by URL, and their room: bounded in number and in octets, the one
 * least used goes first. What has no path to a root has a tenth of the room, that one and no more
 * (threats.md D14, E23).
 */
struct credential_shelves;

enum credential_shelf {
	CREDENTIAL_SHELF_GOOD, /* has a path to a root */
	CREDENTIAL_SHELF_SUSPECT, /* failed, or without a path */
	CREDENTIAL_SHELF_FLIGHT, /* must stay: the client owes an answer */
	CREDENTIAL_SHELVES
};

/* STI_E_MEMORY, STI_E_CRYPTO without randomness. */
enum sti_error credential_shelves_create(size_t capacity, size_t max_bytes, struct credential_shelves **out);

/* Nothing stands on them any more; NULL is fine. */
void credential_shelves_free(struct credential_shelves *shelves);

/* NULL: not there. */
struct credential_entry *credential_shelves_find(const struct credential_shelves *shelves, struct sti_span url);

/* A new entry, not found before, to the front of a shelf. Others go to make room, never what is in flight;
 * and not this one. */
void credential_shelves_add(struct credential_shelves *shelves, struct credential_entry *entry,
			    enum credential_shelf shelf);

/* To the front of a shelf, measured again. May free it, where there is no room for it at all. */
void credential_shelves_move(struct credential_shelves *shelves, struct credential_entry *entry,
			     enum credential_shelf shelf);

/* Off the shelves; the entry is the caller's. */
void credential_shelves_remove(struct credential_shelves *shelves, struct credential_entry *entry);

/* The first of a shelf, whose place.next leads on; NULL: empty. */
struct credential_entry *credential_shelves_first(const struct credential_shelves *shelves,
						  enum credential_shelf shelf);
size_t credential_shelves_count(const struct credential_shelves *shelves, enum credential_shelf shelf);
size_t credential_shelves_bytes(const struct credential_shelves *shelves);

/* An entry that is due to be refreshed, in the order of the table from *cursor on, which begins at 0; looks at
 * so many places of the table at most and takes them off *looks. NULL: none there. *cursor stays at the one found:
 * a caller that does not fetch it goes on by itself. */
struct credential_entry *credential_shelves_due(const struct credential_shelves *shelves, int64_t now, size_t *cursor,
						size_t *looks);

#endif

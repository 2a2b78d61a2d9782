/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROLE_DISCOVER_H
#define ROLE_DISCOVER_H

#include <sti/tn.h>

/*
 * From a called number to the URL of its CPS (seed, CPS Discovery). Here by local policy alone; who
 * vouched for an entry is told with it, so that mappings of STI-PA and STI-CAs can stand beside it.
 */
enum discover_source { DISCOVER_NOTHING, DISCOVER_LOCAL_POLICY };

struct discover_entry {
	struct sti_span prefix; /* of canonical numbers; the longest wins */
	struct sti_span url; /* posted to verbatim */
};

struct discover_answer {
	enum discover_source source;
	struct sti_span url; /* absent: no POST is made, the call goes on */
};

struct discover;

/* Copies the entries; their texts must outlive it. STI_E_MEMORY is the only error. */
enum sti_error discover_create(const struct discover_entry *entry, size_t n, struct discover **out);
void discover_free(struct discover *discover);

struct discover_answer discover_find(const struct discover *discover, const struct sti_tn *called);

#endif

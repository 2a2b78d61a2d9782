/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_CROWD_H
#define NET_CROWD_H

#include <sys/socket.h>

#include <sti/error.h>
#include <sti/span.h>

#include "net/deadline.h"

/*
 * How many connections come from each address, and which of them could go; IPv6 by its /64, which is
 * one customer. Strangers choose their addresses, so the hash is keyed with random bytes (threats.md B14).
 */
struct crowd;

enum { CROWD_KEY = 8 };

/* One connection in the crowd; belongs to the caller, zeroed before it enters. */
struct crowd_member {
	struct deadline place; /* first: among the spare ones of its address; has no time */
	struct crowd_source *source; /* NULL: not in the crowd */
	bool is_spare;
};

enum sti_error crowd_create(struct crowd **out);

/* Its members have left before. */
void crowd_free(struct crowd *crowd);

/* The key of an address; false, and all zero, for one that is not told from others (a Unix socket). */
bool crowd_key(const struct sockaddr *address, uint8_t key[CROWD_KEY]);

/* One more from there, up to max; not spare. STI_E_FULL, STI_E_MEMORY: the member is as it was. */
enum sti_error crowd_enter(struct crowd *crowd, const uint8_t key[CROWD_KEY], unsigned max,
			   struct crowd_member *member);

/* A member that is in no crowd is nothing. */
void crowd_leave(struct crowd *crowd, struct crowd_member *member);

/* Says whether it could go. */
void crowd_set_spare(struct crowd *crowd, struct crowd_member *member, bool is_spare);

/* Who makes room for this member: of the address with the most members among those that have spare ones,
 * the one that has been spare longest. NULL where no such address has as many as the member's own: nobody
 * is put out for one who has more. */
struct crowd_member *crowd_surplus(const struct crowd *crowd, const struct crowd_member *member);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_CROWD_H
#define NET_CROWD_H

#include <sys/socket.h>

#include <sti/error.h>
#include <sti/span.h>

/*
 * How many connections come from each address; IPv6 by its /64, which is one customer. Strangers
 * choose their addresses, so the hash is keyed with random bytes (threats.md B14).
 */
struct crowd;

enum { CROWD_KEY = 8 };

enum sti_error crowd_create(struct crowd **out);
void crowd_free(struct crowd *crowd);

/* The key of an address; false for one that is not counted (a Unix socket). */
bool crowd_key(const struct sockaddr *address, uint8_t key[CROWD_KEY]);

/* One more from there, up to max. STI_E_FULL, STI_E_MEMORY. */
enum sti_error crowd_enter(struct crowd *crowd, const uint8_t key[CROWD_KEY], unsigned max);
void crowd_leave(struct crowd *crowd, const uint8_t key[CROWD_KEY]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SIPHASH_H
#define STORE_SIPHASH_H

#include <sti/span.h>

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of 64 bits. Whoever does not know the
 * key can neither flood one bucket nor write bytes that pass for a checked slot.
 */
struct siphash_key {
	uint64_t k[2];
};

uint64_t siphash(const struct siphash_key *key, struct sti_span bytes);

#endif

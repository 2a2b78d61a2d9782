/* SPDX-License-Identifier: Apache-2.0 */
#include "store/siphash.h"

#include <endian.h>

static inline uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static inline void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	mix(v);
	v[0] ^= word;
}

static uint64_t load(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* The last 0 to 7 octets and, at the top, the length modulo 256. */
static uint64_t last_word(struct sti_span bytes)
{
	uint64_t word = (uint64_t)bytes.n << 56;

	for (size_t i = bytes.n & ~(size_t)7; i < bytes.n; i++)
		word |= (uint64_t)bytes.p[i] << 8 * (i & 7);
	return word;
}

uint64_t siphash(const struct siphash_key *key, struct sti_span bytes)
{
	uint64_t v[4] = {
		key->k[0] ^ UINT64_C(0x736f6d6570736575),
		key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261),
		key->k[1] ^ UINT64_C(0x7465646279746573),
	};

	for (size_t at = 0; bytes.n - at >= 8; at += 8)
		absorb(v, load(bytes.p + at));
	absorb(v, last_word(bytes));
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/crowd.h"

#include <netinet/in.h>
#include <stdlib.h>

#include <openssl/rand.h>

enum { BUCKETS = 1024 };

struct source {
	struct source *next;
	uint8_t key[CROWD_KEY];
	unsigned n;
};

struct crowd {
	uint64_t secret[2];
	struct source *bucket[BUCKETS];
};

enum sti_error crowd_create(struct crowd **out)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd)
		return STI_E_MEMORY;
	if (RAND_bytes((unsigned char *)crowd->secret, sizeof(crowd->secret)) != 1) {
		free(crowd);
		return STI_E_CRYPTO;
	}
	*out = crowd;
	return STI_OK;
}

void crowd_free(struct crowd *crowd)
{
	for (size_t i = 0; crowd && i < BUCKETS; i++) {
		while (crowd->bucket[i]) {
			struct source *gone = crowd->bucket[i];

			crowd->bucket[i] = gone->next;
			free(gone);
		}
	}
	free(crowd);
}

bool crowd_key(const struct sockaddr *address, uint8_t key[CROWD_KEY])
{
	memset(key, 0, CROWD_KEY);
	if (address->sa_family == AF_INET)
		memcpy(key, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 8);
	else
		return false;
	return true;
}

/* Multiply-add with a secret odd factor: enough to keep a bucket from being aimed at. */
static struct source **find(struct crowd *crowd, const uint8_t key[CROWD_KEY])
{
	uint64_t value;
	struct source **at;

	memcpy(&value, key, sizeof(value));
	value = (value ^ crowd->secret[0]) * (crowd->secret[1] | 1);
	value = (value ^ value >> 32) * (crowd->secret[0] | 1);
	at = &crowd->bucket[value >> 54];
	while (*at && memcmp((*at)->key, key, CROWD_KEY) != 0)
		at = &(*at)->next;
	return at;
}

enum sti_error crowd_enter(struct crowd *crowd, const uint8_t key[CROWD_KEY], unsigned max)
{
	struct source **at = find(crowd, key);

	if (*at && (*at)->n >= max)
		return STI_E_FULL;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return STI_E_MEMORY;
		memcpy((*at)->key, key, CROWD_KEY);
	}
	(*at)->n++;
	return STI_OK;
}

void crowd_leave(struct crowd *crowd, const uint8_t key[CROWD_KEY])
{
	struct source **at = find(crowd, key);
	struct source *source = *at;

	if (!source || --source->n)
		return;
	*at = source->next;
	free(source);
}

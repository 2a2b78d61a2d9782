/* SPDX-License-Identifier: Apache-2.0 */
#include "app/allowance.h"

#include <stdlib.h>

#include <sys/random.h>

#include "store/siphash.h"

enum { PLACES = 4096, MINUTE_S = 60 };

/* What was taken, in sixtieths, and when it was last looked at: it leaks per_minute of them a second. */
struct place {
	int64_t second;
	int64_t taken;
};

struct allowance {
	struct allowance_rule rule;
	struct siphash_key key;
	struct place place[PLACES];
};

enum sti_error allowance_create(struct allowance_rule rule, struct allowance **out)
{
	struct allowance *allowance = calloc(1, sizeof(*allowance));

	if (!allowance)
		return STI_E_MEMORY;
	allowance->rule = rule;
	if (getrandom(&allowance->key, sizeof(allowance->key), 0) != (ssize_t)sizeof(allowance->key)) {
		free(allowance);
		return STI_E_CRYPTO;
	}
	*out = allowance;
	return STI_OK;
}

void allowance_free(struct allowance *allowance)
{
	free(allowance);
}

static size_t place_of(const struct allowance *allowance, struct sti_span name)
{
	return siphash(&allowance->key, name) % PLACES;
}

/* What is still taken at `now`. */
static int64_t taken(const struct allowance *allowance, const struct place *place, int64_t now)
{
	int64_t full = (int64_t)allowance->rule.burst * MINUTE_S;
	int64_t seconds = now > place->second ? now - place->second : 0;
	int64_t leaked;

	if (seconds > full)
		return 0; /* one a minute and more has leaked all by then */
	leaked = seconds * (int64_t)allowance->rule.per_minute;
	return place->taken > leaked ? place->taken - leaked : 0;
}

bool allowance_is_left(const struct allowance *allowance, struct sti_span name, int64_t now)
{
	const struct place *place = &allowance->place[place_of(allowance, name)];

	return taken(allowance, place, now) + MINUTE_S <= (int64_t)allowance->rule.burst * MINUTE_S;
}

void allowance_take(struct allowance *allowance, struct sti_span name, int64_t now)
{
	struct place *place = &allowance->place[place_of(allowance, name)];
	int64_t full = (int64_t)allowance->rule.burst * MINUTE_S;

	place->taken = taken(allowance, place, now) + MINUTE_S;
	if (place->taken > full)
		place->taken = full;
	place->second = now;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_trust.h"

#include <poll.h>

#include "app/clock.h"
#include "cmd/lab_carrier.h"
#include "cmd/lab_pa.h"

#define PA "STI-PA"

#define LIST_UNTIL "sidetone_source_until_seconds{source=\"ca-list\"}"
#define ROLLBACKS  "sidetone_source_refused_total{reason=\"rollback\"}"
#define ROOTS      "sidetone_trusted_roots"
#define REVOKED    "sidetone_revoked_certificates"

enum {
	TAKEN_MS = 5000, /* a look at the PA comes every second */
	PAUSE_MS = 20,
	SHORT_S = 3, /* a list that ends soon: long enough to be taken before it does */
};

static const char *const vs[] = {[LAB_A] = "A STI-VS", [LAB_B] = "B STI-VS"};

/* Waits for it, as long as there is anybody to ask. */
static bool is_exactly(const struct lab_world *world, size_t who, const char *series, int64_t value)
{
	int64_t until = clock_mono_ms() + TAKEN_MS;
	int64_t seen;

	while ((seen = lab_carrier_metric(world, who, series)) != value && seen >= 0 && clock_mono_ms() < until)
		poll(NULL, 0, PAUSE_MS);
	return seen == value;
}

/* No two lists of the lab end at one time. */
static void tell_taken(struct lab_call *call, size_t who)
{
	struct lab_world *world = call->world;

	lab_fact(&call->telling, is_exactly(world, who, LIST_UNTIL, world->list_exp), 0, vs[who], PA,
		 "GET " LAB_PA_LIST ": list %lld, its signer is under the anchor, it is in force",
		 (long long)world->sequence);
}

bool lab_trust_fetched(struct lab_call *call)
{
	for (size_t who = LAB_A; who <= LAB_B; who++) {
		bool good = is_exactly(call->world, who, LIST_UNTIL, call->world->list_exp);
		int64_t roots = lab_carrier_metric(call->world, who, ROOTS);

		tell_taken(call, who);
		lab_fact(&call->telling, roots == 1, 0, vs[who], NULL, "trusts the %lld STI-CA root of the list",
			 (long long)roots);
		lab_got(call, good ? "%s has the list" : "%s has no list", lab_who[who].title);
	}
	return true;
}

bool lab_trust_roll_back(struct lab_call *call)
{
	struct lab_world *world = call->world;
	int64_t before = lab_carrier_metric(world, LAB_B, ROLLBACKS);
	bool refused;

	if (!lab_pa_publish_old_list(world))
		return false;
	lab_step(&call->telling, 0, PA, NULL, "gives out list %lld, correctly signed, while %lld is in force",
		 (long long)(world->sequence - 1), (long long)world->sequence);
	refused = is_exactly(world, LAB_B, ROLLBACKS, before + 1);
	lab_fact(&call->telling, refused, 0, vs[LAB_B], PA, "GET " LAB_PA_LIST ": refused, an alarm: list.rollback");
	lab_fact(&call->telling, is_exactly(world, LAB_B, LIST_UNTIL, world->list_exp), 0, vs[LAB_B], NULL,
		 "keeps list %lld", (long long)world->sequence);
	lab_got(call, refused ? "list.rollback" : "not refused");
	return true;
}

bool lab_trust_expire(struct lab_call *call)
{
	struct lab_world *world = call->world;

	if (!lab_pa_publish_list(world, clock_now() + SHORT_S))
		return false;
	lab_step(&call->telling, 0, PA, NULL, "publishes list %lld, which ends in %d s", (long long)world->sequence,
		 SHORT_S);
	tell_taken(call, LAB_B);
	while (clock_now() < world->list_exp)
		poll(NULL, 0, PAUSE_MS);
	lab_step(&call->telling, 0, vs[LAB_B], NULL, "its list is over, there is no newer one: alarm, source_expired");
	return true;
}

bool lab_trust_revoke(struct lab_call *call)
{
	struct lab_world *world = call->world;

	if (!lab_pa_publish_list(world, lab_pa_exp(world)) || !lab_pa_publish_crl(world, true))
		return false;
	lab_step(&call->telling, 0, PA, NULL, "publishes list %lld, and CRL %lld with A's certificate",
		 (long long)world->sequence, (long long)world->crl_number);
	tell_taken(call, LAB_B);
	lab_fact(&call->telling, is_exactly(world, LAB_B, REVOKED, 1), 0, vs[LAB_B], PA,
		 "GET " LAB_PA_CRL ": signed under the PA's root, 1 certificate is revoked");
	return true;
}

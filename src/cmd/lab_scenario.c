/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_scenario.h"

#include <string.h>

#include "cmd/lab_trust.h"

#define PASSED_WITHIN "TN-Validation-Passed, in-band"
#define PASSED_BESIDE "TN-Validation-Passed, out-of-band"

/* A call that is signed, crosses something, and proves itself by what came beside it. */
#define OVER_TDM                                                                                                       \
	{                                                                                                              \
		lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_published, lab_call_beside,    \
	}

const struct lab_scenario lab_scenarios[] = {
	{
		.name = "in-band",
		.figure = "4-1",
		.title = "SIP all the way, the Identity comes through",
		.expected = PASSED_WITHIN,
		.leg = {LAB_SIP},
		.act = {lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_published},
	},
	{
		.name = "ca-list",
		.figure = "4-2",
		.title = "each carrier has fetched the trusted STI-CA list and verified it; a call rests on it",
		.expected = "A has the list; B has the list; " PASSED_WITHIN,
		.leg = {LAB_SIP},
		.act = {lab_trust_fetched, lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify},
	},
	{
		.name = "tdm",
		.figure = "ladder",
		.title = "TDM in between; the PASSporT comes beside the call",
		.expected = PASSED_BESIDE,
		.leg = {LAB_TDM},
		.act = OVER_TDM,
	},
	{
		.name = "tdm-tdm",
		.figure = "A.1",
		.title = "the two carriers meet on TDM",
		.expected = PASSED_BESIDE,
		.leg = {LAB_TDM},
		.act = OVER_TDM,
	},
	{
		.name = "tdm-transit-tdm",
		.figure = "A.2",
		.title = "TDM to a transit provider and TDM on from there",
		.expected = PASSED_BESIDE,
		.leg = {LAB_TDM, LAB_TDM},
		.act = OVER_TDM,
	},
	{
		.name = "tdm-transit-sip",
		.figure = "A.3",
		.title = "TDM to a transit provider, SIP on from there",
		.expected = PASSED_BESIDE,
		.leg = {LAB_TDM, LAB_SIP},
		.act = OVER_TDM,
	},
	{
		.name = "sip-transit-tdm",
		.figure = "A.4",
		.title = "SIP to a transit provider, TDM on from there",
		.expected = PASSED_BESIDE,
		.leg = {LAB_SIP, LAB_TDM},
		.act = OVER_TDM,
	},
	{
		.name = "sip-transit-sip",
		.figure = "A.5",
		.title = "SIP at both ends, TDM inside the transit network",
		.expected = PASSED_BESIDE,
		.leg = {LAB_SIP, LAB_TDM, LAB_SIP},
		.act = OVER_TDM,
	},
	{
		.name = "unsigned",
		.title = "nobody has signed it",
		.expected = "No-TN-Validation",
		.leg = {LAB_SIP},
		.act = {lab_call_dial, lab_call_unsigned, lab_call_carry, lab_call_verify},
	},
	{
		.name = "changed-number",
		.title = "the calling number is changed between two TDM legs: nothing is found for it",
		.expected = "No-TN-Validation",
		.leg = {LAB_TDM, LAB_TDM},
		.is_tampered = true,
		.act = {lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_published},
	},
	{
		.name = "changed-number-sip",
		.title = "the calling number is changed, the Identity still says the old one",
		.expected = "No-TN-Validation, E16, in-band",
		.leg = {LAB_SIP, LAB_SIP},
		.is_tampered = true,
		.act = {lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_published},
	},
	{
		.name = "forged",
		.title = "signed in A's name under a certificate that nobody trusts",
		.expected = "TN-Validation-Failed, E17, in-band",
		.leg = {LAB_SIP},
		.act = {lab_call_dial, lab_call_forge, lab_call_carry, lab_call_verify},
	},
	{
		.name = "forged-cps",
		.title = "the same, posted to B's CPS: it stores only what it could verify",
		.expected = "CPS 403; No-TN-Validation",
		.leg = {LAB_TDM},
		.act = {lab_call_dial, lab_call_forge, lab_call_post, lab_call_carry, lab_call_verify},
	},
	{
		.name = "stale",
		.title = "an Identity of two minutes ago",
		.expected = "No-TN-Validation, E15, in-band",
		.leg = {LAB_SIP},
		.act = {lab_call_dial, lab_call_stale, lab_call_carry, lab_call_verify},
	},
	{
		.name = "stale-cps",
		.title = "the same, posted to B's CPS",
		.expected = "CPS 403; No-TN-Validation",
		.leg = {LAB_TDM},
		.act = {lab_call_dial, lab_call_stale, lab_call_post, lab_call_carry, lab_call_verify},
	},
	{
		.name = "replayed",
		.title = "a PASSporT that was used is posted again, and another call claims it",
		.expected = PASSED_BESIDE "; CPS 201; No-TN-Validation",
		.leg = {LAB_TDM},
		.act = {lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_published,
			lab_call_beside, lab_call_post, lab_call_again, lab_call_carry, lab_call_verify},
	},
	{
		.name = "cps-down",
		.title = "nobody listens where B's CPS should be: signing does not wait, the call goes on",
		.expected = "No-TN-Validation",
		.leg = {LAB_TDM},
		.is_dead = true,
		.act = {lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_unpublished},
	},
	{
		.name = "private-x5u",
		.title = "x5u is a name with an address that is nobody else's business: nothing goes there",
		.expected = "No-TN-Validation, E8, in-band",
		.leg = {LAB_SIP},
		.act = {lab_call_dial, lab_call_lure, lab_call_carry, lab_call_verify, lab_call_not_lured},
	},
	/* The last three change what the PA publishes; each begins with a list of its own. */
	{
		.name = "rolled-back-list",
		.title = "the PA's server gives out the list before: refused, the newer one stays in force",
		.expected = "list.rollback; " PASSED_WITHIN,
		.leg = {LAB_SIP},
		.act = {lab_trust_roll_back, lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify},
	},
	{
		.name = "expired-list",
		.title = "no newer list has come, and the one in force is over: nobody is believed, nobody is accused",
		.expected = "No-TN-Validation, E8, in-band; CPS 503",
		.leg = {LAB_SIP},
		.act = {lab_trust_expire, lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_post},
	},
	{
		.name = "revoked",
		.title = "a new list, and A's certificate in the CRL of the PA",
		.expected = "TN-Validation-Failed, E17, in-band; CPS 403",
		.leg = {LAB_SIP},
		.act = {lab_trust_revoke, lab_call_dial, lab_call_sign, lab_call_carry, lab_call_verify, lab_call_post},
	},
	{.name = NULL},
};

void lab_scenario_run(const struct lab_scenario *scenario, struct lab_world *world, struct lab_call *call)
{
	struct lab_telling *telling = &call->telling;

	*call = (struct lab_call){
		.world = world,
		.number = (unsigned)(scenario - lab_scenarios),
		.is_tampered = scenario->is_tampered,
		.is_dead = scenario->is_dead,
		.trap = {-1, -1},
		.telling = {scenario->name, scenario->figure, scenario->title, scenario->expected, .ok = true},
	};
	memcpy(call->leg, scenario->leg, sizeof(call->leg));
	for (size_t i = 0; i < LAB_ACTS && scenario->act[i]; i++) {
		if (scenario->act[i](call))
			continue;
		lab_fact(telling, false, 0, "lab", NULL, "the call broke off here");
		break;
	}
	lab_trap_close(call);
	lab_call_conclude(call);
	telling->ok = telling->ok && strcmp(telling->expected, telling->got) == 0;
}

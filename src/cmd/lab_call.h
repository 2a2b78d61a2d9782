/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_CALL_H
#define CMD_LAB_CALL_H

#include <sti/sign.h>

#include "cmd/lab_story.h"
#include "cmd/lab_verdict.h"
#include "cmd/lab_world.h"

/* A call from carrier A to carrier B on its way, and the acts of those who handle it. */
enum lab_leg { LAB_SIP = 1, LAB_TDM };
enum { LAB_LEGS = 3 };

/* Counters and gauges that are looked at before and after. */
enum lab_gauge { LAB_GAUGE_PUBLISHED, LAB_GAUGE_UNPUBLISHED, LAB_GAUGE_STORED, LAB_GAUGE_TAKEN, LAB_GAUGES };

struct lab_call {
	struct lab_world *world;
	unsigned number; /* makes its telephone numbers its own: 0 … 89 */
	enum lab_leg leg[LAB_LEGS]; /* 0 ends them */
	bool is_tampered; /* between the first leg and the second the calling number is changed */
	bool is_dead; /* the called number's CPS is down */
	int trap[2]; /* sockets on which nobody may call, of IPv4 and IPv6; -1: none */

	struct sti_tn orig; /* as signalling says now */
	struct sti_tn dest;
	char identity[STI_IDENTITY_MAX + 1]; /* that travels with the call; empty: none */
	char token[STI_IDENTITY_MAX + 1]; /* the PASSporT that was made, whatever became of the Identity */
	const char *lost_from; /* the leg on which the Identity was lost; NULL: it was not */
	const char *lost_to;
	unsigned attempt;
	int64_t before[LAB_GAUGES];
	struct lab_verdict verdict;
	struct lab_telling telling;
};

/* False when the lab itself broke; whatever a carrier does is told and compared. */
typedef bool lab_act(struct lab_call *call);

lab_act lab_call_dial; /* steps 1 of the seed's call flow */
lab_act lab_call_sign; /* 2, 3, 4 */
lab_act lab_call_unsigned; /* 4 */
lab_act lab_call_forge; /* signed by the stranger, in A's name */
lab_act lab_call_stale; /* signed with A's key, but two minutes old */
lab_act lab_call_post; /* somebody posts the PASSporT to B's CPS */
lab_act lab_call_carry; /* 6 */
lab_act lab_call_verify; /* 7, 8, 10, 11 */
lab_act lab_call_published; /* 3 and 5: B's CPS has taken the PASSporT */
lab_act lab_call_unpublished; /* the CPS could not be reached */
lab_act lab_call_beside; /* 9: the PASSporT came beside the call, octet for octet */
lab_act lab_call_again; /* the same numbers once more, unsigned: 1, 4 */

lab_act lab_call_lure; /* signed by A, but x5u leads to an address of the lab's own machine */
lab_act lab_call_not_lured; /* nobody has gone there */

void lab_trap_close(struct lab_call *call);

/* Parts of what came out, with "; " between. */
void lab_got(struct lab_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Which PASSporT decided and where the Identity was lost, into the telling. */
void lab_call_conclude(struct lab_call *call);

#endif

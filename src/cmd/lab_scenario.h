/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_SCENARIO_H
#define CMD_LAB_SCENARIO_H

#include "cmd/lab_call.h"

/* The calls that the lab places: one row each. */
enum { LAB_ACTS = 12 };

struct lab_scenario {
	const char *name;
	const char *figure; /* design.md 2.1; NULL: none */
	const char *title;
	const char *expected;
	enum lab_leg leg[LAB_LEGS];
	bool is_tampered;
	bool is_dead;
	lab_act *act[LAB_ACTS]; /* NULL ends them */
};

extern const struct lab_scenario lab_scenarios[]; /* a NULL name ends them */

/* Places the call, compares what came of it, and fills in *call. */
void lab_scenario_run(const struct lab_scenario *scenario, struct lab_world *world, struct lab_call *call);

#endif

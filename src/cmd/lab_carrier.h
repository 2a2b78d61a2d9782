/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_CARRIER_H
#define CMD_LAB_CARRIER_H

#include "cmd/lab_world.h"

/* The members of the world as processes, `sidetone serve` each. */

/* Starts all and waits until all are ready; with other ports when somebody else has taken one.
 * is_left: they go on when we end. False, with what they wrote on stderr, when one does not come up:
 * then none runs. */
bool lab_carriers_start(struct lab_world *world, bool is_left);

void lab_carriers_stop(struct lab_world *world);

/* Finds those that are left running in a world; how many. */
size_t lab_carriers_find(struct lab_world *world);

/* One value of /metrics, the series written as it stands there; -1 when it is not to be had. */
int64_t lab_carrier_metric(const struct lab_world *world, size_t who, const char *series);

/* The same, asked again until it is at least `least` or a second is over. */
int64_t lab_carrier_metric_wait(const struct lab_world *world, size_t who, const char *series, int64_t least);

#endif

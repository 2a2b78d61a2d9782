/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_KEEPER_H
#define APP_KEEPER_H

#include <uv.h>

#include "app/log.h"
#include "app/trust_plan.h"

/*
 * The thread that keeps the signed lists and CRLs fresh, on a loop of its own: nothing is fetched, parsed
 * or judged where calls are. It puts the trust in force into the cell of the plan that is in force.
 */
struct keeper;

struct keeper_config {
	uv_loop_t *home; /* of those who ask it */
	struct trust_plan *plan; /* a reference is taken */
	struct metrics *metrics; /* these outlive the keeper */
	struct log *log;
};

/* Loads and verifies what lies in the plan's folder before it returns, then starts the thread: trust is in
 * the cell, and a start needs no network. STI_E_BUSY: another process has the folder; STI_E_DENIED: it is
 * not ours, or writable for others; STI_E_IO with errno; STI_E_MEMORY. *out is the caller's. */
enum sti_error keeper_open(const struct keeper_config *config, struct keeper **out);

/* error: as keeper_open; system is its errno. */
typedef void keeper_prepared(void *context, enum sti_error error, int system);

/* Loads another plan beside the one in force; done is called on the home loop, later. Then keeper_commit, or,
 * where there was no error, keeper_abandon. One at a time. */
void keeper_prepare(struct keeper *keeper, struct trust_plan *plan, keeper_prepared *done, void *context);

/* From here on the other plan is kept. */
void keeper_commit(struct keeper *keeper);

/* The one in force stays. */
void keeper_abandon(struct keeper *keeper);

/* Ends the thread; a plan that is being prepared is forgotten. The home loop must run once more. NULL is fine. */
void keeper_close(struct keeper *keeper);

#endif

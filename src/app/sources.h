/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SOURCES_H
#define APP_SOURCES_H

#include <uv.h>

#include "app/log.h"
#include "app/trust_plan.h"
#include "store/generations.h"

/*
 * All sources of one plan on one loop, and the trust that comes of them: whenever something else is in
 * force, the next snapshot is put into the cell of the plan. One thread, the loop's.
 */
struct sources;

/* Goes up for as long as the process lives, over all plans. */
struct sources_count {
	uint64_t snapshot;
	uint64_t roots;
};

struct sources_config {
	uv_loop_t *loop;
	struct trust_plan *plan; /* a reference is taken */
	struct generations *kept; /* NULL where the plan has no folder; outlives the sources */
	struct sources_count *count; /* outlives the sources */
	struct metrics *metrics;
	struct log *log;
};

/* Verifies again what lies on disk and puts the trust that comes of it into the cell; asks nobody yet.
 * STI_E_MEMORY. *out is the caller's. */
enum sti_error sources_open(const struct sources_config *config, int64_t now, struct sources **out);

/* Ends what is under way; the loop must run once more. NULL is fine. */
void sources_close(struct sources *sources);

/* To be called about once a second: asks who is due, warns of what gets old. */
void sources_tick(struct sources *sources, int64_t now);

/* While it is held nothing else is put in force: the sources of the next plan have read what lies on disk. */
void sources_hold(struct sources *sources, bool held);

/* Asks all of them now. */
void sources_poll(struct sources *sources, int64_t now);

#endif

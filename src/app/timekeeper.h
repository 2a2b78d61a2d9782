/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_TIMEKEEPER_H
#define APP_TIMEKEEPER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the clock can be believed (threats.md I3, I4). It looks at no clock: it is shown readings, the
 * wall clock in seconds of the epoch and a clock in milliseconds that nobody sets. Time cannot be before the
 * program was built, nor before the newest thing of its own that somebody we trust has signed; a wall clock
 * that says so is wrong, and nothing is verified under it. A value.
 */
enum {
	TIMEKEEPER_LEEWAY_S = 60, /* a signer's clock may be ahead of ours by the largest skew, LIMIT_SKEW_S */
	TIMEKEEPER_JUMP_S = 60 /* what one clock may move against the other between two looks */
};

struct timekeeper {
	int64_t floor; /* no time is before this */
	int64_t wall_s; /* at the last look */
	int64_t steady_ms;
	bool is_right; /* the wall clock is not below the floor */
};

enum timekeeper_news {
	TIMEKEEPER_NOTHING,
	TIMEKEEPER_JUMPED, /* the wall clock was set, or the machine stood still: alarm major */
	TIMEKEEPER_BEHIND, /* below the floor from now on: alarm critical, nothing is verified */
	TIMEKEEPER_RIGHT /* at or above the floor again */
};

/* Right until the first look says otherwise. */
void timekeeper_open(struct timekeeper *timekeeper, int64_t floor, int64_t wall_s, int64_t steady_ms);

/* It was at least this when something of which the signature was good was signed: thisUpdate of a CRL. Only of
 * what was accepted, that is what did not lie ahead of the clock itself. A lower time changes nothing. */
void timekeeper_raise(struct timekeeper *timekeeper, int64_t known);

/* The gravest news; *jump_s: by how much the wall clock moved against the other since the last look. */
enum timekeeper_news timekeeper_look(struct timekeeper *timekeeper, int64_t wall_s, int64_t steady_ms, int64_t *jump_s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_KILL_SWEEP_H
#define SUPPORT_KILL_SWEEP_H

#include <stdbool.h>

/*
 * A process that ends by kill -9 (threats.md F19, J2): work runs in a child of its own that is killed
 * before its first system call, then after it, before its second, … until it has ended by itself.
 */
struct kill_plan {
	const char *what;
	void (*begin)(void *context); /* before each run: the state that work finds */
	void (*work)(void *context); /* in the child: no assertions; what it leaves is on disk or in shared memory */
	void (*check)(void *context, bool whole); /* after each run; whole: work had come to its end */
	void *context;
};

/* Prints "what: n of n". Where ptrace is not permitted it says "skipped". */
void kill_sweep(const struct kill_plan *plan);

#endif

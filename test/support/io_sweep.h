/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_IO_SWEEP_H
#define SUPPORT_IO_SWEEP_H

#include <stdbool.h>

/*
 * A disk that fails (threats.md J4): a test that uses this has open, mkostemp, write, fchmod, fsync and
 * rename led through here.
 */

struct io_plan {
	const char *what;
	int code; /* errno of the failing call */
	void (*begin)(void *context); /* before each run: the state that work finds */
	bool (*work)(void *context); /* what may fail, no assertions: true when it did all it was to do */
	void (*check)(void *context, bool whole); /* after each run, the disk being whole again */
	void *context;
};

/* work runs again and again: with its first call failing, then the second, … until none is left; first
 * with that one alone, then with all after it too. Prints "what: n calls". */
void io_sweep(const struct io_plan *plan);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_IO_SWEEP_H
#define SUPPORT_IO_SWEEP_H

#include <stdbool.h>

/*
 * A disk that fails (threats.md J4): a test that uses this has open, mkostemp, write, fchmod, fsync and
 * rename led through here.
 */

/* Lets `attempt` run again and again: with the first of these calls failing with code, then the second, …
 * until none is left; first with that one alone, then with all after it too. It asserts for itself what
 * must hold, and returns true when it did all it was to do, which it must when nothing fails.
 * Prints "what: n calls". */
void io_sweep(const char *what, int code, bool (*attempt)(void *context), void *context);

/* A whole disk from now on, until the next run: for what an attempt looks at afterwards. */
void io_sweep_heal(void);

/* True while an attempt runs and a call of it has failed. */
bool io_sweep_failed(void);

#endif

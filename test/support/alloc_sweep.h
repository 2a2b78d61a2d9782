/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_ALLOC_SWEEP_H
#define SUPPORT_ALLOC_SWEEP_H

#include <sti/error.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that gives out (threats.md J5): a test that uses this has malloc, calloc, realloc and
 * reallocarray led through here, those of OpenSSL and of libc's own callers too, under sanitizers
 * as well. Only in the thread that calls alloc_sweep; others have all the memory they ask for.
 */

/* Lets `attempt` run again and again: with its first allocation failing, then its second, … until
 * none is left (a sample of them where they are very many); first with that one failing alone, then
 * with all after it too. An attempt asserts for itself what may never be believed, and leaves nothing
 * behind (asan looks). It returns true when it did all it was to do, which it must with memory enough.
 * Prints "what: n allocations". */
void alloc_sweep(const char *what, bool (*attempt)(void *context), void *context);

/* True while an attempt runs and its allocation has failed: an error is to be expected. */
bool alloc_sweep_failed(void);

#endif

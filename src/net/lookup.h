/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>

/*
 * Names being looked up. libcurl has one thread for each, and one that was given up lives on until the
 * name server has answered or getaddrinfo has had enough of waiting: libcurl does not tell when. So what
 * is counted are the threads of the process, which itself has no more than a few.
 */

/* True when no other name should be looked up: the process has more than LIMIT_LOOKUPS threads, for a
 * name that is not our own LIMIT_FOREIGN_LOOKUPS. False also where the kernel does not say (no /proc):
 * then nothing but what is in flight bounds them. */
bool lookup_is_full(bool own);

#endif

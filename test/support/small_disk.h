/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SMALL_DISK_H
#define SUPPORT_SMALL_DISK_H

#include <sti/span.h>

/* A disk that fills up, in a child process of its own so that mounts and limits end with it. */
enum { SMALL_DISK_SKIPPED = 77, SMALL_DISK_SIZE = 1024 * 1024 };

/* Runs work in a child; what it returned, or 1000 and the signal that ended it. */
int small_disk_child(int (*work)(void *context), void *context);

/* In the child: a tmpfs of SMALL_DISK_SIZE over the folder, seen by this process alone. False where
 * the kernel does not let us. */
bool small_disk_mount(const char *folder);

/* 0 passes, SMALL_DISK_SKIPPED is said, everything else fails the test. */
void small_disk_expect(int status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_PROCESS_H
#define CMD_LAB_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* This program again, as a process of its own. */
struct lab_process_plan {
	const char *const *argv; /* of `sidetone`, argv[0] included */
	int in; /* become its standard input, output and error; -1: /dev/null */
	int out;
	int err;
	bool is_left; /* lives on when we end; else it is told to end then */
};

/* -1 with errno. The caller's to be waited for. */
pid_t lab_process_start(const struct lab_process_plan *plan);

/* Waits for a child of ours at most so long; its exit status, -1 when it has not ended or not well. */
int lab_process_wait(pid_t pid, int timeout_ms);

/* True while that process runs and was started with these arguments. */
bool lab_process_is(pid_t pid, const char *const *argv);

/* It is to end: SIGTERM. */
void lab_process_tell(pid_t pid);

/* Waits for the end of a process, our child or not; kills it when it takes longer. */
void lab_process_end(pid_t pid, int timeout_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

#include <sti/error.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Before anything else is done: no core dumps and no debugger at our keys (threats.md J13), no proxies
 * from the environment (D19), umask 077, as many open files as the system lets us have, SIGPIPE
 * and SIGXFSZ ignored. STI_E_IO with errno. A sanitizer that looks for leaks at exit cannot do it any more.
 */
enum sti_error process_harden(void);

/* Does the work in a process of its own; its value is the exit status. */
typedef int process_run(void *context);

/* A worker crashed: `signal`. The next one starts in `wait_ms`; 0: there will be none. */
typedef void process_crashed(void *context, int signal, int64_t wait_ms);

struct process_plan {
	process_run *run;
	process_crashed *crashed; /* may be NULL */
	void *context;
	int64_t wait_ms; /* after the first crash, doubled with each; 0: 100 */
	int64_t wait_max_ms; /* 0: 5000 */
	unsigned crashes; /* within window_ms that end it, at most PROCESS_CRASHES; 0: 5 */
	int64_t window_ms; /* 0: 60000 */
};

enum { PROCESS_CRASHES = 16 };

/*
 * Runs one worker and starts another after a crash (death by a signal that we did not pass on). SIGTERM,
 * SIGINT and SIGHUP go on to the worker and stay blocked here when it has ended; when we die, it dies.
 * Call it with one thread.
 * STI_OK: the worker has exited, *status is its exit status. STI_E_IO with errno: not even the first
 * worker could be started (threats.md J7). STI_E_LIMIT: too many crashes (J3).
 */
enum sti_error process_supervise(const struct process_plan *plan, int *status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/process.h"
#include "cmd/command.h"
#include "cmd/server.h"

static int run_worker(void *context)
{
	return server_run(context);
}

/* The line is the supervisor's own: the worker that could have written it is gone. */
static void worker_crashed(void *context, int signal, int64_t wait_ms)
{
	(void)context;
	complain(STATUS_SYSTEM, "alarm=critical event=worker_crashed signal=%d next_in_ms=%lld", signal,
		 (long long)wait_ms);
}

static int supervise(char *file)
{
	struct process_plan plan = {.run = run_worker, .crashed = worker_crashed, .context = file};
	int status = STATUS_SYSTEM;
	enum sti_error error = process_supervise(&plan, &status);

	if (error == STI_E_LIMIT)
		return complain(STATUS_SYSTEM,
				"alarm=critical event=crash_loop the worker crashed too often, giving up");
	return error ? complain(STATUS_SYSTEM, "no worker could be started: %s", strerror(errno)) : status;
}

int command_serve(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("  CONFIG   a file as `sidetone config reference` describes it; SIGHUP reloads it, SIGTERM "
		     "drains");
		return STATUS_GOOD;
	}
	if (argc != 2)
		return complain(STATUS_USAGE, "serve takes one configuration file");
	if (process_harden())
		return complain(STATUS_SYSTEM, "cannot harden the process: %s", strerror(errno));
	return supervise(argv[1]);
}

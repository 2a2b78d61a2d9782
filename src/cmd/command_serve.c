/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/process.h"
#include "cmd/command.h"
#include "cmd/server.h"

struct supervised {
	const char *file;
	struct log *log; /* our own: the worker that could have written is gone */
};

static int run_worker(void *context)
{
	const struct supervised *supervised = context;

	return server_run(supervised->file);
}

static void worker_crashed(void *context, int signal, int64_t wait_ms)
{
	const struct supervised *supervised = context;
	struct log_line line;

	log_begin(&line, LOG_WORKER_CRASHED);
	log_put_int(&line, "signal", signal);
	log_put_int(&line, "next_in_ms", wait_ms);
	log_end(supervised->log, &line, clock_now());
}

static int supervise(const char *file)
{
	struct supervised supervised = {file, log_create(STDERR_FILENO, NULL)};
	struct process_plan plan = {.run = run_worker, .crashed = worker_crashed, .context = &supervised};
	int status = STATUS_SYSTEM;
	enum sti_error error = supervised.log ? process_supervise(&plan, &status) : STI_E_MEMORY;

	if (error == STI_E_LIMIT)
		log_event(supervised.log, LOG_CRASH_LOOP, clock_now(), "why", "crashed too often, giving up");
	else if (error)
		complain(STATUS_SYSTEM, "no worker could be started: %s", error_why(error));
	log_free(supervised.log);
	return error ? STATUS_SYSTEM : status;
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

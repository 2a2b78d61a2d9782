/* SPDX-License-Identifier: Apache-2.0 */
#include "app/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"

/* SSLKEYLOGFILE makes TLS libraries write the keys of all connections to a file. */
static const char *const foreign[] = {
	"http_proxy",  "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",      "HTTP_PROXY",
	"HTTPS_PROXY", "FTP_PROXY",   "ALL_PROXY", "NO_PROXY",  "SSLKEYLOGFILE",
};

static bool environment_clear(void)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (unsetenv(foreign[i]) != 0)
			return false;
	return true;
}

static bool core_off(void)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static bool files_raise(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return false;
	files.rlim_cur = files.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

static bool pipe_ignore(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	return sigaction(SIGPIPE, &ignore, NULL) == 0 && sigaction(SIGXFSZ, &ignore, NULL) == 0;
}

enum sti_error process_harden(void)
{
	umask(077);
	return core_off() && environment_clear() && files_raise() && pipe_ignore() ? STI_OK : STI_E_IO;
}

/* --- supervision --- */

struct watch {
	struct process_plan plan; /* with its defaults filled in */
	pid_t parent;
	sigset_t ours; /* blocked, and waited for */
	pid_t worker; /* 0: none */
	int stopping; /* the signal that told us to end */
	int64_t wait_ms;
	int64_t crashed_at[PROCESS_CRASHES]; /* the last ones, monotonic ms */
	unsigned n_crashed;
};

static struct process_plan plan_complete(const struct process_plan *given)
{
	struct process_plan plan = *given;

	if (!plan.wait_ms)
		plan.wait_ms = 100;
	if (!plan.wait_max_ms)
		plan.wait_max_ms = 5000;
	if (!plan.crashes || plan.crashes > PROCESS_CRASHES)
		plan.crashes = 5;
	if (!plan.window_ms)
		plan.window_ms = 60 * 1000;
	return plan;
}

/* A signal that comes in between stays pending, so none is lost. */
static bool signals_block(struct watch *w)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};

	sigemptyset(&w->ours);
	sigaddset(&w->ours, SIGTERM);
	sigaddset(&w->ours, SIGINT);
	sigaddset(&w->ours, SIGHUP);
	sigaddset(&w->ours, SIGCHLD);
	return sigaction(SIGCHLD, &normal, NULL) == 0 && sigprocmask(SIG_BLOCK, &w->ours, NULL) == 0;
}

/* In the child. A group of its own: Ctrl-C reaches the worker once, through us. */
static void worker_run(const struct watch *w)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != w->parent)
		_exit(3);
	setpgid(0, 0);
	sigprocmask(SIG_UNBLOCK, &w->ours, NULL);
	exit(w->plan.run(w->plan.context));
}

static bool worker_start(struct watch *w)
{
	fflush(NULL);
	w->worker = fork();
	if (w->worker == 0)
		worker_run(w);
	if (w->worker > 0)
		return true;
	w->worker = 0;
	return false;
}

/* Told to end once: a worker at its very end has no ear any more, and would die of the next signal. */
static void pass_on(struct watch *w, int signal)
{
	if (w->stopping)
		return;
	if (signal == SIGTERM || signal == SIGINT)
		w->stopping = signal;
	if (w->worker)
		kill(w->worker, signal);
}

/* Waits until the worker has ended; its status as of waitpid. */
static int worker_wait(struct watch *w)
{
	int status, signal;

	for (;;) {
		pid_t pid = waitpid(w->worker, &status, WNOHANG);

		if (pid == w->worker)
			break;
		signal = sigwaitinfo(&w->ours, NULL);
		if (signal > 0 && signal != SIGCHLD)
			pass_on(w, signal);
	}
	w->worker = 0;
	return status;
}

/* Sleeps before the next start; ends early when we are told to end. */
static void pause_for(struct watch *w, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms, left;

	while (!w->stopping && (left = end - clock_mono_ms()) > 0) {
		struct timespec t = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
		int signal = sigtimedwait(&w->ours, NULL, &t);

		if (signal > 0)
			pass_on(w, signal);
	}
}

/* Notes a crash; false when there were too many of late. */
static bool crash_count(struct watch *w)
{
	int64_t now = clock_mono_ms();

	w->crashed_at[w->n_crashed++ % w->plan.crashes] = now;
	if (w->n_crashed < w->plan.crashes)
		return true;
	return now - w->crashed_at[w->n_crashed % w->plan.crashes] >= w->plan.window_ms; /* the oldest */
}

static bool crash_take(struct watch *w, int signal, int64_t lived_ms)
{
	bool again = crash_count(w);

	if (lived_ms >= w->plan.window_ms)
		w->wait_ms = w->plan.wait_ms;
	if (w->plan.crashed)
		w->plan.crashed(w->plan.context, signal, again ? w->wait_ms : 0);
	if (!again)
		return false;
	pause_for(w, w->wait_ms);
	w->wait_ms = w->wait_ms > w->plan.wait_max_ms / 2 ? w->plan.wait_max_ms : w->wait_ms * 2;
	return true;
}

/* A worker that was told to end by a signal and died of it has done so. */
static int exit_status(const struct watch *w, int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + w->stopping;
}

static enum sti_error watch_run(struct watch *w, int *status)
{
	bool first = true;

	for (; !w->stopping; first = false) {
		int64_t started = clock_mono_ms();
		int ended, signal = 0;

		if (worker_start(w)) {
			ended = worker_wait(w);
			*status = exit_status(w, ended);
			if (WIFEXITED(ended))
				return STI_OK;
			signal = WTERMSIG(ended);
		} else if (first) {
			return STI_E_IO;
		}
		if (!w->stopping && !crash_take(w, signal, clock_mono_ms() - started))
			return STI_E_LIMIT;
	}
	return STI_OK;
}

enum sti_error process_supervise(const struct process_plan *plan, int *status)
{
	struct watch w = {.plan = plan_complete(plan), .parent = getpid()};

	w.wait_ms = w.plan.wait_ms;
	*status = 0;
	if (!signals_block(&w))
		return STI_E_IO;
	/* They stay blocked: a second SIGTERM must not end us otherwise than the first did. */
	return watch_run(&w, status);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "app/process.h"

/* What workers and supervisors tell the test; in memory that they all share. */
struct shared {
	int runs;
	int crashes;
	int signal[PROCESS_CRASHES];
	int64_t wait_ms[PROCESS_CRASHES];
	int crash_until; /* runs that abort */
	int status;
	int pipe[2];
};

static int setup(void **state)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*state = s;
	return s == MAP_FAILED || pipe(s->pipe) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct shared *s = *state;

	close(s->pipe[0]);
	close(s->pipe[1]);
	return munmap(s, sizeof(*s));
}

static void no_core(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

/* The default action: a sanitizer would report an abort at length. */
static int crash_some_times(void *context)
{
	struct shared *s = context;

	if (++s->runs > s->crash_until)
		return s->status;
	no_core();
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void note_crash(void *context, int signal, int64_t wait_ms)
{
	struct shared *s = context;

	if (s->crashes < PROCESS_CRASHES) {
		s->signal[s->crashes] = signal;
		s->wait_ms[s->crashes] = wait_ms;
	}
	s->crashes++;
}

static struct process_plan plan_of(struct shared *s, process_run *run)
{
	return (struct process_plan){.run = run, .crashed = note_crash, .context = s, .wait_ms = 1, .wait_max_ms = 4};
}

static void test_a_clean_exit_ends_it_with_the_workers_status(void **state)
{
	struct shared *s = *state;
	struct process_plan plan = plan_of(s, crash_some_times);
	int status;

	s->status = 2;
	assert_int_equal(process_supervise(&plan, &status), STI_OK);
	assert_int_equal(status, 2);
	assert_int_equal(s->runs, 1);
	assert_int_equal(s->crashes, 0);
}

static void test_J3_a_worker_that_aborts_is_started_again(void **state)
{
	struct shared *s = *state;
	struct process_plan plan = plan_of(s, crash_some_times);
	int status;

	s->crash_until = 2;
	s->status = 7;
	assert_int_equal(process_supervise(&plan, &status), STI_OK);
	assert_int_equal(status, 7);
	assert_int_equal(s->runs, 3);
	assert_int_equal(s->crashes, 2);
	assert_int_equal(s->signal[0], SIGABRT);
}

static void test_J3_a_crash_loop_stops_after_5_with_waits_that_double(void **state)
{
	static const int64_t waits[] = {1, 2, 4, 4, 0};
	struct shared *s = *state;
	struct process_plan plan = plan_of(s, crash_some_times);
	int status;

	s->crash_until = 1000;
	assert_int_equal(process_supervise(&plan, &status), STI_E_LIMIT);
	assert_int_equal(s->runs, 5);
	assert_int_equal(s->crashes, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(s->wait_ms[i], waits[i]);
}

/* With a window of one millisecond no five crashes are ever close enough, for each pair is a wait apart. */
static void test_J3_crashes_far_apart_are_no_loop(void **state)
{
	struct shared *s = *state;
	struct process_plan plan = plan_of(s, crash_some_times);
	int status;

	plan.window_ms = 1;
	s->crash_until = 12;
	assert_int_equal(process_supervise(&plan, &status), STI_OK);
	assert_int_equal(s->runs, 13);
	assert_int_equal(s->crashes, 12);
}

/* --- signals: a supervisor in a process of its own, a worker that says what it gets --- */

static void tell(const struct shared *s, char what)
{
	assert_int_equal(write(s->pipe[1], &what, 1), 1);
}

/* The next thing told, 0 when the last writer has gone; fails the test after 10 seconds. */
static char told(const struct shared *s)
{
	struct pollfd p = {.fd = s->pipe[0], .events = POLLIN};
	char what = 0;

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(read(s->pipe[0], &what, 1) >= 0);
	return what;
}

static int listen_to_signals(void *context)
{
	struct shared *s = context;
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tell(s, 'R');
	while (sigwait(&set, &signal) == 0 && signal == SIGHUP)
		tell(s, 'H');
	tell(s, signal == SIGTERM ? 'T' : 'I');
	return 5;
}

static int die_of_signals(void *context)
{
	tell(context, 'R');
	while (pause() == -1)
		;
	return 0;
}

static pid_t supervisor_start(struct shared *s, process_run *run)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct process_plan plan = plan_of(s, run);

		close(s->pipe[0]);
		_exit(process_supervise(&plan, &status) == STI_OK ? status : 99);
	}
	assert_int_equal(told(s), 'R');
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_signals_go_on_to_the_worker(void **state)
{
	struct shared *s = *state;
	pid_t pid = supervisor_start(s, listen_to_signals);

	kill(pid, SIGHUP);
	assert_int_equal(told(s), 'H');
	kill(pid, SIGHUP);
	assert_int_equal(told(s), 'H');
	kill(pid, SIGTERM);
	assert_int_equal(told(s), 'T');
	assert_int_equal(status_of(pid), 5);
	pid = supervisor_start(s, listen_to_signals);
	kill(pid, SIGINT);
	assert_int_equal(told(s), 'I');
	assert_int_equal(status_of(pid), 5);
}

static void test_a_worker_that_dies_of_SIGTERM_is_not_started_again(void **state)
{
	struct shared *s = *state;
	pid_t pid = supervisor_start(s, die_of_signals);

	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 128 + SIGTERM);
	assert_int_equal(s->crashes, 0);
}

static int crash_after_telling(void *context)
{
	tell(context, 'R');
	no_core();
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void test_SIGTERM_ends_the_wait_before_the_next_start(void **state)
{
	struct shared *s = *state;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct process_plan plan = plan_of(s, crash_after_telling);
		int status;

		plan.wait_ms = plan.wait_max_ms = 3600 * 1000;
		_exit(process_supervise(&plan, &status) == STI_OK ? 0 : 99);
	}
	assert_int_equal(told(s), 'R');
	kill(pid, SIGTERM);
	assert_in_range(status_of(pid), 0, 128 + SIGTERM);
}

static void test_the_worker_dies_with_its_parent(void **state)
{
	struct shared *s = *state;
	pid_t pid = supervisor_start(s, die_of_signals);

	kill(pid, SIGKILL);
	assert_int_equal(status_of(pid), -SIGKILL);
	close(s->pipe[1]); /* ours; the worker holds the only other one */
	assert_int_equal(told(s), 0);
	assert_int_equal(dup2(s->pipe[0], s->pipe[1]), s->pipe[1]);
}

/* --- */

static int must_not_run(void *context)
{
	((struct shared *)context)->runs++;
	return 0;
}

/* 0 when the system refused a process and that came back as what it is. */
static int supervise_without_processes(struct shared *s)
{
	const struct rlimit one = {1, 1};
	struct process_plan plan = plan_of(s, must_not_run);
	int status;

	if (setrlimit(RLIMIT_NPROC, &one) != 0 || (geteuid() == 0 && setuid(64999) != 0)) /* root has no limit */
		return 1;
	if (process_supervise(&plan, &status) != STI_E_IO)
		return 2;
	return errno == EAGAIN ? 0 : 3;
}

static void test_J7_no_process_to_be_had_at_the_start(void **state)
{
	struct shared *s = *state;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(supervise_without_processes(s));
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(s->runs, 0);
	assert_int_equal(s->crashes, 0);
}

/* Which of the promises of process_harden is broken; 0: none. */
static int hardened(void)
{
	struct rlimit core, files;
	struct sigaction action;

	if (process_harden() != STI_OK)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 3;
	if (getenv("http_proxy") || getenv("HTTPS_PROXY") || getenv("all_proxy") || getenv("SSLKEYLOGFILE"))
		return 4;
	if (umask(0) != 077)
		return 5;
	if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_IGN)
		return 6;
	return getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == files.rlim_max ? 0 : 7;
}

static void test_J13_D19_no_cores_no_debugger_no_proxies(void **state)
{
	pid_t pid;

	(void)state;
	setenv("http_proxy", "http://192.0.2.1:3128", 1);
	setenv("HTTPS_PROXY", "http://192.0.2.1:3128", 1);
	setenv("all_proxy", "socks5://192.0.2.1", 1);
	setenv("SSLKEYLOGFILE", "/tmp/keys", 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(hardened());
	assert_int_equal(status_of(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_clean_exit_ends_it_with_the_workers_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_J3_a_worker_that_aborts_is_started_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_J3_a_crash_loop_stops_after_5_with_waits_that_double, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_J3_crashes_far_apart_are_no_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals_go_on_to_the_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_worker_that_dies_of_SIGTERM_is_not_started_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_SIGTERM_ends_the_wait_before_the_next_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_worker_dies_with_its_parent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_J7_no_process_to_be_had_at_the_start, setup, teardown),
		cmocka_unit_test(test_J13_D19_no_cores_no_debugger_no_proxies),
	};

	return cmocka_run_group_tests_name("app/process", tests, NULL, NULL);
}

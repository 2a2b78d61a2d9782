/* SPDX-License-Identifier: Apache-2.0 */
#include "support/kill_sweep.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_PERMITTED = 77, SYSCALL_STOP = SIGTRAP | 0x80 };

static void be_traced(const struct kill_plan *plan)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(NOT_PERMITTED);
	raise(SIGSTOP);
	plan->work(plan->context);
	_exit(0);
}

/* A child that waits for its first step; -1: not permitted. */
static pid_t start(const struct kill_plan *plan)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		be_traced(plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_PERMITTED)
		return -1;
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)), 0);
	return pid;
}

/* To the next entry into a system call or return from one; false: it has ended. */
static bool step(pid_t pid)
{
	int status;
	int pass = 0;

	do {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)pass), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		pass = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
	} while (WIFSTOPPED(status) && pass != SYSCALL_STOP);
	if (WIFSTOPPED(status))
		return true;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static void kill_now(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Killed at its n-th stop; false when there were fewer. */
static bool run(pid_t pid, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!step(pid))
			return false;
	kill_now(pid);
	return true;
}

void kill_sweep(const struct kill_plan *plan)
{
	bool is_killed = true;
	unsigned n = 0;

	while (is_killed) {
		pid_t pid;

		plan->begin(plan->context);
		pid = start(plan);
		if (pid < 0) {
			print_message("SKIPPED: %s: ptrace is not permitted here\n", plan->what);
			return;
		}
		is_killed = run(pid, ++n);
		plan->check(plan->context, !is_killed);
	}
	print_message("%s: killed at %u of %u places\n", plan->what, n - 1, n - 1);
	assert_true(n > 1);
}

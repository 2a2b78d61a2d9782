/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_LINE = 2048 };

static bool use_as(int fd, int as)
{
	int null;
	bool good;

	if (fd >= 0)
		return dup2(fd, as) >= 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	good = null >= 0 && dup2(null, as) >= 0;
	if (null > STDERR_FILENO)
		close(null);
	return good;
}

/* The parent may be gone already when the wish to be told of its end is made known. */
static bool tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

/* Nothing that our own caller had open stays open in what is left running. */
static bool let_go(void)
{
	(void)close_range(STDERR_FILENO + 1, ~0U, 0); /* Linux 5.9; before that, there is no harm in the rest */
	return setsid() >= 0 && chdir("/") == 0;
}

/* In the child. The signals that the lab holds back for itself are free again here. */
static _Noreturn void become(const struct lab_process_plan *plan, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == 0 && use_as(plan->in, STDIN_FILENO) &&
	    use_as(plan->out, STDOUT_FILENO) && use_as(plan->err, STDERR_FILENO) &&
	    (plan->is_left ? let_go() : tie_to(parent)))
		execv("/proc/self/exe", (char *const *)plan->argv);
	_exit(127);
}

pid_t lab_process_start(const struct lab_process_plan *plan)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		become(plan, parent);
	return pid;
}

/* True when it has ended. A process that cannot be opened is gone. */
static bool wait_for_end(pid_t pid, int timeout_ms)
{
	struct pollfd ended = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int n;

	if (ended.fd < 0)
		return errno == ESRCH;
	do
		n = poll(&ended, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	close(ended.fd);
	return n > 0;
}

int lab_process_wait(pid_t pid, int timeout_ms)
{
	int status;

	if (!wait_for_end(pid, timeout_ms) || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool lab_process_is(pid_t pid, const char *const *argv)
{
	char path[64], seen[COMMAND_LINE], wanted[COMMAND_LINE];
	size_t n = 0;
	ssize_t got;
	int fd;

	for (; *argv && n + strlen(*argv) < sizeof(wanted); argv++) {
		memcpy(wanted + n, *argv, strlen(*argv) + 1);
		n += strlen(*argv) + 1;
	}
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, seen, sizeof(seen));
	close(fd);
	return !*argv && got == (ssize_t)n && memcmp(seen, wanted, n) == 0;
}

void lab_process_tell(pid_t pid)
{
	kill(pid, SIGTERM);
}

void lab_process_end(pid_t pid, int timeout_ms)
{
	if (!wait_for_end(pid, timeout_ms)) {
		kill(pid, SIGKILL);
		wait_for_end(pid, timeout_ms);
	}
	waitpid(pid, NULL, WNOHANG);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/small_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

int small_disk_child(int (*work)(void *context), void *context)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(work(context));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Root needs no user namespace; others are root in one of their own, where that is allowed. */
static bool enter_namespace(void)
{
	return unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

bool small_disk_mount(const char *folder)
{
	return enter_namespace() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", folder, "tmpfs", 0, "size=1m") == 0;
}

void small_disk_expect(int status)
{
	if (status == SMALL_DISK_SKIPPED)
		print_message("skipped: no mount allowed here\n");
	else
		assert_int_equal(status, 0);
}

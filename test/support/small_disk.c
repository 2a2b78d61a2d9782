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

static bool write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool good = file && fputs(text, file) >= 0;

	return file && fclose(file) == 0 && good;
}

/* The one line of a map: this id is itself. */
static bool write_map(const char *path, unsigned id)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%u %u 1\n", id, id);

	return n > 0 && write_text(path, line);
}

/* In a user namespace nobody can own a file until he and his group are mapped (user_namespaces(7)). */
static bool enter_user_namespace(void)
{
	unsigned user = geteuid();
	unsigned group = getegid();

	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_map("/proc/self/uid_map", user) &&
	       write_text("/proc/self/setgroups", "deny") && write_map("/proc/self/gid_map", group);
}

/* Root needs no user namespace; others may mount in one of their own, where that is allowed. */
static bool enter_namespace(void)
{
	return geteuid() == 0 ? unshare(CLONE_NEWNS) == 0 : enter_user_namespace();
}

bool small_disk_mount(const char *folder)
{
	char mode[64];
	int n = snprintf(mode, sizeof(mode), "size=%d", SMALL_DISK_SIZE);

	return n > 0 && enter_namespace() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", folder, "tmpfs", 0, mode) == 0;
}

void small_disk_expect(int status)
{
	if (status == SMALL_DISK_SKIPPED)
		print_message("skipped: no mount allowed here\n");
	else
		assert_int_equal(status, 0);
}

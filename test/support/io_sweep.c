/* SPDX-License-Identifier: Apache-2.0 */
#include "support/io_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static struct {
	bool armed;
	bool once;
	bool failed;
	size_t countdown;
	int code;
} trouble;

static bool is_refused(void)
{
	if (!trouble.armed || (trouble.failed && trouble.once))
		return false;
	if (trouble.countdown > 1) {
		trouble.countdown--;
		return false;
	}
	trouble.failed = true;
	errno = trouble.code;
	return true;
}

SHOWN int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list more;

	va_start(more, flags);
	if (flags & O_CREAT)
		mode = va_arg(more, mode_t);
	va_end(more);
	return is_refused() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The names need not be hard to guess here, only new. */
SHOWN int mkostemp(char *path, int flags)
{
	static unsigned made;
	char *end = path + strlen(path) - 6;

	snprintf(end, 7, "%06u", made++ % 1000000);
	return is_refused() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
}

SHOWN ssize_t write(int fd, const void *bytes, size_t n)
{
	return is_refused() ? -1 : syscall(SYS_write, fd, bytes, n);
}

SHOWN int fchmod(int fd, mode_t mode)
{
	return is_refused() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

SHOWN int fsync(int fd)
{
	return is_refused() ? -1 : (int)syscall(SYS_fsync, fd);
}

SHOWN int rename(const char *from, const char *to)
{
	return is_refused() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static bool run(const struct io_plan *plan, size_t countdown, bool once)
{
	bool whole;

	plan->begin(plan->context);
	trouble.once = once;
	trouble.countdown = countdown;
	trouble.failed = false;
	trouble.armed = true;
	whole = plan->work(plan->context);
	trouble.armed = false;
	plan->check(plan->context, whole);
	return whole;
}

static void sweep(const struct io_plan *plan, size_t n, bool once)
{
	for (size_t i = 1; i <= n; i++) {
		run(plan, i, once);
		assert_true(trouble.failed);
	}
}

void io_sweep(const struct io_plan *plan)
{
	size_t n;

	trouble.code = plan->code;
	assert_true(run(plan, SIZE_MAX, true));
	n = SIZE_MAX - trouble.countdown;
	sweep(plan, n, true);
	sweep(plan, n, false);
	print_message("%s: each of %zu calls fails with %s\n", plan->what, n, strerror(plan->code));
	assert_true(n > 0);
}

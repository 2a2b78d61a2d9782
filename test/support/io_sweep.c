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
	return is_refused() ? -1
			    : (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
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

static bool run(bool (*attempt)(void *context), void *context, size_t countdown, bool once)
{
	bool good;

	trouble.once = once;
	trouble.countdown = countdown;
	trouble.failed = false;
	trouble.armed = true;
	good = attempt(context);
	trouble.armed = false;
	return good;
}

static void sweep(bool (*attempt)(void *context), void *context, size_t n, bool once)
{
	for (size_t i = 1; i <= n; i++) {
		run(attempt, context, i, once);
		assert_true(trouble.failed);
	}
}

void io_sweep(const char *what, int code, bool (*attempt)(void *context), void *context)
{
	size_t n;

	trouble.code = code;
	assert_true(run(attempt, context, SIZE_MAX, true));
	n = SIZE_MAX - trouble.countdown;
	sweep(attempt, context, n, true);
	sweep(attempt, context, n, false);
	print_message("%s: %zu calls fail with %s\n", what, n, strerror(code));
	assert_true(n > 0);
}

void io_sweep_heal(void)
{
	trouble.armed = false;
}

bool io_sweep_failed(void)
{
	return trouble.failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was opened, for a failure that closes it again. */
static enum sti_error close_after(int fd, enum sti_error error)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return error;
}

/* As many bytes as there are, up to n; an interrupted call is made again. */
static ssize_t read_some(int fd, uint8_t *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* One octet more than the size must not come. */
static enum sti_error read_end(int fd)
{
	uint8_t more;
	ssize_t got = read_some(fd, &more, 1);

	if (got < 0)
		return STI_E_IO;
	return got ? STI_E_BUSY : STI_OK;
}

static enum sti_error read_body(int fd, size_t size, struct buf *out)
{
	uint8_t *p = buf_extend(out, size);
	size_t at = 0;
	ssize_t got = 1;

	if (size && !p)
		return buf_error(out);
	while (at < size && got > 0) {
		got = read_some(fd, p + at, size - at);
		at += got > 0 ? (size_t)got : 0;
	}
	out->n = at;
	return got < 0 ? STI_E_IO : read_end(fd);
}

static enum sti_error read_checked(int fd, const struct stat *st, size_t max, struct buf *out)
{
	enum sti_error error;

	if ((uint64_t)st->st_size > max)
		return STI_E_LIMIT;
	error = read_body(fd, (size_t)st->st_size, out);
	if (error)
		buf_free(out);
	return error;
}

/* Why a file is not one to read; NULL when it is. */
typedef const char *file_judge(const struct stat *st);

static const char *judge_any(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? NULL : "is not a regular file";
}

static const char *judge_owner(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid() ? NULL : "belongs neither to root nor to the user we run as";
}

static const char *judge_writers(const struct stat *st)
{
	if (judge_owner(st))
		return judge_owner(st);
	return st->st_mode & 022 ? "is open to be written by group or others" : NULL;
}

static const char *judge_secret(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (judge_owner(st))
		return judge_owner(st);
	if (st->st_mode & 077)
		return "is open to group or others, expected mode 0600 or 0400";
	return NULL;
}

static enum sti_error read_open(int fd, size_t max, file_judge *judge, struct buf *out, const char **why)
{
	struct stat st;

	if (fstat(fd, &st))
		return STI_E_IO;
	*why = judge(&st);
	return *why ? STI_E_DENIED : read_checked(fd, &st, max, out);
}

/* A FIFO must not make us wait, a terminal not become ours. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

enum sti_error file_read(const char *path, size_t max, struct buf *out)
{
	const char *why;
	int fd = open(path, OPEN_FLAGS);

	*out = buf_own(max);
	if (fd < 0)
		return errno == ENXIO ? STI_E_DENIED : STI_E_IO; /* a socket */
	return close_after(fd, read_open(fd, max, judge_any, out, &why));
}

static enum sti_error open_refusal(const char **why)
{
	if (errno == ELOOP)
		*why = "is a symbolic link";
	else if (errno == ENXIO)
		*why = "is not a regular file";
	return *why ? STI_E_DENIED : STI_E_IO;
}

enum sti_error file_read_secret(const char *path, size_t max, struct buf *out, const char **why)
{
	int fd = open(path, OPEN_FLAGS | O_NOFOLLOW);

	*out = buf_own(max);
	*why = NULL;
	if (fd < 0)
		return open_refusal(why);
	return close_after(fd, read_open(fd, max, judge_secret, out, why));
}

enum sti_error file_check_writers(const char *path, const char **why)
{
	struct stat st;

	*why = NULL;
	if (stat(path, &st))
		return STI_E_IO;
	*why = judge_writers(&st);
	return *why ? STI_E_DENIED : STI_OK;
}

static enum sti_error write_all(int fd, struct sti_span rest)
{
	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0 && errno != EINTR)
			return STI_E_IO;
		if (n > 0)
			rest = sti_span_from(rest, (size_t)n);
	}
	return STI_OK;
}

static enum sti_error fill(int fd, struct sti_span bytes, mode_t mode)
{
	enum sti_error error = write_all(fd, bytes);

	if (error)
		return error;
	return fchmod(fd, mode) || fsync(fd) ? STI_E_IO : STI_OK;
}

static enum sti_error write_temporary(char *path, struct sti_span bytes, mode_t mode)
{
	int fd = mkostemp(path, O_CLOEXEC);
	enum sti_error error;

	if (fd < 0)
		return STI_E_IO;
	error = close_after(fd, fill(fd, bytes, mode));
	if (error) {
		int saved = errno;

		unlink(path);
		errno = saved;
	}
	return error;
}

enum sti_error file_sync_folder(const char *path)
{
	const char *name;
	int folder = file_open_folder(path, &name);

	if (folder < 0)
		return STI_E_IO;
	return close_after(folder, fsync(folder) ? STI_E_IO : STI_OK);
}

enum sti_error file_write(const char *path, struct sti_span bytes, mode_t mode)
{
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	enum sti_error error;

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return STI_E_LIMIT;
	error = write_temporary(temporary, bytes, mode);
	if (error)
		return error;
	if (rename(temporary, path)) {
		int saved = errno;

		unlink(temporary);
		errno = saved;
		return STI_E_IO;
	}
	return file_sync_folder(path);
}

int file_open_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	size_t n = slash ? (size_t)(slash - path) : 0;

	*name = slash ? slash + 1 : path;
	if (n >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash) {
		memcpy(folder, path, n);
		memcpy(folder + n, n ? "" : "/", n ? 1 : 2);
	}
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

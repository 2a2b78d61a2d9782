/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tmpfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/file.h"

_Static_assert(sizeof(struct tmpfs_header) == 32, "the layout of the file");

/* PASSporTs are never to reach a disk. */
static enum sti_error demand_memory(int folder)
{
	struct statfs fs;

	if (fstatfs(folder, &fs))
		return STI_E_IO;
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return STI_OK;
	errno = EXDEV;
	return STI_E_IO;
}

static enum sti_error open_file(const char *path, int *fd)
{
	const char *name;
	int folder = file_open_folder(path, &name);
	enum sti_error error;

	if (folder < 0)
		return STI_E_IO;
	error = demand_memory(folder);
	if (!error) {
		*fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		error = *fd < 0 ? STI_E_IO : STI_OK;
	}
	close(folder);
	return error;
}

/* /dev/shm is open to all: a file that another has put there is not ours to trust. */
static enum sti_error demand_own(int fd, struct stat *st)
{
	if (fstat(fd, st))
		return STI_E_IO;
	if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() || st->st_mode & 077 || st->st_nlink != 1)
		return STI_E_DENIED;
	return STI_OK;
}

static enum sti_error lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return STI_OK;
	return errno == EWOULDBLOCK ? STI_E_BUSY : STI_E_IO;
}

static bool is_our_layout(const struct tmpfs_header *header)
{
	return header->magic == 0 || (header->magic == TMPFS_MAGIC_WORD && header->version == TMPFS_VERSION &&
				      header->slot_size == SLOT_SIZE);
}

/* Before a byte of it is changed. */
static enum sti_error demand_layout(int fd, off_t have, size_t want)
{
	struct tmpfs_header header;

	if (have == 0)
		return STI_OK;
	if (have < TMPFS_HEADER || (uint64_t)have > want)
		return STI_E_CONFIG;
	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return STI_E_IO;
	return is_our_layout(&header) ? STI_OK : STI_E_CONFIG;
}

static enum sti_error check_file(int fd, size_t size)
{
	struct stat st;
	enum sti_error error = demand_own(fd, &st);

	if (!error)
		error = lock(fd);
	if (!error && fstat(fd, &st)) /* what its last owner may have changed */
		error = STI_E_IO;
	if (!error)
		error = demand_layout(fd, st.st_size, size);
	return error;
}

/* Reserved, so that a full tmpfs is an error here and not SIGBUS later. */
static enum sti_error reserve(int fd, size_t size)
{
	int failed;

	do
		failed = posix_fallocate(fd, 0, (off_t)size);
	while (failed == EINTR);
	errno = failed;
	return failed ? STI_E_IO : STI_OK;
}

static enum sti_error finish_header(struct tmpfs_header *header)
{
	if (header->magic)
		return STI_OK;
	if (getrandom(&header->key, sizeof(header->key), 0) != (ssize_t)sizeof(header->key))
		return STI_E_IO;
	header->version = TMPFS_VERSION;
	header->slot_size = SLOT_SIZE;
	atomic_store_explicit(&header->magic, TMPFS_MAGIC_WORD, memory_order_release);
	return STI_OK;
}

static enum sti_error map_file(struct tmpfs *tmpfs)
{
	enum sti_error error;

	tmpfs->map = mmap(NULL, tmpfs->size, PROT_READ | PROT_WRITE, MAP_SHARED, tmpfs->fd, 0);
	if (tmpfs->map == MAP_FAILED)
		return STI_E_IO;
	error = finish_header(tmpfs->map);
	if (error) {
		munmap(tmpfs->map, tmpfs->size);
		return error;
	}
	madvise(tmpfs->map, tmpfs->size, MADV_DONTDUMP); /* tokens have no place in a core file */
	tmpfs->slot = (struct slot *)(void *)((uint8_t *)tmpfs->map + TMPFS_HEADER);
	tmpfs->key = ((const struct tmpfs_header *)tmpfs->map)->key;
	return STI_OK;
}

enum sti_error tmpfs_open(const char *path, uint32_t slots, struct tmpfs *out)
{
	enum sti_error error = open_file(path, &out->fd);
	int saved;

	if (error)
		return error;
	out->size = TMPFS_HEADER + (size_t)slots * SLOT_SIZE;
	error = check_file(out->fd, out->size);
	if (!error)
		error = reserve(out->fd, out->size);
	if (!error)
		error = map_file(out);
	if (error) {
		saved = errno;
		close(out->fd);
		errno = saved;
	}
	return error;
}

void tmpfs_close(struct tmpfs *tmpfs)
{
	munmap(tmpfs->map, tmpfs->size);
	close(tmpfs->fd);
}

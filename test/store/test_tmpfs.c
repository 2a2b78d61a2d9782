/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/tmpfs.h"
#include "support/shm_folder.h"
#include "support/small_disk.h"

static struct shm_folder folder;

static int setup(void **state)
{
	(void)state;
	folder = shm_folder_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shm_folder_remove(&folder);
	return 0;
}

static const char *path(void)
{
	return shm_folder_file(&folder, "table");
}

static void write_bytes(const void *bytes, size_t n, mode_t mode)
{
	int fd = open(path(), O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static off_t size_of_file(void)
{
	struct stat st;

	assert_int_equal(stat(path(), &st), 0);
	return st.st_size;
}

static void expect_open(uint32_t slots, enum sti_error expected)
{
	struct tmpfs file;
	enum sti_error error = tmpfs_open(path(), slots, &file);

	if (!error)
		tmpfs_close(&file);
	assert_int_equal(error, expected);
}

static void test_new_file_is_reserved_private_and_zero(void **state)
{
	const struct slot nothing = {0};
	struct tmpfs file;
	struct stat st;

	(void)state;
	assert_int_equal(tmpfs_open(path(), 100, &file), STI_OK);
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, TMPFS_HEADER + 100 * SLOT_SIZE);
	assert_true(st.st_blocks * 512 >= st.st_size);
	for (size_t i = 0; i < 100; i++)
		assert_memory_equal(&file.slot[i], &nothing, SLOT_SIZE);
	tmpfs_close(&file);
}

static void test_key_stays_with_the_file_and_differs_between_files(void **state)
{
	struct siphash_key key[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tmpfs file;

		assert_int_equal(tmpfs_open(path(), 4, &file), STI_OK);
		key[i] = file.key;
		tmpfs_close(&file);
		if (i == 1)
			unlink(path());
	}
	assert_memory_equal(&key[0], &key[1], sizeof(key[0]));
	assert_memory_not_equal(&key[1], &key[2], sizeof(key[0]));
}

static void test_second_owner_is_refused(void **state)
{
	struct tmpfs first;

	(void)state;
	assert_int_equal(tmpfs_open(path(), 4, &first), STI_OK);
	expect_open(4, STI_E_BUSY);
	tmpfs_close(&first);
	expect_open(4, STI_OK);
}

static void test_folder_that_is_not_in_memory(void **state)
{
	struct tmpfs file;

	(void)state;
	errno = 0;
	assert_int_equal(tmpfs_open("/proc/sidetone-table", 4, &file), STI_E_IO);
	assert_int_equal(errno, EXDEV);
}

static void test_folder_that_is_not_there(void **state)
{
	struct tmpfs file;

	(void)state;
	assert_int_equal(tmpfs_open("/dev/shm/no-such-folder/table", 4, &file), STI_E_IO);
	assert_int_equal(errno, ENOENT);
}

static void test_more_slots_grow_the_file_fewer_are_refused(void **state)
{
	struct tmpfs file;

	(void)state;
	assert_int_equal(tmpfs_open(path(), 4, &file), STI_OK);
	file.slot[3].body[0] = 'x';
	tmpfs_close(&file);
	assert_int_equal(tmpfs_open(path(), 9, &file), STI_OK);
	assert_int_equal(file.slot[3].body[0], 'x');
	assert_int_equal(file.slot[8].body[0], 0);
	tmpfs_close(&file);
	expect_open(8, STI_E_CONFIG);
	assert_int_equal(size_of_file(), TMPFS_HEADER + 9 * SLOT_SIZE);
}

/* One octet of the header changed: version, slot size, magic. */
static void test_J12_other_layouts_are_refused_and_left_alone(void **state)
{
	static const size_t at[] = {0, 7, 8, 11, 12, 15};

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct tmpfs file;
		uint8_t *octet;

		assert_int_equal(tmpfs_open(path(), 4, &file), STI_OK);
		octet = (uint8_t *)file.map + at[i];
		*octet ^= 2;
		tmpfs_close(&file);
		expect_open(4, STI_E_CONFIG);
		expect_open(40, STI_E_CONFIG);
		assert_int_equal(size_of_file(), TMPFS_HEADER + 4 * SLOT_SIZE);
		unlink(path());
	}
}

static void test_file_of_somebody_else_is_left_alone(void **state)
{
	static const size_t size[] = {1, 31, TMPFS_HEADER - 1, TMPFS_HEADER, TMPFS_HEADER + 100};
	uint8_t bytes[TMPFS_HEADER + 100];
	uint8_t now[TMPFS_HEADER + 100];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		int fd;

		write_bytes(bytes, size[i], 0600);
		expect_open(4, STI_E_CONFIG);
		fd = open(path(), O_RDONLY);
		assert_int_equal(read(fd, now, sizeof(now)), size[i]);
		assert_memory_equal(now, bytes, size[i]);
		close(fd);
		unlink(path());
	}
}

/* The process died between reserving and naming the layout. */
static void test_file_that_was_never_finished(void **state)
{
	const uint8_t nothing[TMPFS_HEADER + SLOT_SIZE] = {0};

	(void)state;
	write_bytes(nothing, sizeof(nothing), 0600);
	expect_open(4, STI_OK);
	expect_open(4, STI_OK);
	unlink(path());
	write_bytes(nothing, 0, 0600);
	expect_open(4, STI_OK);
}

static void test_file_that_others_may_read(void **state)
{
	static const mode_t mode[] = {0640, 0604, 0620, 0602, 0666};

	(void)state;
	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++) {
		write_bytes("", 0, mode[i]);
		expect_open(4, STI_E_DENIED);
		unlink(path());
	}
}

static void test_file_with_a_second_name(void **state)
{
	char other[128];

	(void)state;
	write_bytes("", 0, 0600);
	snprintf(other, sizeof(other), "%s/other", folder.path);
	assert_int_equal(link(path(), other), 0);
	expect_open(4, STI_E_DENIED);
}

static void test_symbolic_link(void **state)
{
	(void)state;
	assert_int_equal(symlink("/dev/shm/sidetone-elsewhere", path()), 0);
	expect_open(4, STI_E_IO);
	assert_int_not_equal(access("/dev/shm/sidetone-elsewhere", F_OK), 0);
}

static void test_fifo_does_not_make_us_wait(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path(), 0600), 0);
	expect_open(4, STI_E_DENIED);
}

/* Run in a child: limits and mounts end with it. */
static int beyond_the_file_size_limit(void *context)
{
	const struct rlimit limit = {16384, 16384};
	struct tmpfs file;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (tmpfs_open(context, 100, &file) != STI_E_IO || errno != EFBIG)
		return 1;
	return tmpfs_open(context, 4, &file) == STI_OK ? 0 : 2;
}

static void test_J4_file_size_limit(void **state)
{
	(void)state;
	assert_int_equal(small_disk_child(beyond_the_file_size_limit, (void *)(uintptr_t)path()), 0);
}

static int on_a_full_disk(void *context)
{
	struct tmpfs file;
	struct stat st;

	if (!small_disk_mount(folder.path))
		return SMALL_DISK_SKIPPED;
	if (tmpfs_open(context, 2000, &file) != STI_E_IO || errno != ENOSPC)
		return 1;
	if (stat(context, &st) || st.st_size != 0)
		return 2;
	if (tmpfs_open(context, 1000, &file) != STI_OK)
		return 3;
	memset(file.slot, 1, 1000 * SLOT_SIZE);
	tmpfs_close(&file);
	/* growing fails: what is there stays */
	if (tmpfs_open(context, 2000, &file) != STI_E_IO || errno != ENOSPC)
		return 4;
	if (tmpfs_open(context, 1000, &file) != STI_OK || file.slot[999].body[0] != 1)
		return 5;
	return 0;
}

static void test_J4_tmpfs_of_one_mebibyte(void **state)
{
	(void)state;
	small_disk_expect(small_disk_child(on_a_full_disk, (void *)(uintptr_t)path()));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new_file_is_reserved_private_and_zero),
		TEST(test_key_stays_with_the_file_and_differs_between_files),
		TEST(test_second_owner_is_refused),
		TEST(test_folder_that_is_not_in_memory),
		TEST(test_folder_that_is_not_there),
		TEST(test_more_slots_grow_the_file_fewer_are_refused),
		TEST(test_J12_other_layouts_are_refused_and_left_alone),
		TEST(test_file_of_somebody_else_is_left_alone),
		TEST(test_file_that_was_never_finished),
		TEST(test_file_that_others_may_read),
		TEST(test_file_with_a_second_name),
		TEST(test_symbolic_link),
		TEST(test_fifo_does_not_make_us_wait),
		TEST(test_J4_file_size_limit),
		TEST(test_J4_tmpfs_of_one_mebibyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/file.h"
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
	return shm_folder_file(&folder, "file");
}

static void make_file(size_t n, mode_t mode)
{
	int fd = open(path(), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void expect_content(const char *text, mode_t mode)
{
	struct stat st;
	struct buf out;

	assert_int_equal(file_read(path(), 4096, &out), STI_OK);
	assert_true(sti_span_equal(buf_span(&out), sti_span_str(text)));
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	buf_free(&out);
}

static void test_sizes_up_to_the_limit_and_one_more(void **state)
{
	static const struct {
		size_t size, max;
		enum sti_error error;
	} row[] = {{0, 0, STI_OK}, {0, 10, STI_OK}, {10, 10, STI_OK}, {11, 10, STI_E_LIMIT}, {5000, 6000, STI_OK}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf out;

		make_file(row[i].size, 0644);
		assert_int_equal(file_read(path(), row[i].max, &out), row[i].error);
		assert_int_equal(out.n, row[i].error ? 0 : row[i].size);
		buf_free(&out);
		unlink(path());
	}
}

static void test_link_is_followed_where_nothing_is_secret(void **state)
{
	struct buf out;

	(void)state;
	make_file(3, 0644);
	assert_int_equal(symlink("file", shm_folder_file(&folder, "link")), 0);
	assert_int_equal(file_read(shm_folder_file(&folder, "link"), 10, &out), STI_OK);
	assert_int_equal(out.n, 3);
	buf_free(&out);
}

/* The first page of a process's memory cannot be read: EIO from a regular file. */
static void test_J4_read_error(void **state)
{
	struct buf out;

	(void)state;
	errno = 0;
	assert_int_equal(file_read("/proc/self/mem", 10, &out), STI_E_IO);
	assert_int_equal(errno, EIO);
	assert_int_equal(out.n, 0);
	buf_free(&out);
}

/* The size in the inode is 0 and more than that comes. */
static void test_file_that_grows_while_it_is_read(void **state)
{
	struct buf out;

	(void)state;
	assert_int_equal(file_read("/proc/self/status", 100000, &out), STI_E_BUSY);
	buf_free(&out);
}

static void make_socket(const char *at)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, at, strlen(at));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void make_0600(void)
{
	make_file(5, 0600);
}

static void make_0400(void)
{
	make_file(5, 0400);
}

static void make_group_readable(void)
{
	make_file(5, 0640);
}

static void make_world_readable(void)
{
	make_file(5, 0604);
}

static void make_group_writable(void)
{
	make_file(5, 0620);
}

static void make_executable_by_others(void)
{
	make_file(5, 0601);
}

static void make_of_another(void)
{
	make_file(5, 0600);
	if (chown(path(), 65534, (gid_t)-1))
		print_message("skipped: not root, no file of another user\n");
}

static void make_link(void)
{
	make_file(5, 0600);
	assert_int_equal(rename(path(), "/dev/shm/sidetone-test-key"), 0);
	assert_int_equal(symlink("/dev/shm/sidetone-test-key", path()), 0);
}

static void make_dangling_link(void)
{
	assert_int_equal(symlink("/dev/shm/sidetone-no-such-file", path()), 0);
}

static void make_folder(void)
{
	assert_int_equal(mkdir(path(), 0700), 0);
}

static void make_fifo(void)
{
	assert_int_equal(mkfifo(path(), 0600), 0);
}

static void make_unix_socket(void)
{
	make_socket(path());
}

static void make_nothing(void)
{
}

static void make_large(void)
{
	make_file(101, 0600);
}

static void remove_it(void)
{
	if (unlink(path()))
		rmdir(path());
	unlink("/dev/shm/sidetone-test-key");
}

static void test_L1_key_file_that_must_not_be_read(void **state)
{
	static const struct {
		const char *what;
		void (*make)(void);
		enum sti_error error;
		const char *why;
	} row[] = {
		{"0600", make_0600, STI_OK, NULL},
		{"0400", make_0400, STI_OK, NULL},
		{"group may read", make_group_readable, STI_E_DENIED, "open to group or others"},
		{"world may read", make_world_readable, STI_E_DENIED, "open to group or others"},
		{"group may write", make_group_writable, STI_E_DENIED, "open to group or others"},
		{"others may execute", make_executable_by_others, STI_E_DENIED, "open to group or others"},
		{"another's", make_of_another, STI_E_DENIED, "belongs neither"},
		{"link", make_link, STI_E_DENIED, "symbolic link"},
		{"dangling link", make_dangling_link, STI_E_DENIED, "symbolic link"},
		{"folder", make_folder, STI_E_DENIED, "not a regular file"},
		{"fifo", make_fifo, STI_E_DENIED, "not a regular file"},
		{"socket", make_unix_socket, STI_E_DENIED, "not a regular file"},
		{"not there", make_nothing, STI_E_IO, NULL},
		{"too large", make_large, STI_E_LIMIT, NULL},
	};
	size_t n = sizeof(row) / sizeof(row[0]);
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		enum sti_error expected = row[i].error;
		const char *why = "not set";
		struct stat st;
		struct buf out;
		enum sti_error error;

		row[i].make();
		if (row[i].make == make_of_another && stat(path(), &st) == 0 && st.st_uid == geteuid())
			expected = STI_OK; /* said above */
		error = file_read_secret(path(), 100, &out, &why);
		if (error == expected && (expected ? out.n == 0 : out.n == 5) &&
		    (error == STI_E_DENIED ? why && strstr(why, row[i].why) : !why))
			good++;
		else
			print_error("%s: %s, %s\n", row[i].what, sti_error_text(error), why ? why : "-");
		buf_free(&out);
		remove_it();
	}
	print_message("L1: %zu of %zu\n", good, n);
	assert_int_equal(good, n);
}

static void make_folder_for_all(void)
{
	assert_int_equal(mkdir(path(), 0700), 0);
	assert_int_equal(chmod(path(), 01777), 0);
}

static void test_L1_what_is_believed_and_others_may_write(void **state)
{
	static const struct {
		const char *what;
		void (*make)(void);
		enum sti_error error;
		const char *why;
	} row[] = {
		{"0400", make_0400, STI_OK, NULL},
		{"world may read", make_world_readable, STI_OK, NULL},
		{"folder", make_folder, STI_OK, NULL},
		{"link to ours", make_link, STI_OK, NULL},
		{"group may write", make_group_writable, STI_E_DENIED, "open to be written"},
		{"folder for all", make_folder_for_all, STI_E_DENIED, "open to be written"},
		{"another's", make_of_another, STI_E_DENIED, "belongs neither"},
		{"not there", make_nothing, STI_E_IO, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *why = "not set";
		struct stat st;
		enum sti_error error;

		row[i].make();
		error = file_check_writers(path(), &why);
		if (row[i].make == make_of_another && stat(path(), &st) == 0 && st.st_uid == geteuid())
			assert_int_equal(error, STI_OK); /* said above */
		else if (error != row[i].error || !why != !row[i].why || (why && !strstr(why, row[i].why)))
			fail_msg("%s: %s, %s", row[i].what, sti_error_text(error), why ? why : "-");
		remove_it();
	}
}

static void test_L1_device_is_no_key(void **state)
{
	const char *why;
	struct buf out;

	(void)state;
	assert_int_equal(file_read_secret("/dev/zero", 100, &out, &why), STI_E_DENIED);
	assert_non_null(strstr(why, "not a regular file"));
	assert_int_equal(file_read("/dev/zero", 100, &out), STI_E_DENIED);
	assert_int_equal(file_read("/dev/shm", 100, &out), STI_E_DENIED);
}

static void test_written_whole_with_its_mode_and_nothing_beside_it(void **state)
{
	(void)state;
	assert_int_equal(file_write(path(), sti_span_str("first"), 0600), STI_OK);
	expect_content("first", 0600);
	assert_int_equal(file_write(path(), sti_span_str("second, longer"), 0644), STI_OK);
	expect_content("second, longer", 0644);
	assert_int_equal(file_write(path(), sti_span_str(""), 0600), STI_OK);
	expect_content("", 0600);
	assert_int_equal(shm_folder_count(&folder), 1);
}

/* A reader that has it open keeps the old one whole. */
static void test_reader_of_the_old_file_is_not_disturbed(void **state)
{
	char old[6] = "";
	int fd;

	(void)state;
	assert_int_equal(file_write(path(), sti_span_str("first"), 0600), STI_OK);
	fd = open(path(), O_RDONLY);
	assert_int_equal(file_write(path(), sti_span_str("other"), 0600), STI_OK);
	assert_int_equal(read(fd, old, 5), 5);
	assert_string_equal(old, "first");
	close(fd);
}

static void test_link_is_replaced_and_its_target_left_alone(void **state)
{
	(void)state;
	make_link();
	assert_int_equal(file_write(path(), sti_span_str("new"), 0600), STI_OK);
	expect_content("new", 0600);
	unlink(path());
	assert_int_equal(rename("/dev/shm/sidetone-test-key", path()), 0);
	expect_content("xxxxx", 0600);
}

static void test_folder_that_is_not_there(void **state)
{
	char deep[8192];

	(void)state;
	assert_int_equal(file_write("/dev/shm/no-such-folder/file", sti_span_str("x"), 0600), STI_E_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_write("/proc/file", sti_span_str("x"), 0600), STI_E_IO);
	memset(deep, '/', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(file_write(deep, sti_span_str("x"), 0600), STI_E_LIMIT);
}

static void test_folder_in_the_place_of_the_file(void **state)
{
	(void)state;
	make_folder();
	assert_int_equal(file_write(path(), sti_span_str("x"), 0600), STI_E_IO);
	assert_int_equal(shm_folder_count(&folder), 1);
	remove_it();
}

/* Two mebibytes: the first write is short, the next fails. 0 when the old file is left, alone. */
static int write_too_much(int expected)
{
	uint8_t *bytes = calloc(2, SMALL_DISK_SIZE);
	struct buf out;
	int failed = 0;

	if (!bytes || file_write(path(), sti_span_str("old"), 0600))
		return 1;
	if (file_write(path(), sti_span(bytes, (size_t)2 * SMALL_DISK_SIZE), 0600) != STI_E_IO || errno != expected)
		failed = 2;
	if (file_read(path(), 100, &out) || !sti_span_is(buf_span(&out), "old"))
		failed = 3;
	buf_free(&out);
	free(bytes);
	if (shm_folder_count(&folder) != 1)
		failed = 4;
	/* and it recovers alone */
	if (!failed && (file_write(path(), sti_span_str("new"), 0600) || unlink(path())))
		failed = 5;
	return failed;
}

static int with_a_file_size_limit(void *context)
{
	const struct rlimit limit = {SMALL_DISK_SIZE, SMALL_DISK_SIZE};

	(void)context;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	return write_too_much(EFBIG);
}

static void test_J4_short_write_then_too_large(void **state)
{
	(void)state;
	assert_int_equal(small_disk_child(with_a_file_size_limit, NULL), 0);
}

static int with_a_full_disk(void *context)
{
	(void)context;
	return small_disk_mount(folder.path) ? write_too_much(ENOSPC) : SMALL_DISK_SKIPPED;
}

static void test_J4_short_write_then_no_space(void **state)
{
	(void)state;
	small_disk_expect(small_disk_child(with_a_full_disk, NULL));
}

static void test_folder_and_name_of_a_path(void **state)
{
	static const struct {
		const char *path, *same, *name;
	} row[] = {{"name", ".", "name"},
		   {"/name", "/", "name"},
		   {"/proc/name", "/proc", "name"},
		   {"/proc/self/name", "/proc/self", "name"}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct stat a;
		struct stat b;
		const char *name;
		int fd = file_open_folder(row[i].path, &name);

		assert_true(fd >= 0);
		assert_string_equal(name, row[i].name);
		assert_int_equal(fstat(fd, &a) | stat(row[i].same, &b), 0);
		assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
		close(fd);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes_up_to_the_limit_and_one_more),
		TEST(test_link_is_followed_where_nothing_is_secret),
		TEST(test_J4_read_error),
		TEST(test_file_that_grows_while_it_is_read),
		TEST(test_L1_key_file_that_must_not_be_read),
		TEST(test_L1_what_is_believed_and_others_may_write),
		TEST(test_L1_device_is_no_key),
		TEST(test_written_whole_with_its_mode_and_nothing_beside_it),
		TEST(test_reader_of_the_old_file_is_not_disturbed),
		TEST(test_link_is_replaced_and_its_target_left_alone),
		TEST(test_folder_that_is_not_there),
		TEST(test_folder_in_the_place_of_the_file),
		TEST(test_J4_short_write_then_too_large),
		TEST(test_J4_short_write_then_no_space),
		TEST(test_folder_and_name_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "store/file.h"
#include "store/generations.h"
#include "support/alloc_sweep.h"
#include "support/io_sweep.h"
#include "support/kill_sweep.h"
#include "support/shm_folder.h"
#include "support/small_disk.h"

enum { MAX = 1024 * 1024, BIG = SMALL_DISK_SIZE / 7 * 2 };

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

static struct sti_span source(void)
{
	return sti_span_str("https://pa.example/list");
}

static struct generations *open_folder(void)
{
	struct generations *generations;

	assert_int_equal(generations_open(folder.path, &generations), STI_OK);
	return generations;
}

/* The list with this number: "list NUMBER" and the letter of its version. */
struct list {
	char text[32];
	struct mark mark;
};

static struct list make_list(int64_t number, char version)
{
	struct list list = {0};
	int n = snprintf(list.text, sizeof(list.text), "list %jd%c", (intmax_t)number, version);

	assert_in_range(n, 1, sizeof(list.text) - 1);
	list.mark.time = 1700000000 + number;
	mark_set_number(&list.mark, number);
	assert_int_equal(digest_sha256(sti_span(list.text, (size_t)n), list.mark.sha256), STI_OK);
	return list;
}

static struct sti_span list_bytes(const struct list *list)
{
	return sti_span_str(list->text);
}

static enum sti_error put(struct generations *generations, int64_t number, char version)
{
	struct list list = make_list(number, version);

	return generations_put(generations, source(), list_bytes(&list), &list.mark);
}

/* One process's life: opens, puts, closes. */
static enum sti_error put_once(int64_t number, char version)
{
	struct generations *generations = open_folder();
	enum sti_error error = put(generations, number, version);

	generations_close(generations);
	return error;
}

static struct generations_entry load(void)
{
	struct generations *generations = open_folder();
	struct generations_entry entry;

	assert_int_equal(generations_load(generations, source(), MAX, &entry), STI_OK);
	generations_close(generations);
	return entry;
}

static bool is_list(const struct generations_entry *entry, int64_t number)
{
	struct list list = make_list(number, 'a');

	return entry->has_mark && !entry->is_lost && !entry->is_first && !entry->is_unmarked &&
	       mark_compare(&entry->mark, &list.mark) == 0 && entry->mark.time == list.mark.time &&
	       memcmp(entry->mark.sha256, list.mark.sha256, MARK_SHA256) == 0 &&
	       sti_span_equal(buf_span(&entry->bytes), list_bytes(&list));
}

static void expect_list(int64_t number)
{
	struct generations_entry entry = load();

	assert_true(is_list(&entry, number));
	buf_free(&entry.bytes);
}

static void expect_lost(int64_t number)
{
	struct generations_entry entry = load();
	struct list list = make_list(number, 'a');

	assert_true(entry.has_mark && entry.is_lost && !entry.is_first && !entry.is_unmarked);
	assert_int_equal(mark_compare(&entry.mark, &list.mark), 0);
	assert_int_equal(entry.bytes.n, 0);
	buf_free(&entry.bytes);
}

static void expect_first(void)
{
	struct generations_entry entry = load();

	assert_true(entry.is_first && !entry.has_mark && !entry.is_lost && !entry.is_unmarked);
	assert_int_equal(entry.bytes.n, 0);
}

/* The only file of the folder that ends like this. */
static const char *part(const char *ending)
{
	DIR *dir = opendir(folder.path);
	const struct dirent *entry;
	const char *found = NULL;

	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		const char *dot = strchr(entry->d_name, '.');

		if (dot && strcmp(dot, ending) == 0)
			found = shm_folder_file(&folder, entry->d_name);
	}
	closedir(dir);
	return found;
}

static void write_part(const char *ending, const char *text)
{
	assert_non_null(part(ending));
	assert_int_equal(file_write(part(ending), sti_span_str(text), 0600), STI_OK);
}

static void expect_part(const char *ending, const char *text)
{
	struct buf bytes;

	assert_non_null(part(ending));
	assert_int_equal(file_read(part(ending), MAX, &bytes), STI_OK);
	assert_true(sti_span_is(buf_span(&bytes), text));
	buf_free(&bytes);
}

static void delete_part(const char *ending)
{
	assert_non_null(part(ending));
	assert_int_equal(unlink(part(ending)), 0);
}

static void test_source_never_seen(void **state)
{
	(void)state;
	expect_first();
}

static void test_the_last_three_are_kept(void **state)
{
	(void)state;
	for (int64_t number = 1; number <= 5; number++) {
		assert_int_equal(put_once(number, 'a'), STI_OK);
		expect_list(number);
	}
	expect_part(".current", "list 5a");
	expect_part(".1", "list 4a");
	expect_part(".2", "list 3a");
	assert_null(part(".next"));
	assert_int_equal(shm_folder_count(&folder), 5); /* three, the mark, the lock */
}

static void test_F4_list_before_the_one_in_force_is_denied_after_a_restart(void **state)
{
	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	assert_int_equal(put_once(8, 'a'), STI_OK);
	assert_int_equal(put_once(7, 'a'), STI_E_DENIED);
	expect_list(8);
}

static void test_F4_list_restored_from_a_backup_is_not_used_and_the_mark_stays(void **state)
{
	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	assert_int_equal(put_once(8, 'a'), STI_OK);
	write_part(".current", "list 7a");
	expect_lost(8);
	assert_int_equal(put_once(7, 'a'), STI_E_DENIED);
	assert_int_equal(put_once(8, 'b'), STI_E_DENIED);
	expect_lost(8);
	assert_int_equal(put_once(8, 'a'), STI_OK);
	expect_list(8);
}

static void test_F4_deleted_list_is_lost_until_it_or_a_newer_one_comes(void **state)
{
	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	delete_part(".current");
	expect_lost(7);
	assert_int_equal(put_once(6, 'a'), STI_E_DENIED);
	assert_int_equal(put_once(9, 'a'), STI_OK);
	expect_list(9);
}

static void test_F4_damaged_list_is_lost(void **state)
{
	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	write_part(".current", "list 7A");
	expect_lost(7);
	write_part(".current", "");
	expect_lost(7);
}

static void expect_unmarked(const char *text)
{
	struct generations_entry entry = load();

	assert_true(entry.is_unmarked && !entry.is_first && !entry.has_mark && !entry.is_lost);
	assert_true(sti_span_is(buf_span(&entry.bytes), text));
	buf_free(&entry.bytes);
}

static void test_F4_deleted_mark_is_told_from_a_first_use(void **state)
{
	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	assert_int_equal(put_once(8, 'a'), STI_OK);
	delete_part(".mark");
	expect_unmarked("list 8a");
	assert_int_equal(put_once(8, 'a'), STI_OK);
	expect_list(8);
}

static void test_F4_damaged_mark_counts_as_none_and_is_told(void **state)
{
	static const char *const damage[] = {"", "x", "1 2 3\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		assert_int_equal(put_once(8, 'a'), STI_OK);
		write_part(".mark", damage[i]);
		expect_unmarked("list 8a");
	}
	delete_part(".current");
	delete_part(".1");
	delete_part(".2");
	expect_unmarked("");
}

static void test_F5_same_number_with_other_octets_is_denied_and_kept_as_evidence(void **state)
{
	struct generations *generations;

	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	assert_int_equal(put_once(7, 'b'), STI_E_DENIED);
	generations = open_folder();
	assert_int_equal(generations_keep_evidence(generations, source(), sti_span_str("list 7b")), STI_OK);
	assert_int_equal(generations_keep_evidence(generations, source(), sti_span_str("list 7c")), STI_OK);
	generations_close(generations);
	expect_part(".evidence", "list 7c");
	expect_list(7);
}

static ino_t inode(const char *ending)
{
	struct stat st;

	assert_non_null(part(ending));
	assert_int_equal(stat(part(ending), &st), 0);
	return st.st_ino;
}

static void test_F5_same_list_again_writes_nothing(void **state)
{
	ino_t mark;
	ino_t current;

	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	mark = inode(".mark");
	current = inode(".current");
	assert_int_equal(put_once(7, 'a'), STI_OK);
	assert_int_equal(inode(".mark"), mark);
	assert_int_equal(inode(".current"), current);
	assert_null(part(".1"));
}

static void test_mark_of_other_octets(void **state)
{
	struct generations *generations = open_folder();
	struct list list = make_list(7, 'a');

	(void)state;
	assert_int_equal(generations_put(generations, source(), sti_span_str("list 7b"), &list.mark), STI_E_IO);
	assert_int_equal(errno, EIO);
	generations_close(generations);
	expect_first();
}

static void test_list_longer_than_its_reader_allows(void **state)
{
	struct generations *generations;
	struct generations_entry entry;

	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	generations = open_folder();
	assert_int_equal(generations_load(generations, source(), 6, &entry), STI_OK);
	assert_true(entry.is_lost);
	assert_int_equal(generations_load(generations, source(), 7, &entry), STI_OK);
	assert_true(is_list(&entry, 7));
	buf_free(&entry.bytes);
	generations_close(generations);
}

/* No name leads out of the folder, and no two share a file. */
static void test_D21_names_of_sources(void **state)
{
	const struct sti_span name[] = {
		sti_span_str(""),     sti_span_str("."), sti_span_str("../x"), sti_span_str("/etc/passwd"),
		sti_span_str("a\nb"), sti_span_str("a"), sti_span("a\0b", 3),  sti_span_str("lock"),
	};
	enum { N = sizeof(name) / sizeof(name[0]) };
	struct generations *generations = open_folder();

	(void)state;
	for (int64_t i = 0; i < N; i++) {
		struct list list = make_list(i, 'a');

		assert_int_equal(generations_put(generations, name[i], list_bytes(&list), &list.mark), STI_OK);
	}
	for (int64_t i = 0; i < N; i++) {
		struct generations_entry entry;

		assert_int_equal(generations_load(generations, name[i], MAX, &entry), STI_OK);
		assert_true(is_list(&entry, i));
		buf_free(&entry.bytes);
	}
	generations_close(generations);
	assert_int_equal(shm_folder_count(&folder), 2 * N + 1);
}

static void test_second_writer_is_busy(void **state)
{
	struct generations *first = open_folder();
	struct generations *second;

	(void)state;
	assert_int_equal(generations_open(folder.path, &second), STI_E_BUSY);
	assert_null(second);
	generations_close(first);
	first = open_folder();
	generations_close(first);
}

static void test_folder_that_others_may_write_is_denied(void **state)
{
	static const mode_t mode[] = {0770, 0702, 0777};
	struct generations *generations;

	(void)state;
	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++) {
		assert_int_equal(chmod(folder.path, mode[i]), 0);
		assert_int_equal(generations_open(folder.path, &generations), STI_E_DENIED);
	}
	assert_int_equal(chmod(folder.path, 0755), 0);
	generations = open_folder();
	generations_close(generations);
}

static void test_folder_is_made_and_its_parent_is_not(void **state)
{
	struct generations *generations;
	char path[128];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/new", folder.path);
	assert_int_equal(generations_open(path, &generations), STI_OK);
	generations_close(generations);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	unlink(shm_folder_file(&folder, "new/lock"));
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/no/new", folder.path);
	assert_int_equal(generations_open(path, &generations), STI_E_IO);
	assert_int_equal(errno, ENOENT);
}

static void test_folder_that_is_a_file(void **state)
{
	struct generations *generations;

	(void)state;
	assert_int_equal(file_write(shm_folder_file(&folder, "file"), sti_span_str("x"), 0600), STI_OK);
	assert_int_equal(generations_open(shm_folder_file(&folder, "file"), &generations), STI_E_IO);
	assert_int_equal(errno, ENOTDIR);
}

static void test_folder_with_too_long_a_name(void **state)
{
	struct generations *generations;
	char *path = malloc(LIMIT_PATH + 2);

	(void)state;
	assert_non_null(path);
	memset(path, 'x', LIMIT_PATH + 1);
	path[LIMIT_PATH + 1] = '\0';
	assert_int_equal(generations_open(path, &generations), STI_E_LIMIT);
	path[LIMIT_PATH] = '\0';
	assert_int_not_equal(generations_open(path, &generations), STI_OK);
	free(path);
}

static void test_F19_half_written_file_is_gone_after_the_next_open(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	snprintf(path, sizeof(path), "%s.AbCd12", part(".current"));
	assert_int_equal(file_write(path, sti_span_str("li"), 0600), STI_OK);
	assert_int_equal(file_write(shm_folder_file(&folder, "of.somebody.else"), sti_span_str("x"), 0600), STI_OK);
	expect_list(7);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(shm_folder_file(&folder, "of.somebody.else"), F_OK), 0);
}

/* What lies as next and what is in force are told apart by the mark. */
static void test_F19_update_that_ended_before_or_after_its_mark(void **state)
{
	char next[128];

	(void)state;
	assert_int_equal(put_once(7, 'a'), STI_OK);
	snprintf(next, sizeof(next), "%.*s.next", (int)(strlen(part(".mark")) - strlen(".mark")), part(".mark"));
	assert_int_equal(file_write(next, sti_span_str("list 8a"), 0600), STI_OK);
	expect_list(7);
	assert_int_equal(put_once(9, 'a'), STI_OK);
	expect_list(9);
	assert_int_equal(rename(part(".current"), next), 0); /* marked, not yet moved */
	expect_list(9);
	assert_int_equal(put_once(10, 'a'), STI_OK);
	expect_list(10);
	expect_part(".1", "list 9a");
	expect_part(".2", "list 7a");
}

/* What a run of updates finds, does and may leave behind. */
struct updates {
	int64_t before; /* number in force; 0: none */
	int64_t last; /* number of the last update */
	_Atomic int64_t *done; /* shared with the child: the last that was said to be done */
};

static void empty_folder(void)
{
	shm_folder_remove(&folder);
	folder = shm_folder_make();
}

static void begin_updates(void *context)
{
	struct updates *updates = context;

	empty_folder();
	for (int64_t number = 1; number <= updates->before; number++)
		assert_int_equal(put_once(number, 'a'), STI_OK);
	*updates->done = updates->before;
}

static void do_updates(void *context)
{
	struct updates *updates = context;
	struct generations *generations;

	if (generations_open(folder.path, &generations))
		return;
	for (int64_t number = updates->before + 1; number <= updates->last; number++)
		if (put(generations, number, 'a') == STI_OK)
			*updates->done = number;
	generations_close(generations);
}

static size_t count_leftovers(void)
{
	DIR *dir = opendir(folder.path);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strchr(entry->d_name, '.');

		n += dot && dot != entry->d_name && strchr(dot + 1, '.');
	}
	closedir(dir);
	return n;
}

/* The one said to be done, or the one after it; never neither, never a lower one. */
static int64_t check_loaded(int64_t done)
{
	struct generations_entry entry = load();
	int64_t number = done + !is_list(&entry, done);

	assert_false(entry.is_lost || entry.is_unmarked);
	if (done > 0 || !entry.is_first)
		assert_true(is_list(&entry, number));
	else
		number = 0;
	buf_free(&entry.bytes);
	assert_int_equal(count_leftovers(), 0);
	return number;
}

static void check_updates(void *context, bool whole)
{
	struct updates *updates = context;
	int64_t number = check_loaded(*updates->done);

	if (whole)
		assert_int_equal(number, updates->last);
	if (number > 1)
		assert_int_equal(put_once(number - 1, 'a'), STI_E_DENIED);
	assert_int_equal(put_once(updates->last + 1, 'a'), STI_OK);
	expect_list(updates->last + 1);
	if (number > 0) {
		char text[32];

		snprintf(text, sizeof(text), "list %jda", (intmax_t)number);
		expect_part(".1", text);
	}
}

static void sweep_kills(const char *what, int64_t before, int64_t last)
{
	struct updates updates = {before, last, NULL};
	struct kill_plan plan = {what, begin_updates, do_updates, check_updates, &updates};

	updates.done = mmap(NULL, sizeof(*updates.done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(updates.done != MAP_FAILED);
	kill_sweep(&plan);
	munmap((void *)updates.done, sizeof(*updates.done));
}

static void test_F19_killed_at_every_system_call_of_the_first_update(void **state)
{
	(void)state;
	sweep_kills("first update", 0, 1);
}

static void test_F19_killed_at_every_system_call_of_an_update(void **state)
{
	(void)state;
	sweep_kills("fourth update", 3, 4);
}

static void test_F19_killed_at_every_system_call_of_three_updates(void **state)
{
	(void)state;
	sweep_kills("three updates in a row", 2, 5);
}

static bool try_updates(void *context)
{
	const struct updates *updates = context;

	do_updates(context);
	return *updates->done == updates->last;
}

/* What a failed update leaves is the old list, and the next update works. A failed fsync after the mark was
 * renamed leaves the new one, which is as good. */
static void sweep_failures(const char *what, int code, int64_t before, int64_t last)
{
	_Atomic int64_t done;
	struct updates updates = {before, last, &done};
	struct io_plan plan = {what, code, begin_updates, try_updates, check_updates, &updates};

	io_sweep(&plan);
}

static void test_F19_J4_every_call_of_an_update_fails(void **state)
{
	(void)state;
	sweep_failures("first update", ENOSPC, 0, 1);
	sweep_failures("fourth update", ENOSPC, 3, 4);
	sweep_failures("fourth update", EIO, 3, 4);
	sweep_failures("three updates in a row", ENOSPC, 2, 5);
	sweep_failures("three updates in a row", EROFS, 2, 5);
}

static struct generations_entry load_big(struct generations *generations)
{
	struct generations_entry entry;

	assert_int_equal(generations_load(generations, source(), MAX, &entry), STI_OK);
	assert_true(entry.has_mark && !entry.is_lost);
	return entry;
}

/* Three of BIG octets fit the disk, a fourth beside them does not. */
static int fill_disk(void *context)
{
	struct generations *generations;
	struct generations_entry entry;
	uint8_t *bytes = calloc(1, BIG);
	struct mark mark = {0};
	enum sti_error error = STI_OK;
	int64_t number = 0;

	(void)context;
	if (!small_disk_mount(folder.path))
		return SMALL_DISK_SKIPPED;
	assert_int_equal(chmod(folder.path, 0700), 0);
	generations = open_folder();
	while (!error) {
		bytes[0] = (uint8_t)++number;
		mark_set_number(&mark, number);
		assert_int_equal(digest_sha256(sti_span(bytes, BIG), mark.sha256), STI_OK);
		error = number < 100 ? generations_put(generations, source(), sti_span(bytes, BIG), &mark)
				     : STI_E_LIMIT;
	}
	assert_int_equal(error, STI_E_IO);
	assert_int_equal(errno, ENOSPC);
	entry = load_big(generations);
	assert_int_equal(entry.bytes.p[0], number - 1);
	buf_free(&entry.bytes);
	assert_int_equal(count_leftovers(), 0);
	delete_part(".1");
	delete_part(".2");
	assert_int_equal(generations_put(generations, source(), sti_span(bytes, BIG), &mark), STI_OK);
	entry = load_big(generations);
	assert_int_equal(entry.bytes.p[0], number);
	buf_free(&entry.bytes);
	generations_close(generations);
	free(bytes);
	return 0;
}

static void test_F19_J4_disk_that_is_full_and_then_is_not(void **state)
{
	(void)state;
	small_disk_expect(small_disk_child(fill_disk, NULL));
}

static bool attempt_life(void *context)
{
	struct generations *generations;
	struct generations_entry entry = {0};
	const struct list *list = context;
	enum sti_error error = generations_open(folder.path, &generations);

	if (!error)
		error = generations_load(generations, source(), MAX, &entry);
	if (!error)
		assert_true(entry.is_first || sti_span_equal(buf_span(&entry.bytes), list_bytes(list)));
	buf_free(&entry.bytes);
	if (!error)
		error = generations_put(generations, source(), list_bytes(list), &list->mark);
	generations_close(generations);
	assert_true(!error ||
		    (alloc_sweep_failed() && (error == STI_E_MEMORY || error == STI_E_CRYPTO || error == STI_E_IO)));
	return !error;
}

static void test_J5_no_memory(void **state)
{
	struct list list = make_list(7, 'a');

	(void)state;
	alloc_sweep("open, load, put", attempt_life, &list);
	expect_list(7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_source_never_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_last_three_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F4_list_before_the_one_in_force_is_denied_after_a_restart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_F4_list_restored_from_a_backup_is_not_used_and_the_mark_stays,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_F4_deleted_list_is_lost_until_it_or_a_newer_one_comes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_F4_damaged_list_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F4_deleted_mark_is_told_from_a_first_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F4_damaged_mark_counts_as_none_and_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F5_same_number_with_other_octets_is_denied_and_kept_as_evidence,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_F5_same_list_again_writes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mark_of_other_octets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_longer_than_its_reader_allows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_D21_names_of_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_writer_is_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_that_others_may_write_is_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_is_made_and_its_parent_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_that_is_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_with_too_long_a_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F19_half_written_file_is_gone_after_the_next_open, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_F19_update_that_ended_before_or_after_its_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F19_killed_at_every_system_call_of_the_first_update, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_F19_killed_at_every_system_call_of_an_update, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F19_killed_at_every_system_call_of_three_updates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F19_J4_every_call_of_an_update_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_F19_J4_disk_that_is_full_and_then_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_J5_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

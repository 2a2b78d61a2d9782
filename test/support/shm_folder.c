/* SPDX-License-Identifier: Apache-2.0 */
#include "support/shm_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <dirent.h>
#include <unistd.h>

struct shm_folder shm_folder_make(void)
{
	struct shm_folder folder = {.path = "/dev/shm/sidetone-test-XXXXXX"};

	assert_non_null(mkdtemp(folder.path));
	return folder;
}

const char *shm_folder_file(struct shm_folder *folder, const char *name)
{
	int n = snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);

	assert_in_range(n, 1, sizeof(folder->file) - 1);
	return folder->file;
}

static bool is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

size_t shm_folder_count(const struct shm_folder *folder)
{
	DIR *dir = opendir(folder->path);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += is_entry(entry);
	closedir(dir);
	return n;
}

void shm_folder_remove(struct shm_folder *folder)
{
	DIR *dir = opendir(folder->path);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (is_entry(entry))
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	closedir(dir);
	assert_int_equal(rmdir(folder->path), 0);
}

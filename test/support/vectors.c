/* SPDX-License-Identifier: Apache-2.0 */
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <dirent.h>

#include <cmocka.h>

static const char *root(void)
{
	const char *path = getenv("STI_VECTORS");

	return path ? path : "../shared/vectors";
}

bool vectors_present(void)
{
	struct stat st;

	if (stat(root(), &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	printf("skipped: no vectors\n");
	return false;
}

static void *allocate(size_t n)
{
	void *p = malloc(n);

	if (!p)
		fail_msg("no memory");
	return p;
}

struct sti_span vectors_copy(struct sti_span bytes)
{
	uint8_t *p = allocate(bytes.n);

	if (bytes.n)
		memcpy(p, bytes.p, bytes.n);
	return sti_span(p, bytes.n);
}

void vectors_free(struct sti_span bytes)
{
	free((void *)(uintptr_t)bytes.p);
}

static char *path_of(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", root(), name) < 0)
		fail_msg("no memory");
	return path;
}

struct sti_span vectors_read(const char *name)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	if (!file || fstat(fileno(file), &st) != 0)
		fail_msg("%s: not there", name);
	p = allocate((size_t)st.st_size);
	if (fread(p, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		fail_msg("%s: short", name);
	fclose(file);
	free(path);
	return sti_span(p, (size_t)st.st_size);
}

struct vectors_list vectors_list(const char *folder, const char *prefix)
{
	struct vectors_list list = {NULL, 0};
	char *path = path_of(folder);
	struct dirent **entry;
	int n = scandir(path, &entry, NULL, alphasort);

	if (n < 0) {
		fail_msg("%s: not there", folder);
		n = 0;
	}
	list.name = allocate((size_t)n * sizeof(*list.name));
	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.' && strncmp(entry[i]->d_name, prefix, strlen(prefix)) == 0 &&
		    asprintf(&list.name[list.n++], "%s/%s", folder, entry[i]->d_name) < 0)
			fail_msg("no memory");
		free(entry[i]);
	}
	free(entry);
	free(path);
	return list;
}

void vectors_list_free(struct vectors_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->name[i]);
	free(list->name);
}

static unsigned digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	if (!at)
		fail_msg("not hex");
	return (unsigned)(at - digits);
}

struct sti_span vectors_hex(const char *hex)
{
	size_t n = strlen(hex);
	uint8_t *p = allocate(n / 2);

	if (n % 2)
		fail_msg("odd hex");
	for (size_t i = 0; i < n / 2; i++)
		p[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return sti_span(p, n / 2);
}

void vectors_count(const char *what, size_t good, size_t n)
{
	printf("%s: %zu of %zu\n", what, good, n);
	if (good != n || n == 0)
		fail_msg("%s: %zu of %zu", what, good, n);
}

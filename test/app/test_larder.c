/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/larder.h"
#include "base/limits.h"
#include "store/file.h"

#define URL  "https://cr.example.com/certs/a.pem"
#define NAME "0c83c35ed6ba31d2ee4ea36ef7a4a7b2cbb59acb5cc0f9ed9a3b0e8f54d4a5d5"

struct scene {
	char folder[64];
};

static struct scene scene_open(void)
{
	struct scene s = {"/tmp/sti_larder_XXXXXX"};

	assert_non_null(mkdtemp(s.folder));
	return s;
}

static size_t files_in(const char *folder, char name[NAME_MAX + 1])
{
	DIR *dir = opendir(folder);
	const struct dirent *file;
	size_t n = 0;

	assert_non_null(dir);
	while ((file = readdir(dir))) {
		if (file->d_name[0] == '.')
			continue;
		n++;
		if (name)
			snprintf(name, NAME_MAX + 1, "%s", file->d_name);
	}
	closedir(dir);
	return n;
}

static void scene_close(struct scene *s)
{
	char name[NAME_MAX + 1], path[PATH_MAX];

	while (files_in(s->folder, name)) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, name);
		assert_true(unlink(path) == 0 || rmdir(path) == 0);
	}
	assert_int_equal(rmdir(s->folder), 0);
}

static struct larder *open_larder(const struct scene *s)
{
	struct larder *larder;

	assert_int_equal(larder_open(s->folder, &larder), STI_OK);
	return larder;
}

/* The first one, whatever is wrong with it. */
static enum sti_error first(const struct scene *s, struct larder_item *item)
{
	struct larder *larder = open_larder(s);
	enum sti_error error = larder_next(larder, item);

	larder_close(larder);
	return error;
}

static void test_what_is_put_comes_back(void **state)
{
	static const char body[] = "-----BEGIN\n\0\xff\n\n";
	struct scene s = scene_open();
	struct larder_item item;

	(void)state;
	assert_int_equal(first(&s, &item), STI_E_NOT_FOUND);
	larder_item_free(&item);
	assert_int_equal(larder_put(s.folder, sti_span_str(URL), sti_span_str("old")), STI_OK);
	assert_int_equal(larder_put(s.folder, sti_span_str(URL), sti_span(body, sizeof(body))), STI_OK);
	assert_int_equal(files_in(s.folder, NULL), 1);
	assert_int_equal(first(&s, &item), STI_OK);
	assert_true(sti_span_is(item.url, URL));
	assert_int_equal(item.body.n, sizeof(body));
	assert_memory_equal(item.body.p, body, sizeof(body));
	assert_true(item.time > 0);
	larder_item_free(&item);
	assert_int_equal(larder_remove(s.folder, sti_span_str(URL)), STI_OK);
	assert_int_equal(larder_remove(s.folder, sti_span_str(URL)), STI_E_NOT_FOUND);
	scene_close(&s);
}

static void test_all_come_once(void **state)
{
	enum { N = 40 };
	struct scene s = scene_open();
	struct larder_item item;
	struct larder *larder;
	size_t n = 0, sum = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		char url[64], body[16];

		snprintf(url, sizeof(url), "https://cr.example.com/%u", i);
		snprintf(body, sizeof(body), "%u", i);
		assert_int_equal(larder_put(s.folder, sti_span_str(url), sti_span_str(body)), STI_OK);
	}
	larder = open_larder(&s);
	while (larder_next(larder, &item) == STI_OK) {
		char url[64];

		snprintf(url, sizeof(url), "https://cr.example.com/%.*s", (int)item.body.n, (const char *)item.body.p);
		assert_true(sti_span_is(item.url, url));
		sum += strtoul(url + 23, NULL, 10);
		larder_item_free(&item);
		n++;
	}
	larder_item_free(&item);
	larder_close(larder);
	larder_close(NULL);
	assert_int_equal(n, N);
	assert_int_equal(sum, N * (N - 1) / 2);
	scene_close(&s);
}

/* What a URL says never becomes a part of a path. */
static void test_D21_the_name_is_a_digest_and_nothing_else(void **state)
{
	static const char *const url[] = {
		"https://h.example/../../../../etc/passwd",
		"https://h.example/%2e%2e/%2f",
		"https://h.example//",
		"https://h.example/~a;b=c,d",
	};
	struct scene s = scene_open();
	char name[NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
		assert_int_equal(larder_put(s.folder, sti_span_str(url[i]), sti_span_str("x")), STI_OK);
		assert_int_equal(files_in(s.folder, name), 1);
		assert_int_equal(strspn(name, "0123456789abcdef"), 64);
		assert_int_equal(strlen(name), 64);
		assert_int_equal(larder_remove(s.folder, sti_span_str(url[i])), STI_OK);
	}
	scene_close(&s);
}

static void test_D21_what_is_no_URL_is_not_kept(void **state)
{
	static const char *const url[] = {"",
					  "../a",
					  "/etc/passwd",
					  "file:///etc/passwd",
					  "http://h.example/a",
					  "https://h.example/a\nhttps://h.example/b",
					  "https://h.example/a b"};
	struct scene s = scene_open();

	(void)state;
	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
		assert_int_equal(larder_put(s.folder, sti_span_str(url[i]), sti_span_str("x")), STI_E_URL);
		assert_int_equal(larder_remove(s.folder, sti_span_str(url[i])), STI_E_URL);
	}
	assert_int_equal(files_in(s.folder, NULL), 0);
	scene_close(&s);
}

static void put_file(const struct scene *s, const char *name, const char *text, size_t n)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	assert_int_equal(file_write(path, sti_span(text, n), 0600), STI_OK);
}

/* sha256 of URL as the one file there is named. */
static void name_of_url(const struct scene *s, char name[NAME_MAX + 1])
{
	assert_int_equal(larder_put(s->folder, sti_span_str(URL), sti_span_str("x")), STI_OK);
	assert_int_equal(files_in(s->folder, name), 1);
}

static void test_D21_files_that_are_not_what_their_name_says(void **state)
{
	static const struct {
		const char *text;
		enum sti_error error;
	} row[] = {
		{URL "\nx", STI_OK},
		{URL "\n", STI_E_URL},
		{URL, STI_E_URL},
		{"", STI_E_URL},
		{"\n" URL "\nx", STI_E_URL},
		{URL "\r\nx", STI_E_URL},
		{URL " \nx", STI_E_URL},
		{"https://cr.example.com/certs/b.pem\nx", STI_E_URL},
		{"http://cr.example.com/certs/a.pem\nx", STI_E_URL},
		{"-----BEGIN CERTIFICATE-----\nx", STI_E_URL},
	};
	struct scene s = scene_open();
	char name[NAME_MAX + 1];

	(void)state;
	name_of_url(&s, name);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct larder_item item;

		put_file(&s, name, row[i].text, strlen(row[i].text));
		assert_int_equal(first(&s, &item), row[i].error);
		assert_string_equal(item.name, name);
		larder_item_free(&item);
	}
	scene_close(&s);
}

static void test_a_file_that_is_too_long_and_one_that_is_none(void **state)
{
	struct scene s = scene_open();
	size_t n = LIMIT_X5U + 1 + LIMIT_CERT_BODY + 1;
	char *large = malloc(n);
	char name[NAME_MAX + 1], path[PATH_MAX];
	struct larder_item item;

	(void)state;
	assert_non_null(large);
	memset(large, 'a', n);
	memcpy(large, URL "\n", sizeof(URL));
	name_of_url(&s, name);
	put_file(&s, name, large, n);
	assert_int_equal(first(&s, &item), STI_E_LIMIT);
	larder_item_free(&item);
	snprintf(path, sizeof(path), "%s/%s", s.folder, name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(first(&s, &item), STI_E_DENIED);
	assert_string_equal(item.name, name);
	larder_item_free(&item);
	free(large);
	scene_close(&s);
}

static void test_other_files_are_passed_over(void **state)
{
	static const char *const name[] = {"README", "a.pem", NAME ".XXXXXX",
					   "0C83C35ED6BA31D2EE4EA36EF7A4A7B2CBB59ACB5CC0F9ED9A3B0E8F54D4A5D5"};
	struct scene s = scene_open();
	struct larder_item item;

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		put_file(&s, name[i], URL "\nx", sizeof(URL) + 1);
	assert_int_equal(first(&s, &item), STI_E_NOT_FOUND);
	larder_item_free(&item);
	scene_close(&s);
}

static void test_a_folder_that_is_not_there(void **state)
{
	struct larder *larder;
	char path[PATH_MAX + 8];

	(void)state;
	assert_int_equal(larder_open("/nonexistent/folder", &larder), STI_E_IO);
	assert_int_equal(larder_put("/nonexistent/folder", sti_span_str(URL), sti_span_str("x")), STI_E_IO);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(larder_open(path, &larder), STI_E_LIMIT);
	assert_int_equal(larder_put(path, sti_span_str(URL), sti_span_str("x")), STI_E_LIMIT);
}

static void test_a_folder_or_file_that_others_may_write(void **state)
{
	struct scene s = scene_open();
	char name[NAME_MAX + 1], path[PATH_MAX], found[LARDER_NAME + 1];
	struct larder *larder;
	struct larder_item item;
	const char *why;

	(void)state;
	name_of_url(&s, name);
	snprintf(path, sizeof(path), "%s/%s", s.folder, name);
	larder = open_larder(&s);
	put_file(&s, "README", "x", 1);
	assert_int_equal(larder_check_writers(larder, found, &why), STI_OK);
	assert_null(why);
	assert_int_equal(larder_next(larder, &item), STI_OK); /* still all to come */
	assert_string_equal(item.name, name);
	larder_item_free(&item);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(larder_check_writers(larder, found, &why), STI_E_DENIED);
	assert_string_equal(found, name);
	assert_non_null(why);
	assert_int_equal(chmod(s.folder, 0777), 0);
	assert_int_equal(larder_check_writers(larder, found, &why), STI_E_DENIED);
	assert_string_equal(found, "");
	assert_int_equal(chmod(s.folder, 0755), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(larder_check_writers(larder, found, &why), STI_OK); /* refused when it is read */
	larder_close(larder);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_comes_back),
		cmocka_unit_test(test_all_come_once),
		cmocka_unit_test(test_D21_the_name_is_a_digest_and_nothing_else),
		cmocka_unit_test(test_D21_what_is_no_URL_is_not_kept),
		cmocka_unit_test(test_D21_files_that_are_not_what_their_name_says),
		cmocka_unit_test(test_a_file_that_is_too_long_and_one_that_is_none),
		cmocka_unit_test(test_other_files_are_passed_over),
		cmocka_unit_test(test_a_folder_that_is_not_there),
		cmocka_unit_test(test_a_folder_or_file_that_others_may_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/larder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/url.h"
#include "crypto/digest.h"
#include "store/file.h"

struct larder {
	DIR *folder;
	size_t n;
	char path[PATH_MAX];
};

enum { FILE_MAX = LIMIT_X5U + 1 + LIMIT_CERT_BODY, FILE_MODE = 0644 };

/* ---- names ---- */

static enum sti_error make_name(struct sti_span url, char name[LARDER_NAME + 1])
{
	uint8_t sha256[DIGEST_SHA256];
	enum sti_error error = digest_sha256(url, sha256);
	struct buf text = buf_lend(name, LARDER_NAME + 1);

	buf_put_hex(&text, sti_span(sha256, sizeof(sha256)));
	buf_put_byte(&text, '\0');
	return error ? error : buf_error(&text);
}

static bool is_name(const char *name)
{
	return strlen(name) == LARDER_NAME && strspn(name, "0123456789abcdef") == LARDER_NAME;
}

static enum sti_error make_path(const char *folder, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	return n < 0 || n >= PATH_MAX ? STI_E_LIMIT : STI_OK;
}

/* ---- reading ---- */

enum sti_error larder_open(const char *folder, struct larder **out)
{
	struct larder *larder;

	if (strlen(folder) + 1 + LARDER_NAME >= PATH_MAX)
		return STI_E_LIMIT;
	larder = calloc(1, sizeof(*larder));
	if (!larder)
		return STI_E_MEMORY;
	snprintf(larder->path, sizeof(larder->path), "%s", folder);
	larder->folder = opendir(folder);
	if (!larder->folder) {
		free(larder);
		return STI_E_IO;
	}
	*out = larder;
	return STI_OK;
}

void larder_close(struct larder *larder)
{
	if (larder)
		closedir(larder->folder);
	free(larder);
}

static enum sti_error next_name(struct larder *larder, char name[LARDER_NAME + 1])
{
	const struct dirent *file;

	do {
		errno = 0;
		file = readdir(larder->folder);
		if (!file)
			return errno ? STI_E_IO : STI_E_NOT_FOUND;
	} while (!is_name(file->d_name));
	if (++larder->n > LARDER_MAX)
		return STI_E_LIMIT;
	memcpy(name, file->d_name, LARDER_NAME + 1);
	return STI_OK;
}

/* What is gone or leads nowhere has no writers; reading it says what is wrong. */
static enum sti_error check_file(const struct larder *larder, const char *name, const char **why)
{
	char path[PATH_MAX];
	enum sti_error error = make_path(larder->path, name, path);

	if (!error)
		error = file_check_writers(path, why);
	return error == STI_E_IO && errno == ENOENT ? STI_OK : error;
}

static void begin_anew(struct larder *larder)
{
	rewinddir(larder->folder);
	larder->n = 0;
}

static enum sti_error check_files(struct larder *larder, char name[LARDER_NAME + 1], const char **why)
{
	enum sti_error error = STI_OK;

	while (!error) {
		error = next_name(larder, name);
		if (!error)
			error = check_file(larder, name, why);
	}
	return error == STI_E_NOT_FOUND ? STI_OK : error;
}

enum sti_error larder_check_writers(struct larder *larder, char name[LARDER_NAME + 1], const char **why)
{
	enum sti_error error = file_check_writers(larder->path, why);

	name[0] = '\0';
	begin_anew(larder);
	if (!error)
		error = check_files(larder, name, why);
	begin_anew(larder);
	return error;
}

/* The URL that the file is named by, and something behind it. */
static enum sti_error split(struct larder_item *item)
{
	struct sti_span text = buf_span(&item->text);
	size_t end = sti_span_find(text, '\n');
	char name[LARDER_NAME + 1];
	struct url url;
	enum sti_error error;

	item->url = sti_span_first(text, end);
	item->body = sti_span_from(text, end < text.n ? end + 1 : end);
	error = url_parse_own(item->url, &url);
	if (!error)
		error = make_name(item->url, name);
	if (!error && (strcmp(name, item->name) != 0 || item->body.n == 0))
		error = STI_E_URL;
	return error;
}

static enum sti_error read_item(const struct larder *larder, struct larder_item *item)
{
	char path[PATH_MAX];
	struct stat st;
	enum sti_error error = make_path(larder->path, item->name, path);

	if (!error)
		error = file_read(path, FILE_MAX, &item->text);
	if (!error && stat(path, &st))
		error = STI_E_IO;
	if (error)
		return error;
	item->time = st.st_mtime;
	return split(item);
}

enum sti_error larder_next(struct larder *larder, struct larder_item *item)
{
	enum sti_error error;

	*item = (struct larder_item){.text = {0}};
	error = next_name(larder, item->name);
	return error ? error : read_item(larder, item);
}

void larder_item_free(struct larder_item *item)
{
	buf_free(&item->text);
}

/* ---- writing ---- */

static enum sti_error path_of(const char *folder, struct sti_span text, char path[PATH_MAX])
{
	char name[LARDER_NAME + 1];
	struct url url;
	enum sti_error error = url_parse_own(text, &url);

	if (!error)
		error = make_name(text, name);
	return error ? error : make_path(folder, name, path);
}

enum sti_error larder_put(const char *folder, struct sti_span url, struct sti_span body)
{
	struct buf text = buf_own(FILE_MAX);
	char path[PATH_MAX];
	enum sti_error error = path_of(folder, url, path);

	buf_put(&text, url);
	buf_put_byte(&text, '\n');
	buf_put(&text, body);
	if (!error)
		error = buf_error(&text);
	if (!error)
		error = file_write(path, buf_span(&text), FILE_MODE);
	buf_free(&text);
	return error;
}

enum sti_error larder_remove(const char *folder, struct sti_span url)
{
	char path[PATH_MAX];
	enum sti_error error = path_of(folder, url, path);

	if (error)
		return error;
	if (unlink(path) == 0)
		return STI_OK;
	return errno == ENOENT ? STI_E_NOT_FOUND : STI_E_IO;
}

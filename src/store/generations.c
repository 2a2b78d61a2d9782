/* SPDX-License-Identifier: Apache-2.0 */
#include "store/generations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "store/file.h"

struct generations {
	int lock;
	char folder[LIMIT_PATH + 1];
};

enum part { PART_NEXT, PART_CURRENT, PART_BEFORE, PART_BEFORE_THAT, PART_MARK, PART_EVIDENCE, PARTS };

static const char *const suffix[PARTS] = {"next", "current", "1", "2", "mark", "evidence"};

/* The files of one source. */
struct files {
	char path[PARTS][LIMIT_PATH + 1];
};

enum {
	KEY_HEX = 2 * DIGEST_SHA256,
	MARK_LINE = 512 /* octets of a mark's file; a line of one has less than 150 */
};

/* In the files that we wrote ourselves there is no stranger's length. */
#define ANY_SIZE (SIZE_MAX / 2)

/* folder/KEY, where KEY is the SHA-256 of the source's name: no name can lead out of the folder (D21). */
static enum sti_error name_stem(const char *folder, struct sti_span name, char *out, size_t capacity)
{
	struct buf stem = buf_lend(out, capacity);
	uint8_t digest[DIGEST_SHA256];
	enum sti_error error = digest_sha256(name, digest);

	buf_put_str(&stem, folder);
	buf_put_str(&stem, "/");
	buf_put_hex(&stem, sti_span(digest, sizeof(digest)));
	buf_put_byte(&stem, '\0');
	return error ? error : buf_error(&stem);
}

static enum sti_error name_files(const struct generations *generations, struct sti_span name, struct files *out)
{
	char stem[LIMIT_PATH + 1];
	enum sti_error error = name_stem(generations->folder, name, stem, sizeof(stem));

	for (size_t i = 0; i < PARTS && !error; i++) {
		int n = snprintf(out->path[i], sizeof(out->path[i]), "%s.%s", stem, suffix[i]);

		error = n < 0 || (size_t)n >= sizeof(out->path[i]) ? STI_E_LIMIT : STI_OK;
	}
	return error;
}

/* A mark that is not there is *is_there false, one that is damaged STI_E_NUMBER. */
static enum sti_error read_mark(const struct files *files, struct mark *out, bool *is_there)
{
	struct buf line;
	enum sti_error error = file_read(files->path[PART_MARK], MARK_LINE, &line);

	*is_there = error != STI_E_IO || errno != ENOENT;
	if (!*is_there)
		return STI_OK;
	if (!error)
		error = mark_parse(buf_span(&line), out);
	buf_free(&line);
	return error == STI_E_IO || error == STI_E_MEMORY ? error : error ? STI_E_NUMBER : STI_OK;
}

static enum sti_error demand_digest(struct sti_span bytes, const uint8_t sha256[MARK_SHA256])
{
	uint8_t digest[DIGEST_SHA256];
	enum sti_error error = digest_sha256(bytes, digest);

	if (error)
		return error;
	return digest_equal(digest, sha256) ? STI_OK : STI_E_NOT_FOUND;
}

/* STI_E_NOT_FOUND: the file is not there or holds something else. */
static enum sti_error read_part(const char *path, size_t max, const uint8_t sha256[MARK_SHA256], struct buf *out)
{
	enum sti_error error = file_read(path, max, out);

	if (!error)
		error = demand_digest(buf_span(out), sha256);
	if (!error)
		return STI_OK;
	buf_free(out);
	return error == STI_E_MEMORY || error == STI_E_CRYPTO || (error == STI_E_IO && errno != ENOENT)
		       ? error
		       : STI_E_NOT_FOUND;
}

/*
 * The octets that the mark names lie in one of four files, according to where an update was broken off.
 * A file that cannot be read matters only if none of the others holds them.
 */
static enum sti_error find(const struct files *files, const struct mark *mark, size_t max, struct buf *out)
{
	enum sti_error worst = STI_E_NOT_FOUND;
	int saved = 0;

	for (size_t i = PART_NEXT; i <= PART_BEFORE_THAT; i++) {
		enum sti_error error = read_part(files->path[i], max, mark->sha256, out);

		if (!error)
			return STI_OK;
		saved = error == STI_E_IO ? errno : saved;
		worst = error == STI_E_NOT_FOUND ? worst : error;
	}
	errno = saved;
	return worst;
}

static enum sti_error load_marked(const struct files *files, size_t max, struct generations_entry *out)
{
	enum sti_error error = find(files, &out->mark, max, &out->bytes);

	out->has_mark = true;
	out->is_lost = error == STI_E_NOT_FOUND;
	return out->is_lost ? STI_OK : error;
}

/* PART_NEXT does not count: without its mark it has never been in force. */
static enum sti_error load_unmarked(const struct files *files, size_t max, struct generations_entry *out)
{
	enum sti_error error = STI_E_IO;
	bool is_none;

	errno = ENOENT;
	for (size_t i = PART_CURRENT; i <= PART_BEFORE_THAT && error == STI_E_IO && errno == ENOENT; i++)
		error = file_read(files->path[i], max, &out->bytes);
	is_none = error == STI_E_IO && errno == ENOENT;
	out->is_first = is_none && !out->is_unmarked;
	out->is_unmarked |= !is_none;
	return !is_none && (error == STI_E_IO || error == STI_E_MEMORY) ? error : STI_OK;
}

enum sti_error generations_load(struct generations *generations, struct sti_span name, size_t max,
				struct generations_entry *out)
{
	struct files files;
	bool has_mark;
	enum sti_error error = name_files(generations, name, &files);

	*out = (struct generations_entry){0};
	if (error)
		return error;
	error = read_mark(&files, &out->mark, &has_mark);
	if (!error && has_mark)
		return load_marked(&files, max, out);
	out->is_unmarked = error == STI_E_NUMBER;
	return error && !out->is_unmarked ? error : load_unmarked(&files, max, out);
}

/* A file that is not there has nothing to move. */
static enum sti_error move(const char *from, const char *to)
{
	return rename(from, to) && errno != ENOENT ? STI_E_IO : STI_OK;
}

/* Makes room where there is something to make room for, so that what was broken off can be done again
 * without losing a generation. */
static enum sti_error rotate(const struct files *files)
{
	enum sti_error error = STI_OK;

	if (access(files->path[PART_CURRENT], F_OK) == 0) {
		error = move(files->path[PART_BEFORE], files->path[PART_BEFORE_THAT]);
		if (!error)
			error = move(files->path[PART_CURRENT], files->path[PART_BEFORE]);
	}
	if (!error)
		error = move(files->path[PART_NEXT], files->path[PART_CURRENT]);
	return error ? error : file_sync_folder(files->path[PART_CURRENT]);
}

/* What is in force must not lie where the next one is going to be written. */
static enum sti_error settle(const struct files *files, const struct mark *mark)
{
	struct buf bytes;
	enum sti_error error = read_part(files->path[PART_NEXT], ANY_SIZE, mark->sha256, &bytes);

	buf_free(&bytes);
	if (error == STI_E_NOT_FOUND)
		return STI_OK;
	return error ? error : rotate(files);
}

/* What a disk gives back is what counts, not what it was given. */
static enum sti_error stage(const struct files *files, struct sti_span bytes, const struct mark *mark)
{
	struct buf again = {0};
	enum sti_error error = file_write(files->path[PART_NEXT], bytes, 0600);

	if (!error)
		error = read_part(files->path[PART_NEXT], bytes.n, mark->sha256, &again);
	buf_free(&again);
	if (error != STI_E_NOT_FOUND)
		return error;
	errno = EIO;
	return STI_E_IO;
}

/* From here on the new one counts. */
static enum sti_error commit(const struct files *files, const struct mark *mark)
{
	char memory[MARK_LINE];
	struct buf line = buf_lend(memory, sizeof(memory));

	mark_write(mark, &line);
	return buf_error(&line) ? buf_error(&line) : file_write(files->path[PART_MARK], buf_span(&line), 0600);
}

/*
 * Once the mark is written the new one is in force, wherever its octets lie: then a rotation that fails is
 * no failure of the update. The next one begins by making up for it, and says so if it cannot.
 */
static enum sti_error update(const struct files *files, struct sti_span bytes, const struct mark *mark)
{
	enum sti_error error = stage(files, bytes, mark);

	if (!error)
		error = commit(files, mark);
	if (!error)
		(void)rotate(files);
	return error;
}

/* STI_E_NOT_FOUND: the mark is the same, but what it names is lost and has to be written again. */
static enum sti_error confirm(const struct files *files, size_t n, const struct mark *mark)
{
	struct buf bytes = {0};
	enum sti_error error = find(files, mark, n, &bytes);

	buf_free(&bytes);
	return error ? error : file_sync_folder(files->path[PART_MARK]);
}

static enum sti_error advance(const struct files *files, struct sti_span bytes, const struct mark *old,
			      const struct mark *mark)
{
	int order = mark_compare(mark, old);
	enum sti_error error;

	if (order < 0 || (order == 0 && !digest_equal(mark->sha256, old->sha256)))
		return STI_E_DENIED;
	error = settle(files, old);
	if (!error && order == 0)
		error = confirm(files, bytes.n, mark);
	else if (!error)
		error = STI_E_NOT_FOUND;
	return error == STI_E_NOT_FOUND ? update(files, bytes, mark) : error;
}

enum sti_error generations_put(struct generations *generations, struct sti_span name, struct sti_span bytes,
			       const struct mark *mark)
{
	struct files files;
	struct mark old;
	bool has_mark;
	enum sti_error error = name_files(generations, name, &files);

	if (error)
		return error;
	error = read_mark(&files, &old, &has_mark);
	if (!error && has_mark)
		return advance(&files, bytes, &old, mark);
	return error && error != STI_E_NUMBER ? error : update(&files, bytes, mark);
}

enum sti_error generations_keep_evidence(struct generations *generations, struct sti_span name, struct sti_span bytes)
{
	struct files files;
	enum sti_error error = name_files(generations, name, &files);

	return error ? error : file_write(files.path[PART_EVIDENCE], bytes, 0600);
}

/* KEY.part.XXXXXX: what file_write had not finished when the process ended. */
static bool is_leftover(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot - name == KEY_HEX && strchr(dot + 1, '.');
}

static enum sti_error remove_leftovers(const char *folder)
{
	DIR *dir = opendir(folder);
	enum sti_error error = STI_OK;
	const struct dirent *entry;

	if (!dir)
		return STI_E_IO;
	errno = 0;
	while (!error && (entry = readdir(dir)))
		if (is_leftover(entry->d_name) && unlinkat(dirfd(dir), entry->d_name, 0))
			error = STI_E_IO;
	if (!error && errno)
		error = STI_E_IO;
	closedir(dir);
	return error;
}

static enum sti_error lock(struct generations *generations)
{
	char path[LIMIT_PATH + 1];
	int n = snprintf(path, sizeof(path), "%s/lock", generations->folder);

	if (n < 0 || (size_t)n >= sizeof(path))
		return STI_E_LIMIT;
	generations->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (generations->lock < 0)
		return STI_E_IO;
	if (flock(generations->lock, LOCK_EX | LOCK_NB) == 0)
		return STI_OK;
	return errno == EWOULDBLOCK ? STI_E_BUSY : STI_E_IO;
}

static enum sti_error prepare(struct generations *generations)
{
	enum sti_error error;
	const char *why;

	if (mkdir(generations->folder, 0700) && errno != EEXIST)
		return STI_E_IO;
	error = file_check_writers(generations->folder, &why); /* who may write here decides whom we trust */
	if (!error)
		error = lock(generations);
	return error ? error : remove_leftovers(generations->folder);
}

enum sti_error generations_open(const char *folder, struct generations **out)
{
	struct generations *generations;
	enum sti_error error;
	size_t n = strlen(folder);

	*out = NULL;
	if (n > LIMIT_PATH)
		return STI_E_LIMIT;
	generations = calloc(1, sizeof(*generations));
	if (!generations)
		return STI_E_MEMORY;
	generations->lock = -1;
	memcpy(generations->folder, folder, n + 1);
	error = prepare(generations);
	if (error)
		generations_close(generations);
	else
		*out = generations;
	return error;
}

void generations_close(struct generations *generations)
{
	int saved = errno;

	if (!generations)
		return;
	if (generations->lock >= 0)
		close(generations->lock);
	free(generations);
	errno = saved;
}

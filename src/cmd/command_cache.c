/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sti/credential.h>

#include "app/clock.h"
#include "app/larder.h"
#include "base/limits.h"
#include "cmd/cache_import.h"
#include "cmd/command.h"
#include "cmd/option.h"
#include "json/writer.h"
#include "store/file.h"

enum { LIST_MAX = 64 * 1024 * 1024, FOLDER_MODE = 0755 };

struct cache_options {
	const char *folder;
	const char *list;
	const char *fetch_ca;
	struct option_list permit;
	bool expired;
	bool all;
	bool json;
};

/* ---- import ---- */

/* URL=FILE or URL; a URL with = in its path can only stand in a list. */
static enum sti_error import_word(struct cache_import *import, const char *word)
{
	const char *equals = strrchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);

	return cache_import_add(import, sti_span(word, n), equals ? equals + 1 : NULL);
}

/* URL, or URL blank FILE; the path as the list says, from where we stand. */
static enum sti_error import_line(struct cache_import *import, struct sti_span line)
{
	size_t blank = sti_span_find(line, ' ');
	struct sti_span file = sti_span_trim(sti_span_from(line, blank));
	char path[LIMIT_PATH + 1];

	if (file.n > LIMIT_PATH)
		return STI_E_LIMIT;
	if (file.n)
		memcpy(path, file.p, file.n);
	path[file.n] = '\0';
	return cache_import_add(import, sti_span_first(line, blank), file.n ? path : NULL);
}

static enum sti_error import_list(struct cache_import *import, const char *list)
{
	struct buf text;
	struct sti_span rest, line;
	enum sti_error error = file_read(list, LIST_MAX, &text);

	rest = buf_span(&text);
	while (!error && sti_span_cut(&rest, '\n', &line)) {
		line = sti_span_trim(line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n && line.p[0] != '#')
			error = import_line(import, line);
	}
	buf_free(&text);
	return error;
}

static int import_all(struct cache_import *import, const struct cache_options *options, char **word, int n)
{
	enum sti_error error = STI_OK;

	for (int i = 0; !error && i < n; i++)
		error = import_word(import, word[i]);
	if (error)
		return complain(status_of(error), "cache import: %s", error_why(error));
	if (options->list)
		error = import_list(import, options->list);
	if (error)
		return complain(status_of(error), "%s: %s", options->list, error_why(error));
	error = cache_import_run(import);
	if (error)
		return complain(status_of(error), "cache import: %s", error_why(error));
	printf("%zu in %s, %zu refused\n", cache_import_done(import), options->folder, cache_import_failed(import));
	return cache_import_failed(import) ? STATUS_NO : STATUS_GOOD;
}

static int run_import(const struct cache_options *options, char **word, int n)
{
	const struct cache_import_config config = {
		.folder = options->folder,
		.policy = {options->permit.text, options->permit.n, options->fetch_ca},
		.now = clock_now(),
	};
	struct cache_import *import;
	int status;

	if (!n && !options->list)
		return complain(STATUS_USAGE, "cache import takes URL=FILE, URL, or --list FILE");
	if (mkdir(options->folder, FOLDER_MODE) && errno != EEXIST)
		return complain(STATUS_SYSTEM, "%s: %s", options->folder, strerror(errno));
	if (cache_import_create(&config, &import))
		return complain(STATUS_SYSTEM, "cache import: %s", sti_error_text(STI_E_MEMORY));
	status = import_all(import, options, word, n);
	cache_import_free(import);
	return status;
}

/* ---- what is there ---- */

/* What list and purge do with one certificate; false: no more. */
struct visit {
	const struct cache_options *options;
	int64_t now;
	size_t n;
	int status;
	void (*one)(struct visit *visit, const struct larder_item *item, const struct sti_credential *credential);
};

static void visit_one(struct visit *visit, const struct larder_item *item)
{
	struct sti_credential *credential = NULL;
	enum sti_error error = sti_credential_parse(item->body, NULL, visit->now, &credential);

	if (error)
		visit->status =
			complain(STATUS_NO, "%s/%s: %s", visit->options->folder, item->name, sti_error_text(error));
	else
		visit->one(visit, item, credential);
	sti_credential_free(credential);
}

static void visit_all(struct visit *visit)
{
	struct larder *larder;
	enum sti_error error = larder_open(visit->options->folder, &larder);

	if (error) {
		visit->status = complain(status_of(error), "%s: %s", visit->options->folder, error_why(error));
		return;
	}
	while (error != STI_E_NOT_FOUND) {
		struct larder_item item;

		error = larder_next(larder, &item);
		if (!error)
			visit_one(visit, &item);
		else if (error != STI_E_NOT_FOUND)
			visit->status =
				complain(STATUS_NO, "%s/%s: %s", visit->options->folder, item.name, error_why(error));
		larder_item_free(&item);
		if (error && !item.name[0])
			break;
	}
	larder_close(larder);
}

static void put_json(struct buf *out, const struct larder_item *item, const struct sti_credential *credential)
{
	buf_put_str(out, "{");
	json_put_member(out, "url", item->url);
	json_put_name(out, "sha256");
	buf_put_str(out, "\"");
	buf_put_hex(out, sti_span(sti_credential_sha256(credential), 32));
	buf_put_str(out, "\"");
	json_put_member(out, "subject", sti_credential_subject(credential));
	json_put_member(out, "spc", sti_credential_spc(credential));
	json_put_name(out, "until");
	buf_put_int(out, sti_credential_until(credential));
	json_put_name(out, "time");
	buf_put_int(out, item->time);
	buf_put_str(out, "}");
}

static void put_line(struct buf *out, const struct larder_item *item, const struct sti_credential *credential)
{
	struct sti_span spc = sti_credential_spc(credential);

	buf_put(out, item->url);
	buf_put_str(out, " ");
	buf_put_hex(out, sti_span(sti_credential_sha256(credential), 32));
	buf_put_str(out, " spc=");
	buf_put(out, spc.p ? spc : sti_span_str("-"));
	buf_put_str(out, " until=");
	buf_put_int(out, sti_credential_until(credential));
	buf_put_str(out, " ");
	buf_put(out, sti_credential_subject(credential));
	buf_put_str(out, "\n");
}

static void list_one(struct visit *visit, const struct larder_item *item, const struct sti_credential *credential)
{
	struct buf out = buf_own(LIMIT_BODY);

	if (visit->options->json && visit->n++)
		buf_put_str(&out, ",");
	if (visit->options->json)
		put_json(&out, item, credential);
	else
		put_line(&out, item, credential);
	if (buf_error(&out))
		visit->status = complain(STATUS_SYSTEM, "cache list: %s", sti_error_text(buf_error(&out)));
	else
		fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

static int run_list(const struct cache_options *options, char **word, int n)
{
	struct visit visit = {.options = options, .now = clock_now(), .one = list_one};

	(void)word;
	if (n)
		return complain(STATUS_USAGE, "cache list takes no more than --folder and --json");
	if (options->json)
		printf("{\"certificates\":[");
	visit_all(&visit);
	if (options->json)
		printf("]}\n");
	return visit.status;
}

/* ---- purge ---- */

static void remove_one(struct visit *visit, struct sti_span url)
{
	enum sti_error error = larder_remove(visit->options->folder, url);

	visit->n += !error;
	if (error)
		visit->status = complain(error == STI_E_NOT_FOUND ? STATUS_NO : status_of(error), "%.*s: %s",
					 (int)url.n, (const char *)url.p, error_why(error));
}

static void purge_one(struct visit *visit, const struct larder_item *item, const struct sti_credential *credential)
{
	if (visit->options->all || sti_credential_until(credential) < visit->now)
		remove_one(visit, item->url);
}

static int run_purge(const struct cache_options *options, char **word, int n)
{
	struct visit visit = {.options = options, .now = clock_now(), .one = purge_one};

	if (!n && !options->expired && !options->all)
		return complain(STATUS_USAGE, "cache purge takes URLs, --expired or --all");
	for (int i = 0; i < n; i++)
		remove_one(&visit, sti_span_str(word[i]));
	if (options->expired || options->all)
		visit_all(&visit);
	printf("%zu removed from %s\n", visit.n, options->folder);
	return visit.status;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	int (*run)(const struct cache_options *options, char **word, int n);
} verbs[] = {{"import", run_import}, {"list", run_list}, {"purge", run_purge}};

static int run_verb(const char *name, const struct cache_options *options, char **word, int n)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (!options->folder)
			return complain(STATUS_USAGE, "cache %s: --folder is missing", name);
		return verbs[i].run(options, word, n);
	}
	return complain(STATUS_USAGE, "cache %.32s: expected import, list or purge", name);
}

int command_cache(int argc, char **argv)
{
	struct cache_options options = {0};
	const struct option_row row[] = {
		{"--folder", "DIR", OPTION_TEXT, &options.folder, "where they are, cache.folder of the configuration"},
		{"--list", "FILE", OPTION_TEXT, &options.list,
		 "import: lines of URL, or URL and FILE; what has no file is fetched"},
		{"--fetch-ca", "FILE", OPTION_TEXT, &options.fetch_ca,
		 "import: who vouches for certificate repositories; default the system's"},
		{"--permit", "HOST:PORT", OPTION_LIST, &options.permit,
		 "import: let this one through the gate for certificates"},
		{"--expired", NULL, OPTION_FLAG, &options.expired, "purge: those past their end"},
		{"--all", NULL, OPTION_FLAG, &options.all, "purge: all of them"},
		{"--json", NULL, OPTION_FLAG, &options.json, "list: one JSON document"},
	};
	int rest, status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (rest < 1)
		return complain(STATUS_USAGE, "cache takes import, list or purge");
	return run_verb(argv[1], &options, argv + 2, rest - 1);
}

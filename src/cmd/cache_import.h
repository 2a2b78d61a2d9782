/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CACHE_IMPORT_H
#define CMD_CACHE_IMPORT_H

#include "cmd/fetch.h"

/* Certificates on their way into the folder of those known ahead of calls: from files, or fetched through the gate,
 * several at once. What is wrong with one is told on stderr; the others go in. */
struct cache_import;

struct cache_import_config {
	const char *folder;
	struct fetch_policy policy;
	int64_t now; /* seconds of the epoch */
};

/* Both outlive the import. STI_E_MEMORY. */
enum sti_error cache_import_create(const struct cache_import_config *config, struct cache_import **out);
void cache_import_free(struct cache_import *import);

/* path NULL: to be fetched by cache_import_run. A file is taken at once. STI_E_LIMIT for more than LARDER_MAX,
 * STI_E_MEMORY; what is wrong with the URL or the file is told and counted. */
enum sti_error cache_import_add(struct cache_import *import, struct sti_span url, const char *path);

/* Fetches what is to be fetched. */
enum sti_error cache_import_run(struct cache_import *import);

size_t cache_import_done(const struct cache_import *import);
size_t cache_import_failed(const struct cache_import *import);

#endif

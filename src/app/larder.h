/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_LARDER_H
#define APP_LARDER_H

#include "base/buf.h"

/*
 * Certificates known ahead of calls, in a folder: one file for each URL, named by the SHA-256 of the URL in hex
 * and nothing else (threats.md D21); in it the URL, a line feed, and the body as it was fetched. Other files in
 * the folder are passed over. What is read is checked like what a stranger sends; that it belongs to its URL is
 * believed, which is why larder_check_writers is asked before.
 */
enum { LARDER_MAX = 100000, LARDER_NAME = 64 };

struct larder;

struct larder_item {
	char name[LARDER_NAME + 1]; /* of the file */
	struct sti_span url;
	struct sti_span body;
	int64_t time; /* seconds of the epoch: when it was put there */
	struct buf text; /* what url and body point into */
};

/* STI_E_IO with errno, STI_E_LIMIT where the name of the folder is too long, STI_E_MEMORY. */
enum sti_error larder_open(const char *folder, struct larder **out);
void larder_close(struct larder *larder); /* NULL is fine */

/* STI_E_DENIED where others than root and ourselves may write the folder, then name is empty, or a file that would
 * be read; *why is a static phrase that says how, else NULL. Then larder_next has all still to give.
 * STI_E_IO with errno, STI_E_LIMIT. */
enum sti_error larder_check_writers(struct larder *larder, char name[LARDER_NAME + 1], const char **why);

/* The next one, in no order; larder_item_free in any case. STI_E_NOT_FOUND: there are no more; STI_E_LIMIT with an
 * empty name: more than LARDER_MAX. Any other error is about item->name, and the next call goes on: STI_E_URL where
 * it does not hold the URL that it is named by, STI_E_IO, STI_E_LIMIT. */
enum sti_error larder_next(struct larder *larder, struct larder_item *item);
void larder_item_free(struct larder_item *item);

/* Old or new, never neither. STI_E_URL, STI_E_LIMIT, and STI_E_IO with errno; whether the body is a certificate is
 * the caller's to know. */
enum sti_error larder_put(const char *folder, struct sti_span url, struct sti_span body);

/* STI_E_NOT_FOUND, STI_E_IO with errno. */
enum sti_error larder_remove(const char *folder, struct sti_span url);

#endif

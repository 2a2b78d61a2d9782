/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include <sti/span.h>

/*
 * Other people's test data, in the folder named by the environment variable STI_VECTORS.
 * What comes back is malloc'ed to its exact size, so that asan sees a read past the end;
 * it is the caller's, to be freed with vectors_free. Whatever else goes wrong fails the test.
 */

/* False, with the line "skipped: no vectors", where the folder is absent. */
bool vectors_present(void);

/* One file; `name` is relative to the folder: "wycheproof/LICENSE". */
struct sti_span vectors_read(const char *name);

/* The names in a folder that begin with `prefix`, in order. */
struct vectors_list {
	char **name; /* "jsontestsuite/test_parsing/y_array_empty.json": to be given to vectors_read */
	size_t n;
};
struct vectors_list vectors_list(const char *folder, const char *prefix);
void vectors_list_free(struct vectors_list *list);

/* A copy of exact size; one of no octets is present and empty. */
struct sti_span vectors_copy(struct sti_span bytes);
struct sti_span vectors_hex(const char *hex);
void vectors_free(struct sti_span bytes);

/* Prints "what: good of n" and fails the test unless all are good and there is at least one. */
void vectors_count(const char *what, size_t good, size_t n);

#endif

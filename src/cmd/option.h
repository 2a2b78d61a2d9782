/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_OPTION_H
#define CMD_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The options of one subcommand as a table; reading and help come from the same rows. */
enum option_kind { OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_FLAG };

enum { OPTION_LIST_MAX = 64 };

struct option_list {
	const char *text[OPTION_LIST_MAX];
	size_t n;
};

struct option_row {
	const char *name; /* "--key" */
	const char *argument; /* "FILE"; NULL for a flag */
	enum option_kind kind;
	void *to; /* const char *, struct option_list, int64_t or bool */
	const char *what;
};

/* Reads argv[1 …]; what is no option is moved to the front of argv and counted in *n_rest (its first
 * is argv[1]). False: there is no more to do and *status is that of the command: STATUS_USAGE after a
 * complaint on stderr (unknown option, missing or doubled argument), STATUS_GOOD after --help, which
 * every table has without a row. */
bool option_read(int argc, char **argv, const struct option_row *row, size_t n, int *n_rest, int *status);

#endif

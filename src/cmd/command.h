/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <sti/error.h>

/* Exit status of every command (design.md 2.1). */
enum { STATUS_GOOD = 0, STATUS_NO = 1, STATUS_USAGE = 2, STATUS_SYSTEM = 3 };

/* One row for each subcommand; dispatch and `sidetone help` come from the same table. */
struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
	const char *synopsis;
	const char *what;
};

extern const struct command command_table[];

int command_bench(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_cert(int argc, char **argv);
int command_config(int argc, char **argv);
int command_help(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_sign(int argc, char **argv);
int command_verify(int argc, char **argv);

/* One line on stderr, "sidetone: " before it; returns the status given. Never with a key in it. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints docs/NAME.md as the tables of the code have it now; STATUS_USAGE when there is no such page. */
int help_page(const char *name);

/* STATUS_SYSTEM for what the machine refused, STATUS_USAGE for unreadable input. */
int status_of(enum sti_error error);

/* For a complaint: errno's text for STI_E_IO, else the error's own. */
const char *error_why(enum sti_error error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/reference.h"

const struct command command_table[] = {
	{"lab", command_lab, "[--scenario NAME|all] [--json] [--dir DIR] | up --dir DIR | down --dir DIR",
	 "two carriers on loopback: places real calls and tells what became of them"},
	{"serve", command_serve, "CONFIG", "runs the roles that CONFIG names"},
	{"config", command_config, "check CONFIG | reference", "checks a configuration; prints the reference page"},
	{"sign", command_sign, "--key FILE --x5u URL --attest A|B|C --orig TN --dest TN[,TN] [options]",
	 "prints an Identity header value"},
	{"verify", command_verify, "[options] [IDENTITY|FILE|-]", "judges an Identity header value or a PASSporT"},
	{"inspect", command_inspect, "[--json] [--now N] FILE|-",
	 "decodes whatever it is (PASSporT, Identity, list, certificate, CRL, SPC token) and says what is wrong with "
	 "it"},
	{"cert", command_cert, "check [options] FILE...",
	 "a line for each certificate: its chain, its profile, SPC, country, lint findings"},
	{"cache", command_cache, "import|list|purge --folder DIR [options] [URL[=FILE]...]",
	 "certificates known ahead of calls"},
	{"bench", command_bench, "[--json] [--quick]",
	 "measures the library and the servers, beside OpenSSL, in one run"},
	{"help", command_help, "[COMMAND|PAGE]", "this page, the options of a command, or a page of reference"},
	{NULL, NULL, NULL, NULL},
};

int complain(int status, const char *format, ...)
{
	va_list arguments;

	fputs("sidetone: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return status;
}

int status_of(enum sti_error error)
{
	switch (error) {
	case STI_OK:
		return STATUS_GOOD;
	case STI_E_MEMORY:
	case STI_E_IO:
	case STI_E_CRYPTO:
	case STI_E_BUSY:
	case STI_E_FULL:
	case STI_E_NETWORK:
	case STI_E_NAME:
	case STI_E_CONNECT:
	case STI_E_TLS:
		return STATUS_SYSTEM;
	default:
		return STATUS_USAGE;
	}
}

const char *error_why(enum sti_error error)
{
	return error == STI_E_IO ? strerror(errno) : sti_error_text(error);
}

static int help_of(const struct command *command)
{
	char help[] = "--help";
	char *argv[] = {(char *)command->name, help, NULL};

	printf("sidetone %s %s\n  %s\n", command->name, command->synopsis, command->what);
	return command->run == command_help ? STATUS_GOOD : command->run(2, argv);
}

static int print_page(const struct reference_page *page)
{
	struct buf out = buf_own(REFERENCE_MAX);
	enum sti_error error;

	page->write(&out);
	error = buf_error(&out);
	if (!error && (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout)))
		error = STI_E_IO;
	buf_free(&out);
	return error ? complain(STATUS_SYSTEM, "%s: %s", page->name, sti_error_text(error)) : STATUS_GOOD;
}

int help_page(const char *name)
{
	for (const struct reference_page *page = reference_table; page->name; page++)
		if (strcmp(page->name, name) == 0)
			return print_page(page);
	return complain(STATUS_USAGE, "%.32s: no such command and no such page", name);
}

int command_help(int argc, char **argv)
{
	for (const struct command *command = command_table; argc > 1 && command->name; command++)
		if (strcmp(command->name, argv[1]) == 0)
			return help_of(command);
	if (argc > 1)
		return help_page(argv[1]);
	puts("sidetone carries the proof of who is calling beside the call.\n");
	for (const struct command *command = command_table; command->name; command++)
		printf("  sidetone %s %s\n      %s\n", command->name, command->synopsis, command->what);
	puts("\nPages:");
	for (const struct reference_page *page = reference_table; page->name; page++)
		printf("  sidetone help %-14s %s\n", page->name, page->what);
	puts("\nExit status: 0 good; 1 the answer is no; 2 usage or unreadable input;\n"
	     "3 the system failed (no file, no port, no memory).");
	return STATUS_GOOD;
}

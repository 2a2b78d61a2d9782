/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

/* An answer that could not be written is no answer. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return complain(STATUS_SYSTEM, "output: %s", strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return complain(STATUS_USAGE, "which command? see `sidetone help`");
	for (const struct command *command = command_table; command->name; command++)
		if (strcmp(command->name, argv[1]) == 0)
			return finish(command->run(argc - 1, argv + 1));
	return complain(STATUS_USAGE, "%.32s: no such command, see `sidetone help`", argv[1]);
}

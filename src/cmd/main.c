/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/command.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		return complain(STATUS_USAGE, "which command? see `sidetone help`");
	for (const struct command *command = command_table; command->name; command++)
		if (strcmp(command->name, argv[1]) == 0)
			return command->run(argc - 1, argv + 1);
	return complain(STATUS_USAGE, "%.32s: no such command, see `sidetone help`", argv[1]);
}

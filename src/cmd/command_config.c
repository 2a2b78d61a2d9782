/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/world.h"

/* Everything that a start would refuse: the text, then the files that it names. */
static int check(const char *file)
{
	struct config_message message = {0};
	struct world *world;
	enum sti_error error = world_load(file, 1, &world, &message);

	if (error) {
		world_complain(file, &message);
		return status_of(error);
	}
	world_unref(world);
	return STATUS_GOOD;
}

int command_config(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 2 && strcmp(argv[1], "reference") == 0)
		return help_page("configuration");
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("  check CONFIG   exit 0, or file:line: what is wrong, what was expected\n"
		     "  reference      the reference page, in Markdown");
		return STATUS_GOOD;
	}
	return complain(STATUS_USAGE, "config takes `check CONFIG` or `reference`");
}

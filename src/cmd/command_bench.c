/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"
int command_bench(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return complain(STATUS_USAGE, "not yet");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"
int command_lab(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return complain(STATUS_USAGE, "not yet");
}

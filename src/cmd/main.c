/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

/* An answer that could not be written is no answer. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return complain(STATUS_SYSTEM, "output: %s", strerror(errno));
	return status;
}

/* Where we fetch from and post to is said by the configuration alone (threats.md D19): not by a proxy, another
 * spelling of names, or a file that the secrets of TLS are written to. */
static void forget_environment(void)
{
	static const char *const name[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",   "ALL_PROXY",     "no_proxy",  "NO_PROXY",
		"NETRC",      "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "SSLKEYLOGFILE", "CURL_HOME",
	};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		unsetenv(name[i]);
}

int main(int argc, char **argv)
{
	forget_environment();
	if (argc < 2)
		return complain(STATUS_USAGE, "which command? see `sidetone help`");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return finish(command_help(1, argv));
	for (const struct command *command = command_table; command->name; command++)
		if (strcmp(command->name, argv[1]) == 0)
			return finish(command->run(argc - 1, argv + 1));
	return complain(STATUS_USAGE, "%.32s: no such command, see `sidetone help`", argv[1]);
}

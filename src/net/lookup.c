/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lookup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

static ssize_t read_status(char *text, size_t room)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, room);
	close(fd);
	return n;
}

/* proc_pid_status(5); 0: not said. */
static unsigned threads(void)
{
	static const char label[] = "\nThreads:\t";
	char text[4096];
	ssize_t got = read_status(text, sizeof(text) - 1);
	const char *at;
	unsigned n = 0;

	if (got <= 0)
		return 0;
	text[got] = '\0';
	at = strstr(text, label);
	for (at = at ? at + sizeof(label) - 1 : ""; *at >= '0' && *at <= '9' && n <= LIMIT_LOOKUPS; at++)
		n = n * 10 + (unsigned)(*at - '0');
	return n;
}

bool lookup_is_full(bool own)
{
	return threads() > (own ? LIMIT_LOOKUPS : LIMIT_FOREIGN_LOOKUPS);
}

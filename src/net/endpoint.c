/* SPDX-License-Identifier: Apache-2.0 */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/limits.h"

static enum sti_error parse_local(const char *path, struct endpoint *out)
{
	size_t n = strlen(path);

	if (path[0] != '/' || n >= sizeof(out->address.local.sun_path))
		return STI_E_CONFIG;
	out->address.local.sun_family = AF_UNIX;
	memcpy(out->address.local.sun_path, path, n + 1);
	out->size = sizeof(out->address.local);
	return STI_OK;
}

static bool read_port(const char *text, in_port_t *out)
{
	int64_t port;

	if (decimal_parse(sti_span_str(text), UINT16_MAX, &port))
		return false;
	*out = htons((uint16_t)port);
	return true;
}

static bool parse_v4(const char *host, const char *port, struct endpoint *out)
{
	out->address.v4.sin_family = AF_INET;
	out->size = sizeof(out->address.v4);
	return inet_pton(AF_INET, host, &out->address.v4.sin_addr) == 1 && read_port(port, &out->address.v4.sin_port);
}

static bool parse_v6(const char *host, const char *port, struct endpoint *out)
{
	out->address.v6.sin6_family = AF_INET6;
	out->size = sizeof(out->address.v6);
	return inet_pton(AF_INET6, host, &out->address.v6.sin6_addr) == 1 &&
	       read_port(port, &out->address.v6.sin6_port);
}

enum sti_error endpoint_parse(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	bool literal = text[0] == '[';
	char host[ENDPOINT_TEXT];
	size_t n;

	*out = (struct endpoint){0};
	if (strncmp(text, "unix:", 5) == 0)
		return parse_local(text + 5, out);
	if (!colon || (literal && (colon == text + 1 || colon[-1] != ']')))
		return STI_E_CONFIG;
	n = (size_t)(colon - text) - (literal ? 2 : 0);
	if (n >= sizeof(host))
		return STI_E_CONFIG;
	memcpy(host, text + literal, n);
	host[n] = '\0';
	return (literal ? parse_v6 : parse_v4)(host, colon + 1, out) ? STI_OK : STI_E_CONFIG;
}

/* An IPv6 listener is for IPv6 only, so that both can stand beside each other on one port. */
static bool set_options(int fd, const struct endpoint *endpoint, int mode)
{
	const int on = 1;
	int family = endpoint->address.any.sa_family;

	if (family == AF_UNIX)
		return fchmod(fd, (mode_t)mode) == 0; /* before it has a name: never open wider for a moment */
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return false;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A socket that refuses connections has lost its process; so does a plain file, but it may be dear to somebody. */
static bool is_stale(const struct endpoint *endpoint)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale;

	if (fd < 0)
		return false;
	stale = connect(fd, &endpoint->address.any, endpoint->size) && errno == ECONNREFUSED &&
		is_socket(endpoint->address.local.sun_path);
	close(fd);
	return stale;
}

static bool bind_to(int fd, const struct endpoint *endpoint)
{
	if (bind(fd, &endpoint->address.any, endpoint->size) == 0)
		return true;
	if (endpoint->address.any.sa_family != AF_UNIX || errno != EADDRINUSE)
		return false;
	if (!is_stale(endpoint)) {
		errno = EADDRINUSE;
		return false;
	}
	unlink(endpoint->address.local.sun_path);
	return bind(fd, &endpoint->address.any, endpoint->size) == 0;
}

/* bind took the umask off the mode. */
static bool settle_local(struct endpoint *endpoint, int mode)
{
	struct stat st;

	if (endpoint->address.any.sa_family != AF_UNIX)
		return true;
	if (chmod(endpoint->address.local.sun_path, (mode_t)mode) || lstat(endpoint->address.local.sun_path, &st))
		return false;
	endpoint->device = st.st_dev;
	endpoint->inode = st.st_ino;
	endpoint->changed = st.st_ctim;
	return true;
}

enum sti_error endpoint_listen(struct endpoint *endpoint, int mode, int *fd)
{
	int s = socket(endpoint->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (s < 0)
		return STI_E_IO;
	if (set_options(s, endpoint, mode) && bind_to(s, endpoint) && settle_local(endpoint, mode) &&
	    listen(s, LIMIT_BACKLOG) == 0) {
		*fd = s;
		return STI_OK;
	}
	saved = errno;
	endpoint_remove(endpoint);
	close(s);
	errno = saved;
	return STI_E_IO;
}

void endpoint_remove(const struct endpoint *endpoint)
{
	struct stat st;

	if (!endpoint->inode || lstat(endpoint->address.local.sun_path, &st))
		return;
	if (st.st_dev == endpoint->device && st.st_ino == endpoint->inode &&
	    st.st_ctim.tv_sec == endpoint->changed.tv_sec && st.st_ctim.tv_nsec == endpoint->changed.tv_nsec)
		unlink(endpoint->address.local.sun_path);
}

uint16_t endpoint_port(int fd)
{
	struct endpoint bound = {.size = sizeof(bound.address)};

	if (getsockname(fd, &bound.address.any, &bound.size))
		return 0;
	if (bound.address.any.sa_family == AF_INET)
		return ntohs(bound.address.v4.sin_port);
	return bound.address.any.sa_family == AF_INET6 ? ntohs(bound.address.v6.sin6_port) : 0;
}

void endpoint_write(const struct sockaddr *address, char out[ENDPOINT_TEXT])
{
	const void *octets = NULL;

	out[0] = '\0';
	if (address->sa_family == AF_INET)
		octets = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (address->sa_family == AF_INET6)
		octets = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (octets)
		inet_ntop(address->sa_family, octets, out, ENDPOINT_TEXT);
}

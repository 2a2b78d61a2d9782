/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>

#include <sti/error.h>
#include <sti/span.h>

/* Where a listener listens, and the listening socket. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	} address;
	socklen_t size;
	dev_t device; /* of a Unix socket once bound: only our own is ever removed */
	ino_t inode;
	struct timespec changed; /* inode numbers are used again */
};

/* "127.0.0.1:8080", "[::1]:8443", "unix:/run/x.sock". Literals only. STI_E_CONFIG. */
enum sti_error endpoint_parse(const char *text, struct endpoint *out);

/* Binds and listens, non-blocking. A Unix socket gets `mode`; one that nobody listens on any more
 * is replaced. *fd is the caller's. STI_E_IO, errno set. */
enum sti_error endpoint_listen(struct endpoint *endpoint, int mode, int *fd);

/* Removes the Unix socket, if it is still the one that endpoint_listen made. */
void endpoint_remove(const struct endpoint *endpoint);

/* The port bound to; 0 for a Unix socket. */
uint16_t endpoint_port(int fd);

enum { ENDPOINT_TEXT = INET6_ADDRSTRLEN };

/* "192.0.2.1" of a peer; empty for a Unix socket. */
void endpoint_write(const struct sockaddr *address, char out[ENDPOINT_TEXT]);

#endif

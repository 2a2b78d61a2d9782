/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <sti/error.h>
#include <sti/span.h>

/* What the HTTP server and client have in common: requests and replies as values. */

enum http_method { HTTP_METHOD_GET, HTTP_METHOD_HEAD, HTTP_METHOD_POST, HTTP_METHOD_PUT, HTTP_METHOD_DELETE, HTTP_METHOD_OTHER };

/* Methods compare with case, RFC 9110 9.1: "post" is HTTP_METHOD_OTHER. */
enum http_method http_method_parse(struct sti_span token);

/* "POST"; empty for HTTP_METHOD_OTHER. */
const char *http_method_name(enum http_method method);

struct http_header {
	struct sti_span name;
	struct sti_span value;
};

enum { HTTP_ARGUMENTS = 4 };

/* Who is at the other end. Read anew for each request: a client certificate may have been revoked
 * or replaced since the handshake (threats.md H6). */
struct http_peer {
	struct sti_span address;     /* "192.0.2.1", "2001:db8::1"; absent on a Unix socket */
	struct sti_span certificate; /* SHA-256 of the client certificate's DER, 32 octets; absent without one */
};

/* All spans live until the exchange is answered. */
struct http_request {
	enum http_method method;
	struct sti_span path;  /* as sent, before the ?; percent signs are not decoded */
	struct sti_span query; /* absent without ? */
	struct sti_span host;  /* without port, as sent */
	const struct http_header *header;
	size_t n_header;
	struct sti_span body;
	struct sti_span argument[HTTP_ARGUMENTS]; /* what stood for each {} of the route */
	struct http_peer peer;
};

/* Absent when there is no such header; names compare without case. */
struct sti_span http_header_find(const struct http_header *header, size_t n, const char *name);

struct http_reply {
	int status;
	const char *media; /* NULL: no body */
	struct sti_span body;
	const struct http_header *header; /* besides Date, Content-Length, Content-Type and Connection */
	size_t n_header;
	unsigned retry_after_s; /* Retry-After in seconds; 0: none */
};

/* "Forbidden" for 403; never NULL. */
const char *http_phrase(int status);

#endif

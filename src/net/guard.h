/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include "net/http.h"

/*
 * The strict guard that every byte of a request passes before the parser sees it, so that no byte
 * stream has two readings (threats.md C2, C3). It reads the request line and what frames the body;
 * everything it does not like is refused with a status at the first byte that shows it.
 *
 * Refused are: a line end that is not CRLF, a control byte anywhere, a line that begins with a
 * blank, a header name that is not a token right before its colon, no Host or two, any
 * Transfer-Encoding but `chunked`, Transfer-Encoding in HTTP/1.0 or beside Content-Length, a
 * Content-Length that is repeated or not plain decimal, a Connection that names a header which must
 * reach us, and in chunks: anything but hex digits, `;` and text, CRLF, the data and CRLF, trailers.
 */
struct guard {
	size_t at; /* octets looked at */
	size_t line; /* where the line begun last starts */
	size_t lines; /* that are complete, the request line included */
	size_t first; /* where the header lines start */
	unsigned seen;

	/* What the head says. Places are offsets from its first octet, for the memory may move. */
	enum http_method method;
	bool is_connect; /* CONNECT or OPTIONS *: the target is no path */
	unsigned minor; /* of HTTP/1.x: 0 or 1 */
	size_t path, path_n;
	size_t query, query_n;
	bool has_query;
	size_t host, host_n; /* without port; host_n == 0: HTTP/1.0 without one */
	int64_t length; /* -1: none given */
	bool chunked;
	bool close; /* asked for by Connection */
	bool expect; /* 100-continue */
};

void guard_init(struct guard *g);

/* bytes is all that came since the head began. 0 and *head == 0: more is needed; 0 and *head > 0:
 * the head is complete and has so many octets. Else the status: 400, 414, 417, 431, 505. */
int guard_head(struct guard *g, struct sti_span bytes, size_t *head);

/* The framing of one chunked body, RFC 9112 7.1. */
struct guard_chunks {
	unsigned state;
	size_t line; /* octets of the size line so far */
	size_t left; /* of the chunk at hand */
	size_t body; /* of all chunks announced */
	size_t max;
};

void guard_chunks_init(struct guard_chunks *c, size_t max);

/* Goes on where it stopped. *taken octets of bytes belong to this body; *end: it is complete.
 * Returns 0, 400, or 413 over max. */
int guard_chunks(struct guard_chunks *c, struct sti_span bytes, size_t *taken, bool *end);

#endif

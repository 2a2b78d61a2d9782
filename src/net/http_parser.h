/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_PARSER_H
#define NET_HTTP_PARSER_H

#include <llhttp.h>

#include "base/limits.h"
#include "net/guard.h"

/*
 * Bytes of one connection in, requests out; no socket. Each byte passes the guard first and then
 * llhttp, and where the two do not agree the request is refused. Requests point into the parser's
 * own memory, which stays where it is from HEAD until http_parser_advance. Pipelined bytes wait.
 */
enum http_event {
	HTTP_EVENT_MORE, /* give it bytes */
	HTTP_EVENT_HEAD, /* request is set but for its body */
	HTTP_EVENT_REQUEST, /* request is complete; http_parser_advance goes on to the next */
	HTTP_EVENT_REFUSED, /* status says why; nothing that follows on this connection may be read */
};

struct http_parser {
	uint8_t *bytes; /* owned: [head][body so far][not read yet] */
	size_t n, capacity;
	size_t head; /* octets of it, once complete */
	size_t body; /* octets of it so far, without chunk framing */
	size_t end; /* where what is not read yet begins */
	size_t body_max;
	unsigned state;
	bool skipped; /* the one empty line that may stand before a request */
	bool complete; /* says llhttp */
	int status;
	struct guard guard;
	struct guard_chunks chunks;
	llhttp_t llhttp;
	struct http_request request;
	struct http_header header[LIMIT_HTTP_HEADERS];
	size_t n_header;
};

void http_parser_init(struct http_parser *p, size_t body_max);
void http_parser_free(struct http_parser *p);

/* Where to read into, *n octets, at least one after HTTP_EVENT_MORE; NULL without memory. */
uint8_t *http_parser_room(struct http_parser *p, size_t *n);
void http_parser_add(struct http_parser *p, size_t n);

enum http_event http_parser_next(struct http_parser *p);

/* Lets go of the request that is complete. */
void http_parser_advance(struct http_parser *p);

/* Nothing of a next request is there; and: the head is complete, the body is not. */
bool http_parser_is_idle(const struct http_parser *p);
bool http_parser_is_in_body(const struct http_parser *p);

/* After HEAD: the client waits for 100 (Continue) and has sent nothing of the body. */
bool http_parser_expects(const struct http_parser *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <uv.h>

#include "base/buf.h"
#include "net/http.h"
#include "net/tls.h"

/*
 * HTTP/1.1 over TCP, TLS and Unix sockets on a libuv loop: libuv polls, OpenSSL works on the file
 * descriptor, llhttp parses behind a strict guard. One request in flight per connection.
 */

/* One request that waits for its one answer. */
struct http_exchange;

typedef void http_handler(struct http_exchange *exchange, const struct http_request *request, void *context);

/* Answers, exactly once for each exchange, on the loop's thread, now or later. Copies the reply.
 * When the peer has gone meanwhile nothing is sent; the exchange is over all the same. */
void http_answer(struct http_exchange *exchange, const struct http_reply *reply);

/* The same with no body but what the site writes for that status. */
void http_answer_status(struct http_exchange *exchange, int status);

/* True when nobody waits for the answer any more. */
bool http_exchange_is_gone(const struct http_exchange *exchange);

struct http_route {
	enum http_method method;
	const char *path;  /* "/cps/company/{}": {} stands for one path segment that is not empty */
	const char *media; /* media type the body must have; NULL where there is no body */
	bool media_charset; /* "; charset=utf-8" may stand behind it; no other parameter */
	http_handler *handler;
};

struct http_limits {
	size_t body;           /* octets, 413 beyond it, before it is read */
	unsigned handshake_ms; /* absolute limit of each phase */
	unsigned idle_ms;
	unsigned head_ms;
	unsigned body_ms;
	unsigned handler_ms;
	unsigned write_ms;
	unsigned connections; /* of the listener; beyond it the oldest idle one of the fullest address goes */
	unsigned connections_per_address; /* 0: no limit */
};

extern const struct http_limits http_limits_default;

/* What a listener serves. Everything in it must outlive the listener or the next http_listener_update. */
struct http_site {
	const struct http_route *route;
	size_t n_route;
	const char *const *name; /* Host must be one of these, else 421; n_name == 0: any */
	size_t n_name;
	/* Writes the body of a reply that the server makes itself (400, 404, 405, 408, 411, 413, 415, 421,
	 * 431, 500, 503) and returns its media type; NULL: no body. May be NULL: never a body. */
	const char *(*explain)(int status, struct buf *body);
	/* Told of every answer, for metrics and logs; may be NULL. */
	void (*seen)(void *context, const struct http_request *request, int status, uint64_t nanoseconds);
	void *context;      /* given to handlers */
	void *seen_context; /* given to seen */
	bool length_required; /* a POST or PUT without Content-Length: 411, chunked too */
};

struct http_listener;

struct http_listener_config {
	const char *address; /* "127.0.0.1:8080", "[::]:8443", "unix:/run/x.sock"; port 0: any free one */
	struct tls_server *tls; /* NULL: plain; a reference is taken */
	const struct http_site *site;
	struct http_limits limits;
	int unix_mode; /* of a Unix socket, 0600 when 0 */
};

/* STI_E_CONFIG for an address that cannot be read, STI_E_IO (errno set) when it cannot be bound. */
enum sti_error http_listener_open(uv_loop_t *loop, const struct http_listener_config *config, struct http_listener **out);

/* The port bound, 0 for a Unix socket. */
uint16_t http_listener_port(const struct http_listener *listener);
unsigned http_listener_connections(const struct http_listener *listener);

/* Reload: new connections get the new TLS, the next request of each kept connection the new site. Where
 * client certificates were asked for and the rules for them are others now (tls_server_is_outdated), the
 * next request gets 421 and the connection ends. */
void http_listener_update(struct http_listener *listener, const struct http_listener_config *config);

/* Stops accepting, answers with Connection: close, gives idle connections `grace_ms`, ends hard
 * after `hard_ms`, then calls done and frees the listener. */
void http_listener_drain(struct http_listener *listener, unsigned grace_ms, unsigned hard_ms,
			 void (*done)(void *context), void *context);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <uv.h>

#include "net/gate.h"
#include "net/http.h"

/*
 * HTTP/1.1 over libcurl's multi_socket on a libuv loop: kept connections per host, no redirects, no
 * proxies, no environment, no cookies, TLS always verified (1.2 or newer). One thread, the loop's.
 * Header lines of an answer may have LIMIT_ANSWER_HEAD octets, else STI_E_LIMIT.
 */
struct http_client;

struct http_client_config {
	const char *ca_file;     /* who may vouch for servers; NULL: the system's */
	const struct gate *gate; /* outlives the client */
	struct sti_span certificate; /* own client certificate and key, PEM; absent: none */
	struct sti_span key;
	unsigned in_flight;      /* calls at once; more: STI_E_FULL from http_client_send */
	unsigned per_host;       /* connections to one host */
};

struct http_call {
	enum http_method method;
	struct sti_span url;
	bool own;                /* named by the operator: url_parse_own, any address */
	const char *unix_socket; /* NULL, or connect there; url may then be http:// */
	const char *media;
	struct sti_span body;
	const struct http_header *header;
	size_t n_header;
	unsigned connect_ms; /* resolve and connect */
	unsigned total_ms;   /* everything */
	size_t answer_max;   /* octets of the body; more: STI_E_LIMIT */
};

struct http_response {
	int status;
	struct sti_span body; /* until done returns */
	int64_t max_age;      /* Cache-Control: max-age in seconds, -1 without one */
	int64_t retry_after;  /* seconds, -1 without one */
	struct sti_span etag; /* as sent, RFC 9110 8.8.3; absent without one; until done returns */
};

/* response is NULL when error is set: STI_E_URL, STI_E_DENIED (the gate), STI_E_TIMEOUT,
 * STI_E_NAME, STI_E_CONNECT, STI_E_TLS, STI_E_NETWORK, STI_E_LIMIT, STI_E_MEMORY.
 * Never called from within http_client_send. */
typedef void http_done(void *context, enum sti_error error, const struct http_response *response);

enum sti_error http_client_create(uv_loop_t *loop, const struct http_client_config *config, struct http_client **out);

/* Copies the call. On STI_OK done will be called once; otherwise it will not be called: STI_E_URL,
 * STI_E_LIMIT and STI_E_DENIED for a URL that the gate refuses by its form or port, a method or header
 * that cannot be sent; STI_E_FULL, for a name also while too many are being looked up (lookup_is_full);
 * STI_E_MEMORY; STI_E_NETWORK once the client is closing.
 * Where the gate refuses the address behind a name, done is told STI_E_DENIED. */
enum sti_error http_client_send(struct http_client *client, const struct http_call *call, http_done *done, void *context);
unsigned http_client_in_flight(const struct http_client *client);

/* Ends what is in flight (done is called with STI_E_NETWORK, from within) and frees once the loop has
 * closed its handles. May be called from a done. NULL is nothing. */
void http_client_close(struct http_client *client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/limits.h"
#include "net/lookup.h"
#include "net/multi.h"
#include "net/transfer.h"

struct http_client {
	uv_loop_t *loop;
	struct multi multi;
	const struct gate *gate;
	char *ca_file;
	struct buf certificate;
	struct buf key;
	unsigned in_flight;
	unsigned max_in_flight;
	struct flight *first;
	bool closing;
};

/* One call under way. */
struct flight {
	struct http_client *client;
	struct flight *next;
	struct flight *previous;
	struct transfer transfer;
	struct buf answer;
	size_t head_n; /* octets of the answer's header lines so far */
	enum sti_error error; /* what we know better than libcurl's code */
	bool any_address;
	bool local; /* over a Unix socket */
	bool asked; /* connected, the request has left */
	uv_timer_t deadline;
	http_done *done;
	void *context;
};

/* ---- the end of a flight ---- */

static void unlink_flight(struct flight *flight)
{
	struct http_client *client = flight->client;

	if (flight->previous)
		flight->previous->next = flight->next;
	else
		client->first = flight->next;
	if (flight->next)
		flight->next->previous = flight->previous;
	client->in_flight--;
}

static void link_flight(struct http_client *client, struct flight *flight)
{
	flight->next = client->first;
	if (client->first)
		client->first->previous = flight;
	client->first = flight;
	client->in_flight++;
}

static void free_flight(struct flight *flight)
{
	transfer_free(&flight->transfer);
	buf_free(&flight->answer);
	free(flight);
}

static void deadline_closed(uv_handle_t *handle)
{
	free_flight(handle->data);
}

/* What an operator has to tell apart; all else is a connection that broke off. */
static enum sti_error failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return STI_E_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
		return STI_E_NAME;
	case CURLE_COULDNT_CONNECT:
		return STI_E_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return STI_E_TLS;
	default:
		return STI_E_NETWORK;
	}
}

static enum sti_error error_of(const struct flight *flight, CURLcode code)
{
	if (code == CURLE_OK)
		return STI_OK;
	if (flight->error)
		return flight->error;
	if (code != CURLE_OUT_OF_MEMORY)
		return failure_of(code);
	return flight->asked ? STI_E_LIMIT : STI_E_MEMORY; /* what libcurl says of one endless header line */
}

static void tell(struct flight *flight, enum sti_error error)
{
	struct http_response response = {.body = buf_span(&flight->answer)};

	if (error) {
		flight->done(flight->context, error, NULL);
		return;
	}
	transfer_read_head(&flight->transfer, &response);
	flight->done(flight->context, STI_OK, &response);
}

/* The only way out for a flight that was sent. Not to be called from inside libcurl. */
static void land(struct flight *flight, enum sti_error error)
{
	unlink_flight(flight);
	multi_remove(&flight->client->multi, flight->transfer.easy);
	tell(flight, error);
	uv_close((uv_handle_t *)&flight->deadline, deadline_closed);
}

/* libcurl's own limit does not run while a flight waits for a connection of its host. */
static void deadline_reached(uv_timer_t *timer)
{
	land(timer->data, STI_E_TIMEOUT);
}

static void flight_ended(struct multi *multi, CURL *easy, CURLcode code)
{
	struct http_client *client = multi->context;
	struct flight *flight = NULL;

	while (!easy && client->first)
		land(client->first, STI_E_MEMORY);
	if (!easy)
		return;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&flight);
	land(flight, error_of(flight, code));
}

/* ---- what libcurl asks of a flight ---- */

static bool address_is_allowed(const struct flight *flight, const struct sockaddr *address)
{
	if (flight->local)
		return address->sa_family == AF_UNIX;
	return flight->any_address || gate_address_is_public(address);
}

/* The address that will really be connected to, whatever the name resolved to before. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct flight *flight = context;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_is_allowed(flight, &address->addr)) {
		flight->error = STI_E_DENIED;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool peer_is_allowed(const struct flight *flight, const char *peer)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (flight->local)
		return true;
	if (inet_pton(AF_INET, peer, &v4.sin_addr) == 1)
		return address_is_allowed(flight, (struct sockaddr *)&v4);
	if (inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1)
		return address_is_allowed(flight, (struct sockaddr *)&v6);
	return false;
}

/* Again just before the request leaves: a kept connection of a call that was allowed more is not
 * for one that is allowed less. */
static int before_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct flight *flight = context;

	(void)local;
	(void)peer_port;
	(void)local_port;
	if (peer_is_allowed(flight, peer)) {
		flight->asked = true;
		flight->error = STI_OK; /* an address refused before was passed over for a good one */
		return CURL_PREREQFUNC_OK;
	}
	flight->error = STI_E_DENIED;
	return CURL_PREREQFUNC_ABORT;
}

static size_t take_head(char *line, size_t size, size_t n, void *context)
{
	struct flight *flight = context;

	(void)line;
	flight->head_n += size * n;
	if (flight->head_n <= LIMIT_ANSWER_HEAD)
		return size * n;
	flight->error = STI_E_LIMIT;
	return 0;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
	struct flight *flight = context;

	buf_put(&flight->answer, sti_span(bytes, size * n));
	flight->error = buf_error(&flight->answer);
	return flight->error ? 0 : size * n;
}

/* ---- making a flight ---- */

static CURLcode set_callbacks(struct flight *flight)
{
	CURL *easy = flight->transfer.easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);

	code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, flight);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, flight);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
	return code;
}

static enum sti_error check_target(const struct http_client *client, const struct http_call *call, bool *any_address)
{
	struct url url;
	enum sti_error error;

	if (call->unix_socket)
		return url_parse_unix(call->url, &url);
	error = call->own ? url_parse_own(call->url, &url) : gate_check_url(client->gate, call->url, &url);
	*any_address = !error && (call->own || gate_is_permitted(client->gate, &url));
	return !error && !url.is_literal && lookup_is_full(*any_address) ? STI_E_FULL : error;
}

static enum sti_error check_call(const struct http_client *client, const struct http_call *call)
{
	struct sockaddr_un address;

	if (client->closing)
		return STI_E_NETWORK;
	if (client->in_flight >= client->max_in_flight)
		return STI_E_FULL;
	if (call->unix_socket && strlen(call->unix_socket) >= sizeof(address.sun_path))
		return STI_E_LIMIT;
	return transfer_check(call);
}

static enum sti_error fill_flight(struct flight *flight, const struct http_call *call)
{
	const struct http_client *client = flight->client;
	const struct transfer_tls tls = {client->ca_file, buf_span(&client->certificate), buf_span(&client->key)};
	enum sti_error error;

	flight->answer = buf_own(call->answer_max);
	flight->local = call->unix_socket != NULL;
	error = transfer_make(&flight->transfer, call, &tls);
	if (!error && set_callbacks(flight))
		error = STI_E_MEMORY;
	return error;
}

static enum sti_error take_off(struct flight *flight, unsigned total_ms)
{
	struct http_client *client = flight->client;

	uv_update_time(client->loop); /* a loop that has not turned for long would see the deadline as past */
	if (multi_add(&client->multi, flight->transfer.easy))
		return STI_E_MEMORY;
	link_flight(client, flight);
	uv_timer_init(client->loop, &flight->deadline);
	flight->deadline.data = flight;
	uv_timer_start(&flight->deadline, deadline_reached, total_ms, 0);
	return STI_OK;
}

enum sti_error http_client_send(struct http_client *client, const struct http_call *call, http_done *done,
				void *context)
{
	struct flight *flight;
	bool any_address = false;
	enum sti_error error = check_call(client, call);

	error = error ? error : check_target(client, call, &any_address);
	if (error)
		return error;
	flight = calloc(1, sizeof(*flight));
	if (!flight)
		return STI_E_MEMORY;
	flight->client = client;
	flight->any_address = any_address;
	flight->done = done;
	flight->context = context;
	error = fill_flight(flight, call);
	error = error ? error : take_off(flight, call->total_ms);
	if (error)
		free_flight(flight);
	return error;
}

unsigned http_client_in_flight(const struct http_client *client)
{
	return client->in_flight;
}

/* ---- the client ---- */

static void free_client(struct http_client *client)
{
	free(client->ca_file);
	buf_free(&client->certificate);
	buf_free(&client->key);
	free(client);
}

static enum sti_error copy_config(struct http_client *client, const struct http_client_config *config)
{
	client->gate = config->gate;
	client->max_in_flight = config->in_flight;
	client->certificate = buf_own(config->certificate.n);
	client->key = buf_own(config->key.n);
	buf_put(&client->certificate, config->certificate);
	buf_put(&client->key, config->key);
	if (config->ca_file && !(client->ca_file = strdup(config->ca_file)))
		return STI_E_MEMORY;
	return buf_error(&client->certificate) ? STI_E_MEMORY : buf_error(&client->key);
}

enum sti_error http_client_create(uv_loop_t *loop, const struct http_client_config *config, struct http_client **out)
{
	struct http_client *client = calloc(1, sizeof(*client));
	enum sti_error error;

	if (!client)
		return STI_E_MEMORY;
	error = copy_config(client, config);
	if (!error)
		error = multi_open(&client->multi, loop, config->per_host, config->in_flight, flight_ended);
	if (error) {
		free_client(client);
		return error;
	}
	client->loop = loop;
	client->multi.context = client;
	*out = client;
	return STI_OK;
}

static void client_closed(struct multi *multi)
{
	free_client(multi->context);
}

/* A done that is called meanwhile may neither send (STI_E_NETWORK) nor close again. */
void http_client_close(struct http_client *client)
{
	if (!client || client->closing)
		return;
	client->closing = true;
	while (client->first)
		land(client->first, STI_E_NETWORK);
	multi_close(&client->multi, client_closed);
}

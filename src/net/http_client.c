/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "base/limits.h"

/* libcurl decides when, libuv waits: every socket of the multi handle has one poll handle. */
struct http_client {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer; /* the one timer that libcurl asks for */
	const struct gate *gate;
	char *ca_file;
	uint8_t *certificate;
	size_t certificate_n;
	uint8_t *key;
	size_t key_n;
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
	CURL *easy;
	struct curl_slist *header;
	uint8_t *request_body;
	size_t request_body_n;
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

struct method {
	const char *name; /* NULL: we do not send it */
	bool has_body;
};

static const struct method methods[] = {
	[HTTP_METHOD_GET] = {"GET", false},       [HTTP_METHOD_HEAD] = {"HEAD", false},
	[HTTP_METHOD_POST] = {"POST", true},      [HTTP_METHOD_PUT] = {"PUT", true},
	[HTTP_METHOD_DELETE] = {"DELETE", false}, [HTTP_METHOD_OTHER] = {NULL, false},
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
	curl_easy_cleanup(flight->easy);
	curl_slist_free_all(flight->header);
	free(flight->request_body);
	buf_free(&flight->answer);
	free(flight);
}

static void deadline_closed(uv_handle_t *handle)
{
	free_flight(handle->data);
}

/* Seconds of `name` among the comma-separated directives of a header line; -1 without it. */
static int64_t directive_seconds(struct sti_span line, const char *name)
{
	struct sti_span part;
	int64_t seconds;

	while (sti_span_cut(&line, ',', &part)) {
		size_t equals = sti_span_find(part, '=');

		if (!sti_span_is_nocase(sti_span_trim(sti_span_first(part, equals)), name))
			continue;
		if (decimal_parse(sti_span_trim(sti_span_from(part, equals + 1)), INT32_MAX, &seconds) == STI_OK)
			return seconds;
	}
	return -1;
}

static int64_t max_age(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds = -1;

	for (size_t i = 0; seconds < 0; i++) {
		if (curl_easy_header(easy, "Cache-Control", i, CURLH_HEADER, -1, &header))
			break;
		seconds = directive_seconds(sti_span_str(header->value), "max-age");
	}
	return seconds;
}

/* RFC 9110 10.2.3; its date form would need a clock. */
static int64_t retry_after(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header))
		return -1;
	return decimal_parse(sti_span_trim(sti_span_str(header->value)), INT32_MAX, &seconds) ? -1 : seconds;
}

static enum sti_error error_of(const struct flight *flight, CURLcode code)
{
	if (code == CURLE_OK)
		return STI_OK;
	if (flight->error)
		return flight->error;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return STI_E_TIMEOUT;
	if (code != CURLE_OUT_OF_MEMORY)
		return STI_E_NETWORK;
	return flight->asked ? STI_E_LIMIT : STI_E_MEMORY; /* what libcurl says of one endless header line */
}

static void tell(struct flight *flight, enum sti_error error)
{
	struct http_response response = {.body = buf_span(&flight->answer)};
	long status = 0;

	if (error) {
		flight->done(flight->context, error, NULL);
		return;
	}
	curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
	response.status = (int)status;
	response.max_age = max_age(flight->easy);
	response.retry_after = retry_after(flight->easy);
	flight->done(flight->context, STI_OK, &response);
}

/* The only way out for a flight that was sent. Not to be called from inside libcurl. */
static void land(struct flight *flight, enum sti_error error)
{
	unlink_flight(flight);
	curl_multi_remove_handle(flight->client->multi, flight->easy);
	tell(flight, error);
	uv_close((uv_handle_t *)&flight->deadline, deadline_closed);
}

/* libcurl's own limit does not run while a flight waits for a connection of its host. */
static void deadline_reached(uv_timer_t *timer)
{
	land(timer->data, STI_E_TIMEOUT);
}

/* A done may close the client: the multi handle is gone then. */
static void land_finished(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while (!client->closing && (message = curl_multi_info_read(client->multi, &left))) {
		CURLcode code = message->data.result;
		struct flight *flight = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&flight);
		land(flight, error_of(flight, code));
	}
}

/* ---- libcurl on libuv ---- */

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct http_client *client = poll->data;
	curl_socket_t fd;
	int running;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if (uv_fileno((uv_handle_t *)poll, &fd))
		return;
	flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	curl_multi_socket_action(client->multi, fd, flags, &running);
	land_finished(client);
}

static void time_over(uv_timer_t *timer)
{
	struct http_client *client = timer->data;
	int running;

	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	land_finished(client);
}

static uv_poll_t *open_poll(struct http_client *client, curl_socket_t fd)
{
	uv_poll_t *poll = malloc(sizeof(*poll));

	if (!poll)
		return NULL;
	if (uv_poll_init(client->loop, poll, fd)) {
		free(poll);
		return NULL;
	}
	poll->data = client;
	curl_multi_assign(client->multi, fd, poll);
	return poll;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
	struct http_client *client = context;
	uv_poll_t *poll = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(client->multi, fd, NULL);
		if (poll)
			uv_close((uv_handle_t *)poll, poll_closed);
		return 0;
	}
	if (!poll && !(poll = open_poll(client, fd)))
		return -1;
	events |= what & CURL_POLL_IN ? UV_READABLE : 0;
	events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
	return uv_poll_start(poll, events, socket_ready) ? -1 : 0;
}

/* At once means in the next turn of the loop: done is never called from within http_client_send. */
static int watch_time(CURLM *multi, long milliseconds, void *context)
{
	struct http_client *client = context;

	(void)multi;
	if (milliseconds < 0)
		return uv_timer_stop(&client->timer);
	return uv_timer_start(&client->timer, time_over, (uint64_t)milliseconds, 0);
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

/* A line break in a header value would begin another header. */
static bool header_is_clean(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

static enum sti_error append_text(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return STI_E_MEMORY;
	*list = longer;
	return STI_OK;
}

static enum sti_error append_header(struct curl_slist **list, struct sti_span name, struct sti_span value)
{
	struct buf line = buf_own(LIMIT_HTTP_HEAD);
	enum sti_error error = STI_E_DENIED;

	if (name.n && header_is_clean(name) && header_is_clean(value)) {
		buf_put(&line, name);
		buf_put_str(&line, value.n ? ": " : ";"); /* libcurl: a semicolon for a header without value */
		buf_put(&line, value);
		buf_put_byte(&line, '\0');
		error = buf_error(&line);
	}
	if (!error)
		error = append_text(list, (const char *)buf_span(&line).p);
	buf_free(&line);
	return error;
}

static enum sti_error make_header(struct flight *flight, const struct http_call *call)
{
	struct sti_span media = sti_span_str(call->media);
	enum sti_error error = append_text(&flight->header, "Expect:");

	if (!error && media.n)
		error = append_header(&flight->header, sti_span_str("Content-Type"), media);
	else if (!error)
		error = append_text(&flight->header, "Content-Type:");
	for (size_t i = 0; !error && i < call->n_header; i++)
		error = append_header(&flight->header, call->header[i].name, call->header[i].value);
	return error;
}

static uint8_t *copy_octets(struct sti_span bytes)
{
	uint8_t *copy = malloc(bytes.n + 1);

	if (copy) {
		if (bytes.n)
			memcpy(copy, bytes.p, bytes.n);
		copy[bytes.n] = '\0';
	}
	return copy;
}

static CURLcode set_method(struct flight *flight, const struct method *method)
{
	CURL *easy = flight->easy;
	CURLcode code = CURLE_OK;

	if (method->has_body) {
		code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, flight->request_body);
		code = code ? code
			    : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)flight->request_body_n);
	}
	if (!code && method == &methods[HTTP_METHOD_HEAD])
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	return code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method->name);
}

/* Nothing from the environment or the home folder (threats.md D19), nowhere else than the URL says (D8). */
static CURLcode set_rules(CURL *easy)
{
	static const struct {
		CURLoption option;
		long value;
	} number[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_NETRC, CURL_NETRC_IGNORED},
		{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
		{CURLOPT_PATH_AS_IS, 1},
		{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
		{CURLOPT_TCP_NODELAY, 1},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_SSL_VERIFYPEER, 1},
		{CURLOPT_SSL_VERIFYHOST, 2},
		{CURLOPT_QUICK_EXIT, 1}, /* a name server that is silent must not hold up the loop at the deadline */
	};
	static const struct {
		CURLoption option;
		const char *value;
	} text[] = {
		{CURLOPT_PROXY, ""},
		{CURLOPT_NOPROXY, "*"},
		{CURLOPT_USERAGENT, "sidetone"},
		{CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20"},
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; !code && i < sizeof(number) / sizeof(number[0]); i++)
		code = curl_easy_setopt(easy, number[i].option, number[i].value);
	for (size_t i = 0; !code && i < sizeof(text) / sizeof(text[0]); i++)
		code = curl_easy_setopt(easy, text[i].option, text[i].value);
	return code;
}

static CURLcode set_callbacks(struct flight *flight)
{
	CURL *easy = flight->easy;
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

static struct curl_blob blob_of(uint8_t *bytes, size_t n)
{
	return (struct curl_blob){.data = bytes, .len = n, .flags = CURL_BLOB_COPY};
}

/* With a file of our own, the system's folder of authorities must not count besides. */
static CURLcode set_tls(CURL *easy, const struct http_client *client)
{
	struct curl_blob certificate = blob_of(client->certificate, client->certificate_n);
	struct curl_blob key = blob_of(client->key, client->key_n);
	CURLcode code = CURLE_OK;

	if (client->ca_file) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (!code && client->certificate) {
		code = curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
	}
	return code;
}

static CURLcode set_target(struct flight *flight, const struct http_call *call, const char *url)
{
	CURL *easy = flight->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);

	code = code ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, call->unix_socket ? "http,https" : "https");
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->header);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
	if (!code && call->unix_socket)
		code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket);
	return code;
}

static enum sti_error set_all(struct flight *flight, const struct http_call *call)
{
	uint8_t *url = copy_octets(call->url);
	CURLcode code;

	if (!url)
		return STI_E_MEMORY;
	code = set_rules(flight->easy);
	code = code ? code : set_callbacks(flight);
	code = code ? code : set_tls(flight->easy, flight->client);
	code = code ? code : set_target(flight, call, (const char *)url);
	code = code ? code : set_method(flight, &methods[call->method]);
	free(url);
	return code ? STI_E_MEMORY : STI_OK;
}

static enum sti_error check_target(const struct http_client *client, const struct http_call *call, bool *any_address)
{
	struct url url;
	enum sti_error error;

	if (call->unix_socket)
		return url_parse_unix(call->url, &url);
	error = call->own ? url_parse_own(call->url, &url) : gate_check_url(client->gate, call->url, &url);
	*any_address = !error && (call->own || gate_is_permitted(client->gate, &url));
	return error;
}

static enum sti_error check_call(const struct http_client *client, const struct http_call *call)
{
	struct sockaddr_un address;

	if (client->closing)
		return STI_E_NETWORK;
	if (client->in_flight >= client->max_in_flight)
		return STI_E_FULL;
	if (!methods[call->method].name || (call->body.n && !methods[call->method].has_body))
		return STI_E_DENIED;
	if (call->unix_socket && strlen(call->unix_socket) >= sizeof(address.sun_path))
		return STI_E_LIMIT;
	return STI_OK;
}

static enum sti_error fill_flight(struct flight *flight, const struct http_call *call)
{
	enum sti_error error;

	flight->answer = buf_own(call->answer_max);
	flight->local = call->unix_socket != NULL;
	flight->request_body_n = call->body.n;
	flight->request_body = copy_octets(call->body);
	flight->easy = curl_easy_init();
	if (!flight->request_body || !flight->easy)
		return STI_E_MEMORY;
	error = make_header(flight, call);
	return error ? error : set_all(flight, call);
}

static enum sti_error take_off(struct flight *flight, unsigned total_ms)
{
	struct http_client *client = flight->client;

	uv_update_time(client->loop); /* a loop that has not turned for long would see the deadline as past */
	if (curl_multi_add_handle(client->multi, flight->easy))
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
	free(client->certificate);
	if (client->key)
		explicit_bzero(client->key, client->key_n);
	free(client->key);
	free(client);
}

static enum sti_error copy_config(struct http_client *client, const struct http_client_config *config)
{
	client->gate = config->gate;
	client->max_in_flight = config->in_flight;
	if (config->ca_file && !(client->ca_file = strdup(config->ca_file)))
		return STI_E_MEMORY;
	if (!config->certificate.p)
		return STI_OK;
	client->certificate_n = config->certificate.n;
	client->key_n = config->key.n;
	client->certificate = copy_octets(config->certificate);
	client->key = copy_octets(config->key);
	return client->certificate && client->key ? STI_OK : STI_E_MEMORY;
}

static CURLM *open_multi(struct http_client *client, const struct http_client_config *config)
{
	CURLM *multi = curl_multi_init();

	if (!multi)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, watch_time);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)config->per_host);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)config->in_flight);
	return multi;
}

enum sti_error http_client_create(uv_loop_t *loop, const struct http_client_config *config, struct http_client **out)
{
	struct http_client *client = calloc(1, sizeof(*client));
	enum sti_error error;

	if (!client)
		return STI_E_MEMORY;
	error = copy_config(client, config);
	if (!error && curl_global_init(CURL_GLOBAL_DEFAULT))
		error = STI_E_MEMORY;
	if (!error && !(client->multi = open_multi(client, config))) {
		curl_global_cleanup();
		error = STI_E_MEMORY;
	}
	if (error) {
		free_client(client);
		return error;
	}
	client->loop = loop;
	uv_timer_init(loop, &client->timer);
	client->timer.data = client;
	*out = client;
	return STI_OK;
}

static void client_closed(uv_handle_t *handle)
{
	free_client(handle->data);
}

/* A done that is called meanwhile may neither send (STI_E_NETWORK) nor close again. */
void http_client_close(struct http_client *client)
{
	if (!client || client->closing)
		return;
	client->closing = true;
	while (client->first)
		land(client->first, STI_E_NETWORK);
	curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&client->timer, client_closed);
}

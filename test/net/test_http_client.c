/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>
#include <openssl/tls1.h>

#include "base/limits.h"
#include "net/http_client.h"
#include "support/alloc_sweep.h"
#include "support/raw_server.h"

/* ---- the network as libcurl sees it: names are scripted, connects are counted ---- */

enum { TRIED_MAX = 16 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const char *address[4]; /* what h.example resolves to */
	bool silent; /* the name server never answers while this holds */
	unsigned asking;
	char tried[TRIED_MAX][INET6_ADDRSTRLEN]; /* addresses that connect was called with */
	unsigned n_tried;
	unsigned short port; /* every TCP connect ends at 127.0.0.1 on this port; 0: as asked */
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

#define SHOWN __attribute__((visibility("default")))

typedef int getaddrinfo_call(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int connect_call(int, const struct sockaddr *, socklen_t);

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int resolve_literal(const char *text, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo numeric = *hints;
	getaddrinfo_call *call;
	void *symbol = real("getaddrinfo");

	memcpy(&call, &symbol, sizeof(call));
	numeric.ai_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	numeric.ai_flags |= AI_NUMERICHOST;
	return call(text, service, &numeric, out);
}

static void wait_for_name_server(void)
{
	pthread_mutex_lock(&world.lock);
	world.asking++;
	while (world.silent)
		pthread_cond_wait(&world.changed, &world.lock);
	world.asking--;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

SHOWN int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo **end = out;

	wait_for_name_server();
	if (strcmp(name, "h.example") != 0)
		return resolve_literal(name, service, hints, out);
	*out = NULL;
	for (size_t i = 0; i < 4 && world.address[i]; i++) {
		if (resolve_literal(world.address[i], service, hints, end))
			return EAI_NONAME;
		while (*end)
			end = &(*end)->ai_next;
	}
	return *out ? 0 : EAI_NONAME;
}

static void note_tried(const struct sockaddr *address)
{
	const void *bytes = address->sa_family == AF_INET
				    ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
				    : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;

	if (world.n_tried < TRIED_MAX)
		inet_ntop(address->sa_family, bytes, world.tried[world.n_tried++], INET6_ADDRSTRLEN);
}

SHOWN int connect(int fd, const struct sockaddr *address, socklen_t n)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	connect_call *call;
	void *symbol = real("connect");

	memcpy(&call, &symbol, sizeof(call));
	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return call(fd, address, n);
	note_tried(address);
	if (!world.port || address->sa_family != AF_INET)
		return call(fd, address, n);
	here.sin_port = htons(world.port);
	return call(fd, (struct sockaddr *)&here, sizeof(here));
}

/* ---- one client, one server, what came back ---- */

#define BODY_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const char *const permitted[] = {"localhost:8443"};
static const struct gate gate = {permitted, 1};

struct rig {
	uv_loop_t loop;
	struct tls_pair tls;
	char *ca_file;
	char socket[64]; /* path of a Unix socket */
	struct raw_server *server;
	struct http_client *client;
};

struct outcome {
	struct rig *rig;
	unsigned done;
	enum sti_error error;
	struct http_response response;
	char body[8192];
	size_t body_n;
};

static struct rig *rig_with(const struct tls_pair_wish *wish)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	assert_int_equal(uv_loop_init(&rig->loop), 0);
	rig->tls = tls_pair_make(wish);
	rig->ca_file = tls_pair_file(rig->tls.ca);
	snprintf(rig->socket, sizeof(rig->socket), "/tmp/sti_client_%d.sock", (int)getpid());
	unlink(rig->socket);
	world.n_tried = 0;
	world.port = 0;
	memset(world.address, 0, sizeof(world.address));
	return rig;
}

static struct rig *rig_open(void)
{
	return rig_with(&(struct tls_pair_wish){.names = "DNS:localhost,DNS:h.example,IP:127.0.0.1"});
}

static void rig_client(struct rig *rig, unsigned in_flight, unsigned per_host)
{
	struct http_client_config config = {
		.ca_file = rig->ca_file, .gate = &gate, .in_flight = in_flight, .per_host = per_host};

	assert_int_equal(http_client_create(&rig->loop, &config, &rig->client), STI_OK);
}

/* The server hears at 8443 of every address, as far as the client knows. */
static void rig_tls(struct rig *rig, enum raw_manner manner, const char *answer)
{
	struct raw_plan plan = {.tls = &rig->tls, .manner = manner, .answer = answer};

	rig->server = raw_server_start(&plan);
	world.port = raw_server_port(rig->server);
	rig_client(rig, 16, 4);
}

static void rig_unix(struct rig *rig, enum raw_manner manner, const char *answer)
{
	struct raw_plan plan = {.unix_path = rig->socket, .manner = manner, .answer = answer};

	rig->server = raw_server_start(&plan);
	rig_client(rig, 16, 4);
}

static void rig_close(struct rig *rig)
{
	http_client_close(rig->client);
	assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	if (rig->server)
		raw_server_stop(rig->server);
	unlink(rig->ca_file);
	free(rig->ca_file);
	tls_pair_free(&rig->tls);
	free(rig);
}

static void note_outcome(void *context, enum sti_error error, const struct http_response *response)
{
	struct outcome *outcome = context;

	outcome->done++;
	outcome->error = error;
	assert_true((error == STI_OK) == (response != NULL));
	if (!response)
		return;
	outcome->response = *response;
	outcome->body_n = response->body.n;
	assert_true(response->body.n <= sizeof(outcome->body));
	if (response->body.n)
		memcpy(outcome->body, response->body.p, response->body.n);
}

static struct http_call call_to(const char *url)
{
	return (struct http_call){.method = HTTP_METHOD_GET,
				  .url = sti_span_str(url),
				  .connect_ms = 10000,
				  .total_ms = 20000,
				  .answer_max = 4096};
}

static struct http_call own_call(const char *url)
{
	struct http_call call = call_to(url);

	call.own = true;
	return call;
}

static struct http_call local_call(const struct rig *rig)
{
	struct http_call call = call_to("http://localhost/path");

	call.unix_socket = rig->socket;
	return call;
}

static void run_until_idle(struct rig *rig)
{
	while (http_client_in_flight(rig->client))
		uv_run(&rig->loop, UV_RUN_ONCE);
}

static struct outcome ask(struct rig *rig, const struct http_call *call)
{
	struct outcome outcome = {.rig = rig};

	assert_int_equal(http_client_send(rig->client, call, note_outcome, &outcome), STI_OK);
	assert_int_equal(outcome.done, 0);
	run_until_idle(rig);
	assert_int_equal(outcome.done, 1);
	return outcome;
}

static void assert_body(const struct outcome *outcome, const char *body)
{
	assert_int_equal(outcome->error, STI_OK);
	assert_int_equal(outcome->body_n, strlen(body));
	assert_memory_equal(outcome->body, body, strlen(body));
}

/* ---- requests ---- */

static void test_get_over_unix_socket(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	struct outcome outcome;

	(void)state;
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	outcome = ask(rig, &call);
	assert_body(&outcome, "hello");
	assert_int_equal(outcome.response.status, 200);
	assert_int_equal(outcome.response.max_age, -1);
	assert_int_equal(outcome.response.retry_after, -1);
	assert_int_equal(strncmp(raw_server_last(rig->server), "GET /path HTTP/1.1\r\n", 20), 0);
	rig_close(rig);
}

static void test_D10_request_asks_for_no_compression_and_waits_for_no_100(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	char body[4000];

	(void)state;
	memset(body, 'x', sizeof(body));
	call.method = HTTP_METHOD_POST;
	call.body = sti_span(body, sizeof(body));
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(ask(rig, &call).error, STI_OK);
	assert_null(strcasestr(raw_server_last(rig->server), "Accept-Encoding"));
	assert_null(strcasestr(raw_server_last(rig->server), "Expect"));
	assert_null(strcasestr(raw_server_last(rig->server), "Content-Type"));
	assert_null(strcasestr(raw_server_last(rig->server), "Cookie"));
	rig_close(rig);
}

static void test_post_with_media_body_and_header(void **state)
{
	static const char body[] = "a\0b";
	struct http_header header[] = {{sti_span_str("X-RequestID"), sti_span_str("42")},
				       {sti_span_str("X-Empty"), sti_span_str("")}};
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);

	(void)state;
	call.method = HTTP_METHOD_POST;
	call.media = "application/passport";
	call.body = sti_span(body, 3);
	call.header = header;
	call.n_header = 2;
	rig_unix(rig, RAW_ANSWER, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(ask(rig, &call).response.status, 201);
	assert_non_null(strstr(raw_server_last(rig->server), "POST /path HTTP/1.1\r\n"));
	assert_non_null(strstr(raw_server_last(rig->server), "\r\nContent-Type: application/passport\r\n"));
	assert_non_null(strstr(raw_server_last(rig->server), "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(raw_server_last(rig->server), "\r\nX-RequestID: 42\r\n"));
	assert_non_null(strstr(raw_server_last(rig->server), "\r\nX-Empty:\r\n"));
	rig_close(rig);
}

static void test_every_method_leaves_under_its_name(void **state)
{
	static const char *const line[] = {
		[HTTP_METHOD_GET] = "GET /path ",       [HTTP_METHOD_HEAD] = "HEAD /path ",
		[HTTP_METHOD_POST] = "POST /path ",     [HTTP_METHOD_PUT] = "PUT /path ",
		[HTTP_METHOD_DELETE] = "DELETE /path ",
	};
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);

	(void)state;
	rig_unix(rig, RAW_ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	for (int method = HTTP_METHOD_GET; method <= HTTP_METHOD_DELETE; method++) {
		call.method = (enum http_method)method;
		assert_int_equal(ask(rig, &call).error, STI_OK);
		assert_int_equal(strncmp(raw_server_last(rig->server), line[method], strlen(line[method])), 0);
	}
	call.method = HTTP_METHOD_OTHER;
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, NULL), STI_E_DENIED);
	rig_close(rig);
}

static void test_header_value_with_a_line_break_is_not_sent(void **state)
{
	struct http_header header = {sti_span_str("X-RequestID"), sti_span_str("1\r\nX-Injected: 1")};
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);

	(void)state;
	call.header = &header;
	call.n_header = 1;
	rig_client(rig, 4, 4);
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, NULL), STI_E_DENIED);
	assert_int_equal(http_client_in_flight(rig->client), 0);
	rig_close(rig);
}

struct age_row {
	const char *answer;
	int64_t max_age;
	int64_t retry_after;
};

#define HEAD(lines) "HTTP/1.1 503 Busy\r\n" lines "Content-Length: 0\r\n\r\n"

static void test_max_age_and_retry_after_in_every_spelling(void **state)
{
	static const struct age_row row[] = {
		{HEAD("Cache-Control: max-age=3600\r\n"), 3600, -1},
		{HEAD("cache-control: public, MAX-AGE=60 , immutable\r\n"), 60, -1},
		{HEAD("Cache-Control: public\r\nCache-Control: max-age=7\r\n"), 7, -1},
		{HEAD("Cache-Control: s-maxage=60\r\n"), -1, -1},
		{HEAD("Cache-Control: max-age\r\n"), -1, -1},
		{HEAD("Cache-Control: max-age=\r\n"), -1, -1},
		{HEAD("Cache-Control: max-age=-1\r\n"), -1, -1},
		{HEAD("Cache-Control: max-age=99999999999999999999\r\n"), -1, -1},
		{HEAD("Cache-Control: ,,=,\r\n"), -1, -1},
		{HEAD("Retry-After: 120\r\n"), -1, 120},
		{HEAD("Retry-After: 0\r\n"), -1, 0},
		{HEAD("Retry-After: soon\r\n"), -1, -1},
		{HEAD("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"), -1, -1},
		{HEAD(""), -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig *rig = rig_open();
		struct http_call call = local_call(rig);
		struct outcome outcome;

		rig_unix(rig, RAW_ANSWER, row[i].answer);
		outcome = ask(rig, &call);
		assert_int_equal(outcome.error, STI_OK);
		assert_int_equal(outcome.response.max_age, row[i].max_age);
		assert_int_equal(outcome.response.retry_after, row[i].retry_after);
		rig_close(rig);
	}
}

static void check_etag(void *context, enum sti_error error, const struct http_response *response)
{
	struct sti_span *etag = context;

	assert_int_equal(error, STI_OK);
	*etag = response->etag.p ? sti_span(memcpy(malloc(response->etag.n), response->etag.p, response->etag.n),
					    response->etag.n)
				 : sti_span_str("none");
}

static void test_etag_as_sent(void **state)
{
	static const struct {
		const char *answer;
		const char *etag;
	} row[] = {
		{HEAD("ETag: \"a b\"\r\n"), "\"a b\""},
		{HEAD("etag:W/\"x\" \r\n"), "W/\"x\""},
		{HEAD(""), "none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig *rig = rig_open();
		struct http_call call = local_call(rig);
		struct sti_span etag = {0};

		rig_unix(rig, RAW_ANSWER, row[i].answer);
		assert_int_equal(http_client_send(rig->client, &call, check_etag, &etag), STI_OK);
		while (!etag.p)
			uv_run(&rig->loop, UV_RUN_ONCE);
		assert_true(sti_span_is(etag, row[i].etag));
		if (i < 2)
			free((void *)(uintptr_t)etag.p);
		rig_close(rig);
	}
}

/* ---- what the gate refuses ---- */

static void test_D1_D2_D3_urls_refused_before_anything_is_sent(void **state)
{
	static const struct {
		const char *url;
		bool own;
		enum sti_error error;
	} row[] = {
		{"http://h.example/a", false, STI_E_URL},
		{"http://h.example/a", true, STI_E_URL},
		{"ftp://h.example/a", true, STI_E_URL},
		{"file:///etc/passwd", true, STI_E_URL},
		{"https://h.example:22/a", false, STI_E_DENIED},
		{"https://127.0.0.1:8443/a", false, STI_E_URL},
		{"https://a:b@h.example/a", true, STI_E_URL},
		{"https://h.example/a?b", false, STI_E_URL},
		{"", false, STI_E_URL},
	};
	struct rig *rig = rig_open();

	(void)state;
	rig_client(rig, 4, 4);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_call call = call_to(row[i].url);

		call.own = row[i].own;
		assert_int_equal(http_client_send(rig->client, &call, note_outcome, NULL), row[i].error);
	}
	assert_int_equal(http_client_in_flight(rig->client), 0);
	assert_int_equal(world.n_tried, 0);
	rig_close(rig);
}

/* Certificates, POSTs to the CPSs of a mapping, lists, CRLs: whoever uses the gate, it is the same. */
static void test_D20_the_same_gate_for_all_who_fetch_or_post(void **state)
{
	static const struct {
		enum http_method method;
		size_t answer_max;
	} user[] = {{HTTP_METHOD_GET, 32 * 1024},
		    {HTTP_METHOD_POST, 1024},
		    {HTTP_METHOD_GET, 4 << 20},
		    {HTTP_METHOD_HEAD, 0}};
	static const char *const url[] = {"http://h.example/a", "https://h.example:22/a", "https://127.0.0.1/a",
					  "https://u@h.example/", "https://h.example/a?b"};
	struct rig *rig = rig_open();

	(void)state;
	rig_client(rig, 4, 4);
	for (size_t k = 0; k < sizeof(user) / sizeof(user[0]); k++) {
		for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
			struct http_call call = call_to(url[i]);

			call.method = user[k].method;
			call.answer_max = user[k].answer_max;
			assert_int_not_equal(http_client_send(rig->client, &call, note_outcome, NULL), STI_OK);
		}
		for (unsigned i = 0; i < 3; i++) {
			struct http_call call = call_to("https://h.example/a");

			call.method = user[k].method;
			world.address[0] = i == 0 ? "10.0.0.1" : i == 1 ? "fc00::1" : "::ffff:169.254.169.254";
			assert_int_equal(ask(rig, &call).error, STI_E_DENIED);
			http_client_close(rig->client); /* it remembers addresses */
			rig_client(rig, 4, 4);
		}
	}
	assert_int_equal(world.n_tried, 0);
	rig_close(rig);
}

static void test_D5_D6_names_that_resolve_to_special_addresses(void **state)
{
	static const char *const address[] = {
		"127.0.0.1",
		"10.0.0.1",
		"192.168.1.1",
		"169.254.169.254",
		"100.64.0.1",
		"0.0.0.0",
		"224.0.0.1",
		"255.255.255.255",
		"::1",
		"fe80::1",
		"fc00::1",
		"::ffff:10.0.0.1",
		"::",
		"64:ff9b::7f00:1",
		"::ffff:0:7f00:1",
		"2002:7f00:1::",
		"2001:0:7f00:1::",
		"::127.0.0.1",
	};
	struct http_call call = call_to("https://h.example:8443/a");
	struct rig *rig;

	(void)state;
	for (size_t i = 0; i < sizeof(address) / sizeof(address[0]); i++) {
		rig = rig_open();
		rig_client(rig, 4, 4);
		world.address[0] = address[i];
		assert_int_equal(ask(rig, &call).error, STI_E_DENIED);
		assert_int_equal(world.n_tried, 0);
		rig_close(rig);
	}
}

static void test_D6_localhost_by_name(void **state)
{
	struct http_call call = call_to("https://localhost/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(ask(rig, &call).error, STI_E_DENIED);
	assert_int_equal(world.n_tried, 0);
	rig_close(rig);
}

/* Only the public one is tried; and since it leads to loopback here, nothing is asked of it. */
static void test_D6_peer_is_looked_at_again_after_connecting(void **state)
{
	struct http_call call = call_to("https://h.example:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	world.address[0] = "10.0.0.1";
	world.address[1] = "8.8.8.8";
	world.address[2] = "169.254.169.254";
	assert_int_equal(ask(rig, &call).error, STI_E_DENIED);
	assert_int_equal(world.n_tried, 1);
	assert_string_equal(world.tried[0], "8.8.8.8");
	assert_int_equal(raw_server_requests(rig->server), 0);
	rig_close(rig);
}

static void test_D6_kept_connection_of_an_own_call_is_not_for_a_strangers_url(void **state)
{
	struct http_call own = own_call("https://h.example:8443/a");
	struct http_call foreign = call_to("https://h.example:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	world.address[0] = "127.0.0.1";
	assert_int_equal(ask(rig, &own).error, STI_OK);
	assert_int_equal(ask(rig, &foreign).error, STI_E_DENIED);
	assert_int_equal(raw_server_requests(rig->server), 1);
	rig_close(rig);
}

static void test_permitted_host_may_have_any_address(void **state)
{
	struct http_call call = call_to("https://localhost:8443/a");
	struct rig *rig = rig_open();
	struct outcome outcome;

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	outcome = ask(rig, &call);
	assert_body(&outcome, "hello");
	rig_close(rig);
}

static void test_own_url_with_an_address_and_a_query(void **state)
{
	struct http_call call = own_call("https://127.0.0.1:8443/a/../b?c=d");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(ask(rig, &call).error, STI_OK);
	assert_int_equal(strncmp(raw_server_last(rig->server), "GET /a/../b?c=d HTTP/1.1\r\n", 26), 0);
	rig_close(rig);
}

static void test_D8_redirects_are_answers_like_any_other(void **state)
{
	static const char *const answer[] = {
		"HTTP/1.1 301 M\r\nLocation: https://127.0.0.1:8443/\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 F\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 307 T\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 308 P\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
	};
	static const int status[] = {301, 302, 307, 308};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct http_call call = own_call("https://localhost:8443/a");
		struct rig *rig = rig_open();

		rig_tls(rig, RAW_ANSWER, answer[i]);
		assert_int_equal(ask(rig, &call).response.status, status[i]);
		assert_int_equal(raw_server_requests(rig->server), 1);
		rig_close(rig);
	}
}

/* ---- time ---- */

static void check_deadline(struct rig *rig, struct http_call *call)
{
	uint64_t start = uv_hrtime();

	call->total_ms = 150;
	assert_int_equal(ask(rig, call).error, STI_E_TIMEOUT);
	assert_in_range((uv_hrtime() - start) / 1000000, 140, 2500);
}

static void test_D9_server_that_is_silent_or_trickles_or_never_ends(void **state)
{
	static const struct {
		enum raw_manner manner;
		const char *answer;
	} row[] = {
		{RAW_SILENT, NULL},
		{RAW_TRICKLE, "HTTP/1.1 200 OK\r\nX-Long: "},
		{RAW_TRICKLE, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"},
		{RAW_TRICKLE, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Long: "},
		{RAW_TRICKLE, "HTTP/1.1 200 OK\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_call call = own_call("https://localhost:8443/a");
		struct rig *rig = rig_open();

		rig_tls(rig, row[i].manner, row[i].answer);
		check_deadline(rig, &call);
		rig_close(rig);
	}
}

/* Accepts nothing: the handshake of TLS gets no answer. */
static void test_D9_server_that_never_shakes_hands(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	world.port = ntohs(address.sin_port);
	rig_client(rig, 4, 4);
	check_deadline(rig, &call);
	call.total_ms = 20000;
	call.connect_ms = 100;
	assert_int_equal(ask(rig, &call).error, STI_E_TIMEOUT);
	close(fd);
	rig_close(rig);
}

static void set_silent(bool silent)
{
	pthread_mutex_lock(&world.lock);
	world.silent = silent;
	pthread_cond_broadcast(&world.changed);
	while (!silent && world.asking)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

/* The name server answers only after the test is over: were the loop to wait for it, this would hang. */
static void test_D9_name_server_that_is_silent_does_not_block_the_loop(void **state)
{
	struct http_call call = own_call("https://h.example:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_client(rig, 4, 4);
	set_silent(true);
	check_deadline(rig, &call);
	rig_close(rig);
	set_silent(false);
}

static unsigned n_asking(void)
{
	unsigned n;

	pthread_mutex_lock(&world.lock);
	n = world.asking;
	pthread_mutex_unlock(&world.lock);
	return n;
}

/* Calls until one is refused; each is given up before the name server answers. */
static void ask_until_full(struct rig *rig, const struct http_call *call, struct outcome *outcome)
{
	enum sti_error error;

	while (!(error = http_client_send(rig->client, call, note_outcome, outcome))) {
		unsigned before = n_asking();

		while (n_asking() == before)
			uv_run(&rig->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(error, STI_E_FULL);
	run_until_idle(rig);
}

/* What was given up stays a thread; another program's limits are not ours to exhaust. */
static void test_D9_names_that_nobody_answers_are_looked_up_only_so_often(void **state)
{
	struct http_call foreign = call_to("https://h.example/a");
	struct http_call own = own_call("https://h.example/a");
	struct http_call literal = own_call("https://127.0.0.1:8443/a");
	struct rig *rig = rig_open();
	struct http_call local = local_call(rig);
	struct outcome outcome = {0};

	(void)state;
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	http_client_close(rig->client);
	rig_client(rig, 2 * LIMIT_LOOKUPS, 2 * LIMIT_LOOKUPS);
	foreign.total_ms = own.total_ms = 200;
	set_silent(true);
	ask_until_full(rig, &foreign, &outcome);
	assert_in_range(n_asking(), LIMIT_FOREIGN_LOOKUPS - 4, LIMIT_FOREIGN_LOOKUPS);
	ask_until_full(rig, &own, &outcome);
	assert_in_range(n_asking(), LIMIT_LOOKUPS - 4, LIMIT_LOOKUPS);
	assert_int_equal(outcome.done, n_asking());
	outcome = ask(rig, &local);
	assert_body(&outcome, "hello");
	world.port = 9;
	assert_int_not_equal(ask(rig, &literal).error, STI_E_FULL);
	set_silent(false);
	while (http_client_send(rig->client, &foreign, note_outcome, &outcome)) /* until the last thread has ended */
		uv_run(&rig->loop, UV_RUN_NOWAIT);
	run_until_idle(rig);
	rig_close(rig);
}

static void test_D9_deadline_holds_while_waiting_for_a_connection(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();
	struct raw_plan plan = {.tls = &rig->tls, .manner = RAW_SILENT};
	struct outcome first = {0};
	struct outcome second = {0};

	(void)state;
	rig->server = raw_server_start(&plan);
	world.port = raw_server_port(rig->server);
	rig_client(rig, 4, 1);
	call.total_ms = 2000;
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, &first), STI_OK);
	call.total_ms = 100;
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, &second), STI_OK);
	while (!second.done)
		uv_run(&rig->loop, UV_RUN_ONCE);
	assert_int_equal(first.done, 0);
	assert_int_equal(second.error, STI_E_TIMEOUT);
	rig_close(rig);
	assert_int_equal(first.done, 1);
}

static void test_connection_refused(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	raw_server_stop(rig->server);
	rig->server = NULL;
	assert_int_equal(ask(rig, &call).error, STI_E_CONNECT);
	rig_close(rig);
}

static void test_name_that_does_not_resolve(void **state)
{
	struct http_call call = call_to("https://h.example/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_client(rig, 4, 4);
	assert_int_equal(ask(rig, &call).error, STI_E_NAME);
	rig_close(rig);
}

/* ---- size ---- */

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void test_D10_answers_of_odd_size(void **state)
{
	static const struct {
		enum raw_manner manner;
		const char *answer;
		size_t max;
		enum sti_error error;
	} row[] = {
		{RAW_ANSWER, BODY_HELLO, 5, STI_OK},
		{RAW_ANSWER, BODY_HELLO, 4, STI_E_LIMIT},
		{RAW_ANSWER, BODY_HELLO, 0, STI_E_LIMIT},
		{RAW_ANSWER, CHUNKED "5\r\nhello\r\n0\r\n\r\n", 5, STI_OK},
		{RAW_ANSWER, CHUNKED "5\r\nhello\r\n0\r\n\r\n", 4, STI_E_LIMIT},
		{RAW_ENDLESS, CHUNKED "fffffff\r\n", 4096, STI_E_LIMIT},
		{RAW_ENDLESS, "HTTP/1.1 200 OK\r\n\r\n", 4096, STI_E_LIMIT},
		{RAW_ENDLESS, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n", 4096, STI_E_LIMIT},
		{RAW_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", 4096, STI_E_NETWORK},
		{RAW_ANSWER_CLOSE, CHUNKED "6\r\nhello", 4096, STI_E_NETWORK},
		{RAW_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", 4, STI_E_NETWORK},
		{RAW_ANSWER_CLOSE, "hello", 4096, STI_E_NETWORK},
		{RAW_ANSWER_CLOSE, "", 4096, STI_E_NETWORK},
		{RAW_ENDLESS, "", 4096, STI_E_NETWORK},
		{RAW_ENDLESS, "HTTP/1.1 200 OK\r\nX-Long: ", 4096, STI_E_LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig *rig = rig_open();
		struct http_call call = local_call(rig);
		enum sti_error error;

		rig_unix(rig, row[i].manner, row[i].answer);
		call.answer_max = row[i].max;
		error = ask(rig, &call).error;
		if (error != row[i].error)
			print_error("row %zu: %s\n", i, sti_error_text(error));
		assert_int_equal(error, row[i].error);
		rig_close(rig);
	}
}

static void test_D10_a_million_headers(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	size_t lines = LIMIT_ANSWER_HEAD / 8 + 1;
	char *answer = malloc(32 + lines * 8);
	char *end;

	(void)state;
	assert_non_null(answer);
	end = stpcpy(answer, "HTTP/1.1 200 OK\r\n");
	for (size_t i = 0; i < lines; i++)
		end = stpcpy(end, "a: bcd\r\n");
	stpcpy(end, "\r\n");
	rig_unix(rig, RAW_ANSWER_CLOSE, answer);
	assert_int_equal(ask(rig, &call).error, STI_E_LIMIT);
	rig_close(rig);
	free(answer);
}

static void test_D10_compressed_body_is_not_blown_up(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	struct outcome outcome;

	(void)state;
	rig_unix(rig, RAW_ANSWER,
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08z");
	outcome = ask(rig, &call);
	assert_body(&outcome, "\x1f\x8b\x08z");
	rig_close(rig);
}

/* ---- TLS ---- */

static enum sti_error ask_tls(struct rig *rig, const struct raw_plan *plan)
{
	struct http_call call = own_call("https://localhost:8443/a");
	enum sti_error error;

	rig->server = raw_server_start(plan);
	world.port = raw_server_port(rig->server);
	rig_client(rig, 4, 4);
	error = ask(rig, &call).error;
	assert_int_equal(raw_server_requests(rig->server), error ? 0 : 1);
	return error;
}

static void test_D12_certificates_that_do_not_vouch_for_the_server(void **state)
{
	static const struct {
		struct tls_pair_wish wish;
		enum sti_error error;
	} row[] = {
		{{.names = "DNS:localhost"}, STI_OK},
		{{.names = "DNS:h.example"}, STI_E_TLS},
		{{.names = "IP:127.0.0.1"}, STI_E_TLS},
		{{.names = "DNS:*.localhost"}, STI_E_TLS},
		{{.names = "DNS:localhost", .from = -7200, .until = -3600}, STI_E_TLS},
		{{.names = "DNS:localhost", .from = 3600, .until = 7200}, STI_E_TLS},
		{{.names = "DNS:localhost", .self_signed = true}, STI_E_TLS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig *rig = rig_with(&row[i].wish);
		struct raw_plan plan = {.tls = &rig->tls, .manner = RAW_ANSWER, .answer = BODY_HELLO};

		assert_int_equal(ask_tls(rig, &plan), row[i].error);
		rig_close(rig);
	}
}

static void test_D12_authority_that_was_not_named(void **state)
{
	struct tls_pair other = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:localhost"});
	struct rig *rig = rig_open();
	struct raw_plan plan = {.tls = &other, .manner = RAW_ANSWER, .answer = BODY_HELLO};

	(void)state;
	assert_int_equal(ask_tls(rig, &plan), STI_E_TLS);
	rig_close(rig);
	tls_pair_free(&other);
}

static void test_D12_versions_of_tls(void **state)
{
	static const struct {
		int version;
		enum sti_error error;
	} row[] = {
		{TLS1_VERSION, STI_E_TLS},
		{TLS1_1_VERSION, STI_E_TLS},
		{TLS1_2_VERSION, STI_OK},
		{TLS1_3_VERSION, STI_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig *rig = rig_open();
		struct raw_plan plan = {
			.tls = &rig->tls, .tls_max = row[i].version, .manner = RAW_ANSWER, .answer = BODY_HELLO};

		assert_int_equal(ask_tls(rig, &plan), row[i].error);
		rig_close(rig);
	}
}

static void test_D12_server_that_speaks_no_tls(void **state)
{
	struct rig *rig = rig_open();
	struct raw_plan plan = {.manner = RAW_ANSWER_CLOSE, .answer = BODY_HELLO};
	struct http_call call = own_call("https://localhost:8443/a");

	(void)state;
	rig->server = raw_server_start(&plan);
	world.port = raw_server_port(rig->server);
	rig_client(rig, 4, 4);
	call.total_ms = 500; /* both sides wait for the other to speak */
	assert_int_not_equal(ask(rig, &call).error, STI_OK);
	rig_close(rig);
}

static enum sti_error ask_with_certificate(const struct tls_pair *mine, bool shown)
{
	struct rig *rig = rig_open();
	struct raw_plan plan = {.tls = &rig->tls, .client_ca = mine->ca, .manner = RAW_ANSWER, .answer = BODY_HELLO};
	struct http_client_config config = {.ca_file = rig->ca_file, .gate = &gate, .in_flight = 4, .per_host = 4};
	struct http_call call = own_call("https://localhost:8443/a");
	enum sti_error error;

	if (shown) {
		config.certificate = sti_span_str(mine->certificate);
		config.key = sti_span_str(mine->key);
	}
	rig->server = raw_server_start(&plan);
	world.port = raw_server_port(rig->server);
	assert_int_equal(http_client_create(&rig->loop, &config, &rig->client), STI_OK);
	error = ask(rig, &call).error;
	rig_close(rig);
	return error;
}

static void test_own_certificate_is_shown_to_a_server_that_asks(void **state)
{
	struct tls_pair mine = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:client.example"});

	(void)state;
	assert_int_equal(ask_with_certificate(&mine, true), STI_OK);
	assert_int_equal(ask_with_certificate(&mine, false), STI_E_NETWORK);
	tls_pair_free(&mine);
}

/* ---- D19 ---- */

static void test_D19_proxies_and_netrc_of_the_environment_change_nothing(void **state)
{
	static const char *const name[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();
	char folder[] = "/tmp/sti_home_XXXXXX";
	char netrc[64];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(netrc, sizeof(netrc), "%s/.netrc", folder);
	file = fopen(netrc, "w");
	assert_non_null(file);
	fputs("default login somebody password secret\n", file);
	fclose(file);
	setenv("HOME", folder, 1);
	for (size_t i = 0; i < 5; i++)
		setenv(name[i], "http://127.0.0.1:1/", 1);
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(ask(rig, &call).error, STI_OK);
	assert_null(strcasestr(raw_server_last(rig->server), "Authorization"));
	assert_int_equal(strncmp(raw_server_last(rig->server), "GET /a HTTP/1.1\r\n", 17), 0);
	for (size_t i = 0; i < 5; i++)
		unsetenv(name[i]);
	rig_close(rig);
	unlink(netrc);
	rmdir(folder);
}

/* ---- connections and life ---- */

static void test_connection_is_kept_between_calls(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	rig_tls(rig, RAW_ANSWER, BODY_HELLO);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(rig, &call).error, STI_OK);
	assert_int_equal(raw_server_requests(rig->server), 5);
	assert_int_equal(raw_server_connections(rig->server), 1);
	rig_close(rig);
}

static void test_connection_that_the_server_closed_is_opened_again(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();

	(void)state;
	call.method = HTTP_METHOD_POST;
	call.body = sti_span_str("body");
	rig_tls(rig, RAW_ANSWER_CLOSE, BODY_HELLO);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(rig, &call).error, STI_OK);
	assert_int_equal(raw_server_requests(rig->server), 3);
	rig_close(rig);
}

static void test_calls_share_the_connections_of_a_host_up_to_its_bound(void **state)
{
	enum { CALLS = 12 };
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();
	struct raw_plan plan = {.tls = &rig->tls, .manner = RAW_ANSWER, .answer = BODY_HELLO};
	struct outcome *outcome = calloc(CALLS + 1, sizeof(*outcome));

	(void)state;
	assert_non_null(outcome);
	rig->server = raw_server_start(&plan);
	world.port = raw_server_port(rig->server);
	rig_client(rig, CALLS, 2);
	for (size_t i = 0; i < CALLS; i++)
		assert_int_equal(http_client_send(rig->client, &call, note_outcome, &outcome[i]), STI_OK);
	assert_int_equal(http_client_in_flight(rig->client), CALLS);
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, &outcome[CALLS]), STI_E_FULL);
	run_until_idle(rig);
	for (size_t i = 0; i < CALLS; i++)
		assert_body(&outcome[i], "hello");
	assert_int_equal(outcome[CALLS].done, 0);
	assert_int_equal(raw_server_requests(rig->server), CALLS);
	assert_in_range(raw_server_connections(rig->server), 1, 2);
	rig_close(rig);
	free(outcome);
}

static void note_and_send_again(void *context, enum sti_error error, const struct http_response *response)
{
	struct outcome *outcome = context;
	struct http_call call = local_call(outcome->rig);

	note_outcome(context, error, response);
	if (outcome->done < 3)
		assert_int_equal(http_client_send(outcome->rig->client, &call, note_and_send_again, outcome), STI_OK);
}

static void test_done_may_send_the_next_call(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	struct outcome outcome = {.rig = rig};

	(void)state;
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(http_client_send(rig->client, &call, note_and_send_again, &outcome), STI_OK);
	run_until_idle(rig);
	assert_int_equal(outcome.done, 3);
	assert_int_equal(outcome.error, STI_OK);
	rig_close(rig);
}

static void note_and_close(void *context, enum sti_error error, const struct http_response *response)
{
	struct outcome *outcome = context;
	struct http_call call = local_call(outcome->rig);

	note_outcome(context, error, response);
	if (!outcome->rig->client)
		return;
	http_client_close(outcome->rig->client);
	assert_int_equal(http_client_send(outcome->rig->client, &call, note_outcome, outcome), STI_E_NETWORK);
	outcome->rig->client = NULL;
}

/* Of three calls the first to be answered closes the client; the others are told. */
static void test_done_may_close_the_client(void **state)
{
	struct rig *rig = rig_open();
	struct http_call call = local_call(rig);
	struct outcome outcome[2] = {{.rig = rig}, {.rig = rig}};
	struct outcome late = {.rig = rig};
	struct http_call silent = own_call("https://localhost:8443/a");

	(void)state;
	world.port = 9; /* refused or silent, whichever; it is over before */
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	assert_int_equal(http_client_send(rig->client, &call, note_and_close, &outcome[0]), STI_OK);
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, &outcome[1]), STI_OK);
	assert_int_equal(http_client_send(rig->client, &silent, note_outcome, &late), STI_OK);
	while (rig->client)
		uv_run(&rig->loop, UV_RUN_ONCE);
	assert_int_equal(outcome[0].done, 1);
	assert_int_equal(outcome[1].done, 1);
	assert_int_equal(late.done, 1);
	assert_true(late.error == STI_E_CONNECT || late.error == STI_E_NETWORK); /* refused by then, or ended */
	rig_close(rig);
}

static void test_close_ends_what_is_in_flight(void **state)
{
	struct http_call call = own_call("https://localhost:8443/a");
	struct rig *rig = rig_open();
	struct outcome outcome[8] = {0};

	(void)state;
	rig_tls(rig, RAW_SILENT, NULL);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(http_client_send(rig->client, &call, note_outcome, &outcome[i]), STI_OK);
	while (raw_server_requests(rig->server) < 4)
		uv_run(&rig->loop, UV_RUN_ONCE);
	http_client_close(rig->client);
	rig->client = NULL;
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(outcome[i].done, 1);
		assert_int_equal(outcome[i].error, STI_E_NETWORK);
	}
	rig_close(rig);
}

static void test_the_call_is_copied(void **state)
{
	struct rig *rig = rig_open();
	char *url = strdup("http://localhost/path");
	char *body = strdup("octets");
	char *media = strdup("text/plain");
	struct http_call call = local_call(rig);
	struct outcome outcome = {0};

	(void)state;
	rig_unix(rig, RAW_ANSWER, BODY_HELLO);
	call.method = HTTP_METHOD_PUT;
	call.url = sti_span_str(url);
	call.body = sti_span_str(body);
	call.media = media;
	assert_int_equal(http_client_send(rig->client, &call, note_outcome, &outcome), STI_OK);
	free(url);
	free(body);
	free(media);
	run_until_idle(rig);
	assert_non_null(strstr(raw_server_last(rig->server), "\r\n\r\noctets"));
	rig_close(rig);
}

/* ---- no memory ---- */

/* A server that needs none: one connection at a time, served between two turns of the loop. */
struct bare_server {
	struct rig *rig;
	int listener;
	int fd;
	unsigned recovered; /* clients that went on after a call that failed */
};

static struct bare_server bare_open(struct rig *rig)
{
	struct bare_server server = {rig, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), -1, 0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, rig->socket, strlen(rig->socket));
	assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server.listener, 8), 0);
	return server;
}

static void bare_turn(struct bare_server *server)
{
	char request[1024];
	ssize_t n;

	uv_run(&server->rig->loop, UV_RUN_NOWAIT);
	if (server->fd < 0)
		server->fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (server->fd < 0)
		return;
	n = read(server->fd, request, sizeof(request));
	if (n > 0)
		n = send(server->fd, BODY_HELLO, strlen(BODY_HELLO), MSG_NOSIGNAL);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close(server->fd);
		server->fd = -1;
	}
}

/* True when there was an answer; else the caller hears of it, once, and the client goes on. */
static bool send_attempt(void *context)
{
	struct bare_server *server = context;
	struct rig *rig = server->rig;
	struct http_call call = local_call(rig);
	struct outcome outcome = {.rig = rig};
	enum sti_error error = http_client_send(rig->client, &call, note_outcome, &outcome);

	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		assert_int_equal(outcome.done, 0);
		return false;
	}
	while (http_client_in_flight(rig->client))
		bare_turn(server);
	assert_int_equal(outcome.done, 1);
	if (outcome.error) {
		assert_int_not_equal(outcome.error, STI_E_TIMEOUT); /* it did not wait in vain */
		return false;
	}
	assert_body(&outcome, "hello");
	return true;
}

/* A client of its own each time, so that the connection is a new one too. */
static bool life_attempt(void *context)
{
	struct bare_server *server = context;
	struct http_client_config config = {.gate = &gate, .in_flight = 4, .per_host = 2};
	bool good;

	if (http_client_create(&server->rig->loop, &config, &server->rig->client)) {
		assert_true(alloc_sweep_failed());
		server->rig->client = NULL;
		return false;
	}
	good = send_attempt(server);
	if (!good && send_attempt(server))
		server->recovered++;
	http_client_close(server->rig->client);
	server->rig->client = NULL;
	while (uv_loop_alive(&server->rig->loop) || server->fd >= 0)
		bare_turn(server);
	assert_true(good || alloc_sweep_failed());
	return good;
}

static void test_J5_client_without_memory(void **state)
{
	struct rig *rig = rig_open();
	struct bare_server server = bare_open(rig);

	(void)state;
	assert_true(life_attempt(&server)); /* libuv has its tables */
	alloc_sweep("http_client_create, send, close", life_attempt, &server);
	assert_true(server.recovered > 0);
	close(server.listener);
	unlink(rig->socket);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_over_unix_socket),
		cmocka_unit_test(test_D10_request_asks_for_no_compression_and_waits_for_no_100),
		cmocka_unit_test(test_post_with_media_body_and_header),
		cmocka_unit_test(test_every_method_leaves_under_its_name),
		cmocka_unit_test(test_header_value_with_a_line_break_is_not_sent),
		cmocka_unit_test(test_max_age_and_retry_after_in_every_spelling),
		cmocka_unit_test(test_etag_as_sent),
		cmocka_unit_test(test_D1_D2_D3_urls_refused_before_anything_is_sent),
		cmocka_unit_test(test_D20_the_same_gate_for_all_who_fetch_or_post),
		cmocka_unit_test(test_D5_D6_names_that_resolve_to_special_addresses),
		cmocka_unit_test(test_D6_localhost_by_name),
		cmocka_unit_test(test_D6_peer_is_looked_at_again_after_connecting),
		cmocka_unit_test(test_D6_kept_connection_of_an_own_call_is_not_for_a_strangers_url),
		cmocka_unit_test(test_permitted_host_may_have_any_address),
		cmocka_unit_test(test_own_url_with_an_address_and_a_query),
		cmocka_unit_test(test_D8_redirects_are_answers_like_any_other),
		cmocka_unit_test(test_D9_server_that_is_silent_or_trickles_or_never_ends),
		cmocka_unit_test(test_D9_server_that_never_shakes_hands),
		cmocka_unit_test(test_D9_name_server_that_is_silent_does_not_block_the_loop),
		cmocka_unit_test(test_D9_names_that_nobody_answers_are_looked_up_only_so_often),
		cmocka_unit_test(test_D9_deadline_holds_while_waiting_for_a_connection),
		cmocka_unit_test(test_connection_refused),
		cmocka_unit_test(test_name_that_does_not_resolve),
		cmocka_unit_test(test_D10_answers_of_odd_size),
		cmocka_unit_test(test_D10_a_million_headers),
		cmocka_unit_test(test_D10_compressed_body_is_not_blown_up),
		cmocka_unit_test(test_D12_certificates_that_do_not_vouch_for_the_server),
		cmocka_unit_test(test_D12_authority_that_was_not_named),
		cmocka_unit_test(test_D12_versions_of_tls),
		cmocka_unit_test(test_D12_server_that_speaks_no_tls),
		cmocka_unit_test(test_own_certificate_is_shown_to_a_server_that_asks),
		cmocka_unit_test(test_D19_proxies_and_netrc_of_the_environment_change_nothing),
		cmocka_unit_test(test_connection_is_kept_between_calls),
		cmocka_unit_test(test_connection_that_the_server_closed_is_opened_again),
		cmocka_unit_test(test_calls_share_the_connections_of_a_host_up_to_its_bound),
		cmocka_unit_test(test_done_may_send_the_next_call),
		cmocka_unit_test(test_done_may_close_the_client),
		cmocka_unit_test(test_close_ends_what_is_in_flight),
		cmocka_unit_test(test_the_call_is_copied),
		cmocka_unit_test(test_J5_client_without_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

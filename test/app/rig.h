/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_APP_RIG_H
#define TEST_APP_RIG_H

#include "pki/world.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/metrics.h"
#include "net/http_client.h"
#include "support/raw_server.h"

/*
 * A client on a loop of its own and a server that can be put in the place of another, as one includes
 * it once in a test program: the clock is the test's, and every TCP connection ends at the server
 * that stands there now, whatever port the URL names.
 */
#define SITE  "https://localhost:8443/"
#define SHOWN __attribute__((visibility("default")))

static struct {
	int64_t now;
	unsigned short port;
} stage = {.now = NOON};

int64_t clock_now(void)
{
	return stage.now;
}

int64_t clock_mono_ms(void)
{
	return stage.now * 1000;
}

typedef int connect_call(int, const struct sockaddr *, socklen_t);

SHOWN int connect(int fd, const struct sockaddr *address, socklen_t n)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(stage.port)};
	connect_call *call;
	void *symbol = dlsym(RTLD_NEXT, "connect");

	memcpy(&call, &symbol, sizeof(call));
	if (address->sa_family != AF_INET || !stage.port)
		return call(fd, address, n);
	return call(fd, (struct sockaddr *)&here, sizeof(here));
}

static const char *const rig_permitted[] = {"localhost:8443"};
static const struct gate rig_gate = {rig_permitted, 1};

struct rig {
	uv_loop_t loop;
	struct tls_pair tls;
	char *ca_file;
	struct raw_server *server;
	char *answer;
	struct http_client *client;
	struct metrics *metrics;
};

static struct http_client *rig_client(struct rig *rig, unsigned in_flight)
{
	struct http_client_config config = {
		.ca_file = rig->ca_file, .gate = &rig_gate, .in_flight = in_flight, .per_host = 4};
	struct http_client *client;

	assert_int_equal(http_client_create(&rig->loop, &config, &client), STI_OK);
	return client;
}

static struct rig rig_open(void)
{
	struct rig rig = {.metrics = metrics_create("0")};

	signal(SIGPIPE, SIG_IGN); /* a server that is stopped says goodbye over TLS */
	stage.now = NOON;
	stage.port = 1; /* nobody hears */
	assert_non_null(rig.metrics);
	rig.tls = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:localhost"});
	rig.ca_file = tls_pair_file(rig.tls.ca);
	return rig;
}

/* The loop must not move once the client is on it. */
static void rig_begin(struct rig *rig)
{
	assert_int_equal(uv_loop_init(&rig->loop), 0);
	rig->client = rig_client(rig, 64);
}

static void rig_leave(struct rig *rig)
{
	if (rig->server)
		raw_server_stop(rig->server);
	free(rig->answer);
	rig->server = NULL;
	rig->answer = NULL;
	stage.port = 1;
}

/* Takes the place of the server before. */
static inline void rig_serve(struct rig *rig, enum raw_manner manner, const char *head, struct sti_span body)
{
	struct raw_plan plan = {.tls = &rig->tls, .manner = manner};
	char *answer = NULL;

	rig_leave(rig);
	assert_true(asprintf(&answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%.*s", head, body.n, (int)body.n,
			     body.n ? (const char *)body.p : "") > 0);
	rig->answer = answer;
	plan.answer = answer;
	rig->server = raw_server_start(&plan);
	stage.port = raw_server_port(rig->server);
}

static void rig_close(struct rig *rig)
{
	http_client_close(rig->client);
	assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	rig_leave(rig);
	metrics_free(rig->metrics);
	unlink(rig->ca_file);
	free(rig->ca_file);
	tls_pair_free(&rig->tls);
}

#endif

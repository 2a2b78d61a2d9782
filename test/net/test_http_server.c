/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "stage.h"
#include "support/alloc_sweep.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

enum { SHORT_MS = 80 };

/* ---- accept4 as the tests want it ---- */

static struct {
	const int *error; /* one after the other, then the real thing */
	size_t n;
} refusals;

/* Where the next callers seem to come from: this host of 192.0.2.0/24; 0: from where they do. */
static uint8_t come_from;

int accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
	int accepted;

	if (refusals.n) {
		refusals.n--;
		errno = *refusals.error++;
		return -1;
	}
	accepted = (int)syscall(SYS_accept4, fd, address, n, flags);
	if (accepted >= 0 && come_from)
		((struct sockaddr_in *)(void *)address)->sin_addr.s_addr = htonl(0xC0000200 + come_from);
	return accepted;
}

static struct stage *open_plain(struct http_site *site)
{
	*site = stage_site(NULL);
	return stage_open(site, stage_limits());
}

/* ---- opening ---- */

static void test_address_that_is_none_and_one_that_is_taken(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct http_listener_config config = {.address = "nowhere", .site = &site, .limits = stage_limits()};
	struct http_listener *other;
	char taken[32];

	(void)state;
	assert_int_equal(http_listener_open(&stage->loop, &config, &other), STI_E_CONFIG);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_listener_port(stage->listener));
	config.address = taken;
	assert_int_equal(http_listener_open(&stage->loop, &config, &other), STI_E_IO);
	assert_int_equal(errno, EADDRINUSE);
	stage_close(stage);
}

static void test_ipv6_and_the_address_of_its_peer(void **state)
{
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "[::1]:0", .site = &site, .limits = stage_limits()};
	struct stage *stage;
	struct wire *w;

	(void)state;
	if (access("/proc/net/if_inet6", F_OK)) {
		print_message("skipped: no IPv6\n");
		return;
	}
	stage = stage_open_at(&config);
	w = wire_open_v6(&stage->loop, http_listener_port(stage->listener));
	assert_non_null(w);
	wire_say(w, "GET /show/a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
	assert_int_equal(wire_status(w), 200);
	assert_string_equal(wire_body(w), "a|[::1]|::1|0");
	wire_close(w);
	stage_close(stage);
}

static void test_unix_socket_of_mode_0600_goes_with_the_listener(void **state)
{
	char folder[] = "/tmp/http_server_XXXXXX", address[64];
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = address, .site = &site, .limits = stage_limits()};
	struct stage *stage;
	struct stat st;
	struct wire *w;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/s", folder);
	stage = stage_open_at(&config);
	assert_int_equal(lstat(address + 5, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	w = wire_open_unix(&stage->loop, address + 5);
	wire_say(w, GET("/show/a"));
	assert_int_equal(wire_status(w), 200);
	assert_string_equal(wire_body(w), "a|a||0");
	wire_close(w);
	stage_close(stage);
	assert_int_equal(rmdir(folder), 0);
}

/* ---- reload ---- */

static void other_handler(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	(void)request;
	(void)context;
	http_answer_status(exchange, 403);
}

static void test_update_reaches_kept_connections_and_a_body_half_sent(void **state)
{
	static const struct http_route route[] = {{HTTP_METHOD_POST, "/any", NULL, false, other_handler}};
	struct http_site first, second = {.route = route, .n_route = 1};
	struct stage *stage = open_plain(&first);
	struct wire *kept = stage_wire(stage), *half = stage_wire(stage);

	(void)state;
	wire_say(kept, GET("/show/a"));
	assert_int_equal(wire_status(kept), 200);
	wire_say(half, "POST /any HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
	wire_pump(&stage->loop);
	stage->config.site = &second;
	http_listener_update(stage->listener, &stage->config);
	memset(&first, 0, sizeof(first)); /* nobody may look at it any more */
	wire_say(kept, GET("/show/a"));
	assert_int_equal(wire_status(kept), 404);
	wire_say(half, "b");
	assert_int_equal(wire_status(half), 403);
	wire_close(kept);
	wire_close(half);
	stage_close(stage);
}

static void test_update_of_certificates_keeps_connections(void **state)
{
	struct tls_pair one = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct tls_pair two = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site, .limits = stage_limits()};
	struct wire_tls trust_one = {.ca = one.ca}, trust_two = {.ca = two.ca};
	struct wire *kept, *later;
	struct stage *stage;
	uint16_t port;

	(void)state;
	config.tls = stage_tls(&one, NULL, false);
	stage = stage_open_at(&config);
	tls_server_unref(config.tls);
	port = http_listener_port(stage->listener);
	kept = wire_open_tls(&stage->loop, port, &trust_one);
	assert_non_null(kept);
	config.tls = stage_tls(&two, NULL, false);
	http_listener_update(stage->listener, &config);
	tls_server_unref(config.tls);
	later = wire_open_tls(&stage->loop, port, &trust_two);
	assert_non_null(later);
	assert_null(wire_open_tls(&stage->loop, port, &trust_one));
	wire_say(kept, GET("/show/a"));
	assert_int_equal(wire_status(kept), 200);
	wire_close(kept);
	wire_close(later);
	stage_close(stage);
	tls_pair_free(&one);
	tls_pair_free(&two);
}

/* Answers on connections that are kept over a change from `before` to `after`. */
static void check_update(const struct tls_pair *pair, struct tls_server *before, struct tls_server *after, int status)
{
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {
		.address = "127.0.0.1:0", .tls = before, .site = &site, .limits = stage_limits()};
	struct wire_tls shown = {.ca = pair->ca, .certificate = pair->certificate, .key = pair->key};
	struct stage *stage = stage_open_at(&config);
	uint16_t port = http_listener_port(stage->listener);
	struct wire *kept = wire_open_tls(&stage->loop, port, &shown);
	struct wire *half = wire_open_tls(&stage->loop, port, &shown);
	unsigned called;

	assert_true(kept && half);
	wire_say(kept, GET("/show/a"));
	assert_int_equal(wire_status(kept), 200);
	wire_say(half, "POST /any HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
	wire_pump(&stage->loop);
	called = stage->called;
	config.tls = after;
	http_listener_update(stage->listener, &config);
	wire_say(kept, GET("/show/a") GET("/show/b"));
	assert_int_equal(wire_status(kept), status);
	wire_say(half, "b");
	assert_int_equal(wire_status(half), status == 200 ? 201 : 421);
	assert_int_equal(strstr(wire_head(half), "\r\nConnection: close\r\n") != NULL, status == 421);
	if (status == 421) {
		assert_non_null(strstr(wire_head(kept), "\r\nConnection: close\r\n"));
		assert_true(wire_ends(kept));
		assert_int_equal(stage->called, called);
	}
	wire_close(kept);
	wire_close(half);
	stage_close(stage);
}

/* By the rule the connections were made under they may not be here any more, or may not be known for
 * who they are. */
static void test_H6_update_of_who_may_come(void **state)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct tls_pair renewed = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	const struct {
		const struct tls_pair *before_is;
		const char *before_ca;
		bool before_required;
		const struct tls_pair *after_is;
		const char *after_ca;
		bool after_required;
		int status;
	} row[] = {
		{&pair, pair.ca, true, &pair, renewed.ca, true, 421},
		{&pair, pair.ca, false, &pair, renewed.ca, false, 421},
		{&pair, pair.ca, false, &pair, pair.ca, true, 421},
		{&pair, pair.ca, true, &pair, pair.ca, false, 421},
		{&pair, pair.ca, true, &pair, NULL, false, 421},
		{&pair, pair.ca, true, NULL, NULL, false, 421}, /* plain from now on */
		{&pair, pair.ca, true, &pair, pair.ca, true, 200}, /* the same, read again */
		{&pair, pair.ca, true, &renewed, pair.ca, true, 200},
		{&pair, NULL, false, &renewed, NULL, false, 200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct tls_server *before = stage_tls(row[i].before_is, row[i].before_ca, row[i].before_required);
		struct tls_server *after =
			row[i].after_is ? stage_tls(row[i].after_is, row[i].after_ca, row[i].after_required) : NULL;

		check_update(&pair, before, after, row[i].status);
		tls_server_unref(before);
		tls_server_unref(after);
	}
	tls_pair_free(&pair);
	tls_pair_free(&renewed);
}

static void test_H6_answer_that_was_due_before_the_update_is_given(void **state)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site, .limits = stage_limits()};
	struct stage *stage;
	struct wire *w;

	(void)state;
	config.tls = stage_tls(&pair, pair.ca, false);
	stage = stage_open_at(&config);
	tls_server_unref(config.tls);
	w = wire_open_tls(&stage->loop, http_listener_port(stage->listener), &(struct wire_tls){.ca = pair.ca});
	wire_say(w, GET("/wait"));
	while (!stage->waiting)
		wire_pump(&stage->loop);
	config.tls = stage_tls(&pair, pair.ca, true);
	http_listener_update(stage->listener, &config);
	tls_server_unref(config.tls);
	http_answer_status(stage->waiting, 404);
	assert_int_equal(wire_status(w), 404);
	assert_non_null(strstr(wire_head(w), "\r\nConnection: close\r\n"));
	assert_true(wire_ends(w));
	wire_close(w);
	stage_close(stage);
	tls_pair_free(&pair);
}

/* ---- drain ---- */

static void test_drain_gives_a_kept_connection_its_last_answer(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *kept = stage_wire(stage);

	(void)state;
	wire_say(kept, GET("/show/a"));
	assert_int_equal(wire_status(kept), 200);
	http_listener_drain(stage->listener, 5000, 10000, stage_drained, stage);
	wire_pump(&stage->loop);
	assert_false(stage->drained);
	wire_say(kept, GET("/show/b"));
	assert_int_equal(wire_status(kept), 200);
	assert_non_null(strstr(wire_head(kept), "\r\nConnection: close\r\n"));
	assert_true(wire_ends(kept));
	wire_close(kept);
	stage_close(stage);
}

static void test_drain_takes_nobody_in_and_waits_for_the_handler(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage), *idle = stage_wire(stage);
	uint16_t port = http_listener_port(stage->listener);

	(void)state;
	wire_say(w, GET("/wait"));
	while (!stage->waiting)
		wire_pump(&stage->loop);
	http_listener_drain(stage->listener, SHORT_MS, 10000, stage_drained, stage);
	assert_true(wire_ends(idle)); /* after its grace */
	assert_null(wire_open(&stage->loop, port));
	assert_false(stage->drained);
	http_answer_status(stage->waiting, 404);
	assert_int_equal(wire_status(w), 404);
	assert_non_null(strstr(wire_head(w), "\r\nConnection: close\r\n"));
	wire_close(w);
	wire_close(idle);
	stage_close(stage);
}

static void test_drain_ends_hard_and_the_answer_comes_after_the_end(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct wire *w = stage_wire(stage);
	struct http_exchange *waiting;

	(void)state;
	wire_say(w, GET("/wait"));
	while (!stage->waiting)
		wire_pump(&stage->loop);
	waiting = stage->waiting;
	http_listener_drain(stage->listener, 0, SHORT_MS, stage_drained, stage);
	assert_int_equal(wire_status(w), 0);
	wire_close(w);
	stage_close(stage);
	assert_true(http_exchange_is_gone(waiting));
	http_answer_status(waiting, 200);
}

/* ---- limits of the listener ---- */

static struct wire *wire_from(struct stage *stage, uint8_t host)
{
	struct wire *w;

	come_from = host;
	w = stage_wire(stage);
	wire_pump(&stage->loop);
	come_from = 0;
	return w;
}

static void check_answer(struct wire *w, int status)
{
	wire_say(w, GET("/show/a"));
	assert_int_equal(wire_status(w), status);
}

static struct stage *open_narrow(struct http_site *site, unsigned connections)
{
	struct http_limits limits = stage_limits();

	*site = stage_site(NULL);
	limits.connections = connections;
	return stage_open(site, limits);
}

static void close_wires(struct wire **w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wire_close(w[i]);
}

static void test_more_connections_than_the_listener_may_have(void **state)
{
	struct http_site site;
	struct stage *stage = open_narrow(&site, 2);
	struct wire *w[3];

	(void)state;
	for (int i = 0; i < 2; i++) {
		w[i] = stage_wire(stage);
		wire_say(w[i], "GET"); /* not idle */
		wire_pump(&stage->loop);
	}
	w[2] = stage_wire(stage);
	check_answer(w[2], 0);
	close_wires(&w[1], 2);
	while (http_listener_connections(stage->listener) > 1)
		wire_pump(&stage->loop);
	assert_int_equal(stage_ask(stage, GET("/show/a")), 200);
	wire_close(w[0]);
	stage_close(stage);
}

static void test_H2_idle_connections_of_the_fullest_address_make_room(void **state)
{
	static const uint8_t from[] = {1, 9, 9, 2, 9, 1};
	struct http_site site;
	struct stage *stage = open_narrow(&site, 6);
	struct wire *w[6], *late[3];

	(void)state;
	for (int i = 0; i < 6; i++)
		w[i] = wire_from(stage, from[i]);
	check_answer(w[1], 200); /* no longer the oldest of the three */
	late[0] = wire_from(stage, 3); /* three, two, one: the three gives one */
	check_answer(late[0], 200);
	check_answer(w[2], 0);
	late[1] = wire_from(stage, 9); /* gives it itself */
	check_answer(w[4], 0);
	check_answer(w[1], 200);
	late[2] = wire_from(stage, 3); /* two, two, one, one: that which has not moved for the longest time */
	check_answer(w[0], 0);
	check_answer(w[3], 200);
	check_answer(w[5], 200);
	for (int i = 0; i < 3; i++)
		check_answer(late[i], 200);
	while (http_listener_connections(stage->listener) > 6)
		wire_pump(&stage->loop);
	assert_int_equal(http_listener_connections(stage->listener), 6);
	close_wires(w, 6);
	close_wires(late, 3);
	stage_close(stage);
}

static void test_H2_nobody_makes_room_for_one_who_has_more(void **state)
{
	struct http_site site;
	struct stage *stage = open_narrow(&site, 3);
	struct wire *w[3], *late;

	(void)state;
	for (int i = 0; i < 3; i++) {
		w[i] = wire_from(stage, i < 2 ? 9 : 1);
		if (i < 2)
			wire_say(w[i], "GET");
		wire_pump(&stage->loop);
	}
	late = wire_from(stage, 9);
	check_answer(late, 0);
	wire_close(late);
	late = wire_from(stage, 1);
	check_answer(late, 200);
	check_answer(w[2], 0);
	wire_say(w[0], " /show/a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(wire_status(w[0]), 200);
	wire_close(late);
	close_wires(w, 3);
	stage_close(stage);
}

static void test_unix_socket_has_room_while_some_are_idle(void **state)
{
	char folder[] = "/tmp/http_server_XXXXXX", address[64];
	struct http_site site = stage_site(NULL);
	struct http_listener_config config = {.address = address, .site = &site, .limits = stage_limits()};
	struct wire *w[3];
	struct stage *stage;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/s", folder);
	config.limits.connections = 2;
	config.limits.connections_per_address = 1; /* they have none */
	stage = stage_open_at(&config);
	for (int i = 0; i < 3; i++) {
		w[i] = wire_open_unix(&stage->loop, address + 5);
		wire_pump(&stage->loop);
	}
	for (int i = 0; i < 3; i++)
		check_answer(w[i], i == 0 ? 0 : 200);
	close_wires(w, 3);
	stage_close(stage);
	assert_int_equal(rmdir(folder), 0);
}

static void test_more_connections_than_one_address_may_have(void **state)
{
	struct http_site site = stage_site(NULL);
	struct http_limits limits = stage_limits();
	struct stage *stage;
	struct wire *w[2];

	(void)state;
	limits.connections_per_address = 1;
	stage = stage_open(&site, limits);
	for (int i = 0; i < 2; i++) {
		w[i] = stage_wire(stage);
		wire_say(w[i], GET("/show/a"));
		assert_int_equal(wire_status(w[i]), i < 1 ? 200 : 0);
	}
	wire_close(w[1]);
	wire_close(w[0]);
	while (http_listener_connections(stage->listener))
		wire_pump(&stage->loop);
	assert_int_equal(stage_ask(stage, GET("/show/a")), 200);
	stage_close(stage);
}

static void test_H4_accept_fails_in_every_way(void **state)
{
	static const int once[] = {ECONNABORTED, EPERM, EPROTO, ECONNRESET, EINTR, ENOMEM, ENOBUFS};
	static const int none_left[] = {EMFILE, EMFILE};
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		refusals.error = &once[i];
		refusals.n = 1;
		assert_int_equal(stage_ask(stage, GET("/show/a")), 200);
	}
	refusals.error = none_left;
	refusals.n = 1;
	assert_int_equal(stage_ask(stage, GET("/show/a")), 0); /* turned away with the reserve */
	refusals.error = none_left;
	refusals.n = 2;
	assert_int_equal(stage_ask(stage, GET("/show/a")), 200); /* not even that: it waits for the next tick */
	assert_int_equal(refusals.n, 0);
	stage_close(stage);
}

/* Descriptors that are open: the lowest free one is their number, as tests leave no gaps. */
static rlim_t lowest_free(void)
{
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	return (rlim_t)fd;
}

static void test_H4_out_of_descriptors_and_back(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);
	struct rlimit before, few;
	struct wire *w[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		w[i] = stage_wire(stage);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = lowest_free() + 3; /* of the eight that wait three can be taken in */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 8; i++) {
		wire_say(w[i], GET("/show/a"));
		assert_int_equal(wire_status(w[i]), i < 3 ? 200 : 0);
	}
	assert_int_equal(http_listener_connections(stage->listener), 3);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(stage_ask(stage, GET("/show/a")), 200);
	for (int i = 0; i < 8; i++)
		wire_close(w[i]);
	stage_close(stage);
}

static struct stage *open_secure(struct http_site *site, const struct tls_pair *pair)
{
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = site, .limits = stage_limits()};
	struct stage *stage;

	*site = stage_site(NULL);
	config.tls = stage_tls(pair, NULL, false);
	stage = stage_open_at(&config);
	tls_server_unref(config.tls);
	return stage;
}

static void check_secure(struct stage *stage, const struct tls_pair *pair, int n)
{
	uint16_t port = http_listener_port(stage->listener);

	for (int i = 0; i < n; i++) {
		struct wire *w = wire_open_tls(&stage->loop, port, &(struct wire_tls){.ca = pair->ca});

		assert_non_null(w);
		check_answer(w, 200);
		wire_close(w);
	}
}

/* threats.md H2: those that have stalled make room for those that come. */
static void test_H2_more_handshakes_than_there_may_be(void **state)
{
	enum { MANY = LIMIT_HANDSHAKES + 40 };
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct wire *stalled[MANY];
	struct http_site site;
	struct stage *stage = open_secure(&site, &pair);

	(void)state;
	for (int i = 0; i < MANY; i++) {
		come_from = (uint8_t)(1 + i % 5); /* no more of one than it may have */
		stalled[i] = stage_wire(stage);
		wire_pump(&stage->loop);
	}
	come_from = 0;
	assert_int_equal(http_listener_connections(stage->listener), LIMIT_HANDSHAKES);
	check_secure(stage, &pair, 1);
	close_wires(stalled, MANY);
	stage_close(stage);
	tls_pair_free(&pair);
}

static void test_H2_more_handshakes_than_one_address_may_have(void **state)
{
	enum { MANY = LIMIT_ADDRESS_HANDSHAKES + 5 };
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a"});
	struct wire *stalled[MANY];
	struct http_site site;
	struct stage *stage = open_secure(&site, &pair);

	(void)state;
	for (int i = 0; i < MANY; i++)
		stalled[i] = wire_from(stage, 9);
	assert_int_equal(http_listener_connections(stage->listener), LIMIT_ADDRESS_HANDSHAKES);
	check_answer(stalled[MANY - 1], 0);
	check_secure(stage, &pair, LIMIT_ADDRESS_HANDSHAKES + 5); /* what is shaken is not counted */
	close_wires(stalled, 5);
	while (http_listener_connections(stage->listener) > LIMIT_ADDRESS_HANDSHAKES - 5)
		wire_pump(&stage->loop);
	come_from = 9;
	check_secure(stage, &pair, 1);
	come_from = 0;
	close_wires(stalled + 5, MANY - 5);
	stage_close(stage);
	tls_pair_free(&pair);
}

/* ---- no memory ---- */

static bool open_without_memory(void *context)
{
	struct stage *stage = context;
	struct http_listener *listener;
	enum sti_error error = http_listener_open(&stage->loop, &stage->config, &listener);

	assert_true(!error || alloc_sweep_failed());
	if (error)
		return false;
	http_listener_drain(listener, 0, 0, NULL, NULL);
	wire_pump(&stage->loop);
	return true;
}

static void test_J5_open_without_memory(void **state)
{
	struct http_site site;
	struct stage *stage = open_plain(&site);

	(void)state;
	assert_true(open_without_memory(stage)); /* libuv has its tables */
	alloc_sweep("http_listener_open", open_without_memory, stage);
	stage_close(stage);
}

/* ---- `test_net_http_server serve MS`: the site on a plain and a TLS port until stdin ends ---- */

static void on_input(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	uv_stop(poll->loop);
}

static int serve(unsigned ms)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "IP:127.0.0.1"});
	struct tls_server *tls = stage_tls(&pair, NULL, false);
	struct http_limits limits = http_limits_default;
	struct stage stage = {.drained = false};
	struct http_site site = stage_site(&stage);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site};
	struct http_listener *plain, *secure;
	uv_poll_t input;

	limits.handshake_ms = limits.idle_ms = limits.head_ms = limits.body_ms = limits.write_ms = ms;
	config.limits = limits;
	uv_loop_init(&stage.loop);
	if (http_listener_open(&stage.loop, &config, &plain))
		return 3;
	config.tls = tls;
	if (http_listener_open(&stage.loop, &config, &secure))
		return 3;
	printf("plain=%u tls=%u\n", http_listener_port(plain), http_listener_port(secure));
	fflush(stdout);
	uv_poll_init(&stage.loop, &input, 0);
	uv_poll_start(&input, UV_READABLE, on_input);
	uv_run(&stage.loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&input, NULL);
	http_listener_drain(plain, 0, 0, NULL, NULL);
	http_listener_drain(secure, 0, 0, NULL, NULL);
	while (uv_run(&stage.loop, UV_RUN_DEFAULT))
		;
	tls_server_unref(tls);
	tls_pair_free(&pair);
	return uv_loop_close(&stage.loop) ? 3 : 0;
}

static int test_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_that_is_none_and_one_that_is_taken),
		cmocka_unit_test(test_ipv6_and_the_address_of_its_peer),
		cmocka_unit_test(test_unix_socket_of_mode_0600_goes_with_the_listener),
		cmocka_unit_test(test_update_reaches_kept_connections_and_a_body_half_sent),
		cmocka_unit_test(test_update_of_certificates_keeps_connections),
		cmocka_unit_test(test_H6_update_of_who_may_come),
		cmocka_unit_test(test_H6_answer_that_was_due_before_the_update_is_given),
		cmocka_unit_test(test_drain_gives_a_kept_connection_its_last_answer),
		cmocka_unit_test(test_drain_takes_nobody_in_and_waits_for_the_handler),
		cmocka_unit_test(test_drain_ends_hard_and_the_answer_comes_after_the_end),
		cmocka_unit_test(test_more_connections_than_the_listener_may_have),
		cmocka_unit_test(test_H2_idle_connections_of_the_fullest_address_make_room),
		cmocka_unit_test(test_H2_nobody_makes_room_for_one_who_has_more),
		cmocka_unit_test(test_unix_socket_has_room_while_some_are_idle),
		cmocka_unit_test(test_more_connections_than_one_address_may_have),
		cmocka_unit_test(test_H4_accept_fails_in_every_way),
		cmocka_unit_test(test_H4_out_of_descriptors_and_back),
		cmocka_unit_test(test_H2_more_handshakes_than_there_may_be),
		cmocka_unit_test(test_H2_more_handshakes_than_one_address_may_have),
		cmocka_unit_test(test_J5_open_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve((unsigned)strtoul(argv[2], NULL, 10));
	return test_all();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>

#include "net/multi.h"
#include "support/raw_server.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

enum { TRANSFERS = 3 };

/* A loop, a server on a Unix socket, and what became of each transfer. */
struct rig {
	uv_loop_t loop;
	struct multi multi;
	char path[64];
	struct raw_server *server;
	CURL *easy[TRANSFERS];
	unsigned ended;
	CURLcode code; /* of the last one */
	bool closes; /* the first that ends closes all */
	bool closed;
};

static size_t drop_body(char *bytes, size_t size, size_t n, void *context)
{
	(void)bytes;
	(void)context;
	return size * n;
}

static void note_closed(struct multi *multi)
{
	((struct rig *)multi->context)->closed = true;
}

static void remove_all(struct rig *rig)
{
	for (size_t i = 0; i < TRANSFERS; i++)
		if (rig->easy[i])
			multi_remove(&rig->multi, rig->easy[i]);
}

static void note_ended(struct multi *multi, CURL *easy, CURLcode code)
{
	struct rig *rig = multi->context;

	assert_false(rig->multi.closing);
	rig->ended++;
	rig->code = code;
	multi_remove(multi, easy);
	if (!rig->closes)
		return;
	remove_all(rig);
	multi_close(multi, note_closed);
}

static struct rig *rig_open(const char *answer, unsigned per_host)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	snprintf(rig->path, sizeof(rig->path), "/tmp/sti_multi_%d.sock", (int)getpid());
	unlink(rig->path);
	if (answer)
		rig->server = raw_server_start(&(struct raw_plan){.unix_path = rig->path, .answer = answer});
	assert_int_equal(uv_loop_init(&rig->loop), 0);
	assert_int_equal(multi_open(&rig->multi, &rig->loop, per_host, TRANSFERS, note_ended), STI_OK);
	rig->multi.context = rig;
	return rig;
}

static void rig_add(struct rig *rig, size_t i)
{
	rig->easy[i] = curl_easy_init();
	assert_non_null(rig->easy[i]);
	assert_int_equal(curl_easy_setopt(rig->easy[i], CURLOPT_URL, "http://localhost/"), CURLE_OK);
	assert_int_equal(curl_easy_setopt(rig->easy[i], CURLOPT_UNIX_SOCKET_PATH, rig->path), CURLE_OK);
	assert_int_equal(curl_easy_setopt(rig->easy[i], CURLOPT_WRITEFUNCTION, drop_body), CURLE_OK);
	assert_int_equal(multi_add(&rig->multi, rig->easy[i]), STI_OK);
}

static void rig_run(struct rig *rig, unsigned ended)
{
	while (rig->ended < ended)
		uv_run(&rig->loop, UV_RUN_ONCE);
}

/* Nothing may be left in the loop. */
static void rig_close(struct rig *rig)
{
	if (!rig->multi.closing) {
		remove_all(rig);
		multi_close(&rig->multi, note_closed);
		assert_false(rig->closed);
	}
	assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
	assert_true(rig->closed);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	for (size_t i = 0; i < TRANSFERS; i++)
		curl_easy_cleanup(rig->easy[i]);
	if (rig->server)
		raw_server_stop(rig->server);
	free(rig);
}

static void test_transfer_begins_in_the_next_turn_and_ends_once(void **state)
{
	struct rig *rig = rig_open(HELLO, 1);

	(void)state;
	rig_add(rig, 0);
	assert_int_equal(rig->ended, 0);
	rig_run(rig, 1);
	assert_int_equal(rig->code, CURLE_OK);
	assert_int_equal(raw_server_requests(rig->server), 1);
	rig_close(rig);
}

static void test_transfers_to_one_host_take_turns_on_its_one_connection(void **state)
{
	struct rig *rig = rig_open(HELLO, 1);

	(void)state;
	for (size_t i = 0; i < TRANSFERS; i++)
		rig_add(rig, i);
	rig_run(rig, TRANSFERS);
	assert_int_equal(rig->ended, TRANSFERS);
	assert_int_equal(raw_server_requests(rig->server), TRANSFERS);
	assert_int_equal(raw_server_connections(rig->server), 1);
	rig_close(rig);
}

static void test_nobody_listens(void **state)
{
	struct rig *rig = rig_open(NULL, 1);

	(void)state;
	rig_add(rig, 0);
	rig_run(rig, 1);
	assert_int_equal(rig->code, CURLE_COULDNT_CONNECT);
	rig_close(rig);
}

static void test_transfer_that_is_removed_does_not_end(void **state)
{
	struct rig *rig = rig_open(HELLO, 1);

	(void)state;
	rig_add(rig, 0);
	rig_add(rig, 1);
	multi_remove(&rig->multi, rig->easy[0]);
	multi_remove(&rig->multi, rig->easy[0]);
	rig_run(rig, 1);
	assert_int_equal(raw_server_requests(rig->server), 1);
	rig_close(rig);
}

/* Two transfers that both end in one turn: the second is not told any more. */
static void test_the_first_that_ends_closes_all(void **state)
{
	struct rig *rig = rig_open(NULL, 2);

	(void)state;
	rig->closes = true;
	rig_add(rig, 0);
	rig_add(rig, 1);
	rig_run(rig, 1);
	rig_close(rig);
}

static void test_closed_while_a_transfer_is_under_way(void **state)
{
	struct rig *rig = rig_open("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 1);

	(void)state;
	rig_add(rig, 0);
	while (!raw_server_requests(rig->server))
		uv_run(&rig->loop, UV_RUN_ONCE);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_begins_in_the_next_turn_and_ends_once),
		cmocka_unit_test(test_transfers_to_one_host_take_turns_on_its_one_connection),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_transfer_that_is_removed_does_not_end),
		cmocka_unit_test(test_the_first_that_ends_closes_all),
		cmocka_unit_test(test_closed_while_a_transfer_is_under_way),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "app/publisher.h"

#define URL   SITE "cps/company/709J"
#define OTHER SITE "cps/company/1234"
#define TOKEN "a.b.c\nd.e.f"

struct scene {
	struct rig rig;
	struct publisher *publisher;
};

static struct scene *scene_open(unsigned in_flight, unsigned queue)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct publisher_config config = {.timeout_ms = 20000, .in_flight = in_flight, .queue = queue};

	assert_non_null(s);
	s->rig = rig_open();
	rig_begin(&s->rig);
	config.client = s->rig.client;
	config.metrics = s->rig.metrics;
	assert_int_equal(publisher_create(&config, &s->publisher), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	publisher_free(s->publisher);
	rig_close(&s->rig);
	free(s);
}

static void post_until(struct scene *s, int64_t stale_at)
{
	struct sti_span url = vectors_copy(sti_span_str(URL)), passports = vectors_copy(sti_span_str(TOKEN));

	publisher_post(s->publisher, url, passports, stale_at);
	vectors_free(url); /* copied */
	vectors_free(passports);
}

static void post(struct scene *s)
{
	post_until(s, NOON + 60);
}

static void await(struct scene *s)
{
	while (publisher_pending(s->publisher))
		uv_run(&s->rig.loop, UV_RUN_ONCE);
}

static int64_t counted(const struct scene *s, enum metrics_publish result)
{
	return metrics_get(s->rig.metrics, METRIC_PUBLISH, result);
}

static void test_what_the_CPS_is_sent(void **state)
{
	struct scene *s = scene_open(4, 4);
	const char *request;

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	post(s);
	assert_int_equal(publisher_pending(s->publisher), 1);
	await(s);
	request = raw_server_last(s->rig.server);
	assert_non_null(strstr(request, "POST /cps/company/709J HTTP/1.1\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Type: application/passport\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Length: 11\r\n"));
	assert_non_null(strstr(request, "\r\n\r\n" TOKEN));
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 1);
	scene_close(s);
}

static void test_what_is_made_of_the_answer(void **state)
{
	static const struct {
		const char *head;
		enum metrics_publish result;
	} row[] = {
		{"200 OK", METRICS_PUBLISH_STORED},
		{"201 Created", METRICS_PUBLISH_STORED},
		{"202 Accepted", METRICS_PUBLISH_STORED},
		{"302 Found\r\nLocation: " URL, METRICS_PUBLISH_REFUSED},
		{"400 Bad Request", METRICS_PUBLISH_REFUSED},
		{"403 Forbidden", METRICS_PUBLISH_REFUSED},
		{"503 Service Unavailable\r\nRetry-After: 1", METRICS_PUBLISH_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *s = scene_open(4, 4);

		rig_serve(&s->rig, RAW_ANSWER_CLOSE, row[i].head, sti_span_str(""));
		post(s);
		await(s);
		assert_int_equal(counted(s, row[i].result), 1);
		assert_int_equal(raw_server_requests(s->rig.server), 1);
		scene_close(s);
	}
}

static void test_a_CPS_that_is_down(void **state)
{
	struct scene *s = scene_open(2, 8);

	(void)state;
	for (int i = 0; i < 8; i++)
		post(s);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 8);
	scene_close(s);
}

static void test_what_the_gate_refuses(void **state)
{
	struct scene *s = scene_open(2, 8);

	(void)state;
	publisher_post(s->publisher, sti_span_str("https://127.0.0.1/cps"), sti_span_str(TOKEN), NOON + 60);
	publisher_post(s->publisher, sti_span_str("http://localhost:8443/cps"), sti_span_str(TOKEN), NOON + 60);
	publisher_post(s->publisher, sti_span_str(""), sti_span_str(TOKEN), NOON + 60);
	assert_int_equal(publisher_pending(s->publisher), 0);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 3);
	scene_close(s);
}

/* A CPS that says nothing holds as many as may fly and as many as may wait, and not one more. */
static void test_the_queue_is_bounded(void **state)
{
	struct scene *s = scene_open(3, 5);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 20; i++)
		post(s);
	assert_int_equal(publisher_pending(s->publisher), 3 + 5);
	assert_int_equal(http_client_in_flight(s->rig.client), 3);
	assert_int_equal(counted(s, METRICS_PUBLISH_DROPPED), 12);
	scene_close(s);
}

static void test_what_waits_is_sent_when_there_is_room(void **state)
{
	struct scene *s = scene_open(1, 30);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	for (int i = 0; i < 30; i++)
		post(s);
	assert_int_equal(http_client_in_flight(s->rig.client), 1);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 30);
	assert_int_equal(counted(s, METRICS_PUBLISH_DROPPED), 0);
	assert_int_equal(raw_server_requests(s->rig.server), 30);
	assert_int_equal(raw_server_connections(s->rig.server), 1);
	post(s); /* and the queue is whole again */
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 31);
	scene_close(s);
}

static void test_what_has_grown_stale_is_not_sent(void **state)
{
	struct scene *s = scene_open(1, 10);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	post_until(s, NOON);
	post_until(s, NOON - 1);
	assert_int_equal(publisher_pending(s->publisher), 0);
	assert_int_equal(counted(s, METRICS_PUBLISH_STALE), 2);
	post_until(s, NOON + 1);
	post_until(s, NOON + 1); /* waits, and grows stale meanwhile */
	post_until(s, NOON + 2);
	stage.now = NOON + 1;
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STALE), 3);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 2);
	assert_int_equal(raw_server_requests(s->rig.server), 2);
	scene_close(s);
}

/* Each that was handed over is counted once for what became of it. */
static void test_the_counts_add_up(void **state)
{
	struct scene *s = scene_open(2, 6);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	for (int i = 0; i < 10; i++)
		post_until(s, i % 3 ? NOON + 60 : NOON);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED) + counted(s, METRICS_PUBLISH_STALE) +
				 counted(s, METRICS_PUBLISH_DROPPED),
			 10);
	assert_int_equal(counted(s, METRICS_PUBLISH_SENT), counted(s, METRICS_PUBLISH_STORED));
	scene_close(s);
}

static void test_freed_with_posts_on_their_way(void **state)
{
	struct scene *s = scene_open(2, 6);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 6; i++)
		post(s);
	publisher_free(s->publisher);
	s->publisher = NULL;
	assert_int_equal(http_client_in_flight(s->rig.client), 2);
	scene_close(s);
}

static void test_the_client_ends_before_the_publisher(void **state)
{
	struct scene *s = scene_open(2, 6);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 6; i++)
		post(s);
	http_client_close(s->rig.client);
	s->rig.client = NULL;
	assert_int_equal(publisher_pending(s->publisher), 0);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 6);
	scene_close(s);
}

static void test_another_client_takes_over(void **state)
{
	struct scene *s = scene_open(1, 6);
	struct publisher_config config = {.timeout_ms = 20000, .in_flight = 4, .queue = 6, .metrics = s->rig.metrics};
	struct http_client *old = s->rig.client;

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	post(s);
	post(s);
	config.client = s->rig.client = rig_client(&s->rig, 64);
	publisher_set(s->publisher, &config);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 2);
	http_client_close(old);
	post(s);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 3);
	scene_close(s);
}

/* Room for all that one URL may take, and more. */
static struct scene *scene_open_wide(unsigned queue)
{
	struct scene *s = scene_open(200, queue);
	struct publisher_config config = {.timeout_ms = 20000, .in_flight = 200, .queue = queue};

	http_client_close(s->rig.client);
	config.client = s->rig.client = rig_client(&s->rig, 200);
	config.metrics = s->rig.metrics;
	publisher_set(s->publisher, &config);
	return s;
}

static void post_to(struct scene *s, const char *url)
{
	publisher_post(s->publisher, sti_span_str(url), sti_span_str(TOKEN), NOON + 60);
}

static void test_a_silent_CPS_leaves_room_in_the_air_for_others(void **state)
{
	struct scene *s = scene_open_wide(1000);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 100; i++)
		post(s);
	assert_int_equal(http_client_in_flight(s->rig.client), 64);
	assert_int_equal(publisher_pending(s->publisher), 100);
	post_to(s, OTHER);
	assert_int_equal(http_client_in_flight(s->rig.client), 65);
	scene_close(s);
}

static void test_a_silent_CPS_leaves_room_in_the_queue_for_others(void **state)
{
	struct scene *s = scene_open_wide(40);

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 100; i++)
		post(s);
	assert_int_equal(publisher_pending(s->publisher), 64 + 10);
	assert_int_equal(counted(s, METRICS_PUBLISH_DROPPED), 26);
	for (int i = 0; i < 70; i++)
		post_to(s, OTHER);
	assert_int_equal(counted(s, METRICS_PUBLISH_DROPPED), 26);
	assert_int_equal(http_client_in_flight(s->rig.client), 128);
	scene_close(s);
}

/* Two URLs, room for one POST: each in its turn. */
static void test_they_take_turns(void **state)
{
	struct scene *s = scene_open(1, 30);

	(void)state;
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	for (int i = 0; i < 10; i++)
		post(s);
	post_to(s, OTHER);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 11);
	assert_non_null(strstr(raw_server_last(s->rig.server), "POST /cps/company/709J ")); /* not the last come */
	scene_close(s);
}

static void post_one_after_the_other(struct scene *s, int n)
{
	for (int i = 0; i < n; i++) {
		post(s);
		await(s);
	}
}

static void test_five_failures_in_a_row_are_a_pause(void **state)
{
	struct scene *s = scene_open(4, 40);

	(void)state;
	post_one_after_the_other(s, 5);
	assert_int_equal(counted(s, METRICS_PUBLISH_SENT), 5);
	stage.now = NOON + 4;
	for (int i = 0; i < 3; i++)
		post(s);
	assert_int_equal(publisher_pending(s->publisher), 0);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 8);
	assert_int_equal(counted(s, METRICS_PUBLISH_SENT), 5);
	rig_serve(&s->rig, RAW_ANSWER, "503 Service Unavailable", sti_span_str(""));
	post_to(s, OTHER); /* another URL is not paused */
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_REFUSED), 1);
	stage.now = NOON + 5;
	for (int i = 0; i < 3; i++) /* any answer ends it */
		post(s);
	assert_int_equal(http_client_in_flight(s->rig.client), 1);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_REFUSED), 4);
	for (int i = 0; i < 3; i++)
		post(s);
	assert_int_equal(http_client_in_flight(s->rig.client), 3);
	await(s);
	scene_close(s);
}

static void test_after_the_pause_one_tries_for_all(void **state)
{
	struct scene *s = scene_open(4, 40);

	(void)state;
	post_one_after_the_other(s, 5);
	stage.now = NOON + 5;
	for (int i = 0; i < 5; i++)
		post(s);
	assert_int_equal(http_client_in_flight(s->rig.client), 1);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_SENT), 6);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 10);
	post(s);
	assert_int_equal(publisher_pending(s->publisher), 0);
	scene_close(s);
}

static void test_four_failures_and_an_answer_are_none(void **state)
{
	struct scene *s = scene_open(4, 40);

	(void)state;
	for (int i = 0; i < 3; i++) {
		post_one_after_the_other(s, 4);
		rig_serve(&s->rig, RAW_ANSWER_CLOSE, "201 Created", sti_span_str(""));
		post_one_after_the_other(s, 1);
		rig_leave(&s->rig);
	}
	assert_int_equal(counted(s, METRICS_PUBLISH_SENT), 15);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 3);
	scene_close(s);
}

static void test_end_of_a_replaced_client_is_no_failure_of_the_CPS(void **state)
{
	struct scene *s = scene_open(8, 8);
	struct publisher_config config = {.timeout_ms = 20000, .in_flight = 8, .queue = 8, .metrics = s->rig.metrics};
	struct http_client *old = s->rig.client;

	(void)state;
	rig_serve(&s->rig, RAW_SILENT, "201 Created", sti_span_str(""));
	for (int i = 0; i < 8; i++)
		post(s);
	config.client = s->rig.client = rig_client(&s->rig, 64);
	publisher_set(s->publisher, &config);
	http_client_close(old);
	assert_int_equal(counted(s, METRICS_PUBLISH_FAILED), 8);
	rig_serve(&s->rig, RAW_ANSWER, "201 Created", sti_span_str(""));
	post(s);
	await(s);
	assert_int_equal(counted(s, METRICS_PUBLISH_STORED), 1);
	scene_close(s);
}

static void test_failures_are_logged_with_the_host_alone(void **state)
{
	struct scene *s = scene_open(4, 8);
	struct publisher_config config = {.timeout_ms = 20000, .in_flight = 4, .queue = 8, .client = s->rig.client};
	struct log *log;
	char text[4096];
	int end[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(end), 0);
	config.metrics = s->rig.metrics;
	config.log = log = log_create(end[1], NULL);
	assert_non_null(log);
	publisher_set(s->publisher, &config);
	post_one_after_the_other(s, 6);
	publisher_post(s->publisher, sti_span_str(""), sti_span_str(TOKEN), NOON + 60);
	n = read(end[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "level=warning event=publish_failed host=localhost error="));
	assert_non_null(strstr(text, " pause_ms=5000\n"));
	assert_null(strstr(text, "cps/company"));
	config.log = NULL;
	publisher_set(s->publisher, &config);
	log_free(log);
	close(end[0]);
	close(end[1]);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_CPS_is_sent),
		cmocka_unit_test(test_what_is_made_of_the_answer),
		cmocka_unit_test(test_a_CPS_that_is_down),
		cmocka_unit_test(test_what_the_gate_refuses),
		cmocka_unit_test(test_the_queue_is_bounded),
		cmocka_unit_test(test_what_waits_is_sent_when_there_is_room),
		cmocka_unit_test(test_what_has_grown_stale_is_not_sent),
		cmocka_unit_test(test_the_counts_add_up),
		cmocka_unit_test(test_freed_with_posts_on_their_way),
		cmocka_unit_test(test_the_client_ends_before_the_publisher),
		cmocka_unit_test(test_another_client_takes_over),
		cmocka_unit_test(test_a_silent_CPS_leaves_room_in_the_air_for_others),
		cmocka_unit_test(test_a_silent_CPS_leaves_room_in_the_queue_for_others),
		cmocka_unit_test(test_they_take_turns),
		cmocka_unit_test(test_five_failures_in_a_row_are_a_pause),
		cmocka_unit_test(test_after_the_pause_one_tries_for_all),
		cmocka_unit_test(test_four_failures_and_an_answer_are_none),
		cmocka_unit_test(test_end_of_a_replaced_client_is_no_failure_of_the_CPS),
		cmocka_unit_test(test_failures_are_logged_with_the_host_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

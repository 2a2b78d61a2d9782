/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "pa.h"

#include <sys/mman.h>

#include "app/source.h"

/* One source of a plan before a server that is told what to say, on a clock that is told what time it is. */
struct scene {
	struct rig rig;
	struct pa pa;
	struct trust_plan *plan;
	struct generations *kept;
	struct source_hub hub;
	struct source source;
	struct log *log;
	int fd;
	unsigned changes;
	char text[64 * 1024];
};

static void changed(void *context, enum plan_kind kind)
{
	struct scene *s = context;

	(void)kind;
	s->changes++;
}

static struct scene *scene_of(const char *text)
{
	struct scene *s = calloc(1, sizeof(*s));
	char folder[128];

	assert_non_null(s);
	s->rig = rig_open();
	rig_begin(&s->rig);
	s->pa = pa_open();
	s->plan = pa_plan(&s->pa, text);
	s->fd = memfd_create("log", MFD_CLOEXEC);
	s->log = log_create(s->fd, s->rig.metrics);
	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	assert_int_equal(generations_open(folder, &s->kept), STI_OK);
	s->hub = (struct source_hub){s->rig.client, s->kept, s->rig.metrics, s->log, changed, s, false};
	source_open(&s->source, &s->hub, &s->plan->source[0], stage.now);
	return s;
}

static void scene_close(struct scene *s)
{
	source_close(&s->source);
	rig_close(&s->rig);
	generations_close(s->kept);
	log_free(s->log);
	close(s->fd);
	trust_plan_unref(s->plan);
	pa_close(&s->pa);
	free(s);
}

/* All that was told so far. */
static const char *told(struct scene *s)
{
	ssize_t n = pread(s->fd, s->text, sizeof(s->text) - 1, 0);

	assert_true(n >= 0);
	s->text[n] = '\0';
	return s->text;
}

static unsigned count_told(struct scene *s, const char *what)
{
	unsigned n = 0;

	for (const char *at = told(s); (at = strstr(at, what)); at++)
		n++;
	return n;
}

static char *answer_of(const char *head, const char *body)
{
	char *text = NULL;

	assert_true(asprintf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body) > 0);
	return text;
}

/* The server in the rig's place: the signer at its URL, else this answer; more: routes that go before. */
static void serve_with(struct scene *s, const char *head, const char *body, const struct raw_route *more, size_t n)
{
	struct raw_plan plan = {.tls = &s->rig.tls};
	char *cert = strndup((const char *)s->pa.signer.cert.p, s->pa.signer.cert.n);
	static char *signer; /* lives as long as the server */

	rig_leave(&s->rig);
	free(signer);
	signer = answer_of("200 OK", cert);
	free(cert);
	s->rig.answer = answer_of(head, body);
	plan.answer = s->rig.answer;
	for (size_t i = 0; i < n; i++)
		plan.route[i] = more[i];
	plan.route[n] = (struct raw_route){"GET /signer.pem", signer};
	s->rig.server = raw_server_start(&plan);
	stage.port = raw_server_port(s->rig.server);
}

static void serve(struct scene *s, const char *head, const char *body)
{
	serve_with(s, head, body, NULL, 0);
}

static void serve_list(struct scene *s, int64_t sequence, int64_t exp)
{
	char *list = pa_list(&s->pa, sequence, exp);

	serve(s, "200 OK\r\nETag: \"one\"", list);
	free(list);
}

/* One look at it, to its end. */
static void look(struct scene *s)
{
	source_poll(&s->source, stage.now);
	while (s->source.phase != SOURCE_IDLE)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
}

/* The time is now this; a look where it is due. */
static void tick_at(struct scene *s, int64_t now)
{
	stage.now = now;
	source_tick(&s->source, now);
	while (s->source.phase != SOURCE_IDLE)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
}

static int64_t alarms(const struct scene *s, enum metrics_severity severity)
{
	return metrics_get(s->rig.metrics, METRIC_ALARMS, severity);
}

static int64_t refused(const struct scene *s, enum metrics_refusal reason)
{
	return metrics_get(s->rig.metrics, METRIC_SOURCE_REFUSED, reason);
}

static void test_a_list_and_its_signer_are_fetched(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	assert_int_equal(s->changes, 1);
	assert_int_equal(s->source.refreshed, NOON);
	assert_int_equal(source_until(&s->source), 2 * DAY - 60);
	assert_int_equal(raw_server_requests(s->rig.server), 2);
	assert_non_null(strstr(told(s), "event=source_new source=us kind=ca-list sequence=1"));
	assert_true(s->source.due >= NOON + 270 && s->source.due <= NOON + 330);
	scene_close(s);
}

/* The answer comes while the next plan, which knows nothing of it, waits to take over: J9. */
static void test_J9_held_while_it_is_asked(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, 2 * DAY - 60);
	source_poll(&s->source, stage.now);
	s->hub.is_held = true;
	while (s->source.phase != SOURCE_IDLE)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
	assert_int_equal(s->changes, 0);
	assert_int_equal(s->source.failures, 0);
	s->hub.is_held = false;
	tick_at(s, stage.now);
	assert_int_equal(s->changes, 1);
	scene_close(s);
}

static void test_not_modified_is_as_good(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	serve(s, "304 Not Modified", "");
	stage.now += 300;
	look(s);
	assert_non_null(strstr(raw_server_last(s->rig.server), "\r\nIf-None-Match: \"one\"\r\n"));
	assert_int_equal(s->source.refreshed, NOON + 300);
	assert_int_equal(s->source.failures, 0);
	assert_int_equal(s->changes, 1);
	scene_close(s);
}

/* 304 to a question without If-None-Match says nothing. */
static void test_not_modified_where_there_is_nothing(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve(s, "304 Not Modified", "");
	look(s);
	assert_int_equal(s->source.failures, 1);
	assert_null(strstr(raw_server_last(s->rig.server), "If-None-Match"));
	scene_close(s);
}

static void test_F24_after_a_surprise_caches_are_passed_by(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 2, 2 * DAY - 60);
	look(s);
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	assert_int_equal(refused(s, METRICS_REFUSAL_ROLLBACK), 1);
	assert_int_equal(alarms(s, METRICS_CRITICAL), 1);
	assert_non_null(strstr(told(s), "alarm=critical source=us kind=ca-list code=list.rollback"));
	assert_non_null(strstr(told(s), "sequence=1 have=2"));
	look(s);
	assert_non_null(strstr(raw_server_last(s->rig.server), "\r\nCache-Control: no-cache\r\n"));
	assert_null(strstr(raw_server_last(s->rig.server), "If-None-Match"));
	assert_int_equal(s->changes, 1);
	scene_close(s);
}

/* F17: every kind of server that gives no list leaves the one in force. */
static void test_F17_answers_that_are_no_list(void **state)
{
	static const struct {
		const char *head, *body;
	} row[] = {
		{"200 OK", "<html><body>Log in</body></html>"},
		{"200 OK", ""},
		{"401 Unauthorized", ""},
		{"404 Not Found", ""},
		{"500 Internal Server Error", ""},
		{"302 Found\r\nLocation: https://localhost:8443/other", ""},
	};
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		serve(s, row[i].head, row[i].body);
		look(s);
		assert_int_equal(s->source.failures, i + 1);
		assert_int_equal(raw_server_requests(s->rig.server), 1);
	}
	assert_int_equal(s->changes, 1);
	assert_true(listing_is_in_force(&s->source.listing, stage.now));
	assert_int_equal(alarms(s, METRICS_MAJOR), 2); /* two were not even a list */
	assert_int_equal(alarms(s, METRICS_MINOR), 1); /* the third failure */
	assert_int_equal(refused(s, METRICS_REFUSAL_UNREADABLE), 2);
	serve_list(s, 2, 2 * DAY - 60);
	look(s);
	assert_non_null(strstr(told(s), "event=source_back"));
	assert_int_equal(s->changes, 2);
	scene_close(s);
}

static void test_a_body_that_breaks_off(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct raw_plan plan = {.tls = &s->rig.tls,
				.manner = RAW_ANSWER_CLOSE,
				.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\neyJ"};

	(void)state;
	s->rig.server = raw_server_start(&plan);
	stage.port = raw_server_port(s->rig.server);
	look(s);
	assert_int_equal(s->source.failures, 1);
	assert_int_equal(s->changes, 0);
	scene_close(s);
}

static void test_TLS_that_nobody_vouches_for(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct tls_pair other = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:localhost"});
	struct raw_plan plan = {.tls = &other, .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};

	(void)state;
	s->rig.server = raw_server_start(&plan);
	stage.port = raw_server_port(s->rig.server);
	look(s);
	assert_int_equal(s->source.failures, 1);
	assert_int_equal(raw_server_requests(s->rig.server), 0);
	scene_close(s);
	tls_pair_free(&other);
}

static void test_nobody_there_is_asked_less_and_less_often(void **state)
{
	static const int64_t wait[] = {10, 20, 40, 80, 160, 300, 300};
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	for (size_t i = 0; i < sizeof(wait) / sizeof(wait[0]); i++) {
		look(s);
		assert_true(s->source.due >= stage.now + wait[i] - wait[i] / 10);
		assert_true(s->source.due <= stage.now + wait[i] + wait[i] / 10);
	}
	stage.now -= 100000; /* the clock is set back */
	source_tick(&s->source, stage.now);
	assert_int_equal(s->source.phase, SOURCE_BODY);
	scene_close(s);
}

/* F3: no signer is fetched from a host that neither the list's URL nor the operator names. */
static void test_F3_the_signer_is_elsewhere(void **state)
{
	struct scene *s = scene_of(PA_STATE "list \"us\" { kind = \"ca-list\" url = \"https://127.0.0.1:8443/ca-list\" "
					    "anchor = \"pa.pem\" }\n");
	struct tls_pair_wish wish = {.names = "DNS:localhost,IP:127.0.0.1"};

	(void)state;
	tls_pair_free(&s->rig.tls);
	s->rig.tls = tls_pair_make(&wish);
	unlink(s->rig.ca_file);
	free(s->rig.ca_file);
	s->rig.ca_file = tls_pair_file(s->rig.tls.ca);
	http_client_close(s->rig.client);
	s->rig.client = rig_client(&s->rig, 64);
	s->hub.client = s->rig.client;
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	assert_int_equal(refused(s, METRICS_REFUSAL_X5U), 1);
	assert_int_equal(raw_server_requests(s->rig.server), 1);
	scene_close(s);
}

#define LOGIN "login = \"" PA_LOGIN "\" user = \"u\" password_file = \"password\""

static void test_login_and_again_when_the_token_is_over(void **state)
{
	static const char unauthorized[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
	static const char logged_in[] = "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"accessToken\":\"fresh\"}\n";
	static const struct raw_route route[] = {{"POST /login", logged_in}, {"Authorization: old", unauthorized}};
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE(LOGIN));
	char *list = pa_list(&s->pa, 1, 2 * DAY - 60);

	(void)state;
	serve_with(s, "200 OK", list, route, 2);
	look(s);
	assert_int_equal(s->changes, 1);
	assert_int_equal(raw_server_requests(s->rig.server), 3); /* login, list, signer */
	buf_free(&s->source.token);
	s->source.token = buf_own(16);
	buf_put_str(&s->source.token, "old");
	look(s);
	assert_int_equal(s->source.failures, 0);
	assert_int_equal(raw_server_requests(s->rig.server), 6); /* refused, login, list */
	assert_non_null(strstr(raw_server_last(s->rig.server), "\r\nAuthorization: fresh\r\n"));
	assert_null(strstr(told(s), "s3cret"));
	assert_null(strstr(told(s), "fresh"));
	free(list);
	scene_close(s);
}

static void test_a_login_that_does_not_help_is_tried_once(void **state)
{
	static const char logged_in[] = "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"accessToken\":\"fresh\"}\n";
	static const struct raw_route route[] = {{"POST /login", logged_in}};
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE(LOGIN));

	(void)state;
	serve_with(s, "401 Unauthorized", "", route, 1);
	look(s);
	assert_int_equal(s->source.failures, 1);
	assert_int_equal(raw_server_requests(s->rig.server), 4); /* login, refused, login, refused */
	scene_close(s);
}

static void test_token_file_is_sent_as_it_stands_and_not_to_x5u(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE("token_file = \"token\""));

	(void)state;
	serve(s, "200 OK", "");
	look(s);
	assert_non_null(strstr(raw_server_last(s->rig.server), "\r\nAuthorization: file-token\r\n"));
	serve_list(s, 1, 2 * DAY - 60);
	look(s);
	assert_non_null(strstr(raw_server_last(s->rig.server), "GET /signer.pem"));
	assert_null(strstr(raw_server_last(s->rig.server), "Authorization"));
	scene_close(s);
}

/* F8: 50, 75 and 90 % of its life, then its end; and back once the PA is. */
static void test_F8_the_list_in_force_gets_old_while_the_PA_is_down(void **state)
{
	static const struct {
		int64_t after;
		const char *code;
	} row[] = {{501, "list.half"}, {751, "list.three_quarters"}, {901, "list.nine_tenths"}, {1001, "list.over"}};
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, NOON + 1000);
	look(s);
	rig_leave(&s->rig);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tick_at(s, NOON + row[i].after);
		tick_at(s, NOON + row[i].after + 1);
		assert_int_equal(count_told(s, row[i].code), 1);
	}
	assert_int_equal(count_told(s, "event=source_aging"), 3);
	assert_int_equal(count_told(s, "event=source_expired"), 1);
	assert_false(listing_is_in_force(&s->source.listing, stage.now));
	serve_list(s, 2, NOON + 9000);
	look(s);
	assert_true(listing_is_in_force(&s->source.listing, stage.now));
	assert_int_equal(s->source.aged, 0);
	scene_close(s);
}

/* A PA that answers, but has not written a new list for long, is told of late. */
static void test_F8_an_old_list_that_is_still_served(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	serve_list(s, 1, NOON + 1000);
	look(s);
	tick_at(s, NOON + 760);
	assert_int_equal(count_told(s, "event=source_aging"), 0);
	tick_at(s, NOON + 901);
	assert_int_equal(count_told(s, "list.nine_tenths"), 1);
	scene_close(s);
}

/* F7: max_age counts from the last good look, whether the same list comes or a 304. */
static void test_F7_the_same_list_for_longer_than_max_age(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE("max_age_s = 600"));

	(void)state;
	serve_list(s, 1, NOON + 9000);
	look(s);
	stage.now = NOON + 500;
	look(s);
	assert_int_equal(source_until(&s->source), NOON + 1100);
	serve(s, "304 Not Modified", "");
	stage.now = NOON + 1000;
	look(s);
	assert_int_equal(source_until(&s->source), NOON + 1600);
	assert_int_equal(s->changes, 3);
	rig_leave(&s->rig);
	look(s);
	tick_at(s, NOON + 1301);
	tick_at(s, NOON + 1601);
	assert_int_equal(count_told(s, "code=list.half"), 1);
	assert_int_equal(count_told(s, "code=list.over"), 1);
	serve_list(s, 1, NOON + 9000);
	stage.now = NOON + 1700;
	look(s);
	assert_true(listing_is_in_force(&s->source.listing, stage.now));
	assert_int_equal(s->source.aged, 0);
	assert_int_equal(count_told(s, "event=source_new"), 2); /* it was over in between */
	scene_close(s);
}

static void test_E19_a_CRL_after_its_nextUpdate(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_CRL_MORE("grace_s = 100"));
	char *crl = pa_crl(&s->pa, 1, NOON - 60, NOON + 1000, 1);

	(void)state;
	serve(s, "200 OK", crl);
	look(s);
	assert_int_equal(s->changes, 1);
	rig_leave(&s->rig);
	tick_at(s, NOON + 1000);
	assert_int_equal(count_told(s, "crl.stale"), 0);
	tick_at(s, NOON + 1001);
	assert_int_equal(count_told(s, "alarm=major source=us kind=crl code=crl.stale"), 1);
	tick_at(s, NOON + 1101);
	assert_int_equal(count_told(s, "alarm=critical source=us kind=crl code=crl.over"), 1);
	free(crl);
	crl = pa_crl(&s->pa, 2, NOON + 1100, NOON + 9000, 1);
	serve(s, "200 OK", crl);
	look(s);
	assert_int_equal(s->source.aged, 0);
	free(crl);
	scene_close(s);
}

static void test_E19_F19_a_CRL_in_force_is_saved_when_there_is_room_again(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_CRL_MORE(""));
	char *crl = pa_crl(&s->pa, 1, NOON - 60, NOON + 9000, 1);
	char folder[128];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	pa_remove(folder);
	serve(s, "200 OK\r\nETag: \"one\"", crl);
	look(s);
	assert_int_equal(s->changes, 1);
	assert_int_equal(crl_count(s->source.revocation.crl), 1);
	assert_int_equal(count_told(s, "event=source_unsaved alarm=critical source=us kind=crl"), 1);
	look(s);
	assert_int_equal(count_told(s, "event=source_unsaved"), 2);
	assert_int_equal(s->changes, 1);
	serve(s, "304 Not Modified", "");
	look(s);
	assert_int_equal(count_told(s, "event=source_unsaved"), 3);
	assert_int_equal(mkdir(folder, 0700), 0);
	look(s);
	look(s);
	assert_int_equal(count_told(s, "event=source_unsaved"), 3);
	source_close(&s->source);
	source_open(&s->source, &s->hub, &s->plan->source[0], stage.now);
	assert_int_equal(crl_count(s->source.revocation.crl), 1);
	free(crl);
	scene_close(s);
}

static void test_a_CRL_file_that_the_operator_replaces(void **state)
{
	char *crl[2];
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	crl[0] = pa_crl(&s->pa, 1, NOON - 60, NOON + 1000, 1);
	crl[1] = pa_crl(&s->pa, 2, NOON - 60, NOON + 1000, 2);
	pa_file(&s->pa, "file.crl", sti_span_str(crl[0]));
	trust_plan_unref(s->plan);
	source_close(&s->source);
	s->plan = pa_plan(&s->pa, "crl \"us\" { file = \"file.crl\" anchor = \"pa.pem\" }\n");
	source_open(&s->source, &s->hub, &s->plan->source[0], stage.now);
	assert_int_equal(crl_count(s->source.revocation.crl), 1);
	pa_file(&s->pa, "file.crl", sti_span_str(crl[1]));
	look(s);
	assert_int_equal(crl_count(s->source.revocation.crl), 2);
	free(crl[0]);
	free(crl[1]);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_J9_held_while_it_is_asked),
		cmocka_unit_test(test_a_list_and_its_signer_are_fetched),
		cmocka_unit_test(test_not_modified_is_as_good),
		cmocka_unit_test(test_not_modified_where_there_is_nothing),
		cmocka_unit_test(test_F24_after_a_surprise_caches_are_passed_by),
		cmocka_unit_test(test_F17_answers_that_are_no_list),
		cmocka_unit_test(test_a_body_that_breaks_off),
		cmocka_unit_test(test_TLS_that_nobody_vouches_for),
		cmocka_unit_test(test_nobody_there_is_asked_less_and_less_often),
		cmocka_unit_test(test_F3_the_signer_is_elsewhere),
		cmocka_unit_test(test_login_and_again_when_the_token_is_over),
		cmocka_unit_test(test_a_login_that_does_not_help_is_tried_once),
		cmocka_unit_test(test_token_file_is_sent_as_it_stands_and_not_to_x5u),
		cmocka_unit_test(test_F8_the_list_in_force_gets_old_while_the_PA_is_down),
		cmocka_unit_test(test_F8_an_old_list_that_is_still_served),
		cmocka_unit_test(test_F7_the_same_list_for_longer_than_max_age),
		cmocka_unit_test(test_E19_a_CRL_after_its_nextUpdate),
		cmocka_unit_test(test_E19_F19_a_CRL_in_force_is_saved_when_there_is_room_again),
		cmocka_unit_test(test_a_CRL_file_that_the_operator_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "pa.h"

#include "app/sources.h"
#include "pki/crls.h"

/* All sources of a plan, and the trust that comes of them. */
struct scene {
	struct rig rig;
	struct pa pa;
	struct trust_plan *plan;
	struct generations *kept;
	struct sources_count count;
	struct sources *sources;
	struct log *log;
	int null;
	char *said[3]; /* list, CRL, signer: what the server answers with */
};

static void start(struct scene *s, const char *text)
{
	struct sources_config config = {
		.loop = &s->rig.loop, .count = &s->count, .metrics = s->rig.metrics, .log = s->log};

	char *all = NULL;

	assert_true(asprintf(&all, "fetch { ca = \"%s\" }\n%s", s->rig.ca_file, text) > 0);
	s->plan = pa_plan(&s->pa, all);
	free(all);
	if (s->plan->state)
		assert_int_equal(generations_open(s->plan->state, &s->kept), STI_OK);
	config.plan = s->plan;
	config.kept = s->kept;
	assert_int_equal(sources_open(&config, stage.now, &s->sources), STI_OK);
}

static void stop(struct scene *s)
{
	sources_close(s->sources);
	generations_close(s->kept);
	trust_plan_unref(s->plan);
	s->kept = NULL;
}

static struct scene *scene_of(const char *text)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->rig = rig_open();
	rig_begin(&s->rig);
	s->pa = pa_open();
	s->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	s->log = log_create(s->null, s->rig.metrics);
	start(s, text);
	return s;
}

static void unsay(struct scene *s)
{
	rig_leave(&s->rig);
	for (size_t i = 0; i < 3; i++) {
		free(s->said[i]);
		s->said[i] = NULL;
	}
}

static void scene_close(struct scene *s)
{
	stop(s);
	unsay(s);
	rig_close(&s->rig);
	log_free(s->log);
	close(s->null);
	pa_close(&s->pa);
	free(s);
}

static char *answer_of(char *body)
{
	char *text = NULL;

	assert_true(asprintf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body) > 0);
	free(body);
	return text;
}

/* Takes both texts; NULL: 404. */
static void serve(struct scene *s, char *list, char *crl)
{
	struct raw_plan plan = {.tls = &s->rig.tls, .answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
	static const char *const in[] = {"GET /ca-list", "GET /crl", "GET /signer.pem"};
	size_t n = 0;

	unsay(s);
	s->said[0] = list ? answer_of(list) : NULL;
	s->said[1] = crl ? answer_of(crl) : NULL;
	s->said[2] = answer_of(strndup((const char *)s->pa.signer.cert.p, s->pa.signer.cert.n));
	for (size_t i = 0; i < 3; i++)
		if (s->said[i])
			plan.route[n++] = (struct raw_route){in[i], s->said[i]};
	s->rig.server = raw_server_start(&plan);
	stage.port = raw_server_port(s->rig.server);
}

static int64_t fetches(const struct scene *s)
{
	int64_t n = 0;

	for (unsigned i = 0; i < 6; i++)
		n += metrics_get(s->rig.metrics, METRIC_SOURCE_FETCHES, i);
	return n;
}

/* One look at each of n sources, to its end, and what comes of it. */
static void look(struct scene *s, int64_t n)
{
	int64_t before = fetches(s);

	sources_poll(s->sources, stage.now);
	while (fetches(s) < before + n)
		uv_run(&s->rig.loop, UV_RUN_ONCE);
	sources_tick(s->sources, stage.now);
}

/* What is believed of a carrier's certificate under the trust in force. */
static enum sti_trust belief_at(const struct scene *s, size_t carrier, int64_t now)
{
	struct trust_snapshot *trust = trust_cell_take(s->plan->cell);
	struct sti_credential *credential;
	enum sti_trust answer;

	assert_int_equal(sti_credential_parse(buf_span(&s->pa.carrier[carrier].cert), trust_snapshot_roots(trust), now,
					      &credential),
			 STI_OK);
	answer = sti_credential_trust(credential, trust_snapshot_crls(trust), now);
	sti_credential_free(credential);
	trust_snapshot_unref(trust);
	return answer;
}

static enum sti_trust belief(const struct scene *s, size_t carrier)
{
	return belief_at(s, carrier, stage.now);
}

static uint64_t generation(const struct scene *s)
{
	struct trust_snapshot *trust = trust_cell_take(s->plan->cell);
	uint64_t number = trust_snapshot_generation(trust);

	trust_snapshot_unref(trust);
	return number;
}

static void test_F8_no_belief_before_the_first_list(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);

	(void)state;
	assert_int_equal(belief(s, 0), STI_TRUST_NO_LIST);
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), NULL);
	look(s, 1);
	assert_int_equal(belief(s, 0), STI_TRUST_OK);
	scene_close(s);
}

static void test_F7_belief_in_the_same_list_after_max_age(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE("max_age_s = 600"));

	(void)state;
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), NULL);
	look(s, 1);
	stage.now += 400;
	look(s, 1);
	assert_int_equal(belief_at(s, 0, NOON + 999), STI_TRUST_OK);
	assert_int_equal(belief_at(s, 0, NOON + 1000), STI_TRUST_NO_LIST);
	assert_int_equal(generation(s), 3);
	stage.now += 60;
	look(s, 1);
	assert_int_equal(generation(s), 3); /* not each look makes the next trust */
	scene_close(s);
}

static void test_roots_of_a_file_and_of_a_list_beside_each_other(void **state)
{
	struct scene *s = scene_of("trust { roots = {\"roots.pem\"} state = \"state\" }\n" PA_LIST);

	(void)state;
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), NULL);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_ROOTS, 0), 0);
	look(s, 1);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_ROOTS, 0), 2);
	serve(s, pa_list_of(&s->pa, 2, 2 * DAY - 60, 2, s->pa.key), NULL); /* both stand in the list now */
	look(s, 1);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_ROOTS, 0), 2);
	scene_close(s);
}

static void test_F8_at_its_end_a_list_leaves_no_belief(void **state)
{
	struct scene *s = scene_of("trust { roots = {\"roots.pem\"} state = \"state\" }\n" PA_LIST);
	uint64_t before;

	(void)state;
	serve(s, pa_list(&s->pa, 1, NOON + 1000), NULL);
	look(s, 1);
	before = generation(s);
	assert_int_equal(belief_at(s, 0, NOON + 999), STI_TRUST_OK);
	assert_int_equal(belief_at(s, 0, NOON + 1000), STI_TRUST_NO_LIST); /* before anybody has noticed */
	unsay(s);
	stage.now = NOON + 1000;
	sources_tick(s->sources, stage.now);
	assert_true(generation(s) > before);
	assert_int_equal(belief(s, 0), STI_TRUST_NO_LIST);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_ROOTS, 0), 1); /* that of the file alone */
	scene_close(s);
}

/* Two certificates, one PA: the CRL has a root of its own, which is no root of an STI-CA. */
static void test_E18_revoked_and_not_revoked(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST PA_CRL_MORE(""));

	(void)state;
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), pa_crl(&s->pa, 1, NOON - 60, NOON + 3600, 1));
	look(s, 2);
	assert_int_equal(belief(s, 0), STI_TRUST_REVOKED);
	assert_int_equal(belief(s, 1), STI_TRUST_OK);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_REVOKED, 0), 1);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_SOURCE_UNTIL, METRICS_SOURCE_CRL), NOON + 3600);
	scene_close(s);
}

static void test_E19_soft_and_hard_when_the_CRL_is_over(void **state)
{
	static const struct {
		const char *text;
		enum sti_trust never, over;
	} row[] = {
		{PA_STATE PA_LIST PA_CRL_MORE("grace_s = 100"), STI_TRUST_OK, STI_TRUST_OK},
		{PA_STATE PA_LIST PA_CRL_MORE("grace_s = 100 stale = hard"), STI_TRUST_NO_CRL, STI_TRUST_NO_CRL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene *s = scene_of(row[i].text);

		serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), NULL);
		look(s, 2);
		assert_int_equal(belief(s, 1), row[i].never);
		serve(s, pa_list(&s->pa, 2, 2 * DAY - 60), pa_crl(&s->pa, 1, NOON - 60, NOON + 3600, 0));
		look(s, 2);
		assert_int_equal(belief(s, 1), STI_TRUST_OK);
		assert_int_equal(belief_at(s, 1, NOON + 3700), STI_TRUST_OK); /* grace */
		assert_int_equal(belief_at(s, 1, NOON + 3701), row[i].over);
		scene_close(s);
	}
}

static void test_a_restart_without_a_network(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST PA_CRL_MORE(""));

	(void)state;
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), pa_crl(&s->pa, 1, NOON - 60, NOON + 3600, 1));
	look(s, 2);
	stop(s);
	unsay(s);
	start(s, PA_STATE PA_LIST PA_CRL_MORE(""));
	assert_int_equal(belief(s, 0), STI_TRUST_REVOKED);
	assert_int_equal(belief(s, 1), STI_TRUST_OK);
	scene_close(s);
}

static int64_t not_before(const struct scene *s)
{
	struct trust_snapshot *trust = trust_cell_take(s->plan->cell);
	int64_t time = trust_snapshot_parts(trust)->not_before;

	trust_snapshot_unref(trust);
	return time;
}

/* The list came at NOON by our own clock; nobody has signed that. */
static void test_I3_only_a_CRL_that_was_accepted_says_what_time_it_is(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST PA_CRL_MORE(""));

	(void)state;
	assert_int_equal(not_before(s), 0);
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), pa_crl(&s->pa, 1, NOON + 3600, NOON + 7200, 0));
	look(s, 2);
	assert_int_equal(not_before(s), 0);
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), pa_crl(&s->pa, 2, NOON - 60, NOON + 3600, 0));
	look(s, 2);
	assert_int_equal(not_before(s), NOON - 60);
	scene_close(s);
}

/* By such a clock the CRL lies in the future; the mark beside it says whose fault that is. */
static void test_I3_a_restart_under_a_clock_that_was_set_back(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_CRL_MORE(""));

	(void)state;
	serve(s, NULL, pa_crl(&s->pa, 1, NOON - 60, NOON + 3600, 1));
	look(s, 1);
	stop(s);
	unsay(s);
	stage.now = NOON - 7200;
	start(s, PA_STATE PA_CRL_MORE(""));
	assert_int_equal(not_before(s), NOON - 60);
	scene_close(s);
}

/* A domestic list and a merged one of one signer count apart. */
static void test_F4_two_lists_of_one_signer_have_their_own_marks(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST "list \"merged\" { kind = \"ca-list\" anchor = \"pa.pem\" "
						    "url = \"https://localhost:8443/crl\" }\n");

	(void)state;
	serve(s, pa_list(&s->pa, 9, 2 * DAY - 60), pa_list_of(&s->pa, 3, 2 * DAY - 60, 2, s->pa.key));
	look(s, 2);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_SOURCE_REFUSED, METRICS_REFUSAL_ROLLBACK), 0);
	assert_int_equal(metrics_get(s->rig.metrics, METRIC_ROOTS, 0), 2);
	scene_close(s);
}

/* F20: what was taken before stays as it was. */
static void test_F20_a_call_keeps_the_trust_with_which_it_began(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct trust_snapshot *then;

	(void)state;
	serve(s, pa_list(&s->pa, 1, 2 * DAY - 60), NULL);
	look(s, 1);
	then = trust_cell_take(s->plan->cell);
	serve(s, pa_list_of(&s->pa, 2, 2 * DAY - 60, 2, s->pa.key), NULL);
	look(s, 1);
	assert_int_equal(sti_roots_count(trust_snapshot_roots(then)), 1);
	assert_true(trust_snapshot_generation(then) < generation(s));
	trust_snapshot_unref(then);
	scene_close(s);
}

/* Nothing new: no new snapshot, and no credential is judged again. */
static void test_the_same_list_again_changes_nothing(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST PA_CRL_MORE(""));
	struct trust_snapshot *before, *after;
	char *list = pa_list(&s->pa, 1, 2 * DAY - 60);
	uint64_t number;

	(void)state;
	serve(s, strdup(list), pa_crl(&s->pa, 1, NOON - 60, NOON + 3600, 0));
	look(s, 2);
	number = generation(s);
	before = trust_cell_take(s->plan->cell);
	serve(s, strdup(list), NULL);
	look(s, 2);
	assert_int_equal(generation(s), number);
	serve(s, list, pa_crl(&s->pa, 2, NOON - 50, NOON + 3600, 1));
	look(s, 2);
	after = trust_cell_take(s->plan->cell);
	assert_int_equal(trust_snapshot_generation(after), number + 1);
	assert_int_equal(trust_snapshot_roots_generation(after), trust_snapshot_roots_generation(before));
	assert_ptr_equal(trust_snapshot_roots(after), trust_snapshot_roots(before));
	trust_snapshot_unref(before);
	trust_snapshot_unref(after);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_F8_no_belief_before_the_first_list),
		cmocka_unit_test(test_F7_belief_in_the_same_list_after_max_age),
		cmocka_unit_test(test_roots_of_a_file_and_of_a_list_beside_each_other),
		cmocka_unit_test(test_F8_at_its_end_a_list_leaves_no_belief),
		cmocka_unit_test(test_E18_revoked_and_not_revoked),
		cmocka_unit_test(test_E19_soft_and_hard_when_the_CRL_is_over),
		cmocka_unit_test(test_a_restart_without_a_network),
		cmocka_unit_test(test_I3_only_a_CRL_that_was_accepted_says_what_time_it_is),
		cmocka_unit_test(test_I3_a_restart_under_a_clock_that_was_set_back),
		cmocka_unit_test(test_F4_two_lists_of_one_signer_have_their_own_marks),
		cmocka_unit_test(test_F20_a_call_keeps_the_trust_with_which_it_began),
		cmocka_unit_test(test_the_same_list_again_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

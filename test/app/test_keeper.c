/* SPDX-License-Identifier: Apache-2.0 */
#include "pa.h"

#include <errno.h>
#include <sys/stat.h>

#include "app/keeper.h"

/* A keeper as a server has it: plans are prepared beside the one in force, then kept or not. No network:
 * what is asked for is not to be had. */
struct scene {
	uv_loop_t loop;
	struct pa pa;
	struct trust_plan *plan;
	struct keeper *keeper;
	struct metrics *metrics;
	struct log *log;
	int null;
	bool is_prepared;
	enum sti_error error;
	int system;
};

static enum sti_error try_open(struct scene *s, struct trust_plan *plan, struct keeper **out)
{
	struct keeper_config config = {.home = &s->loop, .plan = plan, .metrics = s->metrics, .log = s->log};

	return keeper_open(&config, out);
}

static struct scene *scene_of(const char *text)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->pa = pa_open();
	s->metrics = metrics_create("0");
	s->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	s->log = log_create(s->null, s->metrics);
	assert_int_equal(uv_loop_init(&s->loop), 0);
	s->plan = pa_plan(&s->pa, text);
	assert_int_equal(try_open(s, s->plan, &s->keeper), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	keeper_close(s->keeper);
	assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	trust_plan_unref(s->plan);
	log_free(s->log);
	metrics_free(s->metrics);
	close(s->null);
	pa_close(&s->pa);
	free(s);
}

static void prepared(void *context, enum sti_error error, int system)
{
	struct scene *s = context;

	s->is_prepared = true;
	s->error = error;
	s->system = system;
}

static enum sti_error prepare(struct scene *s, struct trust_plan *plan)
{
	s->is_prepared = false;
	keeper_prepare(s->keeper, plan, prepared, s);
	assert_false(s->is_prepared);
	while (!s->is_prepared)
		uv_run(&s->loop, UV_RUN_ONCE);
	return s->error;
}

static size_t roots_in(const struct trust_plan *plan)
{
	struct trust_snapshot *trust = trust_cell_take(plan->cell);
	const struct sti_roots *roots = trust_snapshot_roots(trust);
	size_t n = roots ? sti_roots_count(roots) : 0;

	trust_snapshot_unref(trust);
	return n;
}

static uint64_t generation_of(const struct trust_plan *plan)
{
	struct trust_snapshot *trust = trust_cell_take(plan->cell);
	uint64_t number = trust_snapshot_generation(trust);

	trust_snapshot_unref(trust);
	return number;
}

static void test_trust_is_there_when_it_is_open(void **state)
{
	struct scene *s = scene_of("trust { roots = {\"roots.pem\"} }\n");

	(void)state;
	assert_int_equal(roots_in(s->plan), 1);
	assert_int_equal(generation_of(s->plan), 1);
	scene_close(s);
}

/* Who serves under the old plan keeps its trust; generations go on. */
static void test_another_plan_takes_over(void **state)
{
	struct scene *s = scene_of("trust { roots = {\"roots.pem\"} }\n");
	struct trust_plan *next = pa_plan(&s->pa, PA_STATE PA_LIST PA_CRL_MORE(""));

	(void)state;
	assert_int_equal(prepare(s, next), STI_OK);
	keeper_commit(s->keeper);
	assert_int_equal(roots_in(s->plan), 1);
	assert_int_equal(roots_in(next), 0);
	assert_true(generation_of(next) > generation_of(s->plan));
	trust_plan_unref(s->plan);
	s->plan = next;
	scene_close(s);
}

static void test_another_plan_is_given_up(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct trust_plan *next = pa_plan(&s->pa, PA_STATE "\n" PA_LIST_MORE("poll_s = 1"));

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(prepare(s, next), STI_OK);
		keeper_abandon(s->keeper);
	}
	assert_int_equal(prepare(s, next), STI_OK);
	keeper_commit(s->keeper);
	trust_plan_unref(next);
	scene_close(s);
}

/* The folder goes from one plan to the next while nobody else can have it. */
static void test_the_folder_of_both_plans_is_one(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct trust_plan *same = pa_plan(&s->pa, PA_STATE PA_LIST_MORE("poll_s = 9"));
	struct trust_plan *other = pa_plan(&s->pa, "trust { state = \"elsewhere\" }\n" PA_LIST);
	struct keeper *second;

	(void)state;
	assert_int_equal(prepare(s, same), STI_OK);
	keeper_commit(s->keeper);
	assert_int_equal(try_open(s, s->plan, &second), STI_E_BUSY);
	assert_int_equal(prepare(s, other), STI_OK);
	keeper_commit(s->keeper);
	assert_int_equal(prepare(s, other), STI_OK); /* the commit has been obeyed before */
	keeper_abandon(s->keeper);
	assert_int_equal(try_open(s, s->plan, &second), STI_OK);
	keeper_close(second);
	trust_plan_unref(same);
	trust_plan_unref(other);
	scene_close(s);
}

static void test_a_folder_that_others_may_write(void **state)
{
	struct scene *s = scene_of("trust { roots = {\"roots.pem\"} }\n");
	struct trust_plan *next = pa_plan(&s->pa, PA_STATE PA_LIST);

	(void)state;
	assert_int_equal(mkdir(next->state, 0700), 0);
	assert_int_equal(chmod(next->state, 0777), 0);
	assert_int_equal(prepare(s, next), STI_E_DENIED);
	assert_int_equal(chmod(next->state, 0700), 0);
	trust_plan_unref(next);
	next = pa_plan(&s->pa, "trust { state = \"no/such/folder\" }\n" PA_LIST);
	assert_int_equal(prepare(s, next), STI_E_IO);
	assert_int_equal(s->system, ENOENT);
	trust_plan_unref(next);
	assert_int_equal(roots_in(s->plan), 1);
	scene_close(s);
}

static void test_the_end_while_a_plan_is_prepared(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST);
	struct trust_plan *next = pa_plan(&s->pa, "trust { state = \"elsewhere\" }\n" PA_LIST PA_CRL_MORE(""));

	(void)state;
	keeper_prepare(s->keeper, next, prepared, s);
	scene_close(s);
	trust_plan_unref(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust_is_there_when_it_is_open),
		cmocka_unit_test(test_another_plan_takes_over),
		cmocka_unit_test(test_another_plan_is_given_up),
		cmocka_unit_test(test_the_folder_of_both_plans_is_one),
		cmocka_unit_test(test_a_folder_that_others_may_write),
		cmocka_unit_test(test_the_end_while_a_plan_is_prepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pa.h"

#include <glob.h>

#include "app/revocation.h"

struct scene {
	struct pa pa;
	struct trust_plan *plan;
	struct generations *kept;
	struct revocation revocation;
};

static struct offer start_at(struct scene *s, int64_t now, const char **state)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	assert_int_equal(generations_open(folder, &s->kept), STI_OK);
	revocation_open(&s->revocation, &s->plan->source[0], s->kept);
	return revocation_load(&s->revocation, now, state);
}

static struct offer start(struct scene *s, const char **state)
{
	return start_at(s, NOON, state);
}

static void stop(struct scene *s)
{
	revocation_close(&s->revocation);
	generations_close(s->kept);
}

static struct scene *scene_open(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	const char *state;

	assert_non_null(s);
	s->pa = pa_open();
	s->plan = pa_plan(&s->pa, PA_STATE PA_CRL_MORE(""));
	assert_int_equal(start(s, &state).step, OFFER_SAME);
	assert_null(state);
	return s;
}

static void scene_close(struct scene *s)
{
	stop(s);
	trust_plan_unref(s->plan);
	pa_close(&s->pa);
	free(s);
}

static struct offer again(struct scene *s, const char **state)
{
	stop(s);
	return start(s, state);
}

static struct offer take(struct scene *s, char *text, int64_t now)
{
	struct sti_span body = vectors_copy(sti_span_str(text));
	struct offer offer = revocation_take(&s->revocation, body, now);

	vectors_free(body);
	free(text);
	return offer;
}

static struct offer take_crl(struct scene *s, int64_t number, int64_t from, size_t n)
{
	return take(s, pa_crl(&s->pa, number, from, from + 3600, n), NOON);
}

static void assert_refused(struct offer offer, const char *code, unsigned severity)
{
	assert_int_equal(offer.step, OFFER_REFUSED);
	assert_string_equal(offer.code, code);
	assert_int_equal(offer.severity, severity);
}

static void test_the_next_one_takes_the_place_of_the_last(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	assert_int_equal(take_crl(s, 1, NOON - 60, 0).step, OFFER_TAKEN);
	assert_int_equal(take_crl(s, 2, NOON - 30, 2).step, OFFER_TAKEN);
	assert_int_equal(crl_count(s->revocation.crl), 2);
	scene_close(s);
}

static void test_E20_an_older_one_also_after_a_restart(void **state)
{
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	assert_int_equal(take_crl(s, 5, NOON - 60, 1).step, OFFER_TAKEN);
	assert_refused(take_crl(s, 4, NOON - 50, 0), "crl.rollback", 3);
	assert_int_equal(again(s, &odd).step, OFFER_TAKEN);
	assert_null(odd);
	assert_int_equal(crl_count(s->revocation.crl), 1);
	assert_refused(take_crl(s, 4, NOON - 50, 0), "crl.rollback", 3);
	assert_refused(take_crl(s, 5, NOON - 60, 0), "crl.equivocation", 3);
	scene_close(s);
}

static void test_E20_a_lost_file_its_mark_still_counts(void **state)
{
	struct scene *s = scene_open();
	char pattern[128];
	const char *odd;
	glob_t found;

	(void)state;
	assert_int_equal(take_crl(s, 5, NOON - 60, 1).step, OFFER_TAKEN);
	snprintf(pattern, sizeof(pattern), "%s/state/*.current", s->pa.folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	unlink(found.gl_pathv[0]);
	globfree(&found);
	assert_int_equal(again(s, &odd).step, OFFER_SAME);
	assert_string_equal(odd, "the CRL is lost, its mark is there");
	assert_refused(take_crl(s, 4, NOON - 50, 0), "crl.rollback", 3);
	assert_int_equal(take_crl(s, 6, NOON - 50, 0).step, OFFER_TAKEN);
	scene_close(s);
}

/* A revocation does not wait for a disk. */
static void test_E19_F19_a_CRL_that_cannot_be_kept_counts_all_the_same(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_crl(&s->pa, 2, NOON - 30, NOON + 3600, 2);
	char folder[128];
	const char *odd;

	(void)state;
	assert_int_equal(take_crl(s, 1, NOON - 60, 0).step, OFFER_TAKEN);
	assert_int_equal(revocation_save_again(&s->revocation).step, OFFER_SAME);
	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	pa_remove(folder);
	assert_int_equal(take(s, strdup(text), NOON).step, OFFER_UNSAVED);
	assert_int_equal(crl_count(s->revocation.crl), 2);
	assert_refused(take_crl(s, 1, NOON - 60, 0), "crl.rollback", 3);
	assert_refused(take_crl(s, 2, NOON - 30, 0), "crl.equivocation", 3);
	assert_int_equal(take(s, text, NOON).step, OFFER_SAME);
	assert_int_equal(revocation_save_again(&s->revocation).step, OFFER_UNSAVED);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(revocation_save_again(&s->revocation).step, OFFER_SAME);
	assert_int_equal(again(s, &odd).step, OFFER_TAKEN);
	assert_null(odd);
	assert_int_equal(crl_count(s->revocation.crl), 2);
	scene_close(s);
}

static void reload(struct scene *s, const char *text)
{
	const char *odd;

	stop(s);
	trust_plan_unref(s->plan);
	s->plan = pa_plan(&s->pa, text);
	assert_int_equal(start(s, &odd).step, OFFER_TAKEN);
}

/* Behind the highest number no other could come. A number that is the time goes far each new year. */
static void test_E20_a_jump_of_the_number_must_be_confirmed(void **state)
{
	static const uint8_t number[MARK_NUMBER] = {[12] = 0x7f, 255, 255, 255, 255, 255, 255, 255};
	struct scene *s = scene_open();
	struct offer offer;

	(void)state;
	assert_int_equal(take_crl(s, INT64_C(1) << 40, NOON - 60, 0).step, OFFER_TAKEN); /* the first one may */
	assert_int_equal(take_crl(s, (INT64_C(1) << 40) + (INT64_C(1) << 56), NOON - 50, 1).step, OFFER_TAKEN);
	assert_refused(take_crl(s, (INT64_C(1) << 40) + (INT64_C(2) << 56) + 1, NOON - 45, 0), "crl.jump", 3);
	offer = take_crl(s, INT64_MAX, NOON - 40, 0);
	assert_refused(offer, "crl.jump", 3);
	assert_int_equal(offer.reason, METRICS_REFUSAL_JUMP);
	assert_memory_equal(offer.crl_number, number, sizeof(number));
	assert_int_equal(crl_count(s->revocation.crl), 1);
	reload(s, PA_STATE PA_CRL_MORE("confirmed_number = 7FFFFFFFFFFFFFFE"));
	assert_refused(take_crl(s, INT64_MAX, NOON - 40, 0), "crl.jump", 3);
	reload(s, PA_STATE PA_CRL_MORE("confirmed_number = 7FFFFFFFFFFFFFFF"));
	assert_int_equal(take_crl(s, INT64_MAX, NOON - 40, 0).step, OFFER_TAKEN);
	scene_close(s);
}

static void test_E19_what_is_refused_while_the_last_good_one_stays(void **state)
{
	struct scene *s = scene_open();
	struct pair other = pa_root("Example PA Root"); /* the same name, another key */
	char *broken = pa_crl(&s->pa, 9, NOON - 10, NOON + 3600, 0);

	(void)state;
	assert_int_equal(take_crl(s, 1, NOON - 60, 1).step, OFFER_TAKEN);
	broken[strlen(broken) / 2] = '!';
	assert_refused(take(s, broken, NOON), "crl.unreadable", 2);
	assert_refused(take(s, strdup("<html>Log in</html>"), NOON), "crl.unreadable", 2);
	assert_refused(take(s, strdup(""), NOON), "crl.unreadable", 2);
	assert_refused(take(s, pa_crl_by(&other, s->pa.carrier, 9, NOON - 10, NOON + 3600, 0), NOON), "crl.bad_sig", 2);
	assert_refused(take(s, pa_crl_by(&s->pa.sti[0], s->pa.carrier, 9, NOON - 10, NOON + 3600, 0), NOON),
		       "crl.bad_signer", 2);
	assert_refused(take_crl(s, 9, NOON + 600, 0), "crl.not_yet", 2);
	assert_int_equal(crl_count(s->revocation.crl), 1);
	pair_free(&other);
	scene_close(s);
}

static void test_the_same_one_again(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_crl(&s->pa, 1, NOON - 10, NOON + 3600, 1);

	(void)state;
	assert_int_equal(take(s, strdup(text), NOON).step, OFFER_TAKEN);
	assert_int_equal(take(s, text, NOON).step, OFFER_SAME);
	scene_close(s);
}

/* What was revoked stays so over a restart: with a clock that was set back, and when its signer is out of its
 * time by now. It was taken when both were right. */
static void test_E19_a_restart_when_it_could_not_be_taken_any_more(void **state)
{
	static const int64_t now[] = {NOON - 7200, DAY - 1, 2 * DAY + 1, 9 * DAY};
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	assert_int_equal(take_crl(s, 5, NOON - 60, 1).step, OFFER_TAKEN);
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		stop(s);
		assert_int_equal(start_at(s, now[i], &odd).step, OFFER_TAKEN);
		assert_null(odd);
		assert_int_equal(crl_count(s->revocation.crl), 1);
	}
	assert_refused(take(s, pa_crl(&s->pa, 6, NOON - 30, 2 * DAY, 0), 2 * DAY + 1), "crl.bad_signer", 2);
	scene_close(s);
}

/* Its own place on disk is no signature. */
static void test_E19_a_restart_under_another_anchor(void **state)
{
	struct scene *s = scene_open();
	struct pair other = pa_root("Example PA Root"); /* the same name, another key */
	const char *odd;

	(void)state;
	assert_int_equal(take_crl(s, 5, NOON - 60, 1).step, OFFER_TAKEN);
	stop(s);
	pa_file(&s->pa, "pa.pem", buf_span(&other.cert));
	trust_plan_unref(s->plan);
	s->plan = pa_plan(&s->pa, PA_STATE PA_CRL_MORE(""));
	assert_refused(start(s, &odd), "crl.bad_sig", 2);
	stop(s);
	assert_refused(start_at(s, 9 * DAY, &odd), "crl.bad_sig", 2);
	pair_free(&other);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_next_one_takes_the_place_of_the_last),
		cmocka_unit_test(test_E20_an_older_one_also_after_a_restart),
		cmocka_unit_test(test_E20_a_lost_file_its_mark_still_counts),
		cmocka_unit_test(test_E19_F19_a_CRL_that_cannot_be_kept_counts_all_the_same),
		cmocka_unit_test(test_E20_a_jump_of_the_number_must_be_confirmed),
		cmocka_unit_test(test_E19_what_is_refused_while_the_last_good_one_stays),
		cmocka_unit_test(test_the_same_one_again),
		cmocka_unit_test(test_E19_a_restart_when_it_could_not_be_taken_any_more),
		cmocka_unit_test(test_E19_a_restart_under_another_anchor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pa.h"

#include <glob.h>

#include "app/listing.h"
#include "pki/roots.h"
#include "support/alloc_sweep.h"

/* A listing as it is after a start, with its folder. */
struct scene {
	struct pa pa;
	struct trust_plan *plan;
	struct generations *kept;
	struct listing listing;
};

static struct offer start(struct scene *s, int64_t now, const char **state)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	assert_int_equal(generations_open(folder, &s->kept), STI_OK);
	listing_open(&s->listing, &s->plan->source[0], s->kept);
	return listing_load(&s->listing, now, state);
}

static void stop(struct scene *s)
{
	listing_close(&s->listing);
	generations_close(s->kept);
}

static struct scene *scene_of(const char *text)
{
	struct scene *s = calloc(1, sizeof(*s));
	const char *state;

	assert_non_null(s);
	s->pa = pa_open();
	s->plan = pa_plan(&s->pa, text);
	assert_int_equal(start(s, NOON, &state).step, OFFER_SAME);
	assert_null(state);
	return s;
}

static struct scene *scene_open(void)
{
	return scene_of(PA_STATE PA_LIST);
}

static void scene_close(struct scene *s)
{
	stop(s);
	trust_plan_unref(s->plan);
	pa_close(&s->pa);
	free(s);
}

/* After a restart: what is said of what lies on disk. */
static struct offer again(struct scene *s, int64_t now, const char **state)
{
	stop(s);
	return start(s, now, state);
}

/* Octets of exact size, and the signer's chain where it is asked for. */
static struct offer offer_text(struct scene *s, const char *text, const struct pair *signer, int64_t now)
{
	struct sti_span body = vectors_copy(sti_span_str(text));
	struct offer offer = listing_take(&s->listing, body, now);

	vectors_free(body);
	if (offer.step != OFFER_WANTS_SIGNER)
		return offer;
	assert_true(sti_span_is(offer.url, PA_X5U));
	return listing_take_signer(&s->listing, buf_span(&signer->cert), now);
}

static struct offer offer_list(struct scene *s, int64_t sequence, size_t n, int64_t now)
{
	char *text = pa_list_of(&s->pa, sequence, 2 * DAY - 60, n, s->pa.key);
	struct offer offer = offer_text(s, text, &s->pa.signer, now);

	free(text);
	return offer;
}

static void assert_refused(struct offer offer, const char *code, unsigned severity)
{
	assert_int_equal(offer.step, OFFER_REFUSED);
	assert_string_equal(offer.code, code);
	assert_int_equal(offer.severity, severity);
}

static void test_first_list_its_signer_is_fetched_once(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_list(&s->pa, 1, 2 * DAY - 60);

	(void)state;
	assert_false(listing_is_in_force(&s->listing, NOON));
	assert_int_equal(listing_take(&s->listing, sti_span_str(text), NOON).step, OFFER_WANTS_SIGNER);
	assert_int_equal(listing_take_signer(&s->listing, buf_span(&s->pa.signer.cert), NOON).step, OFFER_TAKEN);
	assert_true(listing_is_in_force(&s->listing, NOON));
	assert_false(listing_is_in_force(&s->listing, 2 * DAY - 60));
	assert_int_equal(s->listing.roots.n_good, 1);
	assert_int_equal(listing_take(&s->listing, sti_span_str(text), NOON + 1).step, OFFER_SAME);
	free(text);
	text = pa_list(&s->pa, 2, 2 * DAY - 60);
	assert_int_equal(listing_take(&s->listing, sti_span_str(text), NOON + 2).step, OFFER_TAKEN);
	free(text);
	scene_close(s);
}

/* Without a network: the list and its signer lie beside each other, and both are judged again. */
static void test_a_restart_has_the_list_at_once(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_list(&s->pa, 5, 2 * DAY - 60);
	const char *odd;

	(void)state;
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON).step, OFFER_TAKEN);
	assert_int_equal(again(s, NOON + 9, &odd).step, OFFER_TAKEN);
	assert_null(odd);
	assert_int_equal(s->listing.sequence, 5);
	assert_int_equal(s->listing.from, NOON);
	assert_int_equal(listing_take(&s->listing, sti_span_str(text), NOON + 10).step, OFFER_SAME);
	free(text);
	scene_close(s);
}

static void test_F4_rollback_also_after_a_restart(void **state)
{
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	assert_int_equal(offer_list(s, 7, 1, NOON).step, OFFER_TAKEN);
	assert_int_equal(offer_list(s, 8, 1, NOON).step, OFFER_TAKEN);
	assert_refused(offer_list(s, 7, 1, NOON), "list.rollback", 3);
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	assert_refused(offer_list(s, 7, 1, NOON), "list.rollback", 3);
	assert_int_equal(s->listing.sequence, 8);
	scene_close(s);
}

static void remove_files(const struct scene *s, const char *pattern)
{
	char all[128];
	glob_t found;

	snprintf(all, sizeof(all), "%s/state/%s", s->pa.folder, pattern);
	assert_int_equal(glob(all, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

static void test_F4_deleted_list_file_its_mark_still_counts(void **state)
{
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	assert_int_equal(offer_list(s, 8, 1, NOON).step, OFFER_TAKEN);
	remove_files(s, "*.current");
	assert_int_equal(again(s, NOON, &odd).step, OFFER_SAME);
	assert_string_equal(odd, "the list is lost, its mark is there");
	assert_false(listing_is_in_force(&s->listing, NOON));
	assert_refused(offer_list(s, 7, 1, NOON), "list.rollback", 3);
	assert_refused(offer_list(s, 8, 2, NOON), "list.equivocation", 3);
	scene_close(s);
}

static void test_F4_deleted_list_file_the_same_list_is_taken_again(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_list(&s->pa, 8, 2 * DAY - 60);
	const char *odd;

	(void)state;
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON).step, OFFER_TAKEN);
	remove_files(s, "*.current");
	assert_int_equal(again(s, NOON, &odd).step, OFFER_SAME);
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON).step, OFFER_TAKEN);
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	assert_null(odd);
	free(text);
	scene_close(s);
}

static void test_F4_deleted_mark_first_use_decides(void **state)
{
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	assert_int_equal(offer_list(s, 8, 1, NOON).step, OFFER_TAKEN);
	remove_files(s, "*.mark");
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	assert_string_equal(odd, "there is no mark, the first use decides");
	assert_refused(offer_list(s, 7, 1, NOON), "list.rollback", 3);
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	assert_null(odd);
	scene_close(s);
}

static void test_F5_one_sequence_two_lists(void **state)
{
	struct scene *s = scene_open();
	char pattern[128];
	glob_t found;

	(void)state;
	assert_int_equal(offer_list(s, 3, 1, NOON).step, OFFER_TAKEN);
	assert_refused(offer_list(s, 3, 2, NOON), "list.equivocation", 3);
	assert_int_equal(s->listing.roots.n_good, 1);
	snprintf(pattern, sizeof(pattern), "%s/state/*.evidence", s->pa.folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	globfree(&found);
	scene_close(s);
}

static void test_F6_a_jump_is_taken_when_the_operator_confirms_it(void **state)
{
	const int64_t far = (INT64_C(1) << 40);
	struct scene *s = scene_open();

	(void)state;
	assert_int_equal(offer_list(s, 3, 1, NOON).step, OFFER_TAKEN);
	assert_int_equal(offer_list(s, far, 1, NOON).step, OFFER_REFUSED);
	scene_close(s);
	s = scene_of(PA_STATE PA_LIST_MORE("confirmed_sequence = 1099511627776"));
	assert_int_equal(offer_list(s, 3, 1, NOON).step, OFFER_TAKEN);
	assert_int_equal(offer_list(s, far, 1, NOON).step, OFFER_TAKEN);
	scene_close(s);
}

static void test_F7_a_restart_does_not_lengthen_max_age(void **state)
{
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE("max_age_s = 600"));
	const char *odd;

	(void)state;
	assert_int_equal(offer_list(s, 1, 1, NOON).step, OFFER_TAKEN);
	assert_int_equal(again(s, NOON + 599, &odd).step, OFFER_TAKEN);
	assert_int_equal(s->listing.until, NOON + 600);
	scene_close(s);
}

/* F7: each good look begins max_age anew, but exp is the end. Not each look moves it. */
static void test_F7_a_good_look_renews_max_age(void **state)
{
	static const struct {
		int64_t after, until;
		bool moved;
	} row[] = {
		{60, NOON + 600, false},    {61, NOON + 661, true},     {660, NOON + 1260, true},
		{1500, NOON + 2100, true},  {1000, NOON + 1600, true}, /* the clock was set back */
		{2450, NOON + 3000, true},  {2500, NOON + 3000, false}, {2999, NOON + 3000, false},
		{3000, NOON + 3000, false},
	};
	struct scene *s = scene_of(PA_STATE PA_LIST_MORE("max_age_s = 600"));
	char *text = pa_list(&s->pa, 1, NOON + 3000);

	(void)state;
	assert_false(listing_renew(&s->listing, NOON));
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON).step, OFFER_TAKEN);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(listing_renew(&s->listing, NOON + row[i].after), row[i].moved);
		assert_int_equal(s->listing.until, row[i].until);
	}
	assert_int_equal(s->listing.from, NOON + 1000); /* what ends on its exp gets old */
	assert_false(listing_is_in_force(&s->listing, NOON + 3000));
	free(text);
	scene_close(s);
}

/* What lies on disk is not believed for its place: the anchor may be another one by now. */
static void test_F2_a_kept_list_under_another_anchor(void **state)
{
	struct scene *s = scene_open();
	struct pair other = pa_root("Another PA Root");
	const char *odd;

	(void)state;
	assert_int_equal(offer_list(s, 1, 1, NOON).step, OFFER_TAKEN);
	pa_file(&s->pa, "pa.pem", buf_span(&other.cert));
	stop(s);
	trust_plan_unref(s->plan);
	s->plan = pa_plan(&s->pa, PA_STATE PA_LIST);
	assert_refused(start(s, NOON, &odd), "list.bad_signer", 2);
	assert_false(listing_is_in_force(&s->listing, NOON));
	pair_free(&other);
	scene_close(s);
}

/* F22: the next certificate of the PA under the same anchor. */
static void test_F22_the_signer_rolls_over(void **state)
{
	struct issue_subject subject = {
		.kind = ISSUE_SIGNER, .name = {"US", "Example PA", "Next signer"}, .spc = "0000"};
	struct scene *s = scene_open();
	struct pair next = pair_make(subject, &s->pa.root);
	struct sti_key *key;
	const char *odd;
	char *text;

	(void)state;
	assert_int_equal(sti_key_parse(buf_span(&next.key), &key), STI_OK);
	assert_int_equal(offer_list(s, 1, 1, NOON).step, OFFER_TAKEN);
	text = pa_list_of(&s->pa, 2, 2 * DAY - 60, 1, key);
	assert_refused(offer_text(s, text, &s->pa.signer, NOON), "list.bad_sig", 2);
	assert_int_equal(offer_text(s, text, &next, NOON).step, OFFER_TAKEN);
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	free(text);
	sti_key_free(key);
	pair_free(&next);
	scene_close(s);
}

static void test_F14_a_list_without_a_good_root(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	assert_int_equal(offer_list(s, 1, 1, NOON).step, OFFER_TAKEN);
	assert_refused(offer_list(s, 2, 0, NOON), "list.empty", list_verdict_row(LIST_EMPTY)->severity);
	assert_int_equal(s->listing.sequence, 1);
	scene_close(s);
}

static void test_what_is_no_list(void **state)
{
	static const char *const text[] = {"", "<html><body>Log in</body></html>", "{\"status\":\"success\"}", "a.b.c"};
	struct scene *s = scene_open();

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_refused(offer_text(s, text[i], &s->pa.signer, NOON), "list.unreadable", 2);
	scene_close(s);
}

#define MAPPING                                                                                                        \
	PA_STATE "list \"map\" { kind = \"cps-mapping\" url = \"" PA_URL                                               \
		 "\" anchor = \"pa.pem\" signer = \"signer.pem\" }\n"

static void test_F26_a_mapping_of_which_nothing_can_be_used(void **state)
{
	struct scene *s = scene_of(MAPPING);
	char *good = pa_mapping(&s->pa, 1, 2 * DAY - 60);
	char *useless = pa_mapping_of(&s->pa, 2, 2 * DAY - 60, "http://cps.example.com/cps/company/1234");

	(void)state;
	assert_int_equal(listing_take(&s->listing, sti_span_str(good), NOON).step, OFFER_TAKEN);
	assert_refused(listing_take(&s->listing, sti_span_str(useless), NOON), "list.empty", 2);
	assert_int_equal(s->listing.sequence, 1);
	assert_int_equal(mapping_count(s->listing.mapping), 1);
	free(good);
	free(useless);
	scene_close(s);
}

static void test_a_mapping_with_the_signer_of_the_operator(void **state)
{
	struct scene *s = scene_of(MAPPING);
	char *text = pa_mapping(&s->pa, 1, 2 * DAY - 60);
	const char *odd;

	(void)state;
	assert_int_equal(listing_take(&s->listing, sti_span_str(text), NOON).step, OFFER_TAKEN);
	assert_int_equal(mapping_count(s->listing.mapping), 1);
	assert_int_equal(again(s, NOON, &odd).step, OFFER_TAKEN);
	assert_int_equal(mapping_count(s->listing.mapping), 1);
	free(text);
	scene_close(s);
}

/* Durable before it is used (threats.md F19). */
static void test_F19_a_list_that_cannot_be_kept_is_not_used(void **state)
{
	struct scene *s = scene_open();
	char folder[128];
	struct offer offer;

	(void)state;
	assert_int_equal(offer_list(s, 1, 1, NOON).step, OFFER_TAKEN);
	snprintf(folder, sizeof(folder), "%s/state", s->pa.folder);
	pa_remove(folder);
	offer = offer_list(s, 2, 2, NOON);
	assert_int_equal(offer.step, OFFER_UNSAVED);
	assert_int_equal(s->listing.sequence, 1);
	assert_int_equal(s->listing.roots.n_good, 1);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(offer_list(s, 2, 2, NOON).step, OFFER_TAKEN);
	scene_close(s);
}

struct attempt {
	struct scene *s;
	struct sti_span text;
};

/* A list that we had no memory for is not one that is wrong. */
static bool attempt_list(void *context)
{
	struct attempt *a = context;
	struct listing listing;
	struct offer offer;
	bool taken;

	listing_open(&listing, &a->s->plan->source[0], a->s->kept);
	offer = listing_take(&listing, a->text, NOON);
	if (offer.step == OFFER_WANTS_SIGNER)
		offer = listing_take_signer(&listing, buf_span(&a->s->pa.signer.cert), NOON);
	taken = offer.step == OFFER_TAKEN;
	if (offer.step == OFFER_REFUSED)
		fail_msg("%s: %s", offer.code, offer.what);
	assert_true(taken == listing_is_in_force(&listing, NOON));
	listing_close(&listing);
	return taken;
}

static void test_J5_memory_gives_out_while_a_list_is_taken(void **state)
{
	struct scene *s = scene_open();
	char *text = pa_list_of(&s->pa, 1, 2 * DAY - 60, 2, s->pa.key);
	struct attempt a = {s, sti_span_str(text)};

	(void)state;
	alloc_sweep("listing", attempt_list, &a);
	free(text);
	scene_close(s);
}

/* A successor of a root is listed ahead of its time, and the list stays the same over its first day. */
static void test_F13_a_root_whose_time_comes_while_its_list_is_in_force(void **state)
{
	struct scene *s = scene_open();
	struct roots_entry entry = {.until = INT64_MAX};
	struct sti_credential *credential;
	struct sti_roots *roots;
	char *text;

	(void)state;
	pair_free(&s->pa.carrier[0]);
	pair_free(&s->pa.sti[0]);
	s->pa.sti[0] = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
							.name = {"US", "Example", "Example STI-CA 1"},
							.not_before = NOON + 60,
							.not_after = 2 * DAY},
				 NULL);
	s->pa.carrier[0] = pa_carrier(&s->pa, 1);
	text = pa_list_of(&s->pa, 1, 2 * DAY - 60, 2, s->pa.key);
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON).step, OFFER_TAKEN);
	assert_int_equal(offer_text(s, text, &s->pa.signer, NOON + 60).step, OFFER_SAME);
	assert_int_equal(s->listing.roots.n_good, 2);
	entry.cert = &s->listing.roots.entry[0].cert;
	assert_int_equal(roots_make(&entry, 1, true, &roots), STI_OK);
	assert_int_equal(sti_credential_parse(buf_span(&s->pa.carrier[0].cert), roots, NOON, &credential), STI_OK);
	assert_int_equal(sti_credential_trust(credential, NULL, NOON + 59), STI_TRUST_NOT_YET);
	assert_int_equal(sti_credential_trust(credential, NULL, NOON + 60), STI_TRUST_OK);
	sti_credential_free(credential);
	sti_roots_free(roots);
	free(text);
	scene_close(s);
}

/* Another certificate of the list's signer, with a key of its own. */
static void renew_signer(struct scene *s, int64_t until)
{
	pair_free(&s->pa.signer);
	sti_key_free(s->pa.key);
	s->pa.signer = pair_make((struct issue_subject){.kind = ISSUE_SIGNER,
							.name = {"US", "Example PA", "List signer"},
							.spc = "0000",
							.not_before = DAY,
							.not_after = until},
				 &s->pa.root);
	assert_int_equal(sti_key_parse(buf_span(&s->pa.signer.key), &s->pa.key), STI_OK);
}

/* The signer of what lies on disk is out of its time; its successor signs the same list, not another one. */
static void test_F5_F22_the_same_list_of_the_next_signer_after_a_restart(void **state)
{
	struct scene *s = scene_open();
	const char *odd;

	(void)state;
	renew_signer(s, NOON + 100);
	assert_int_equal(offer_list(s, 3, 1, NOON).step, OFFER_TAKEN);
	renew_signer(s, 2 * DAY);
	assert_refused(again(s, NOON + 200, &odd), "list.bad_signer", 2);
	assert_false(listing_is_in_force(&s->listing, NOON + 200));
	assert_refused(offer_list(s, 3, 2, NOON + 200), "list.equivocation", 3);
	assert_int_equal(offer_list(s, 3, 1, NOON + 200).step, OFFER_TAKEN);
	assert_true(listing_is_in_force(&s->listing, NOON + 200));
	assert_refused(offer_list(s, 2, 1, NOON + 201), "list.rollback", 3);
	assert_int_equal(offer_list(s, 3, 1, NOON + 202).step, OFFER_SAME);
	assert_refused(again(s, NOON + 300, &odd), "list.bad_signer", 2);
	assert_null(odd);
	assert_int_equal(offer_list(s, 3, 1, NOON + 300).step, OFFER_TAKEN);
	assert_int_equal(offer_list(s, 4, 1, NOON + 301).step, OFFER_TAKEN);
	assert_int_equal(again(s, NOON + 302, &odd).step, OFFER_TAKEN);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_list_its_signer_is_fetched_once),
		cmocka_unit_test(test_a_restart_has_the_list_at_once),
		cmocka_unit_test(test_F4_rollback_also_after_a_restart),
		cmocka_unit_test(test_F4_deleted_list_file_its_mark_still_counts),
		cmocka_unit_test(test_F4_deleted_list_file_the_same_list_is_taken_again),
		cmocka_unit_test(test_F4_deleted_mark_first_use_decides),
		cmocka_unit_test(test_F5_one_sequence_two_lists),
		cmocka_unit_test(test_F6_a_jump_is_taken_when_the_operator_confirms_it),
		cmocka_unit_test(test_F7_a_restart_does_not_lengthen_max_age),
		cmocka_unit_test(test_F7_a_good_look_renews_max_age),
		cmocka_unit_test(test_F5_F22_the_same_list_of_the_next_signer_after_a_restart),
		cmocka_unit_test(test_F13_a_root_whose_time_comes_while_its_list_is_in_force),
		cmocka_unit_test(test_F2_a_kept_list_under_another_anchor),
		cmocka_unit_test(test_F22_the_signer_rolls_over),
		cmocka_unit_test(test_F14_a_list_without_a_good_root),
		cmocka_unit_test(test_F26_a_mapping_of_which_nothing_can_be_used),
		cmocka_unit_test(test_what_is_no_list),
		cmocka_unit_test(test_a_mapping_with_the_signer_of_the_operator),
		cmocka_unit_test(test_F19_a_list_that_cannot_be_kept_is_not_used),
		cmocka_unit_test(test_J5_memory_gives_out_while_a_list_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

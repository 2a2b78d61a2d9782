/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "role/place.h"
#include "support/alloc_sweep.h"

static const struct place_policy policy_default = {.freshness = 60, .skew = 5};

struct run {
	struct place *place;
	const struct place_result *r;
	unsigned n_cert;
	struct sti_span asked[LIMIT_PASSPORTS];
};

static struct run post_under(const struct scene *s, struct sti_span body, const struct place_policy *policy)
{
	struct run run = {0};
	struct sti_span url;

	assert_int_equal(place_start(body, policy, NOW, &run.place), STI_OK);
	while (place_next(run.place, &url) == PLACE_WANT_CERT) {
		enum sti_error error;
		const struct sti_credential *credential = scene_answer(s, url, &error);

		for (unsigned i = 0; i < run.n_cert; i++)
			assert_false(sti_span_equal(run.asked[i], url));
		run.asked[run.n_cert++] = url;
		place_give(run.place, url, credential, error);
	}
	assert_int_equal(place_next(run.place, &url), PLACE_WANT_NOTHING);
	run.r = place_result(run.place);
	assert_true(run.r->outcome == PLACE_GOOD || run.r->n_item == 0);
	return run;
}

static struct run post(const struct scene *s, struct sti_span body)
{
	return post_under(s, body, &policy_default);
}

static void end(struct run *run)
{
	place_free(run->place);
}

/* The tokens with `between` between them, of exact size. */
static struct sti_span join(const struct sti_span *token, size_t n, const char *between)
{
	struct buf body = buf_own(1 << 20);

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_put_str(&body, between);
		buf_put(&body, token[i]);
	}
	return exact(&body);
}

static struct run post_call(const struct scene *s, const struct call *c, const struct place_policy *policy)
{
	struct sti_span token = call_token(s, c);
	struct run run = post_under(s, token, policy);

	vectors_free(token);
	return run;
}

/* One PASSporT, the outcome and the case. */
static void expect_under(const struct scene *s, const char *what, const struct call *c,
			 const struct place_policy *policy, enum place_outcome outcome, enum sti_case wanted)
{
	struct run run = post_call(s, c, policy);

	if (run.r->outcome != outcome || run.r->c != wanted)
		fail_msg("%s: outcome %d, case %d", what, run.r->outcome, run.r->c);
	end(&run);
}

static void expect(void **state, const char *what, const struct call *c, enum sti_case wanted)
{
	expect_under(*state, what, c, &policy_default, wanted ? PLACE_REFUSED : PLACE_GOOD, wanted);
}

static struct call call_div(const char *to, const char *was)
{
	struct call c = call_good();

	c.ppt = "\"div\"";
	c.attest = NULL;
	c.origid = NULL;
	c.dest = to;
	c.payload_more = was;
	return c;
}

/* ---- what is in a body ---- */

static void test_C8_how_many(void **state)
{
	struct sti_span token[LIMIT_PASSPORTS + 1];
	struct call c = call_good();

	for (size_t i = 0; i <= LIMIT_PASSPORTS; i++)
		token[i] = call_token(*state, &c);
	for (size_t n = 0; n <= LIMIT_PASSPORTS + 1; n++) {
		struct sti_span body = join(token, n, "\n");
		struct run run = post(*state, body);

		if (n == 0 || n > LIMIT_PASSPORTS) {
			assert_int_equal(run.r->outcome, PLACE_MALFORMED);
		} else {
			assert_int_equal(run.r->outcome, PLACE_GOOD);
			assert_int_equal(run.r->n_passport, n);
			assert_int_equal(run.r->n_item, n);
			assert_int_equal(run.n_cert, 1);
		}
		end(&run);
		vectors_free(body);
	}
	for (size_t i = 0; i <= LIMIT_PASSPORTS; i++)
		vectors_free(token[i]);
}

static void test_C8_what_stands_between(void **state)
{
	static const struct {
		const char *before, *between, *after;
		size_t n;
	} row[] = {
		{"", "\n", "", 2},
		{"", "\r\n", "", 2},
		{"", "\n", "\n", 2},
		{"", "\r\n", "\r\n", 2},
		{"\n", "\n", "", 2},
		{"\r\n", "\n", "", 2},
		{"", "\n\n\n", "\n\n", 2},
		{"", "\r\n\n", "\n\r\n", 2},
		{"", "\r", "", 0},
		{"", " ", "", 0},
		{"", ",", "", 0},
		{" ", "\n", "", 0},
		{"", "\n", " ", 0},
		{"", "\n", "\r\r\n", 0},
		{"", "\n \n", "", 0},
		{"", "\n", "\nx", 0},
		{"\xef\xbb\xbf", "\n", "", 0},
	};
	struct call c = call_good();
	struct sti_span token[2] = {call_token(*state, &c), call_token(*state, &c)};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf text = buf_own(1 << 16);
		struct sti_span body;
		struct run run;

		buf_put_str(&text, row[i].before);
		buf_put(&text, token[0]);
		buf_put_str(&text, row[i].between);
		buf_put(&text, token[1]);
		buf_put_str(&text, row[i].after);
		body = exact(&text);
		run = post(*state, body);
		if (run.r->n_item != row[i].n || (run.r->outcome == PLACE_GOOD) != (row[i].n > 0))
			fail_msg("row %zu: outcome %d, %zu stored", i, run.r->outcome, run.r->n_item);
		end(&run);
		vectors_free(body);
	}
	vectors_free(token[0]);
	vectors_free(token[1]);
}

static void test_C8_nothing_but_line_ends(void **state)
{
	static const char *const body[] = {"", "\n", "\r\n", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"};

	for (size_t i = 0; i < sizeof(body) / sizeof(body[0]); i++) {
		struct run run = post(*state, sti_span_str(body[i]));

		assert_int_equal(run.r->outcome, PLACE_MALFORMED);
		assert_int_equal(run.r->n_passport, 0);
		end(&run);
	}
}

static void spoil_key(struct call *c)
{
	c->second_key = true;
}

static void spoil_trust(struct call *c)
{
	c->x5u = "\"" URL_STRANGER "\"";
}

static void spoil_fetch(struct call *c)
{
	c->x5u = "\"" URL_MISSING "\"";
}

static void spoil_iat(struct call *c)
{
	c->iat = "129534";
}

static void spoil_attest(struct call *c)
{
	c->attest = "\"D\"";
}

static void spoil_orig(struct call *c)
{
	c->orig = "{\"tn\":[]}";
}

static void test_C8_one_bad_refuses_all(void **state)
{
	static const struct {
		void (*spoil)(struct call *c);
		enum sti_case c;
	} row[] = {{spoil_key, STI_CASE_E18}, {spoil_trust, STI_CASE_E17},  {spoil_fetch, STI_CASE_E8},
		   {spoil_iat, STI_CASE_E15}, {spoil_attest, STI_CASE_E19}, {spoil_orig, STI_CASE_E14}};
	enum { N = 4 };

	for (size_t i = 0; i < N * sizeof(row) / sizeof(row[0]); i++) {
		struct sti_span token[N], body;
		struct run run;

		for (size_t k = 0; k < N; k++) {
			struct call c = call_good();

			if (k == i % N)
				row[i / N].spoil(&c);
			token[k] = call_token(*state, &c);
		}
		body = join(token, N, "\n");
		run = post(*state, body);
		assert_int_equal(run.r->outcome, PLACE_REFUSED);
		assert_int_equal(run.r->c, row[i / N].c);
		assert_int_equal(run.r->n_item, 0);
		end(&run);
		vectors_free(body);
		for (size_t k = 0; k < N; k++)
			vectors_free(token[k]);
	}
}

static void test_a_malformed_one_costs_no_fetch_for_the_others(void **state)
{
	struct call good = call_good(), bad = call_good();
	struct sti_span token[2], body;
	struct run run;

	spoil_iat(&bad);
	token[0] = call_token(*state, &good);
	token[1] = call_token(*state, &bad);
	body = join(token, 2, "\n");
	run = post(*state, body);
	assert_int_equal(run.r->outcome, PLACE_REFUSED);
	assert_int_equal(run.n_cert, 0);
	end(&run);
	vectors_free(body);
	vectors_free(token[0]);
	vectors_free(token[1]);
}

#define TO(n)  "{\"tn\":[\"1202555010" #n "\"]}"
#define WAS(n) ",\"div\":{\"tn\":\"1202555010" #n "\"}"

static void expect_together(const struct scene *s, const char *what, const struct call *call, size_t n,
			    enum place_outcome wanted)
{
	struct sti_span token[4], body;
	struct run run;

	for (size_t i = 0; i < n; i++)
		token[i] = call_token(s, &call[i]);
	body = join(token, n, "\n");
	run = post(s, body);
	if (run.r->outcome != wanted)
		fail_msg("%s: outcome %d", what, run.r->outcome);
	assert_int_equal(run.r->n_item, wanted == PLACE_GOOD ? n : 0);
	end(&run);
	vectors_free(body);
	for (size_t i = 0; i < n; i++)
		vectors_free(token[i]);
}

static void test_C8_PASSporTs_of_several_calls(void **state)
{
	struct call a = call_good(), other_orig = call_good(), other_dest = call_good(), spelt = call_good();
	struct call div = call_div(TO(2), WAS(1)), div2 = call_div(TO(3), WAS(2)), other_div = call_div(TO(2), WAS(1));

	other_orig.orig = "{\"tn\":\"12025550109\"}";
	other_div.orig = other_orig.orig;
	other_dest.dest = TO(9);
	spelt.orig = "{\"tn\":\"+1 202-555-0100\"}";
	expect_together(*state, "two callers", (struct call[]){a, other_orig}, 2, PLACE_MALFORMED);
	expect_together(*state, "two called", (struct call[]){a, other_dest}, 2, PLACE_MALFORMED);
	expect_together(*state, "two spellings", (struct call[]){a, spelt}, 2, PLACE_GOOD);
	expect_together(*state, "shaken, div", (struct call[]){a, div}, 2, PLACE_GOOD);
	expect_together(*state, "div, shaken", (struct call[]){div, a}, 2, PLACE_GOOD);
	expect_together(*state, "two divs", (struct call[]){a, div, div2}, 3, PLACE_GOOD);
	expect_together(*state, "div of another caller", (struct call[]){a, other_div}, 2, PLACE_MALFORMED);
	expect_together(*state, "two called behind a div", (struct call[]){div, a, other_dest}, 3, PLACE_MALFORMED);
	expect_together(*state, "two called around a div", (struct call[]){a, div, other_dest}, 3, PLACE_MALFORMED);
}

/* ---- what is judged ---- */

static void test_E3_E16_and_header_parameters_are_not_judged(void **state)
{
	struct call c = call_good();
	struct run run = post_call(*state, &c, &policy_default);

	assert_int_equal(run.r->outcome, PLACE_GOOD);
	assert_int_equal(run.r->n_item, 1);
	assert_true(sti_span_is(sti_tn_span(&run.r->item[0].orig), ORIG));
	assert_int_equal(run.r->item[0].n_dest, 1);
	assert_true(sti_span_is(sti_tn_span(&run.r->item[0].dest[0]), DEST));
	end(&run);
}

static void test_numbers_are_kept_canonical(void **state)
{
	struct call c = call_good();
	struct run run;

	c.orig = "{\"tn\":\"+1-202-555-0100\"}";
	c.dest = "{\"tn\":[\"+12025550101\",\"1 (202) 555 0102\"],\"uri\":[\"sip:a@example.com\"]}";
	run = post_call(*state, &c, &policy_default);
	assert_int_equal(run.r->n_item, 1);
	assert_true(sti_span_is(sti_tn_span(&run.r->item[0].orig), ORIG));
	assert_int_equal(run.r->item[0].n_dest, 2);
	assert_true(sti_span_is(sti_tn_span(&run.r->item[0].dest[1]), "12025550102"));
	end(&run);
}

/* A store by numbers has no place for a call without one. */
static void test_a_call_between_URIs_is_refused(void **state)
{
	struct call c = call_good();

	c.orig = "{\"uri\":\"sip:a@example.com\"}";
	expect(state, "orig", &c, STI_CASE_E14);
	c = call_good();
	c.dest = "{\"uri\":[\"sip:b@example.com\"]}";
	expect(state, "dest", &c, STI_CASE_E14);
}

static void test_each_case_of_a_PASSporT(void **state)
{
	struct call bad[16];
	static const enum sti_case wanted[16] = {STI_CASE_NONE, STI_CASE_E9,  STI_CASE_E9,  STI_CASE_E9,
						 STI_CASE_E7,   STI_CASE_E11, STI_CASE_E12, STI_CASE_E14,
						 STI_CASE_E14,  STI_CASE_E15, STI_CASE_E15, STI_CASE_E17,
						 STI_CASE_E17,  STI_CASE_E18, STI_CASE_E19, STI_CASE_E8};

	for (size_t i = 0; i < 16; i++)
		bad[i] = call_good();
	bad[1].typ = NULL;
	bad[2].alg = NULL;
	bad[3].x5u = NULL;
	bad[4].x5u = "\"http://cr.example.com/good.pem\"";
	bad[5].typ = "\"JWT\"";
	bad[6].alg = "\"none\"";
	bad[7].iat = "\"129600\"";
	bad[8].origid = NULL;
	bad[9].iat = "129534";
	bad[10].iat = "129606";
	bad[11].x5u = "\"" URL_STRANGER "\"";
	bad[12].x5u = "\"" URL_EXPIRED "\"";
	bad[13].second_key = true;
	bad[14].attest = "\"a\"";
	bad[15].x5u = "\"" URL_MISSING "\"";
	for (size_t i = 0; i < 16; i++)
		expect(state, "case", &bad[i], wanted[i]);
}

static void test_A13_A15_what_is_no_passport(void **state)
{
	static const char *const text[] = {"a",   "..", "a.b.c", "a.b.c.d.e", "{\"payload\":\"e30\",\"signatures\":[]}",
					   "\xff"};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct run run = post(*state, sti_span_str(text[i]));

		assert_int_equal(run.r->outcome, PLACE_REFUSED);
		assert_int_equal(run.r->c, STI_CASE_E4);
		assert_int_equal(run.n_cert, 0);
		end(&run);
	}
}

static void test_A7_signature_of_63_octets(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c);
	struct run run = post(*state, sti_span_first(token, token.n - 2));

	assert_int_equal(run.r->outcome, PLACE_REFUSED);
	assert_int_equal(run.r->c, STI_CASE_E4);
	end(&run);
	vectors_free(token);
}

/* ---- types ---- */

static const char *const type[] = {NULL, "\"shaken\"", "\"div\"", "\"rph\"", "\"rcd\"", "\"never-heard-of\""};
enum { TYPES = sizeof(type) / sizeof(type[0]) };

static struct call call_of_type(const char *ppt)
{
	struct call c = call_good();

	c.ppt = ppt;
	if (!ppt || strcmp(ppt, "\"shaken\"") != 0) {
		c.attest = NULL;
		c.origid = NULL;
	}
	return c;
}

static void test_every_type_is_judged_and_stored(void **state)
{
	for (size_t i = 0; i < TYPES; i++) {
		struct call c = call_of_type(type[i]);

		expect(state, type[i], &c, STI_CASE_NONE);
		c.second_key = true;
		expect(state, type[i], &c, STI_CASE_E18);
		c = call_of_type(type[i]);
		c.iat = "129534";
		expect(state, type[i], &c, STI_CASE_E15);
		c = call_of_type(type[i]);
		c.x5u = "\"" URL_STRANGER "\"";
		expect(state, type[i], &c, STI_CASE_E17);
	}
}

static void test_a_list_of_types_narrows_them(void **state)
{
	const struct sti_span list[] = {sti_span_str("shaken"), sti_span_str("div")};
	const struct sti_span base[] = {sti_span_str("")};
	const struct place_policy two = {.freshness = 60, .skew = 5, .type = list, .n_type = 2};
	const struct place_policy none = {.freshness = 60, .skew = 5, .type = base, .n_type = 1};

	for (size_t i = 0; i < TYPES; i++) {
		struct call c = call_of_type(type[i]);
		bool listed = i == 1 || i == 2;

		expect_under(*state, "two", &c, &two, listed ? PLACE_GOOD : PLACE_TYPE,
			     listed ? STI_CASE_NONE : STI_CASE_E13);
		expect_under(*state, "none", &c, &none, i == 0 ? PLACE_GOOD : PLACE_TYPE,
			     i == 0 ? STI_CASE_NONE : STI_CASE_E13);
	}
}

static void test_attest_is_demanded_of_shaken_alone(void **state)
{
	struct call c = call_of_type("\"rph\"");

	c.attest = "\"Z\"";
	expect(state, "rph", &c, STI_CASE_NONE);
	c = call_good();
	c.attest = NULL;
	expect(state, "shaken", &c, STI_CASE_E14);
}

/* ---- time ---- */

static void test_I1_stale_within_the_skew_is_accepted_and_not_stored(void **state)
{
	static const struct {
		const char *iat;
		enum sti_case c;
		size_t n;
		int64_t expires;
	} row[] = {
		{"129600", STI_CASE_NONE, 1, NOW + 61}, {"129541", STI_CASE_NONE, 1, NOW + 2},
		{"129540", STI_CASE_NONE, 1, NOW + 1},  {"129539", STI_CASE_NONE, 0, 0},
		{"129535", STI_CASE_NONE, 0, 0},        {"129534", STI_CASE_E15, 0, 0},
		{"129605", STI_CASE_NONE, 1, NOW + 66}, {"129606", STI_CASE_E15, 0, 0},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct call c = call_good();
		struct run run;

		c.iat = row[i].iat;
		run = post_call(*state, &c, &policy_default);
		assert_int_equal(run.r->c, row[i].c);
		assert_int_equal(run.r->outcome, row[i].c ? PLACE_REFUSED : PLACE_GOOD);
		assert_int_equal(run.r->n_item, row[i].n);
		if (row[i].n) {
			assert_int_equal(run.r->item[0].expires, row[i].expires);
			assert_true(run.r->item[0].replay_until >= row[i].expires);
		}
		end(&run);
	}
}

static void test_one_stale_within_the_skew_beside_a_fresh_one(void **state)
{
	struct call stale = call_good(), fresh = call_good();
	struct sti_span token[2], body;
	struct run run;

	stale.iat = "129537";
	token[0] = call_token(*state, &stale);
	token[1] = call_token(*state, &fresh);
	body = join(token, 2, "\n");
	run = post(*state, body);
	assert_int_equal(run.r->outcome, PLACE_GOOD);
	assert_int_equal(run.r->n_passport, 2);
	assert_int_equal(run.r->n_item, 1);
	assert_true(sti_span_equal(run.r->item[0].passport->token, token[1]));
	end(&run);
	vectors_free(body);
	vectors_free(token[0]);
	vectors_free(token[1]);
}

/* ---- replay ---- */

static void replay_of(const struct scene *s, struct sti_span token, uint8_t replay[DIGEST_SHA256])
{
	struct run run = post(s, token);

	assert_int_equal(run.r->outcome, PLACE_GOOD);
	assert_int_equal(run.r->n_item, 1);
	memcpy(replay, run.r->item[0].replay, DIGEST_SHA256);
	end(&run);
}

static void test_A9_the_twin_signature_is_the_same_PASSporT(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c), twin = token_twin(token);
	uint8_t a[DIGEST_SHA256], b[DIGEST_SHA256];

	assert_false(sti_span_equal(token, twin));
	replay_of(*state, token, a);
	replay_of(*state, twin, b);
	assert_memory_equal(a, b, DIGEST_SHA256);
	vectors_free(twin);
	vectors_free(token);
}

static void test_A10_the_same_claims_signed_twice(void **state)
{
	struct call c = call_good();
	struct sti_span token[2] = {call_token(*state, &c), call_token(*state, &c)};
	uint8_t a[DIGEST_SHA256], b[DIGEST_SHA256];

	assert_false(sti_span_equal(token[0], token[1]));
	replay_of(*state, token[0], a);
	replay_of(*state, token[1], b);
	assert_memory_equal(a, b, DIGEST_SHA256);
	vectors_free(token[0]);
	vectors_free(token[1]);
}

/* The hash is of what was signed and of who signed: another call or another signer is another one. */
static void test_A10_other_claims_or_another_signer(void **state)
{
	struct scene *s = *state;
	struct sti_credential *kept = s->trusted;
	uint8_t replay[3][DIGEST_SHA256];
	struct call c = call_good();
	struct sti_span token[3];

	token[0] = call_token(s, &c);
	c.second_key = true;
	token[1] = call_token(s, &c);
	c = call_good();
	c.origid = "\"8d2d6a4e-62d2-4f6c-9a0f-7f2b9f5d1c12\"";
	token[2] = call_token(s, &c);
	replay_of(s, token[0], replay[0]);
	s->trusted = s->trusted_second;
	replay_of(s, token[1], replay[1]);
	s->trusted = kept;
	replay_of(s, token[2], replay[2]);
	assert_memory_not_equal(replay[0], replay[1], DIGEST_SHA256);
	assert_memory_not_equal(replay[0], replay[2], DIGEST_SHA256);
	for (size_t i = 0; i < 3; i++)
		vectors_free(token[i]);
}

/* ---- the machine ---- */

static void test_an_answer_that_nobody_asked_for(void **state)
{
	struct scene *s = *state;
	struct place *place;
	struct sti_span url;

	assert_int_equal(place_start(sti_span_str("garbage"), &policy_default, NOW, &place), STI_OK);
	place_give(place, sti_span_str(URL_GOOD), s->trusted, STI_OK);
	assert_int_equal(place_next(place, &url), PLACE_WANT_NOTHING);
	assert_int_equal(place_result(place)->outcome, PLACE_REFUSED);
	place_give(place, sti_span_str(URL_GOOD), s->trusted, STI_OK);
	assert_int_equal(place_result(place)->outcome, PLACE_REFUSED);
	place_free(place);
}

static void test_two_signers_are_two_questions(void **state)
{
	struct call a = call_good(), b = call_good();
	struct sti_span token[3], body;
	struct run run;

	b.x5u = "\"" URL_SECOND "\"";
	b.second_key = true;
	token[0] = call_token(*state, &a);
	token[1] = call_token(*state, &b);
	token[2] = call_token(*state, &a);
	body = join(token, 3, "\r\n");
	run = post(*state, body);
	assert_int_equal(run.r->outcome, PLACE_GOOD);
	assert_int_equal(run.n_cert, 2);
	end(&run);
	vectors_free(body);
	for (size_t i = 0; i < 3; i++)
		vectors_free(token[i]);
}

static void test_freed_before_it_is_answered(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c), url;
	struct place *place;

	assert_int_equal(place_start(token, &policy_default, NOW, &place), STI_OK);
	assert_int_equal(place_next(place, &url), PLACE_WANT_CERT);
	assert_int_equal(place_next(place, &url), PLACE_WANT_ANSWERS); /* told once */
	assert_true(sti_span_is(url, URL_GOOD));
	place_free(place);
	place_free(NULL);
	vectors_free(token);
}

/* ---- memory ---- */

struct sweep {
	const struct scene *s;
	struct sti_span body;
	bool forged;
};

/* What gave out is E8, which is a 503; nothing is stored that was not verified. */
static bool attempt(void *context)
{
	const struct sweep *sweep = context;
	enum sti_error error;
	struct place *place = NULL;
	struct sti_span url;
	bool right;

	error = place_start(sweep->body, &policy_default, NOW, &place);
	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		assert_null(place);
		return false;
	}
	while (place_next(place, &url) == PLACE_WANT_CERT) {
		const struct sti_credential *credential = scene_answer(sweep->s, url, &error);

		place_give(place, url, credential, error);
	}
	right = place_result(place)->c == (sweep->forged ? STI_CASE_E18 : STI_CASE_NONE);
	assert_true(right || place_result(place)->c == STI_CASE_E8);
	assert_true(place_result(place)->n_item == (right && !sweep->forged ? 2 : 0));
	place_free(place);
	return right;
}

static void test_J5_memory_gives_out_while_placing(void **state)
{
	for (int forged = 0; forged < 2; forged++) {
		struct call c = call_good();
		struct sti_span token[2];
		struct sweep sweep = {.s = *state, .forged = forged};

		token[0] = call_token(*state, &c);
		c.second_key = forged;
		token[1] = call_token(*state, &c);
		sweep.body = join(token, 2, "\n");
		alloc_sweep(forged ? "place, forged" : "place", attempt, &sweep);
		vectors_free(sweep.body);
		vectors_free(token[0]);
		vectors_free(token[1]);
	}
}

static int make(void **state)
{
	*state = scene_make();
	return 0;
}

static int unmake(void **state)
{
	scene_free(*state);
	return 0;
}

/* One PASSporT, all of it good, with this credential and these CRLs. */
static enum sti_case case_of(const struct scene *s, const struct sti_credential *credential,
			     const struct sti_crls *crls)
{
	struct call c = call_good();
	struct sti_span token = call_token(s, &c), url;
	struct place *place;
	enum sti_case result;

	assert_int_equal(place_start(token, &policy_default, NOW, &place), STI_OK);
	place_use_crls(place, crls);
	assert_int_equal(place_next(place, &url), PLACE_WANT_CERT);
	place_give(place, url, credential, STI_OK);
	assert_int_equal(place_next(place, &url), PLACE_WANT_NOTHING);
	result = place_result(place)->c;
	assert_int_equal(place_result(place)->outcome, result ? PLACE_REFUSED : PLACE_GOOD);
	place_free(place);
	vectors_free(token);
	return result;
}

static void test_F8_E18_E2_credentials_that_are_not_believed(void **state)
{
	const struct scene *s = *state;
	struct sti_credential *past = scene_listed_until(s, NOW - 1), *keyless = scene_keyless(s);
	struct sti_crls *crls = scene_no_crl();

	assert_int_equal(case_of(s, s->trusted, NULL), STI_CASE_NONE);
	assert_int_equal(case_of(s, s->trusted, crls), STI_CASE_E17);
	assert_int_equal(case_of(s, past, NULL), STI_CASE_E8); /* 503: come again */
	assert_int_equal(case_of(s, keyless, NULL), STI_CASE_E17);
	sti_crls_free(crls);
	sti_credential_free(past);
	sti_credential_free(keyless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_C8_how_many),
		cmocka_unit_test(test_C8_what_stands_between),
		cmocka_unit_test(test_C8_nothing_but_line_ends),
		cmocka_unit_test(test_C8_one_bad_refuses_all),
		cmocka_unit_test(test_a_malformed_one_costs_no_fetch_for_the_others),
		cmocka_unit_test(test_C8_PASSporTs_of_several_calls),
		cmocka_unit_test(test_E3_E16_and_header_parameters_are_not_judged),
		cmocka_unit_test(test_numbers_are_kept_canonical),
		cmocka_unit_test(test_a_call_between_URIs_is_refused),
		cmocka_unit_test(test_each_case_of_a_PASSporT),
		cmocka_unit_test(test_A13_A15_what_is_no_passport),
		cmocka_unit_test(test_A7_signature_of_63_octets),
		cmocka_unit_test(test_every_type_is_judged_and_stored),
		cmocka_unit_test(test_a_list_of_types_narrows_them),
		cmocka_unit_test(test_attest_is_demanded_of_shaken_alone),
		cmocka_unit_test(test_I1_stale_within_the_skew_is_accepted_and_not_stored),
		cmocka_unit_test(test_one_stale_within_the_skew_beside_a_fresh_one),
		cmocka_unit_test(test_A9_the_twin_signature_is_the_same_PASSporT),
		cmocka_unit_test(test_A10_the_same_claims_signed_twice),
		cmocka_unit_test(test_A10_other_claims_or_another_signer),
		cmocka_unit_test(test_an_answer_that_nobody_asked_for),
		cmocka_unit_test(test_two_signers_are_two_questions),
		cmocka_unit_test(test_freed_before_it_is_answered),
		cmocka_unit_test(test_J5_memory_gives_out_while_placing),
		cmocka_unit_test(test_F8_E18_E2_credentials_that_are_not_believed),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}

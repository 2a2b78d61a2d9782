/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdio.h>

#include "support/alloc_sweep.h"

static const struct sti_verify_policy policy_default = {.freshness = 60, .skew = 5};

/* ---- one verification, asked and answered ---- */

struct run {
	struct sti_verify *v;
	const struct sti_verify_result *r;
	unsigned n_cert, n_oob;
	struct sti_span asked[64]; /* URLs, in the order wanted */
	bool passed_then; /* what the machine told with WANT_OOB */
};

struct question {
	struct sti_verify_policy policy;
	int64_t now, time;
	struct sti_tn orig, dest[2];
	size_t n_dest;
	const struct sti_span *inband;
	size_t n_inband;
	const struct sti_span *oob;
	size_t n_oob;
	bool ask_oob;
	const struct sti_crls *crls;
};

static struct question question_for(const struct sti_span *inband, size_t n)
{
	return (struct question){
		.policy = policy_default,
		.now = NOW,
		.time = NOW,
		.orig = tn(ORIG),
		.dest = {tn(DEST)},
		.n_dest = 1,
		.inband = inband,
		.n_inband = n,
	};
}

static void give_cert(const struct scene *s, struct run *run, struct sti_span url)
{
	enum sti_error error;
	const struct sti_credential *credential = scene_answer(s, url, &error);

	assert_true(run->n_cert < 64);
	for (unsigned i = 0; i < run->n_cert; i++)
		assert_false(sti_span_equal(run->asked[i], url));
	run->asked[run->n_cert++] = url;
	sti_verify_give_cert(run->v, url, credential, error);
}

static struct run ask(const struct scene *s, const struct question *q)
{
	struct sti_verify_request request = {
		.policy = &q->policy,
		.now = q->now,
		.time = q->time,
		.orig = q->orig,
		.dest = q->dest,
		.n_dest = q->n_dest,
		.identity = q->inband,
		.n_identity = q->n_inband,
		.ask_oob = q->ask_oob,
		.crls = q->crls,
	};
	struct sti_want_detail detail;
	struct run run = {0};
	enum sti_want want;

	assert_int_equal(sti_verify_start(&request, &run.v), STI_OK);
	while ((want = sti_verify_next(run.v, &detail)) != STI_WANT_NOTHING) {
		if (want == STI_WANT_CERT) {
			give_cert(s, &run, detail.url);
			continue;
		}
		assert_int_equal(want, STI_WANT_OOB);
		assert_int_equal(run.n_oob++, 0);
		run.passed_then = detail.passed;
		assert_int_equal(sti_verify_give_oob(run.v, q->oob, q->n_oob), STI_OK);
	}
	assert_int_equal(sti_verify_next(run.v, &detail), STI_WANT_NOTHING);
	run.r = sti_verify_result(run.v);
	return run;
}

static void end(struct run *run)
{
	sti_verify_free(run->v);
}

/* One PASSporT in band, under `q` but for what it carries. */
static enum sti_case case_with(const struct scene *s, const struct call *c, const struct question *q)
{
	struct sti_span identity = call_identity(s, c);
	struct question question = *q;
	enum sti_case found;
	struct run run;

	question.inband = &identity;
	question.n_inband = 1;
	run = ask(s, &question);
	found = run.r->c;
	assert_int_equal(run.r->verstat, sti_case_row(found)->verstat);
	end(&run);
	vectors_free(identity);
	return found;
}

static enum sti_case case_of(const struct scene *s, const struct call *c)
{
	struct question q = question_for(NULL, 0);

	return case_with(s, c, &q);
}

static void expect(const char *what, enum sti_case got, enum sti_case wanted)
{
	if (got != wanted)
		fail_msg("%s: %s, expected %s", what, sti_case_row(got)->name, sti_case_row(wanted)->name);
}

/* ---- the cases, alone and two at a time ---- */

static void spoil_E3(struct call *c, struct question *q)
{
	(void)c;
	q->time = NOW - 66;
}

static void spoil_E4(struct call *c, struct question *q)
{
	(void)q;
	c->compact = true;
}

static void spoil_E5(struct call *c, struct question *q)
{
	(void)q;
	c->p_alg = "ES384";
}

static void spoil_E6(struct call *c, struct question *q)
{
	(void)q;
	c->info = NULL;
}

static void spoil_E7(struct call *c, struct question *q)
{
	(void)q;
	c->info = "ftp://cr.example.com/good.pem";
}

static void spoil_E8(struct call *c, struct question *q)
{
	(void)q;
	c->info = URL_MISSING;
	c->x5u = "\"" URL_MISSING "\"";
}

static void spoil_E9(struct call *c, struct question *q)
{
	(void)q;
	c->x5u = NULL;
}

static void spoil_E10(struct call *c, struct question *q)
{
	(void)q;
	c->info = URL_SECOND;
}

static void spoil_E11(struct call *c, struct question *q)
{
	(void)q;
	c->typ = "\"JWT\"";
}

static void spoil_E12(struct call *c, struct question *q)
{
	(void)q;
	c->alg = "\"HS256\"";
	c->p_alg = NULL;
}

static void spoil_E13(struct call *c, struct question *q)
{
	(void)q;
	c->ppt = "\"div\"";
}

static void spoil_E14(struct call *c, struct question *q)
{
	(void)q;
	c->orig = NULL;
}

static void spoil_E15(struct call *c, struct question *q)
{
	(void)q;
	c->iat = "129534";
}

static void spoil_E16(struct call *c, struct question *q)
{
	(void)c;
	q->dest[0] = tn("12025550102");
}

static void spoil_E17(struct call *c, struct question *q)
{
	(void)q;
	c->info = URL_STRANGER;
	c->x5u = "\"" URL_STRANGER "\"";
}

static void spoil_E18(struct call *c, struct question *q)
{
	(void)q;
	c->second_key = true;
}

static void spoil_E19(struct call *c, struct question *q)
{
	(void)q;
	c->attest = "\"D\"";
}

/* In the order of evaluation: standards.md 5.3, but E8, the fetch, only when nothing else is wrong
 * that needs no certificate. */
static const struct fault {
	enum sti_case c;
	void (*spoil)(struct call *c, struct question *q);
	int code;
	const char *phrase;
	enum sti_verstat verstat;
} fault[] = {
	{STI_CASE_E3, spoil_E3, 403, "Stale Date", STI_VERSTAT_NONE},
	{STI_CASE_E4, spoil_E4, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
	{STI_CASE_E5, spoil_E5, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
	{STI_CASE_E6, spoil_E6, 436, "Bad Identity Info", STI_VERSTAT_NONE},
	{STI_CASE_E7, spoil_E7, 436, "Bad Identity Info", STI_VERSTAT_NONE},
	{STI_CASE_E9, spoil_E9, 436, "Bad Identity Info", STI_VERSTAT_NONE},
	{STI_CASE_E10, spoil_E10, 436, "Bad Identity Info", STI_VERSTAT_NONE},
	{STI_CASE_E11, spoil_E11, 437, "Unsupported Credential", STI_VERSTAT_NONE},
	{STI_CASE_E12, spoil_E12, 437, "Unsupported Credential", STI_VERSTAT_NONE},
	{STI_CASE_E13, spoil_E13, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
	{STI_CASE_E14, spoil_E14, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
	{STI_CASE_E15, spoil_E15, 403, "Stale Date", STI_VERSTAT_NONE},
	{STI_CASE_E16, spoil_E16, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
	{STI_CASE_E8, spoil_E8, 436, "Bad Identity Info", STI_VERSTAT_NONE},
	{STI_CASE_E17, spoil_E17, 437, "Unsupported Credential", STI_VERSTAT_FAILED},
	{STI_CASE_E18, spoil_E18, 438, "Invalid Identity Header", STI_VERSTAT_FAILED},
	{STI_CASE_E19, spoil_E19, 438, "Invalid Identity Header", STI_VERSTAT_NONE},
};

enum { FAULTS = sizeof(fault) / sizeof(fault[0]) };

static void test_every_case_alone(void **state)
{
	for (size_t i = 0; i < FAULTS; i++) {
		struct question q = question_for(NULL, 0);
		struct call c = call_good();
		const struct sti_case_row *row;
		enum sti_case got;

		fault[i].spoil(&c, &q);
		got = case_with(*state, &c, &q);
		row = sti_case_row(got);
		expect(sti_case_row(fault[i].c)->name, got, fault[i].c);
		assert_int_equal(row->verstat, fault[i].verstat);
		assert_int_equal(row->code, fault[i].code);
		assert_string_equal(row->phrase, fault[i].phrase);
	}
}

static void test_of_two_faults_the_earlier_one_is_told(void **state)
{
	for (size_t first = 0; first < FAULTS; first++) {
		for (size_t later = first + 1; later < FAULTS; later++) {
			struct question q = question_for(NULL, 0);
			struct call c = call_good();
			char what[32];

			snprintf(what, sizeof(what), "%s and %s", sti_case_row(fault[first].c)->name,
				 sti_case_row(fault[later].c)->name);
			fault[later].spoil(&c, &q);
			fault[first].spoil(&c, &q);
			expect(what, case_with(*state, &c, &q), fault[first].c);
		}
	}
}

static void test_a_good_call_passes_every_check(void **state)
{
	struct call c = call_good();
	struct sti_span identity = call_identity(*state, &c);
	struct question q = question_for(&identity, 1);
	struct run run = ask(*state, &q);

	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	assert_int_equal(run.r->c, STI_CASE_NONE);
	assert_int_equal(run.r->decided, STI_SOURCE_INBAND);
	assert_ptr_equal(run.r->credential, ((const struct scene *)*state)->trusted);
	assert_true(sti_span_is(run.r->passport->orig_tn, ORIG));
	assert_int_equal(run.r->check[0].c, STI_CASE_E4);
	assert_int_equal(run.r->check[run.r->n_check - 1].c, STI_CASE_E19);
	for (size_t i = 0; i < run.r->n_check; i++)
		assert_true(run.r->check[i].ok);
	assert_int_equal(run.n_cert, 1);
	assert_int_equal(run.n_oob, 0);
	assert_false(run.r->differ);
	end(&run);
	vectors_free(identity);
}

static void test_the_last_check_is_the_one_that_failed(void **state)
{
	struct call c = call_good();
	struct question q = question_for(NULL, 0);
	struct sti_span identity;
	struct run run;

	spoil_E17(&c, &q);
	identity = call_identity(*state, &c);
	q = question_for(&identity, 1);
	run = ask(*state, &q);
	for (size_t i = 0; i < run.r->n_check; i++)
		assert_int_equal(run.r->check[i].ok, i + 1 < run.r->n_check);
	assert_int_equal(run.r->check[run.r->n_check - 1].c, STI_CASE_E17);
	end(&run);
	vectors_free(identity);
}

static void test_a_call_without_identity(void **state)
{
	struct question q = question_for(NULL, 0);
	struct run run = ask(*state, &q);

	assert_int_equal(run.r->verstat, STI_VERSTAT_NONE);
	assert_int_equal(run.r->c, STI_CASE_NONE);
	assert_int_equal(run.r->decided, STI_SOURCE_NONE);
	assert_null(run.r->passport);
	end(&run);
}

static void test_more_identities_than_anybody_sends(void **state)
{
	struct sti_span identity[LIMIT_IDENTITIES + 1];
	struct sti_verify_request request = {.policy = &policy_default,
					     .now = NOW,
					     .time = NOW,
					     .identity = identity,
					     .n_identity = LIMIT_IDENTITIES + 1};
	struct sti_verify *v = NULL;

	(void)state;
	for (size_t i = 0; i <= LIMIT_IDENTITIES; i++)
		identity[i] = sti_span_str("x");
	assert_int_equal(sti_verify_start(&request, &v), STI_E_LIMIT);
	assert_null(v);
}

/* ---- freshness ---- */

static void test_I1_iat_at_the_edges(void **state)
{
	static const struct {
		int age;
		enum sti_case c;
	} row[] = {{0, STI_CASE_NONE},  {59, STI_CASE_NONE}, {60, STI_CASE_NONE}, {61, STI_CASE_NONE},
		   {65, STI_CASE_NONE}, {66, STI_CASE_E15},  {120, STI_CASE_E15}, {-5, STI_CASE_NONE},
		   {-6, STI_CASE_E15},  {-120, STI_CASE_E15}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct call c = call_good();
		char iat[32], what[32];

		snprintf(iat, sizeof(iat), "%d", NOW - row[i].age);
		snprintf(what, sizeof(what), "iat %d s old", row[i].age);
		c.iat = iat;
		expect(what, case_of(*state, &c), row[i].c);
	}
}

static void test_I1_time_of_the_call_at_the_edges(void **state)
{
	static const struct {
		int64_t time;
		enum sti_case c;
	} row[] = {{NOW - 65, STI_CASE_NONE}, {NOW - 66, STI_CASE_E3}, {NOW + 5, STI_CASE_NONE}, {NOW + 6, STI_CASE_E3},
		   {0, STI_CASE_E3},          {-1, STI_CASE_NONE},     {LIMIT_IAT, STI_CASE_E3}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct question q = question_for(NULL, 0);
		struct call c = call_good();

		q.time = row[i].time;
		expect("time", case_with(*state, &c, &q), row[i].c);
	}
}

static void test_I2_iat_in_the_far_future(void **state)
{
	static const char *const iat[] = {"129606",     "133200",     "216000",          "2147483647",
					  "2147483648", "4294967296", "9007199254740992"};

	for (size_t i = 0; i < sizeof(iat) / sizeof(iat[0]); i++) {
		struct call c = call_good();

		c.iat = iat[i];
		expect(iat[i], case_of(*state, &c), STI_CASE_E15);
	}
}

/* Fresh when the CPS took it, judged again when the call comes. */
static void test_I7_passport_that_expires_in_the_store(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c);
	static const struct {
		int64_t age;
		enum sti_case c;
	} row[] = {{65, STI_CASE_NONE}, {66, STI_CASE_E15}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct question q = question_for(NULL, 0);
		struct run run;

		q.now = q.time = NOW + row[i].age;
		q.ask_oob = true;
		q.oob = &token;
		q.n_oob = 1;
		run = ask(*state, &q);
		expect("out of band", run.r->c, row[i].c);
		end(&run);
	}
	vectors_free(token);
}

static void test_a_policy_that_is_stricter(void **state)
{
	struct question q = question_for(NULL, 0);
	struct call c = call_good();

	q.policy.freshness = 5;
	q.policy.skew = 0;
	c.iat = "129595";
	expect("5 s old", case_with(*state, &c, &q), STI_CASE_NONE);
	c.iat = "129594";
	expect("6 s old", case_with(*state, &c, &q), STI_CASE_E15);
	c.iat = "129601";
	expect("1 s ahead", case_with(*state, &c, &q), STI_CASE_E15);
}

/* E9 of the threats: valid now, but not when the call was signed. */
static void test_iat_outside_the_validity_of_the_certificate(void **state)
{
	struct scene *s = *state;
	struct issue_subject young = signer_subject();
	struct sti_credential *old = s->trusted;
	struct call c = call_good();

	young.not_before = NOW - 10;
	young.not_after = 2 * DAY;
	s->trusted = scene_credential(s, young, &s->root);
	c.iat = "129590";
	expect("as it begins", case_of(s, &c), STI_CASE_NONE);
	c.iat = "129589";
	expect("a second earlier", case_of(s, &c), STI_CASE_E17);
	sti_credential_free(s->trusted);
	s->trusted = old;
}

/* ---- one thing odd at a time ---- */

struct oddity {
	const char *value; /* JSON, or the text of a parameter; NULL: left out */
	enum sti_case c;
};

static void expect_all(void **state, size_t offset, const struct oddity *odd, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct call c = call_good();

		memcpy((char *)&c + offset, &odd[i].value, sizeof(odd[i].value));
		expect(odd[i].value ? odd[i].value : "left out", case_of(*state, &c), odd[i].c);
	}
}

#define EXPECT_ALL(member, odd) expect_all(state, offsetof(struct call, member), odd, sizeof(odd) / sizeof((odd)[0]))

/* The parameter alg is left out, so that E5 does not speak first. */
static void test_A1_A3_alg_that_is_not_ES256(void **state)
{
	static const struct oddity odd[] = {
		{"\"none\"", STI_CASE_E12},   {"\"None\"", STI_CASE_E12},   {"\"NONE\"", STI_CASE_E12},
		{"\"\"", STI_CASE_E12},       {"\"HS256\"", STI_CASE_E12},  {"\"RS256\"", STI_CASE_E12},
		{"\"PS256\"", STI_CASE_E12},  {"\"ES384\"", STI_CASE_E12},  {"\"ES512\"", STI_CASE_E12},
		{"\"EdDSA\"", STI_CASE_E12},  {"\"ES256K\"", STI_CASE_E12}, {"\"es256\"", STI_CASE_E12},
		{"\"ES256 \"", STI_CASE_E12}, {NULL, STI_CASE_E9},
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct call c = call_good();

		c.p_alg = NULL;
		c.alg = odd[i].value;
		expect(odd[i].value ? odd[i].value : "left out", case_of(*state, &c), odd[i].c);
	}
}

/* Unsigned, as an attacker leaves it: refused for its alg, not for the signature that it lacks. */
static void test_A1_no_signature_at_all(void **state)
{
	static const char *const alg[] = {"\"none\"", "\"None\"", "\"NONE\"", "\"\"", NULL, "\"ES256\""};
	static const enum sti_case wanted[] = {STI_CASE_E12, STI_CASE_E12, STI_CASE_E12,
					       STI_CASE_E12, STI_CASE_E9,  STI_CASE_E4};

	for (size_t i = 0; i < sizeof(alg) / sizeof(alg[0]); i++) {
		struct call c = call_good();
		struct sti_span token, identity;
		struct question q;
		struct run run;

		c.p_alg = NULL;
		c.alg = alg[i];
		token = call_token(*state, &c);
		identity = identity_of(&c, sti_span_first(token, token.n - LIMIT_JWS_SIGNATURE));
		q = question_for(&identity, 1);
		run = ask(*state, &q);
		expect(alg[i] ? alg[i] : "absent", run.r->c, wanted[i]);
		assert_int_equal(run.n_cert, 0);
		end(&run);
		vectors_free(identity);
		vectors_free(token);
	}
}

static void test_A7_signature_of_another_length(void **state)
{
	static const size_t length[] = {0, 1, 63, 65, 70, 71, 72, 96, 128};
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c);
	uint8_t signature[128] = {1};

	for (size_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		struct buf odd = buf_own(LIMIT_JWS);
		struct sti_span copy, identity;
		struct question q;
		struct run run;

		buf_put(&odd, sti_span_first(token, token.n - LIMIT_JWS_SIGNATURE));
		base64url_encode(&odd, sti_span(signature, length[i]));
		copy = exact(&odd);
		identity = identity_of(&c, copy);
		q = question_for(&identity, 1);
		run = ask(*state, &q);
		expect("length", run.r->c, STI_CASE_E4);
		assert_int_equal(run.n_cert, 0);
		end(&run);
		vectors_free(identity);
		vectors_free(copy);
	}
	vectors_free(token);
}

/* Of a wrong type is as good as not there: E9 or E12, No-TN-Validation both. */
static void test_A3_alg_that_is_no_string(void **state)
{
	static const char *const alg[] = {"[\"ES256\"]", "256", "null", "{\"ES256\":1}", "true"};

	for (size_t i = 0; i < sizeof(alg) / sizeof(alg[0]); i++) {
		struct call c = call_good();
		enum sti_case got;

		c.p_alg = NULL;
		c.alg = alg[i];
		got = case_of(*state, &c);
		assert_true(got == STI_CASE_E9 || got == STI_CASE_E12);
	}
}

static void test_A4_parameter_alg_differs(void **state)
{
	static const struct oddity odd[] = {
		{"ES256", STI_CASE_NONE}, {NULL, STI_CASE_NONE},  {"\"ES256\"", STI_CASE_NONE}, {"ES384", STI_CASE_E5},
		{"none", STI_CASE_E5},    {"es256", STI_CASE_E5}, {"HS256", STI_CASE_E5},       {"\"\"", STI_CASE_E5},
	};

	EXPECT_ALL(p_alg, odd);
}

static void test_E5_parameter_ppt(void **state)
{
	static const struct oddity odd[] = {
		{"shaken", STI_CASE_NONE}, {NULL, STI_CASE_NONE}, {"\"shaken\"", STI_CASE_NONE},
		{"div", STI_CASE_E5},      {"rph", STI_CASE_E5},  {"SHAKEN", STI_CASE_E5},
	};

	EXPECT_ALL(p_ppt, odd);
}

static void test_B11_ppt_of_the_header(void **state)
{
	static const struct oddity odd[] = {
		{NULL, STI_CASE_E9},    {"\"div\"", STI_CASE_E13},           {"\"rph\"", STI_CASE_E13},
		{"\"\"", STI_CASE_E13}, {"\"Shaken\"", STI_CASE_E13},        {"\"shaken\\u0020\"", STI_CASE_E13},
		{"7", STI_CASE_E9},     {"\"sh\\u0061ken\"", STI_CASE_NONE},
	};

	EXPECT_ALL(ppt, odd);
}

static void test_A5_A6_header_members_that_are_refused(void **state)
{
	static const struct oddity odd[] = {
		{",\"jwk\":{}", STI_CASE_E4},           {",\"jku\":\"" URL_SECOND "\"", STI_CASE_E4},
		{",\"crit\":[\"exp\"]", STI_CASE_E4},   {",\"crit\":[]", STI_CASE_E4},
		{",\"b64\":false", STI_CASE_E4},        {",\"b64\":true", STI_CASE_E4},
		{",\"x5c\":[\"AAAA\"]", STI_CASE_NONE}, {",\"kid\":\"second\"", STI_CASE_NONE},
		{",\"x5t\":\"AAAA\"", STI_CASE_NONE},
	};

	EXPECT_ALL(header_more, odd);
}

static void test_E6_E7_E10_info(void **state)
{
	static const struct oddity odd[] = {
		{NULL, STI_CASE_E6},
		{"", STI_CASE_E6},
		{"http://cr.example.com/good.pem", STI_CASE_E7},
		{"/good.pem", STI_CASE_E7},
		{"https://", STI_CASE_E7},
		{"https:///good.pem", STI_CASE_E7},
		{"HTTPS://cr.example.com/good.pem", STI_CASE_E10},
		{SITE "good.pem?", STI_CASE_E10},
		{SITE "%67ood.pem", STI_CASE_E10},
	};

	EXPECT_ALL(info, odd);
}

static void test_E7_x5u_and_info_equal_but_not_to_be_fetched(void **state)
{
	static const char *const url[] = {"http://cr.example.com/a.pem", "file:///etc/passwd", "https://", "a",
					  URL_DENIED};

	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
		struct call c = call_good();
		char x5u[64];

		snprintf(x5u, sizeof(x5u), "\"%s\"", url[i]);
		c.info = url[i];
		c.x5u = x5u;
		expect(url[i], case_of(*state, &c), STI_CASE_E7);
	}
}

static void test_B5_iat(void **state)
{
	static const struct oddity odd[] = {
		{"129600", STI_CASE_NONE},
		{"\"129600\"", STI_CASE_E14},
		{"129600.0", STI_CASE_E14},
		{"1.296e5", STI_CASE_E14},
		{"-0", STI_CASE_E14},
		{"-1", STI_CASE_E14},
		{"null", STI_CASE_E14},
		{"true", STI_CASE_E14},
		{"[129600]", STI_CASE_E14},
		{NULL, STI_CASE_E14},
		{"0", STI_CASE_E15},
		{"2147483648", STI_CASE_E15},
		{"4294967296", STI_CASE_E15},
		{"9007199254740992", STI_CASE_E15},
		{"9007199254740993", STI_CASE_E14},
		{"9223372036854775807", STI_CASE_E14},
		{"9223372036854775808", STI_CASE_E14},
		{"1e400", STI_CASE_E14},
		{"1111111111111111111111111111111111111111", STI_CASE_E14},
	};

	EXPECT_ALL(iat, odd);
}

static void test_B6_orig(void **state)
{
	static const struct oddity odd[] = {
		{NULL, STI_CASE_E14},
		{"{}", STI_CASE_E14},
		{"\"" ORIG "\"", STI_CASE_E14},
		{"[\"" ORIG "\"]", STI_CASE_E14},
		{"null", STI_CASE_E14},
		{"{\"tn\":[\"" ORIG "\"]}", STI_CASE_E14},
		{"{\"tn\":12025550100}", STI_CASE_E14},
		{"{\"tn\":\"" ORIG "\",\"uri\":\"sip:a@example.com\"}", STI_CASE_E14},
		{"{\"uri\":\"sip:a@example.com\"}", STI_CASE_E16},
	};

	EXPECT_ALL(orig, odd);
}

static void test_B6_dest(void **state)
{
	static const struct oddity odd[] = {
		{NULL, STI_CASE_E14},
		{"{}", STI_CASE_E14},
		{"{\"tn\":[]}", STI_CASE_E14},
		{"{\"tn\":\"" DEST "\"}", STI_CASE_E14},
		{"{\"tn\":[12025550101]}", STI_CASE_E14},
		{"\"{\\\"tn\\\":[\\\"" DEST "\\\"]}\"", STI_CASE_E14},
		{"[\"" DEST "\"]", STI_CASE_E14},
		{"{\"tn\":[[\"" DEST "\"]]}", STI_CASE_E14},
		{"{\"uri\":[\"sip:b@example.com\"]}", STI_CASE_E16},
		{"{\"tn\":[\"12025550107\",\"" DEST "\"]}", STI_CASE_NONE},
		{"{\"tn\":[\"" DEST "\"],\"uri\":[\"sip:b@example.com\"]}", STI_CASE_NONE},
	};

	EXPECT_ALL(dest, odd);
}

static void test_B7_attest(void **state)
{
	static const struct oddity odd[] = {
		{"\"A\"", STI_CASE_NONE}, {"\"B\"", STI_CASE_NONE}, {"\"C\"", STI_CASE_NONE},  {"\"a\"", STI_CASE_E19},
		{"\"D\"", STI_CASE_E19},  {"\"\"", STI_CASE_E19},   {"\"AA\"", STI_CASE_E19},  {"\"@\"", STI_CASE_E19},
		{"1", STI_CASE_E14},      {"null", STI_CASE_E14},   {"[\"A\"]", STI_CASE_E14}, {NULL, STI_CASE_E14},
	};

	EXPECT_ALL(attest, odd);
}

static void test_B7_attest_of_4_kB(void **state)
{
	struct call c = call_good();
	char attest[4000 + 3];

	memset(attest, 'A', sizeof(attest));
	attest[0] = attest[sizeof(attest) - 2] = '"';
	attest[sizeof(attest) - 1] = '\0';
	c.attest = attest;
	expect("4 kB", case_of(*state, &c), STI_CASE_E19);
}

static void test_B8_origid(void **state)
{
	static const struct {
		const char *origid;
		enum sti_case by_default, strict;
	} row[] = {
		{"\"" ORIGID "\"", STI_CASE_NONE, STI_CASE_NONE},
		{"\"8D2D6A4E-62D2-4F6C-9A0F-7F2B9F5D1C11\"", STI_CASE_NONE, STI_CASE_NONE},
		{"\"{" ORIGID "}\"", STI_CASE_NONE, STI_CASE_E19},
		{"\"call-7\"", STI_CASE_NONE, STI_CASE_E19},
		{"\"\"", STI_CASE_NONE, STI_CASE_E19},
		{"7", STI_CASE_E14, STI_CASE_E14},
		{NULL, STI_CASE_E14, STI_CASE_E14},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct question q = question_for(NULL, 0);
		struct call c = call_good();

		c.origid = row[i].origid;
		expect("by default", case_with(*state, &c, &q), row[i].by_default);
		q.policy.strict_origid = true;
		expect("strict", case_with(*state, &c, &q), row[i].strict);
	}
}

static void test_B9_orig_in_other_spellings(void **state)
{
	static const struct oddity odd[] = {
		{"{\"tn\":\"+12025550100\"}", STI_CASE_NONE},
		{"{\"tn\":\"+1 (202) 555-0100\"}", STI_CASE_NONE},
		{"{\"tn\":\"1.202.555.0100\"}", STI_CASE_NONE},
		{"{\"tn\":\"2025550100\"}", STI_CASE_E16},
		{"{\"tn\":\"012025550100\"}", STI_CASE_E16},
		{"{\"tn\":\"*67\"}", STI_CASE_E16},
		{"{\"tn\":\"12025550100;tgrp=a\"}", STI_CASE_E14},
		{"{\"tn\":\"\xef\xbc\x91\"}", STI_CASE_E14},
		{"{\"tn\":\"%312025550100\"}", STI_CASE_E14},
		{"{\"tn\":\"1202555010012345\"}", STI_CASE_E14},
		{"{\"tn\":\"\"}", STI_CASE_E14},
		{"{\"tn\":\"tel:12025550100\"}", STI_CASE_E14},
	};

	EXPECT_ALL(orig, odd);
}

static void test_B10_more_claims_and_strange_order(void **state)
{
	static const char header[] =
		"{ \"x5u\":\"" URL_GOOD "\",\r\n \"typ\":\"passport\",\"ppt\":\"shaken\",\"alg\":\"ES256\" }";
	static const char payload[] = "{\n\"origid\":\"" ORIGID "\", \"orig\":{\"tn\":\"" ORIG "\"}, \"iat\":129600,"
				      "\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"00\"}],\"rcd\":{\"nam\":\"\"},"
				      "\"dest\":{\"tn\":[\"" DEST "\"]},\"attest\":\"A\"}";
	const struct scene *s = *state;
	struct sti_span token = texts_sign(s->key, sti_span_str(header), sti_span_str(payload));
	struct call c = call_good();
	struct sti_span identity = identity_of(&c, token);
	struct question q = question_for(&identity, 1);
	struct run run = ask(s, &q);

	expect("order and space of their own", run.r->c, STI_CASE_NONE);
	end(&run);
	vectors_free(identity);
	vectors_free(token);
}

static void test_E16_signalling(void **state)
{
	static const struct {
		const char *orig, *dest[2];
		enum sti_case c;
	} row[] = {
		{ORIG, {DEST}, STI_CASE_NONE},
		{"12025550109", {DEST}, STI_CASE_E16},
		{ORIG, {"12025550109"}, STI_CASE_E16},
		{DEST, {ORIG}, STI_CASE_E16},
		{ORIG, {DEST, "12025550102"}, STI_CASE_NONE},
		{ORIG, {DEST, "12025550109"}, STI_CASE_E16},
		{"1202555010", {DEST}, STI_CASE_E16},
		{NULL, {"12025550109"}, STI_CASE_NONE}, /* not known: not compared */
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct question q = question_for(NULL, 0);
		struct call c = call_good();

		c.dest = "{\"tn\":[\"" DEST "\",\"12025550102\"]}";
		q.orig = row[i].orig ? tn(row[i].orig) : (struct sti_tn){0};
		for (q.n_dest = 0; q.n_dest < 2 && row[i].dest[q.n_dest]; q.n_dest++)
			q.dest[q.n_dest] = tn(row[i].dest[q.n_dest]);
		expect(row[i].orig, case_with(*state, &c, &q), row[i].c);
	}
}

static void expect_text(void **state, const char *text, enum sti_case wanted)
{
	struct sti_span identity = vectors_copy(sti_span_str(text));
	struct question q = question_for(&identity, 1);
	struct run run = ask(*state, &q);

	expect(text, run.r->c, wanted);
	assert_int_equal(run.r->verstat, STI_VERSTAT_NONE);
	assert_int_equal(run.n_cert, 0);
	end(&run);
	vectors_free(identity);
}

/* Nothing here is fetched or believed, and everything is told as E4. */
static void test_A13_A15_what_is_no_passport(void **state)
{
	static const char *const text[] = {
		"",
		" ",
		".",
		"..",
		"a",
		"a.b",
		"a.b.c",
		"a.b.c.d",
		"a.b.c.d.e;info=<" URL_GOOD ">",
		".b.c",
		"a..c",
		"{\"payload\":\"e30\",\"signatures\":[]}",
		"{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"AAAA\"};info=<" URL_GOOD ">",
		";info=<" URL_GOOD ">",
		"a.b.c;info=<" URL_GOOD,
		"a.b.c;info=<" URL_GOOD ">;info=<" URL_SECOND ">",
		"\xff\xfe",
	};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		expect_text(state, text[i], STI_CASE_E4);
}

static void test_A14_compact_form(void **state)
{
	struct call c = call_good();

	c.compact = true;
	expect("compact", case_of(*state, &c), STI_CASE_E4);
}

static void test_A11_A12_octets_that_are_not_base64url(void **state)
{
	struct call c = call_good();
	struct sti_span good = call_token(*state, &c);
	size_t places[] = {0, good.n / 2, good.n - 1};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (int byte = 0; byte < 256; byte++) {
			struct sti_span token = vectors_copy(good), identity;
			struct question q;
			struct run run;

			((uint8_t *)(uintptr_t)token.p)[places[i]] = (uint8_t)byte;
			identity = identity_of(&c, token);
			q = question_for(&identity, 1);
			run = ask(*state, &q);
			assert_true(run.r->verstat != STI_VERSTAT_PASSED || byte == good.p[places[i]]);
			end(&run);
			vectors_free(identity);
			vectors_free(token);
		}
	}
	vectors_free(good);
}

static void test_B2_payload_that_is_no_json(void **state)
{
	static const char *const payload[] = {"",     "[]",     "{", "{}x", "\xef\xbb\xbf{}", "{\"iat\":1,\"iat\":1}",
					      "null", "{'a':1}"};
	const struct scene *s = *state;

	for (size_t i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
		struct sti_span token = texts_sign(
			s->key,
			sti_span_str("{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL_GOOD
				     "\"}"),
			sti_span_str(payload[i]));
		struct call c = call_good();
		struct sti_span identity = identity_of(&c, token);
		struct question q = question_for(&identity, 1);
		struct run run = ask(s, &q);

		expect(payload[i], run.r->c, payload[i][0] ? STI_CASE_E14 : STI_CASE_E4);
		end(&run);
		vectors_free(identity);
		vectors_free(token);
	}
}

/* ---- keys and credentials ---- */

static void test_A16_E17_credentials_that_are_not_trusted(void **state)
{
	static const char *const url[] = {URL_STRANGER, URL_EXPIRED, URL_CA};

	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++) {
		struct call c = call_good();
		char x5u[64];

		snprintf(x5u, sizeof(x5u), "\"%s\"", url[i]);
		c.info = url[i];
		c.x5u = x5u;
		expect(url[i], case_of(*state, &c), STI_CASE_E17);
	}
}

static void test_A17_signed_with_the_key_of_another_certificate(void **state)
{
	struct call c = call_good();

	c.second_key = true;
	expect("another key", case_of(*state, &c), STI_CASE_E18);
}

/* The verdict belongs to token and certificate together: the same token, another certificate. */
static void test_A18_one_token_two_certificates(void **state)
{
	struct scene *s = *state;
	struct sti_credential *kept = s->trusted;
	struct call c = call_good();
	struct sti_span identity = call_identity(s, &c);
	struct question q = question_for(&identity, 1);

	for (int turn = 0; turn < 4; turn++) {
		struct run run;

		s->trusted = turn % 2 ? s->trusted_second : kept;
		run = ask(s, &q);
		expect("turn", run.r->c, turn % 2 ? STI_CASE_E18 : STI_CASE_NONE);
		end(&run);
	}
	s->trusted = kept;
	vectors_free(identity);
}

static void test_A19_no_result_before_there_is_one(void **state)
{
	struct call c = call_good();
	struct sti_span identity = call_identity(*state, &c);
	struct sti_verify_request request = {
		.policy = &policy_default, .now = NOW, .time = NOW, .identity = &identity, .n_identity = 1};
	struct sti_want_detail detail;
	struct sti_verify *v;

	assert_int_equal(sti_verify_start(&request, &v), STI_OK);
	assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_NONE);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_CERT);
	assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_NONE);
	assert_true(sti_span_is(detail.url, URL_GOOD));
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_ANSWERS);
	assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_NONE);
	sti_verify_give_cert(v, sti_span_str("https://elsewhere.example/a.pem"), ((struct scene *)*state)->trusted,
			     STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_ANSWERS);
	sti_verify_give_cert(v, sti_span_str(URL_GOOD), NULL, STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
	assert_int_equal(sti_verify_result(v)->c, STI_CASE_E8);
	sti_verify_give_cert(v, sti_span_str(URL_GOOD), ((struct scene *)*state)->trusted, STI_OK); /* too late */
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
	assert_int_equal(sti_verify_result(v)->c, STI_CASE_E8);
	sti_verify_free(v);
	vectors_free(identity);
}

/* A repository that hangs must not hide what came out of band: both are asked for before any answer. */
static void test_the_store_is_asked_beside_a_fetch_that_hangs(void **state)
{
	struct call c = call_good();
	struct sti_span identity = call_identity(*state, &c);
	struct sti_verify_request request = {.policy = &policy_default,
					     .now = NOW,
					     .time = NOW,
					     .identity = &identity,
					     .n_identity = 1,
					     .ask_oob = true};
	struct sti_want_detail detail;
	struct sti_verify *v;

	assert_int_equal(sti_verify_start(&request, &v), STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_CERT);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_OOB);
	assert_false(detail.passed);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_ANSWERS);
	sti_verify_give_cert(v, sti_span_str(URL_GOOD), ((struct scene *)*state)->trusted, STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_ANSWERS);
	assert_true(detail.passed);
	assert_int_equal(sti_verify_give_oob(v, NULL, 0), STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
	assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_PASSED);
	sti_verify_free(v);
	vectors_free(identity);
}

static void test_E8_errors_of_the_fetch(void **state)
{
	static const enum sti_error error[] = {STI_E_NETWORK, STI_E_TIMEOUT, STI_E_NOT_FOUND, STI_E_MEMORY,
					       STI_E_CERT,    STI_E_PEM,     STI_E_LIMIT,     STI_E_FULL};
	struct call c = call_good();
	struct sti_span identity = call_identity(*state, &c);
	struct sti_verify_request request = {
		.policy = &policy_default, .now = NOW, .time = NOW, .identity = &identity, .n_identity = 1};

	for (size_t i = 0; i < sizeof(error) / sizeof(error[0]); i++) {
		struct sti_want_detail detail;
		struct sti_verify *v;

		assert_int_equal(sti_verify_start(&request, &v), STI_OK);
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_CERT);
		sti_verify_give_cert(v, detail.url, NULL, error[i]);
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
		expect(sti_error_text(error[i]), sti_verify_result(v)->c, STI_CASE_E8);
		sti_verify_free(v);
	}
	vectors_free(identity);
}

/* ---- several PASSporTs ---- */

static struct call call_of_type(const char *ppt)
{
	struct call c = call_good();

	c.ppt = ppt;
	c.p_ppt = NULL;
	c.attest = NULL;
	c.origid = NULL;
	c.payload_more = ",\"div\":{\"tn\":\"12025550103\"}";
	return c;
}

static void test_B11_an_unsupported_type_is_set_aside(void **state)
{
	struct call div = call_of_type("\"div\""), good = call_good(), bad = call_good();
	struct question q = question_for(NULL, 0);
	struct sti_span identity[4] = {0}, good_one = call_identity(*state, &good);
	struct run run;

	spoil_E17(&bad, &q);
	identity[0] = call_identity(*state, &div);
	identity[1] = good_one;
	identity[2] = call_identity(*state, &bad);

	q = question_for(identity, 2);
	run = ask(*state, &q);
	expect("div, shaken", run.r->c, STI_CASE_NONE);
	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	end(&run);

	q = question_for(identity, 1);
	run = ask(*state, &q);
	expect("div alone", run.r->c, STI_CASE_E13);
	end(&run);

	identity[3] = identity[0];
	q = question_for(identity + 2, 2);
	run = ask(*state, &q);
	expect("forged shaken, div", run.r->c, STI_CASE_E17);
	end(&run);

	identity[1] = identity[2];
	q = question_for(identity, 2);
	run = ask(*state, &q);
	expect("div, forged shaken", run.r->c, STI_CASE_E17);
	end(&run);
	vectors_free(identity[0]);
	vectors_free(identity[1]);
	vectors_free(good_one);
}

static void test_one_that_passes_is_enough(void **state)
{
	struct call good = call_good(), bad = call_good();
	struct sti_span identity[4] = {0};
	struct question q;
	struct run run;

	bad.second_key = true;
	identity[0] = vectors_copy(sti_span_str("garbage"));
	identity[1] = call_identity(*state, &bad);
	identity[2] = call_identity(*state, &good);
	identity[3] = call_identity(*state, &bad);
	q = question_for(identity, 4);
	run = ask(*state, &q);
	expect("one of four", run.r->c, STI_CASE_NONE);
	assert_int_equal(run.n_cert, 1);
	end(&run);
	for (size_t i = 0; i < 4; i++)
		vectors_free(identity[i]);
}

static void test_sixteen_of_one_signer_cost_one_question(void **state)
{
	struct sti_span identity[LIMIT_IDENTITIES] = {0};
	struct question q = question_for(identity, LIMIT_IDENTITIES);
	struct call c = call_good();
	struct run run;

	for (size_t i = 0; i < LIMIT_IDENTITIES; i++)
		identity[i] = call_identity(*state, &c);
	run = ask(*state, &q);
	assert_int_equal(run.n_cert, 1);
	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	end(&run);
	for (size_t i = 0; i < LIMIT_IDENTITIES; i++)
		vectors_free(identity[i]);
}

/* ---- in band, out of band ---- */

enum side { NO, GOOD, OTHER, FORGED, STALE, DIV, SIDES };

/* GOOD is one token wherever it comes from; OTHER is of another signer, younger, attested C. */
static struct call side_call(enum side side)
{
	struct call c = side == DIV ? call_of_type("\"div\"") : call_good();

	if (side == OTHER) {
		c.info = URL_SECOND;
		c.x5u = "\"" URL_SECOND "\"";
		c.second_key = true;
		c.attest = "\"C\"";
		c.iat = "129601";
	}
	if (side == FORGED)
		c.second_key = true;
	if (side == STALE)
		c.iat = "129000";
	return c;
}

struct sides {
	struct sti_span token[SIDES], identity[SIDES];
};

static struct sides sides_make(const struct scene *s)
{
	struct sides sides = {0};

	for (enum side side = GOOD; side < SIDES; side++) {
		struct call c = side_call(side);

		sides.token[side] = call_token(s, &c);
		sides.identity[side] = identity_of(&c, sides.token[side]);
	}
	return sides;
}

static void sides_free(struct sides *sides)
{
	for (enum side side = GOOD; side < SIDES; side++) {
		vectors_free(sides->token[side]);
		vectors_free(sides->identity[side]);
	}
}

#define PASSED_IN  STI_VERSTAT_PASSED, STI_SOURCE_INBAND, STI_CASE_NONE
#define PASSED_OUT STI_VERSTAT_PASSED, STI_SOURCE_OOB, STI_CASE_NONE
#define NOTHING    STI_VERSTAT_NONE, STI_SOURCE_NONE, STI_CASE_NONE

static const struct preference {
	enum sti_prefer prefer;
	enum side inband, oob;
	enum sti_verstat verstat;
	enum sti_source decided;
	enum sti_case c;
	bool differ;
} preference[] = {
	{STI_PREFER_INBAND, NO, NO, NOTHING, false},
	{STI_PREFER_INBAND, GOOD, NO, PASSED_IN, false},
	{STI_PREFER_INBAND, NO, GOOD, PASSED_OUT, false},
	{STI_PREFER_INBAND, GOOD, GOOD, PASSED_IN, false},
	{STI_PREFER_INBAND, GOOD, OTHER, PASSED_IN, true},
	{STI_PREFER_INBAND, GOOD, FORGED, PASSED_IN, true},
	{STI_PREFER_INBAND, FORGED, GOOD, PASSED_OUT, true},
	{STI_PREFER_INBAND, FORGED, NO, STI_VERSTAT_FAILED, STI_SOURCE_INBAND, STI_CASE_E18, false},
	{STI_PREFER_INBAND, NO, FORGED, STI_VERSTAT_FAILED, STI_SOURCE_OOB, STI_CASE_E18, false},
	{STI_PREFER_INBAND, STALE, FORGED, STI_VERSTAT_NONE, STI_SOURCE_INBAND, STI_CASE_E15, true},
	{STI_PREFER_INBAND, FORGED, STALE, STI_VERSTAT_FAILED, STI_SOURCE_INBAND, STI_CASE_E18, true},
	{STI_PREFER_INBAND, FORGED, FORGED, STI_VERSTAT_FAILED, STI_SOURCE_INBAND, STI_CASE_E18, false},
	{STI_PREFER_INBAND, DIV, GOOD, PASSED_OUT, true},
	{STI_PREFER_INBAND, DIV, NO, STI_VERSTAT_NONE, STI_SOURCE_INBAND, STI_CASE_E13, false},
	/* set aside: only the other one is judged */
	{STI_PREFER_INBAND, DIV, FORGED, STI_VERSTAT_FAILED, STI_SOURCE_OOB, STI_CASE_E18, true},
	{STI_PREFER_INBAND, GOOD, DIV, PASSED_IN, true},

	{STI_PREFER_OOB, GOOD, GOOD, PASSED_OUT, false},
	{STI_PREFER_OOB, GOOD, OTHER, PASSED_OUT, true},
	{STI_PREFER_OOB, GOOD, NO, PASSED_IN, false},
	{STI_PREFER_OOB, GOOD, FORGED, PASSED_IN, true},
	{STI_PREFER_OOB, FORGED, GOOD, PASSED_OUT, true},
	{STI_PREFER_OOB, STALE, STALE, STI_VERSTAT_NONE, STI_SOURCE_INBAND, STI_CASE_E15, false},

	{STI_PREFER_BEST_ATTESTATION, GOOD, OTHER, PASSED_IN, true},
	{STI_PREFER_BEST_ATTESTATION, OTHER, GOOD, PASSED_OUT, true},
	{STI_PREFER_BEST_ATTESTATION, GOOD, GOOD, PASSED_IN, false},
	{STI_PREFER_BEST_ATTESTATION, OTHER, FORGED, PASSED_IN, true},
	{STI_PREFER_BEST_ATTESTATION, FORGED, OTHER, PASSED_OUT, true},

	{STI_PREFER_EQUAL, GOOD, GOOD, PASSED_IN, false},
	{STI_PREFER_EQUAL, GOOD, NO, NOTHING, false},
	{STI_PREFER_EQUAL, NO, GOOD, NOTHING, false},
	{STI_PREFER_EQUAL, GOOD, OTHER, NOTHING, true},
	{STI_PREFER_EQUAL, GOOD, FORGED, NOTHING, true},
	{STI_PREFER_EQUAL, FORGED, GOOD, STI_VERSTAT_FAILED, STI_SOURCE_INBAND, STI_CASE_E18, true},
	{STI_PREFER_EQUAL, FORGED, FORGED, STI_VERSTAT_FAILED, STI_SOURCE_INBAND, STI_CASE_E18, false},
};

static void expect_preference(const struct scene *s, const struct sides *sides, size_t i)
{
	const struct preference *p = &preference[i];
	struct question q = question_for(&sides->identity[p->inband], p->inband != NO);
	struct run run;

	q.policy.prefer = p->prefer;
	q.ask_oob = true;
	q.oob = &sides->token[p->oob];
	q.n_oob = p->oob != NO;
	run = ask(s, &q);
	if (run.r->verstat != p->verstat || run.r->decided != p->decided || run.r->c != p->c ||
	    run.r->differ != p->differ)
		fail_msg("row %zu: verstat %d, decided %d, case %d, differ %d", i, run.r->verstat, run.r->decided,
			 run.r->c, run.r->differ);
	assert_int_equal(run.n_oob, 1);
	assert_int_equal(run.r->n_oob, q.n_oob);
	if (q.n_oob)
		assert_true(sti_span_equal(run.r->oob[0], q.oob[0]));
	end(&run);
}

static void test_each_preference(void **state)
{
	struct sides sides = sides_make(*state);

	for (size_t i = 0; i < sizeof(preference) / sizeof(preference[0]); i++)
		expect_preference(*state, &sides, i);
	sides_free(&sides);
}

static void test_the_same_token_twice_is_judged_once(void **state)
{
	struct sides sides = sides_make(*state);
	struct question q = question_for(&sides.identity[GOOD], 1);
	struct run run;

	q.ask_oob = true;
	q.oob = &sides.token[GOOD];
	q.n_oob = 1;
	run = ask(*state, &q);
	assert_int_equal(run.n_cert, 1);
	assert_false(run.r->differ);
	end(&run);
	sides_free(&sides);
}

/* Everything is asked for before anything is answered, and answered in every order. */
static void test_answers_in_any_order(void **state)
{
	const struct scene *s = *state;
	struct sides sides = sides_make(s);
	const struct sti_span inband[] = {sides.identity[GOOD], sides.identity[OTHER]};

	for (unsigned order = 0; order < 6; order++) {
		static const char turn[6][4] = {"abo", "aob", "bao", "boa", "oab", "oba"};
		struct sti_verify_request request = {.policy = &policy_default,
						     .now = NOW,
						     .time = NOW,
						     .identity = inband,
						     .n_identity = 2,
						     .ask_oob = true};
		struct sti_want_detail detail;
		struct sti_verify *v;

		assert_int_equal(sti_verify_start(&request, &v), STI_OK);
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_CERT);
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_CERT);
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_OOB);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(sti_verify_next(v, &detail), STI_WANT_ANSWERS);
			if (turn[order][i] == 'a')
				sti_verify_give_cert(v, sti_span_str(URL_GOOD), s->trusted, STI_OK);
			else if (turn[order][i] == 'b')
				sti_verify_give_cert(v, sti_span_str(URL_SECOND), s->trusted_second, STI_OK);
			else
				assert_int_equal(sti_verify_give_oob(v, &sides.token[GOOD], 1), STI_OK);
		}
		assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
		assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_PASSED);
		assert_int_equal(sti_verify_result(v)->decided, STI_SOURCE_INBAND);
		sti_verify_free(v);
	}
	sides_free(&sides);
}

/* What the machine was told of a URL serves whatever comes later, a refusal too (ask() looks). */
static void test_a_url_answered_in_band_is_not_asked_for_again(void **state)
{
	struct call lost = call_good(), forged = call_good(), good = call_good();
	struct sti_span identity[2] = {0}, token[2];
	struct question q;
	struct run run;

	spoil_E8(&lost, &q);
	forged.second_key = true;
	identity[0] = call_identity(*state, &lost);
	identity[1] = call_identity(*state, &forged);
	token[0] = call_token(*state, &lost);
	token[1] = call_token(*state, &good);
	q = question_for(identity, 2);
	q.ask_oob = true;
	q.oob = token;
	q.n_oob = 2;
	run = ask(*state, &q);
	assert_int_equal(run.n_cert, 2);
	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	assert_int_equal(run.r->decided, STI_SOURCE_OOB);
	end(&run);
	for (size_t i = 0; i < 2; i++) {
		vectors_free(identity[i]);
		vectors_free(token[i]);
	}
}

/* Of the header only: the PASSporT itself is good, and came out of band as well. */
static void test_in_band_spoilt_parameters_out_of_band_good(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c), identity = {0};
	struct question q;
	struct run run;

	c.info = NULL;
	identity = identity_of(&c, token);
	q = question_for(&identity, 1);
	q.ask_oob = true;
	q.oob = &token;
	q.n_oob = 1;
	run = ask(*state, &q);
	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	assert_int_equal(run.r->decided, STI_SOURCE_OOB);
	assert_false(run.r->differ);
	end(&run);
	vectors_free(identity);
	vectors_free(token);
}

/* A late PASSporT is worth waiting for unless the call passed, or where it must be equal. */
static void test_what_is_worth_waiting_for(void **state)
{
	static const struct {
		enum sti_prefer prefer;
		enum side inband;
		bool passed;
	} row[] = {
		{STI_PREFER_INBAND, GOOD, true},    {STI_PREFER_INBAND, NO, false},
		{STI_PREFER_INBAND, FORGED, false}, {STI_PREFER_INBAND, DIV, false},
		{STI_PREFER_OOB, GOOD, true},       {STI_PREFER_BEST_ATTESTATION, GOOD, true},
		{STI_PREFER_EQUAL, GOOD, false},
	};
	struct sides sides = sides_make(*state);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct question q = question_for(&sides.identity[row[i].inband], row[i].inband != NO);
		struct run run;

		q.policy.prefer = row[i].prefer;
		q.ask_oob = true;
		run = ask(*state, &q);
		if (run.passed_then != row[i].passed)
			fail_msg("row %zu", i);
		end(&run);
	}
	sides_free(&sides);
}

static void test_a_stale_call_asks_for_nothing(void **state)
{
	struct sides sides = sides_make(*state);
	struct question q = question_for(&sides.identity[GOOD], 1);
	struct run run;

	q.time = NOW - 100;
	q.ask_oob = true;
	run = ask(*state, &q);
	assert_int_equal(run.r->c, STI_CASE_E3);
	assert_int_equal(run.r->decided, STI_SOURCE_NONE);
	assert_int_equal(run.n_cert + run.n_oob, 0);
	assert_int_equal(run.r->n_check, 1);
	end(&run);
	sides_free(&sides);
}

static void test_what_came_out_of_band_is_told_as_received(void **state)
{
	struct sides sides = sides_make(*state);
	struct sti_span token[LIMIT_PAIR + 1];
	struct question q = question_for(NULL, 0);
	struct run run;

	for (size_t i = 0; i <= LIMIT_PAIR; i++)
		token[i] = sti_span_str("garbage");
	token[1] = sides.token[DIV];
	token[2] = sides.token[GOOD];
	q.ask_oob = true;
	q.oob = token;
	q.n_oob = LIMIT_PAIR + 1;
	run = ask(*state, &q);
	assert_int_equal(run.r->n_oob, LIMIT_PAIR);
	for (size_t i = 0; i < LIMIT_PAIR; i++)
		assert_true(sti_span_equal(run.r->oob[i], token[i]));
	assert_int_equal(run.r->verstat, STI_VERSTAT_PASSED);
	end(&run);
	sides_free(&sides);
}

static void test_a_second_answer_of_the_store_is_passed_over(void **state)
{
	struct sides sides = sides_make(*state);
	struct sti_verify_request request = {.policy = &policy_default, .now = NOW, .time = NOW, .ask_oob = true};
	struct sti_want_detail detail;
	struct sti_verify *v;

	assert_int_equal(sti_verify_start(&request, &v), STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_OOB);
	assert_int_equal(sti_verify_give_oob(v, NULL, 0), STI_OK);
	assert_int_equal(sti_verify_give_oob(v, &sides.token[GOOD], 1), STI_OK);
	assert_int_equal(sti_verify_next(v, &detail), STI_WANT_NOTHING);
	assert_int_equal(sti_verify_result(v)->n_oob, 0);
	assert_int_equal(sti_verify_result(v)->verstat, STI_VERSTAT_NONE);
	sti_verify_free(v);
	sides_free(&sides);
}

/* ---- memory ---- */

struct sweep {
	const struct scene *s;
	struct question q;
	enum sti_verstat right;
};

/* Whatever gives out, the belief is the right one or none at all (threats.md A19). */
static bool attempt(void *context)
{
	const struct sweep *sweep = context;
	struct sti_verify_request request = {
		.policy = &sweep->q.policy,
		.now = NOW,
		.time = NOW,
		.orig = sweep->q.orig,
		.dest = sweep->q.dest,
		.n_dest = 1,
		.identity = sweep->q.inband,
		.n_identity = sweep->q.n_inband,
		.ask_oob = true,
	};
	enum sti_error error;
	struct sti_want_detail detail;
	struct sti_verify *v = NULL;
	enum sti_verstat got;
	enum sti_want want;

	error = sti_verify_start(&request, &v);
	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		assert_null(v);
		return false;
	}
	while ((want = sti_verify_next(v, &detail)) != STI_WANT_NOTHING) {
		const struct sti_credential *credential = scene_answer(sweep->s, detail.url, &error);

		if (want == STI_WANT_CERT)
			sti_verify_give_cert(v, detail.url, credential, error);
		else if (sti_verify_give_oob(v, sweep->q.oob, sweep->q.n_oob))
			assert_true(alloc_sweep_failed());
	}
	got = sti_verify_result(v)->verstat;
	if (got != sweep->right)
		assert_int_equal(sti_verify_result(v)->c == STI_CASE_E8 || sti_verify_result(v)->c == STI_CASE_NONE,
				 true);
	assert_true(got == sweep->right || got == STI_VERSTAT_NONE);
	sti_verify_free(v);
	return got == sweep->right;
}

static void test_J5_memory_gives_out_while_verifying(void **state)
{
	static const struct {
		const char *what;
		enum side inband, oob;
		enum sti_verstat right;
	} row[] = {
		{"in band", GOOD, NO, STI_VERSTAT_PASSED},
		{"out of band", NO, GOOD, STI_VERSTAT_PASSED},
		{"both", GOOD, OTHER, STI_VERSTAT_PASSED},
		{"forged", FORGED, NO, STI_VERSTAT_FAILED},
		{"forged out of band", NO, FORGED, STI_VERSTAT_FAILED},
	};
	struct sides sides = sides_make(*state);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sweep sweep = {*state, question_for(&sides.identity[row[i].inband], row[i].inband != NO),
				      row[i].right};

		sweep.q.oob = &sides.token[row[i].oob];
		sweep.q.n_oob = row[i].oob != NO;
		alloc_sweep(row[i].what, attempt, &sweep);
	}
	sides_free(&sides);
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

static void test_E18_E19_CRLs_of_the_request(void **state)
{
	struct question q = question_for(NULL, 0);
	struct sti_crls *crls = scene_no_crl();
	struct call c = call_good();

	expect("no CRLs", case_with(*state, &c, &q), STI_CASE_NONE);
	q.crls = crls;
	expect("CRLs", case_with(*state, &c, &q), STI_CASE_E17);
	sti_crls_free(crls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case_alone),
		cmocka_unit_test(test_of_two_faults_the_earlier_one_is_told),
		cmocka_unit_test(test_a_good_call_passes_every_check),
		cmocka_unit_test(test_the_last_check_is_the_one_that_failed),
		cmocka_unit_test(test_a_call_without_identity),
		cmocka_unit_test(test_more_identities_than_anybody_sends),
		cmocka_unit_test(test_I1_iat_at_the_edges),
		cmocka_unit_test(test_I1_time_of_the_call_at_the_edges),
		cmocka_unit_test(test_I2_iat_in_the_far_future),
		cmocka_unit_test(test_I7_passport_that_expires_in_the_store),
		cmocka_unit_test(test_a_policy_that_is_stricter),
		cmocka_unit_test(test_iat_outside_the_validity_of_the_certificate),
		cmocka_unit_test(test_A1_A3_alg_that_is_not_ES256),
		cmocka_unit_test(test_A1_no_signature_at_all),
		cmocka_unit_test(test_A7_signature_of_another_length),
		cmocka_unit_test(test_A3_alg_that_is_no_string),
		cmocka_unit_test(test_A4_parameter_alg_differs),
		cmocka_unit_test(test_E5_parameter_ppt),
		cmocka_unit_test(test_B11_ppt_of_the_header),
		cmocka_unit_test(test_A5_A6_header_members_that_are_refused),
		cmocka_unit_test(test_E6_E7_E10_info),
		cmocka_unit_test(test_E7_x5u_and_info_equal_but_not_to_be_fetched),
		cmocka_unit_test(test_B5_iat),
		cmocka_unit_test(test_B6_orig),
		cmocka_unit_test(test_B6_dest),
		cmocka_unit_test(test_B7_attest),
		cmocka_unit_test(test_B7_attest_of_4_kB),
		cmocka_unit_test(test_B8_origid),
		cmocka_unit_test(test_B9_orig_in_other_spellings),
		cmocka_unit_test(test_B10_more_claims_and_strange_order),
		cmocka_unit_test(test_E16_signalling),
		cmocka_unit_test(test_A13_A15_what_is_no_passport),
		cmocka_unit_test(test_A14_compact_form),
		cmocka_unit_test(test_A11_A12_octets_that_are_not_base64url),
		cmocka_unit_test(test_B2_payload_that_is_no_json),
		cmocka_unit_test(test_A16_E17_credentials_that_are_not_trusted),
		cmocka_unit_test(test_A17_signed_with_the_key_of_another_certificate),
		cmocka_unit_test(test_A18_one_token_two_certificates),
		cmocka_unit_test(test_A19_no_result_before_there_is_one),
		cmocka_unit_test(test_E8_errors_of_the_fetch),
		cmocka_unit_test(test_the_store_is_asked_beside_a_fetch_that_hangs),
		cmocka_unit_test(test_B11_an_unsupported_type_is_set_aside),
		cmocka_unit_test(test_one_that_passes_is_enough),
		cmocka_unit_test(test_sixteen_of_one_signer_cost_one_question),
		cmocka_unit_test(test_each_preference),
		cmocka_unit_test(test_the_same_token_twice_is_judged_once),
		cmocka_unit_test(test_answers_in_any_order),
		cmocka_unit_test(test_a_url_answered_in_band_is_not_asked_for_again),
		cmocka_unit_test(test_in_band_spoilt_parameters_out_of_band_good),
		cmocka_unit_test(test_what_is_worth_waiting_for),
		cmocka_unit_test(test_a_stale_call_asks_for_nothing),
		cmocka_unit_test(test_what_came_out_of_band_is_told_as_received),
		cmocka_unit_test(test_a_second_answer_of_the_store_is_passed_over),
		cmocka_unit_test(test_J5_memory_gives_out_while_verifying),
		cmocka_unit_test(test_E18_E19_CRLs_of_the_request),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}

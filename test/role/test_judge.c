/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "role/judge.h"
#include "support/alloc_sweep.h"

static const struct judge_policy policy_vs = {.now = NOW, .freshness = 60, .skew = 5};
static const struct judge_policy policy_cps = {.now = NOW, .freshness = 60, .skew = 5, .every_ppt = true};

static struct judgement judge(const struct scene *s, const struct call *c, const struct judge_policy *policy)
{
	struct sti_span token = call_token(s, c);
	struct judgement j;

	assert_int_equal(judge_token(token, &j), STI_OK);
	if (!judge_go(&j, policy)) {
		judge_give(&j, s->trusted, STI_OK);
		assert_true(judge_go(&j, policy));
	}
	assert_true(j.done);
	vectors_free(token);
	return j;
}

/* 1970, the ends of 31 and 32 bits, 2106 and the last second that JSON has exactly. */
static void test_I5_fresh_at_the_ends_of_clocks(void **state)
{
	static const int64_t now[] = {0,
				      INT64_C(2147483647),
				      INT64_C(2147483648),
				      INT64_C(4294967295),
				      INT64_C(4294967296),
				      INT64_C(253402300799),
				      LIMIT_IAT};

	(void)state;
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		struct judge_policy policy = {.now = now[i], .freshness = 60, .skew = 5};

		assert_false(judge_is_fresh(&policy, now[i] - 66));
		assert_true(judge_is_fresh(&policy, now[i] - 65));
		assert_true(judge_is_fresh(&policy, now[i]));
		assert_true(judge_is_fresh(&policy, now[i] + 5));
		assert_false(judge_is_fresh(&policy, now[i] + 6));
		assert_false(judge_is_fresh(&policy, (int32_t)now[i] == now[i] ? LIMIT_IAT : (int32_t)now[i]));
	}
}

static void test_stops_where_the_credential_is_wanted(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c);
	struct judgement j;
	size_t checks;

	assert_int_equal(judge_token(token, &j), STI_OK);
	assert_false(judge_go(&j, &policy_vs));
	checks = j.n_check;
	assert_false(judge_go(&j, &policy_vs));
	assert_int_equal(j.n_check, checks);
	assert_false(judge_passed(&j));
	judge_give(&j, ((const struct scene *)*state)->trusted, STI_OK);
	assert_false(judge_passed(&j));
	assert_true(judge_go(&j, &policy_vs));
	assert_true(judge_passed(&j));
	judge_end(&j);
	judge_end(&j);
	vectors_free(token);
}

/* A credential that comes with an error is none. */
static void test_a_credential_with_an_error_is_not_used(void **state)
{
	struct call c = call_good();
	struct sti_span token = call_token(*state, &c);
	struct judgement j;

	assert_int_equal(judge_token(token, &j), STI_OK);
	assert_false(judge_go(&j, &policy_vs));
	judge_give(&j, ((const struct scene *)*state)->trusted, STI_E_TIMEOUT);
	assert_true(judge_go(&j, &policy_vs));
	assert_int_equal(j.c, STI_CASE_E8);
	assert_null(j.credential);
	judge_end(&j);
	vectors_free(token);
}

static void test_only_the_CPS_takes_every_type(void **state)
{
	struct call c = call_good();
	struct judgement j;

	c.ppt = "\"rph\"";
	c.attest = NULL;
	c.origid = NULL;
	j = judge(*state, &c, &policy_cps);
	assert_true(judge_passed(&j));
	assert_true(judge_is_aside(&j));
	judge_end(&j);
	j = judge(*state, &c, &policy_vs);
	assert_int_equal(j.c, STI_CASE_E13);
	assert_true(judge_is_aside(&j));
	judge_end(&j);
	c.ppt = NULL;
	j = judge(*state, &c, &policy_cps);
	assert_true(judge_passed(&j));
	judge_end(&j);
	j = judge(*state, &c, &policy_vs);
	assert_int_equal(j.c, STI_CASE_E9);
	judge_end(&j);
}

static void test_aside_by_the_header_parameter_when_the_token_cannot_be_read(void **state)
{
	static const struct {
		const char *value;
		bool aside;
	} row[] = {{"a.b.c;ppt=div", true}, {"a.b.c;ppt=shaken", false}, {"a.b.c", false}, {"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct judgement j;

		assert_int_equal(judge_identity(sti_span_str(row[i].value), &j), STI_OK);
		assert_int_equal(judge_is_aside(&j), row[i].aside);
		judge_end(&j);
	}
}

struct sweep {
	const struct scene *s;
	struct sti_span token;
	bool forged;
};

/* threats.md A19: a library that could not tell has not said that the call lies. */
static bool attempt(void *context)
{
	const struct sweep *sweep = context;
	enum sti_case right = sweep->forged ? STI_CASE_E18 : STI_CASE_NONE;
	struct judgement j;
	enum sti_case c;
	enum sti_error error = judge_token(sweep->token, &j);

	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		judge_end(&j);
		return false;
	}
	assert_false(judge_go(&j, &policy_vs));
	judge_give(&j, sweep->s->trusted, STI_OK);
	assert_true(judge_go(&j, &policy_vs));
	c = j.c;
	if (c != right)
		assert_true(c == STI_CASE_E8 && (j.machine_error == STI_E_CRYPTO || j.machine_error == STI_E_MEMORY));
	judge_end(&j);
	return c == right;
}

static void test_A19_J5_a_library_that_cannot_tell(void **state)
{
	for (int forged = 0; forged < 2; forged++) {
		struct call c = call_good();
		struct sweep sweep = {.s = *state, .forged = forged};

		c.second_key = forged;
		sweep.token = call_token(*state, &c);
		alloc_sweep(forged ? "judge, forged" : "judge", attempt, &sweep);
		vectors_free(sweep.token);
	}
}

struct parsing {
	struct sti_span text;
	enum sti_error (*parse)(struct sti_span text);
};

static enum sti_error parse_passport(struct sti_span text)
{
	struct sti_passport *passport = NULL;
	enum sti_error error = sti_passport_parse(text, &passport);

	if (!error)
		assert_int_equal(passport->claims_error, STI_OK);
	sti_passport_free(passport);
	return error;
}

static enum sti_error parse_key(struct sti_span text)
{
	struct sti_key *key = NULL;
	enum sti_error error = sti_key_parse(text, &key);

	sti_key_free(key);
	return error;
}

static enum sti_error parse_roots(struct sti_span text)
{
	struct sti_roots *roots = NULL;
	enum sti_error error = sti_roots_parse(text, &roots);

	if (!error)
		assert_int_equal(sti_roots_count(roots), 1);
	sti_roots_free(roots);
	return error;
}

static bool parse_attempt(void *context)
{
	const struct parsing *parsing = context;
	enum sti_error error = parsing->parse(parsing->text);

	assert_true(error == STI_OK || alloc_sweep_failed());
	return error == STI_OK;
}

static void test_J5_memory_gives_out_while_parsing(void **state)
{
	const struct scene *s = *state;
	struct call c = call_good();
	struct sti_span token = call_token(s, &c);
	struct parsing passport = {token, parse_passport};
	struct parsing key = {buf_span(&s->good.key), parse_key};
	struct parsing roots = {buf_span(&s->root.cert), parse_roots};

	alloc_sweep("PASSporT", parse_attempt, &passport);
	alloc_sweep("key", parse_attempt, &key);
	alloc_sweep("roots", parse_attempt, &roots);
	vectors_free(token);
}

/* A credential that is there is judged rightly: never untrusted because memory gave out, which would
 * be TN-Validation-Failed for an honest call, and never trusted because of it. */
struct credential_sweep {
	const struct scene *s;
	struct sti_span body;
	enum sti_trust right;
};

static bool credential_attempt(void *context)
{
	const struct credential_sweep *sweep = context;
	struct sti_credential *credential = NULL;
	enum sti_error error = sti_credential_parse(sweep->body, sweep->s->roots, NOW, &credential);

	if (error) {
		assert_true(alloc_sweep_failed());
		assert_null(credential);
		return false;
	}
	assert_int_equal(sti_credential_trust(credential, NULL, NOW), sweep->right);
	sti_credential_free(credential);
	return true;
}

static void test_J5_memory_gives_out_while_a_credential_is_judged(void **state)
{
	const struct scene *s = *state;
	struct pair ca = intermediate_make(&s->root), other_ca = intermediate_make(&s->other_root);
	struct pair leaf = signer_make(&ca), other_leaf = signer_make(&other_ca);
	struct credential_sweep good = {s, BUNDLE(&leaf, &ca), STI_TRUST_OK};
	struct credential_sweep stranger = {s, BUNDLE(&other_leaf, &other_ca), STI_TRUST_NO_PATH};

	alloc_sweep("credential", credential_attempt, &good);
	alloc_sweep("credential of a stranger", credential_attempt, &stranger);
	vectors_free(good.body);
	vectors_free(stranger.body);
	pair_free(&leaf);
	pair_free(&other_leaf);
	pair_free(&ca);
	pair_free(&other_ca);
}

static bool sign_attempt(void *context)
{
	const struct scene *s = context;
	struct sti_tn dest = tn(DEST);
	struct sti_sign_request request = {.orig = tn(ORIG),
					   .dest = &dest,
					   .n_dest = 1,
					   .iat = NOW,
					   .attest = 'A',
					   .origid = sti_span_str(ORIGID)};
	char out[STI_IDENTITY_MAX];
	size_t n;
	enum sti_error error = sti_sign(s->key, sti_span_str(URL_GOOD), &request, out, &n);

	assert_true(error == STI_OK || error == STI_E_CRYPTO || error == STI_E_MEMORY);
	return error == STI_OK;
}

static void test_J5_memory_gives_out_while_signing(void **state)
{
	alloc_sweep("sign", sign_attempt, *state);
}

/* One PASSporT with this credential under this policy: its case. */
static enum sti_case case_with(const struct scene *s, const struct call *c, const struct sti_credential *credential,
			       const struct judge_policy *policy)
{
	struct sti_span token = call_token(s, c);
	struct judgement j;

	assert_int_equal(judge_token(token, &j), STI_OK);
	assert_false(judge_go(&j, policy));
	judge_give(&j, credential, STI_OK);
	assert_true(judge_go(&j, policy));
	judge_end(&j);
	vectors_free(token);
	return j.c;
}

static void test_F8_list_that_is_past_says_nothing_of_the_call(void **state)
{
	struct call c = call_good();

	for (int64_t until = NOW - 1; until <= NOW; until++) {
		struct sti_credential *credential = scene_listed_until(*state, until);
		enum sti_case right = until < NOW ? STI_CASE_E8 : STI_CASE_NONE;

		assert_int_equal(case_with(*state, &c, credential, &policy_vs), right);
		assert_int_equal(case_with(*state, &c, credential, &policy_cps), right);
		sti_credential_free(credential);
	}
}

static void test_E18_E19_CRLs_are_asked(void **state)
{
	const struct scene *s = *state;
	struct sti_crls *crls = scene_no_crl();
	struct judge_policy policy = policy_vs;
	struct call c = call_good();

	policy.crls = crls;
	assert_int_equal(case_with(s, &c, s->trusted, &policy_vs), STI_CASE_NONE);
	assert_int_equal(case_with(s, &c, s->trusted, &policy), STI_CASE_E17);
	sti_crls_free(crls);
}

static void test_B12_claim_that_the_certificate_excludes(void **state)
{
	struct sti_credential *credential = scene_limited(*state);
	struct call c = call_good();

	assert_int_equal(case_with(*state, &c, credential, &policy_vs), STI_CASE_NONE);
	c.payload_more = ",\"mky\":[]";
	assert_int_equal(case_with(*state, &c, credential, &policy_vs), STI_CASE_E17);
	assert_int_equal(case_with(*state, &c, credential, &policy_cps), STI_CASE_E17);
	assert_int_equal(sti_case_row(STI_CASE_E17)->code, 437);
	sti_credential_free(credential);
}

static void test_E2_credential_without_a_key(void **state)
{
	struct sti_credential *credential = scene_keyless(*state);
	struct call c = call_good();

	assert_int_equal(case_with(*state, &c, credential, &policy_vs), STI_CASE_E17);
	sti_credential_free(credential);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_I5_fresh_at_the_ends_of_clocks),
		cmocka_unit_test(test_stops_where_the_credential_is_wanted),
		cmocka_unit_test(test_a_credential_with_an_error_is_not_used),
		cmocka_unit_test(test_only_the_CPS_takes_every_type),
		cmocka_unit_test(test_aside_by_the_header_parameter_when_the_token_cannot_be_read),
		cmocka_unit_test(test_A19_J5_a_library_that_cannot_tell),
		cmocka_unit_test(test_J5_memory_gives_out_while_parsing),
		cmocka_unit_test(test_J5_memory_gives_out_while_a_credential_is_judged),
		cmocka_unit_test(test_J5_memory_gives_out_while_signing),
		cmocka_unit_test(test_F8_list_that_is_past_says_nothing_of_the_call),
		cmocka_unit_test(test_E18_E19_CRLs_are_asked),
		cmocka_unit_test(test_B12_claim_that_the_certificate_excludes),
		cmocka_unit_test(test_E2_credential_without_a_key),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}

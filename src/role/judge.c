/* SPDX-License-Identifier: Apache-2.0 */
#include "role/judge.h"

#include "base/uuid.h"
#include "passport/x5u.h"
#include "pki/credential.h"
#include "role/claims.h"

typedef bool judge_check(struct judgement *j, const struct judge_policy *policy);

static bool is_full_form(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return j->parse_error == STI_OK;
}

/* RFC 8224 4.1: the parameters mirror the header; absent alg means ES256, absent ppt says nothing. */
static bool parameters_fit(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	if (!j->is_inband)
		return true;
	if (j->identity.alg.p && !sti_span_equal(j->identity.alg, j->passport->alg))
		return false;
	return !j->identity.ppt.p || sti_span_is(j->identity.ppt, "shaken");
}

static bool has_info(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return !j->is_inband || j->identity.info.n > 0;
}

static bool info_is_usable(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return !j->is_inband || x5u_check(j->identity.info) == STI_OK;
}

static bool header_is_complete(struct judgement *j, const struct judge_policy *policy)
{
	const struct sti_passport *p = j->passport;

	return p->typ.p && p->alg.p && p->x5u.p && (p->ppt.p || policy->every_ppt);
}

static bool x5u_is_info(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return !j->is_inband || sti_span_equal(j->passport->x5u, j->identity.info);
}

static bool x5u_is_usable(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return x5u_check(j->passport->x5u) == STI_OK;
}

static bool typ_is_passport(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return sti_span_is(j->passport->typ, "passport");
}

static bool alg_is_es256(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return sti_span_is(j->passport->alg, "ES256");
}

static bool ppt_is_supported(struct judgement *j, const struct judge_policy *policy)
{
	return policy->every_ppt || sti_span_is(j->passport->ppt, "shaken");
}

/* After alg: an unsigned token is refused for what it says of itself (threats.md A1). */
static bool signature_is_whole(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return j->passport->signature_error == STI_OK;
}

static bool claims_are_right(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return j->passport->claims_error == STI_OK;
}

bool judge_is_fresh(const struct judge_policy *policy, int64_t time)
{
	return time >= policy->now - policy->freshness - policy->skew && time <= policy->now + policy->skew;
}

static bool iat_is_fresh(struct judgement *j, const struct judge_policy *policy)
{
	return judge_is_fresh(policy, j->passport->iat);
}

static bool claims_dest(const struct sti_passport *p, const struct sti_tn *dest)
{
	struct sti_tn claimed;

	for (size_t i = 0; i < p->n_dest_tn; i++)
		if (sti_tn_canonical(p->dest_tn[i], NULL, &claimed) == STI_OK && sti_tn_equal(&claimed, dest))
			return true;
	return false;
}

/* RFC 8224 6.2 step 2: what signalling says is compared with the claims, never the other way round. */
static bool numbers_fit(struct judgement *j, const struct judge_policy *policy)
{
	struct sti_tn claimed;

	if (!policy->orig)
		return true;
	if (sti_tn_canonical(j->passport->orig_tn, NULL, &claimed) || !sti_tn_equal(&claimed, policy->orig))
		return false;
	for (size_t i = 0; i < policy->n_dest; i++)
		if (!claims_dest(j->passport, &policy->dest[i]))
			return false;
	return true;
}

static bool url_was_allowed(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return j->credential_error != STI_E_URL && j->credential_error != STI_E_DENIED;
}

static bool was_fetched(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return j->credential != NULL;
}

/* Where the list that may have its root is past or was never had, nothing is believed of it, no lie
 * either (threats.md F8). The CPS says 503 then, as when it could not fetch. */
static bool list_counts(struct judgement *j, const struct judge_policy *policy)
{
	j->trust = sti_credential_trust(j->credential, policy->crls, policy->now);
	return j->trust != STI_TRUST_NO_LIST;
}

/* Trusted now, and valid when it was used: iat inside the window too. */
static bool is_trusted(struct judgement *j, const struct judge_policy *policy)
{
	int64_t iat = j->passport->iat;

	(void)policy;
	return j->trust == STI_TRUST_OK && iat >= sti_credential_from(j->credential) &&
	       iat <= sti_credential_until(j->credential);
}

static bool may_claim(struct judgement *j, const struct judge_policy *policy)
{
	(void)policy;
	return claims_are_allowed(credential_constraints(j->credential), j->passport);
}

/* STI_OK alone is a yes. A library that could not tell is no proof of a lie: see judge_go. */
static bool signature_verifies(struct judgement *j, const struct judge_policy *policy)
{
	enum sti_error error = sti_passport_verify(j->passport, sti_credential_key(j->credential));

	(void)policy;
	if (error != STI_OK && error != STI_E_SIGNATURE)
		j->machine_error = error;
	return error == STI_OK;
}

static bool attest_is_known(struct judgement *j, const struct judge_policy *policy)
{
	const struct sti_passport *p = j->passport;

	if (!sti_span_is(p->ppt, "shaken"))
		return true;
	if (p->attest.n != 1 || p->attest.p[0] < 'A' || p->attest.p[0] > 'C')
		return false;
	return !policy->strict_origid || uuid_is(p->origid);
}

static const struct {
	enum sti_case c;
	judge_check *check;
	bool wants_credential;
} step[] = {
	{STI_CASE_E4, is_full_form, false},       {STI_CASE_E5, parameters_fit, false},
	{STI_CASE_E6, has_info, false},           {STI_CASE_E7, info_is_usable, false},
	{STI_CASE_E9, header_is_complete, false}, {STI_CASE_E10, x5u_is_info, false},
	{STI_CASE_E7, x5u_is_usable, false},      {STI_CASE_E11, typ_is_passport, false},
	{STI_CASE_E12, alg_is_es256, false},      {STI_CASE_E13, ppt_is_supported, false},
	{STI_CASE_E4, signature_is_whole, false}, {STI_CASE_E14, claims_are_right, false},
	{STI_CASE_E15, iat_is_fresh, false},      {STI_CASE_E16, numbers_fit, false},
	{STI_CASE_E7, url_was_allowed, true},     {STI_CASE_E8, was_fetched, true},
	{STI_CASE_E8, list_counts, true},         {STI_CASE_E17, is_trusted, true},
	{STI_CASE_E17, may_claim, true},          {STI_CASE_E18, signature_verifies, true},
	{STI_CASE_E19, attest_is_known, true},
};

#define STEPS (sizeof(step) / sizeof(step[0]))
_Static_assert(STEPS <= (size_t)JUDGE_CHECKS, "every step leaves one check");

static enum sti_error read_token(struct sti_span token, struct judgement *out)
{
	out->parse_error = sti_passport_parse(token, &out->passport);
	return out->parse_error == STI_E_MEMORY ? STI_E_MEMORY : STI_OK;
}

enum sti_error judge_token(struct sti_span token, struct judgement *out)
{
	*out = (struct judgement){0};
	return read_token(token, out);
}

enum sti_error judge_identity(struct sti_span value, struct judgement *out)
{
	*out = (struct judgement){.is_inband = true};
	out->parse_error = sti_identity_parse(value, &out->identity);
	if (out->parse_error)
		return STI_OK;
	return read_token(out->identity.token, out);
}

void judge_end(struct judgement *judgement)
{
	sti_passport_free(judgement->passport);
	judgement->passport = NULL;
}

/* A case that several steps look for is told once, with the last word on it. */
static void note(struct judgement *j, enum sti_case c, bool ok)
{
	size_t i = 0;

	while (i < j->n_check && j->check[i].c != c)
		i++;
	if (i == j->n_check)
		j->n_check++;
	j->check[i] = (struct sti_check){c, ok};
}

bool judge_go(struct judgement *j, const struct judge_policy *policy)
{
	for (; !j->done && j->step < STEPS; j->step++) {
		if (step[j->step].wants_credential && !j->has_answer)
			return false;
		if (step[j->step].check(j, policy)) {
			note(j, step[j->step].c, true);
			continue;
		}
		j->c = j->machine_error ? STI_CASE_E8 : step[j->step].c;
		note(j, j->c, false);
		j->done = true;
	}
	j->done = true;
	return true;
}

void judge_give(struct judgement *j, const struct sti_credential *credential, enum sti_error error)
{
	j->credential = error ? NULL : credential;
	j->credential_error = error;
	j->has_answer = true;
}

bool judge_passed(const struct judgement *j)
{
	return j->done && j->c == STI_CASE_NONE;
}

bool judge_is_aside(const struct judgement *j)
{
	if (j->passport && j->passport->ppt.p)
		return !sti_span_is(j->passport->ppt, "shaken");
	return j->is_inband && j->identity.ppt.p && !sti_span_is(j->identity.ppt, "shaken");
}

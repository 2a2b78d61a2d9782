/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/verify.h>

#include <stdlib.h>

#include "base/limits.h"
#include "role/judge.h"

struct sti_verify {
	const struct sti_verify_policy *policy;
	struct judge_policy judge;
	struct sti_tn orig;
	struct sti_tn *dest;
	int64_t time;
	bool ask_oob;
	bool is_oob_asked;
	bool has_oob;

	uint8_t *text; /* copies of the Identity values and of the tokens from the store */
	uint8_t *oob_text;
	struct sti_span *oob;
	struct judgement *inband;
	size_t n_inband;
	struct judgement *from_store;
	size_t n_from_store;

	struct sti_check date;
	struct sti_verify_result result;
	bool done;
};

/* Copies the spans one behind the other into one block; NULL when there is no memory. */
static uint8_t *copy_spans(const struct sti_span *from, size_t n, struct sti_span *to)
{
	size_t total = 1;
	uint8_t *block;
	uint8_t *at;

	for (size_t i = 0; i < n; i++)
		total += from[i].n;
	block = malloc(total);
	if (!block)
		return NULL;
	at = block;
	for (size_t i = 0; i < n; i++) {
		if (from[i].n)
			memcpy(at, from[i].p, from[i].n);
		to[i] = sti_span(at, from[i].n);
		at += from[i].n;
	}
	return block;
}

static enum sti_error copy_dest(struct sti_verify *v, const struct sti_verify_request *request)
{
	v->dest = calloc(request->n_dest + 1, sizeof(*v->dest));
	if (!v->dest)
		return STI_E_MEMORY;
	for (size_t i = 0; i < request->n_dest; i++)
		v->dest[i] = request->dest[i];
	return STI_OK;
}

static enum sti_error read_inband(struct sti_verify *v, const struct sti_verify_request *request)
{
	struct sti_span value[LIMIT_IDENTITIES];

	if (request->n_identity > LIMIT_IDENTITIES)
		return STI_E_LIMIT;
	v->inband = calloc(request->n_identity + 1, sizeof(*v->inband));
	v->text = copy_spans(request->identity, request->n_identity, value);
	if (!v->inband || !v->text)
		return STI_E_MEMORY;
	for (; v->n_inband < request->n_identity; v->n_inband++)
		if (judge_identity(value[v->n_inband], &v->inband[v->n_inband]))
			return STI_E_MEMORY;
	return STI_OK;
}

static void set_policy(struct sti_verify *v, const struct sti_verify_request *request)
{
	v->policy = request->policy;
	v->orig = request->orig;
	v->time = request->time;
	v->ask_oob = request->ask_oob;
	v->judge = (struct judge_policy){
		.now = request->now,
		.freshness = request->policy->freshness,
		.skew = request->policy->skew,
		.strict_origid = request->policy->strict_origid,
		.orig = request->orig.n ? &v->orig : NULL,
		.dest = v->dest,
		.n_dest = request->n_dest,
		.crls = request->crls,
	};
}

enum sti_error sti_verify_start(const struct sti_verify_request *request, struct sti_verify **out)
{
	struct sti_verify *v = calloc(1, sizeof(*v));
	enum sti_error error;

	if (!v)
		return STI_E_MEMORY;
	error = copy_dest(v, request);
	set_policy(v, request);
	if (!error)
		error = read_inband(v, request);
	if (error) {
		sti_verify_free(v);
		return error;
	}
	*out = v;
	return STI_OK;
}

static void end_all(struct judgement *judgement, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge_end(&judgement[i]);
	free(judgement);
}

void sti_verify_free(struct sti_verify *v)
{
	if (!v)
		return;
	/* One that could not be read for want of memory holds nothing, so n_ leaves it out. */
	end_all(v->inband, v->n_inband);
	end_all(v->from_store, v->n_from_store);
	free(v->dest);
	free(v->text);
	free(v->oob_text);
	free(v->oob);
	free(v);
}

/* E3: RFC 8224 6.2 step 4, the time that signalling gives. */
static bool date_is_fresh(const struct sti_verify *v)
{
	return v->time < 0 || judge_is_fresh(&v->judge, v->time);
}

/* Judges as far as it goes. The first whose credential has not been asked for; NULL: there is none. */
static struct judgement *next_unasked(struct sti_verify *v, struct judgement *judgement, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!judgement[i].done && !judge_go(&judgement[i], &v->judge) && !judgement[i].is_asked)
			return &judgement[i];
	return NULL;
}

static bool is_open(const struct judgement *judgement, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!judgement[i].done)
			return true;
	return false;
}

static void mark_asked(struct judgement *judgement, size_t n, struct sti_span url)
{
	for (size_t i = 0; i < n; i++)
		if (judgement[i].passport && sti_span_equal(judgement[i].passport->x5u, url))
			judgement[i].is_asked = true;
}

static bool ask_for_credential(struct sti_verify *v, struct sti_span *url)
{
	struct judgement *inband = next_unasked(v, v->inband, v->n_inband);
	struct judgement *stored = next_unasked(v, v->from_store, v->n_from_store);

	if (!inband && !stored)
		return false;
	*url = inband ? inband->passport->x5u : stored->passport->x5u;
	mark_asked(v->inband, v->n_inband, *url);
	mark_asked(v->from_store, v->n_from_store, *url);
	return true;
}

/* Of two that passed: the better attestation where policy says so, else the younger one. */
static bool is_better(const struct sti_verify *v, const struct judgement *a, const struct judgement *b)
{
	if (!b || judge_passed(a) != judge_passed(b))
		return !b || judge_passed(a);
	if (!judge_passed(a))
		return judge_is_aside(b) && !judge_is_aside(a);
	if (v->policy->prefer == STI_PREFER_BEST_ATTESTATION && a->passport->attest.p[0] != b->passport->attest.p[0])
		return a->passport->attest.p[0] < b->passport->attest.p[0];
	return a->passport->iat > b->passport->iat;
}

static const struct judgement *best_of(const struct sti_verify *v, const struct judgement *judgement, size_t n)
{
	const struct judgement *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (is_better(v, &judgement[i], best))
			best = &judgement[i];
	return best;
}

static bool is_same_token(const struct judgement *a, const struct judgement *b)
{
	return a && b && a->passport && b->passport && sti_span_equal(a->passport->token, b->passport->token);
}

/* Local policy of the seed: which of the two decides. Where neither passed, in-band's failure is
 * told, for it is the one that came with the call, unless it was set aside for its type. */
static const struct judgement *choose(const struct sti_verify *v, const struct judgement *inband,
				      const struct judgement *oob)
{
	bool inband_passed = inband && judge_passed(inband);
	bool oob_passed = oob && judge_passed(oob);

	if (v->policy->prefer == STI_PREFER_EQUAL && !(inband_passed && is_same_token(inband, oob)))
		return inband_passed ? NULL : inband;
	if (inband_passed && oob_passed && v->policy->prefer == STI_PREFER_BEST_ATTESTATION)
		return is_better(v, oob, inband) ? oob : inband;
	if (oob_passed && (!inband_passed || v->policy->prefer == STI_PREFER_OOB))
		return oob;
	return inband_passed || !oob || !is_better(v, oob, inband) ? inband : oob;
}

static enum sti_source source_of(const struct judgement *judgement)
{
	if (!judgement)
		return STI_SOURCE_NONE;
	return judgement->is_inband ? STI_SOURCE_INBAND : STI_SOURCE_OOB;
}

static void tell(struct sti_verify *v, const struct judgement *chosen)
{
	struct sti_verify_result *r = &v->result;

	r->decided = source_of(chosen);
	if (!chosen)
		return;
	r->c = chosen->c;
	r->verstat = sti_case_row(chosen->c)->verstat;
	r->passport = chosen->passport;
	r->credential = chosen->credential;
	r->check = chosen->check;
	r->n_check = chosen->n_check;
}

static void decide(struct sti_verify *v)
{
	const struct judgement *inband = best_of(v, v->inband, v->n_inband);
	const struct judgement *oob = best_of(v, v->from_store, v->n_from_store);

	v->result.differ = inband && oob && !is_same_token(inband, oob);
	tell(v, choose(v, inband, oob));
	v->done = true;
}

static void decide_stale(struct sti_verify *v)
{
	v->date = (struct sti_check){STI_CASE_E3, false};
	v->result.c = STI_CASE_E3;
	v->result.verstat = sti_case_row(STI_CASE_E3)->verstat;
	v->result.check = &v->date;
	v->result.n_check = 1;
	v->done = true;
}

/* With STI_PREFER_EQUAL nothing has passed before both are there. */
static bool any_passed(const struct sti_verify *v)
{
	const struct judgement *best = best_of(v, v->inband, v->n_inband);

	return best && judge_passed(best) && v->policy->prefer != STI_PREFER_EQUAL;
}

static bool is_waiting(const struct sti_verify *v)
{
	return is_open(v->inband, v->n_inband) || is_open(v->from_store, v->n_from_store) ||
	       (v->ask_oob && !v->has_oob);
}

enum sti_want sti_verify_next(struct sti_verify *v, struct sti_want_detail *detail)
{
	*detail = (struct sti_want_detail){0};
	if (!v->done && !date_is_fresh(v))
		decide_stale(v);
	if (v->done)
		return STI_WANT_NOTHING;
	if (ask_for_credential(v, &detail->url))
		return STI_WANT_CERT;
	detail->passed = any_passed(v);
	if (v->ask_oob && !v->is_oob_asked) {
		v->is_oob_asked = true;
		return STI_WANT_OOB;
	}
	if (is_waiting(v))
		return STI_WANT_ANSWERS;
	decide(v);
	return STI_WANT_NOTHING;
}

/* One answer serves every PASSporT that names the same URL. */
static void give_all(struct judgement *judgement, size_t n, struct sti_span url,
		     const struct sti_credential *credential, enum sti_error error)
{
	for (size_t i = 0; i < n; i++)
		if (!judgement[i].done && judgement[i].passport && !judgement[i].has_answer &&
		    sti_span_equal(judgement[i].passport->x5u, url))
			judge_give(&judgement[i], credential, error);
}

void sti_verify_give_cert(struct sti_verify *v, struct sti_span url, const struct sti_credential *credential,
			  enum sti_error error)
{
	if (!credential && !error)
		error = STI_E_NOT_FOUND;
	give_all(v->inband, v->n_inband, url, credential, error);
	give_all(v->from_store, v->n_from_store, url, credential, error);
}

static void give_up(struct judgement *judgement, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!judgement[i].done && !judgement[i].has_answer)
			judge_give(&judgement[i], NULL, STI_E_TIMEOUT);
}

void sti_verify_give_up(struct sti_verify *v)
{
	give_up(v->inband, v->n_inband);
	give_up(v->from_store, v->n_from_store);
	v->has_oob = true;
	v->is_oob_asked = true;
}

/* A token that came in band as well was judged already. */
static const struct judgement *find_inband(const struct sti_verify *v, struct sti_span token)
{
	for (size_t i = 0; i < v->n_inband; i++)
		if (v->inband[i].passport && sti_span_equal(v->inband[i].passport->token, token))
			return &v->inband[i];
	return NULL;
}

/* The verdict that stands for the token is taken over; it is not verified twice. */
static void copy_verdict(const struct judgement *from, struct judgement *to)
{
	to->is_inband = false;
	to->credential = from->credential;
	to->c = from->c;
	to->done = from->done;
	to->n_check = from->n_check;
	memcpy(to->check, from->check, sizeof(to->check));
}

/* What has been asked for a URL in band is not asked again. */
static void reuse_answer(const struct sti_verify *v, struct judgement *to)
{
	for (size_t i = 0; to->passport && i < v->n_inband; i++) {
		const struct judgement *from = &v->inband[i];

		if (!from->is_asked || !from->passport || !sti_span_equal(from->passport->x5u, to->passport->x5u))
			continue;
		to->is_asked = true;
		if (from->has_answer)
			judge_give(to, from->credential, from->credential_error);
		return;
	}
}

static enum sti_error judge_stored(struct sti_verify *v, struct sti_span token)
{
	struct judgement *out = &v->from_store[v->n_from_store];
	const struct judgement *twin = find_inband(v, token);
	enum sti_error error = judge_token(token, out);

	if (error)
		return error;
	v->n_from_store++;
	reuse_answer(v, out);
	if (twin && judge_passed(twin))
		copy_verdict(twin, out);
	return STI_OK;
}

enum sti_error sti_verify_give_oob(struct sti_verify *v, const struct sti_span *token, size_t n)
{
	if (v->has_oob || v->done)
		return STI_OK;
	v->has_oob = true;
	if (n > LIMIT_PAIR)
		n = LIMIT_PAIR;
	v->oob = calloc(n + 1, sizeof(*v->oob));
	v->from_store = calloc(n + 1, sizeof(*v->from_store));
	v->oob_text = v->oob ? copy_spans(token, n, v->oob) : NULL;
	if (!v->oob_text || !v->from_store)
		return STI_E_MEMORY;
	v->result.oob = v->oob;
	v->result.n_oob = n;
	for (size_t i = 0; i < n; i++)
		if (judge_stored(v, v->oob[i]))
			return STI_E_MEMORY;
	return STI_OK;
}

const struct sti_verify_result *sti_verify_result(const struct sti_verify *v)
{
	return &v->result;
}

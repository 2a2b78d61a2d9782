/* SPDX-License-Identifier: Apache-2.0 */
#include "role/place.h"

#include <stdlib.h>

struct place {
	const struct place_policy *policy;
	struct judge_policy judge;
	struct judgement judgement[LIMIT_PASSPORTS];
	struct place_item item[LIMIT_PASSPORTS];
	size_t n;
	bool is_checked; /* the form of all of them */
	bool over; /* there is a result */
	struct place_result result;
};

static void end_with(struct place *place, enum place_outcome outcome, enum sti_case c)
{
	place->result.outcome = outcome;
	place->result.c = c;
	place->over = true;
}

static struct sti_span without_cr(struct sti_span line)
{
	return line.n && line.p[line.n - 1] == '\r' ? sti_span(line.p, line.n - 1) : line;
}

static enum sti_error read_body(struct place *place, struct sti_span body)
{
	struct sti_span line;

	while (sti_span_cut(&body, '\n', &line)) {
		line = without_cr(line);
		if (line.n == 0)
			continue;
		if (place->n == LIMIT_PASSPORTS) {
			end_with(place, PLACE_MALFORMED, STI_CASE_NONE);
			return STI_OK;
		}
		if (judge_token(line, &place->judgement[place->n]))
			return STI_E_MEMORY;
		place->n++;
	}
	if (place->n == 0)
		end_with(place, PLACE_MALFORMED, STI_CASE_NONE);
	place->result.n_passport = place->n;
	return STI_OK;
}

enum sti_error place_start(struct sti_span body, const struct place_policy *policy, int64_t now, struct place **out)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return STI_E_MEMORY;
	place->policy = policy;
	place->judge = (struct judge_policy){
		.now = now,
		.freshness = policy->freshness,
		.skew = policy->skew,
		.every_ppt = true,
	};
	if (read_body(place, body)) {
		place_free(place);
		return STI_E_MEMORY;
	}
	*out = place;
	return STI_OK;
}

void place_use_crls(struct place *place, const struct sti_crls *crls)
{
	place->judge.crls = crls;
}

void place_free(struct place *place)
{
	if (!place)
		return;
	for (size_t i = 0; i < place->n; i++)
		judge_end(&place->judgement[i]);
	free(place);
}

static bool type_is_accepted(const struct place *place, struct sti_span ppt)
{
	for (size_t i = 0; i < place->policy->n_type; i++)
		if (sti_span_equal(place->policy->type[i], ppt))
			return true;
	return place->policy->n_type == 0;
}

static bool read_numbers(const struct sti_passport *passport, struct place_item *item)
{
	if (sti_tn_canonical(passport->orig_tn, NULL, &item->orig))
		return false;
	for (size_t i = 0; i < passport->n_dest_tn && item->n_dest < LIMIT_DEST; i++)
		if (sti_tn_canonical(passport->dest_tn[i], NULL, &item->dest[item->n_dest++]))
			return false;
	return item->n_dest > 0;
}

static bool same_dest(const struct place_item *a, const struct place_item *b)
{
	if (a->n_dest != b->n_dest)
		return false;
	for (size_t i = 0; i < a->n_dest; i++)
		if (!sti_tn_equal(&a->dest[i], &b->dest[i]))
			return false;
	return true;
}

/* RFC 8946 3: a div PASSporT has another dest than the one it follows; orig stays. */
static bool is_div(const struct sti_passport *passport)
{
	return sti_span_is(passport->ppt, "div") || sti_span_is(passport->ppt, "div-o");
}

/* One orig, and one dest of all that are not div. */
static bool is_of_one_call(const struct place *place, size_t i)
{
	if (!sti_tn_equal(&place->item[0].orig, &place->item[i].orig))
		return false;
	if (is_div(place->judgement[i].passport))
		return true;
	for (size_t k = 0; k < i; k++)
		if (!is_div(place->judgement[k].passport) && !same_dest(&place->item[k], &place->item[i]))
			return false;
	return true;
}

/* After the checks that need no credential, for every PASSporT, before the first fetch. */
static bool check_form(struct place *place)
{
	for (size_t i = 0; i < place->n; i++) {
		struct judgement *j = &place->judgement[i];

		if (judge_go(j, &place->judge)) {
			end_with(place, PLACE_REFUSED, j->c);
			return false;
		}
		place->item[i].passport = j->passport;
		if (!type_is_accepted(place, j->passport->ppt)) {
			end_with(place, PLACE_TYPE, STI_CASE_E13);
			return false;
		}
		if (!read_numbers(j->passport, &place->item[i])) {
			end_with(place, PLACE_REFUSED, STI_CASE_E14);
			return false;
		}
		if (!is_of_one_call(place, i)) {
			end_with(place, PLACE_MALFORMED, STI_CASE_NONE);
			return false;
		}
	}
	return true;
}

static bool finish_item(const struct place *place, size_t i, struct place_item *item)
{
	const struct judgement *j = &place->judgement[i];
	const uint8_t *key_id = sti_public_key_id(sti_credential_key(j->credential));

	item->signer = key_id;
	item->expires = j->passport->iat + place->judge.freshness + 1;
	item->replay_until = item->expires + place->judge.skew;
	return digest_sha256_two(j->passport->signing_input, sti_span(key_id, DIGEST_SHA256), item->replay) == STI_OK;
}

/* All are good. What is stale by our clock, within the skew allowed, is not worth storing. */
static void finish(struct place *place)
{
	size_t kept = 0;

	for (size_t i = 0; i < place->n; i++) {
		if (!finish_item(place, i, &place->item[i])) {
			end_with(place, PLACE_REFUSED, STI_CASE_E8);
			return;
		}
		if (place->item[i].expires > place->judge.now)
			place->item[kept++] = place->item[i];
	}
	place->result.item = place->item;
	place->result.n_item = kept;
	end_with(place, PLACE_GOOD, STI_CASE_NONE);
}

/* Everything that has been answered is judged. True when that settles it. */
static bool is_settled(struct place *place)
{
	bool all = true;

	for (size_t i = 0; i < place->n; i++) {
		struct judgement *j = &place->judgement[i];

		if (!judge_go(j, &place->judge)) {
			all = false;
		} else if (!judge_passed(j)) {
			end_with(place, PLACE_REFUSED, j->c);
			return true;
		}
	}
	if (all)
		finish(place);
	return all;
}

static bool ask_for_credential(struct place *place, struct sti_span *url)
{
	size_t i = 0;

	while (i < place->n && (place->judgement[i].done || place->judgement[i].is_asked))
		i++;
	if (i == place->n)
		return false;
	*url = place->judgement[i].passport->x5u;
	for (; i < place->n; i++)
		if (sti_span_equal(place->judgement[i].passport->x5u, *url))
			place->judgement[i].is_asked = true;
	return true;
}

enum place_want place_next(struct place *place, struct sti_span *url)
{
	if (!place->over && !place->is_checked)
		place->is_checked = check_form(place);
	if (place->over || is_settled(place))
		return PLACE_WANT_NOTHING;
	return ask_for_credential(place, url) ? PLACE_WANT_CERT : PLACE_WANT_ANSWERS;
}

void place_give(struct place *place, struct sti_span url, const struct sti_credential *credential, enum sti_error error)
{
	if (!credential && !error)
		error = STI_E_NOT_FOUND;
	for (size_t i = 0; i < place->n; i++) {
		struct judgement *j = &place->judgement[i];

		if (j->passport && !j->has_answer && sti_span_equal(j->passport->x5u, url))
			judge_give(j, credential, error);
	}
}

void place_give_up(struct place *place)
{
	for (size_t i = 0; i < place->n; i++)
		if (place->judgement[i].passport && !place->judgement[i].has_answer)
			judge_give(&place->judgement[i], NULL, STI_E_TIMEOUT);
}

const struct place_result *place_result(const struct place *place)
{
	return &place->result;
}

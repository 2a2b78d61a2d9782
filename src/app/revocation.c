/* SPDX-License-Identifier: Apache-2.0 */
#include "app/revocation.h"

#include "base/limits.h"

/* What makes us refuse a CRL; the columns of struct offer. */
enum refusal { UNREADABLE, BAD_SIGNER, BAD_SIGNATURE, NOT_YET, ROLLBACK, EQUIVOCATION, JUMP };

#define REFUSAL(severity_, reason_, code_, what_, clause_)                                                             \
	{                                                                                                              \
		.step = OFFER_REFUSED, .code = "crl." code_, .severity = (severity_), .reason = (reason_),             \
		.what = (what_), .clause = "RFC 5280 " clause_                                                         \
	}

static const struct offer refusals[] = {
	[UNREADABLE] = REFUSAL(2, METRICS_REFUSAL_UNREADABLE, "unreadable", "not a CRL that may be used", "5"),
	[BAD_SIGNER] = REFUSAL(2, METRICS_REFUSAL_SIGNER, "bad_signer",
			       "the anchor has no certificate of its issuer, or none that vouches for it", "6.3.3"),
	[BAD_SIGNATURE] = REFUSAL(2, METRICS_REFUSAL_SIGNATURE, "bad_sig", "the signature does not verify", "5.1.1.3"),
	[NOT_YET] = REFUSAL(2, METRICS_REFUSAL_NOT_YET, "not_yet", "thisUpdate lies ahead", "5.1.2.4"),
	[ROLLBACK] = REFUSAL(3, METRICS_REFUSAL_ROLLBACK, "rollback", "older than the one accepted before", "5.2.3"),
	[EQUIVOCATION] =
		REFUSAL(3, METRICS_REFUSAL_EQUIVOCATION, "equivocation", "another CRL of the same number", "5.2.3"),
	[JUMP] = REFUSAL(3, METRICS_REFUSAL_JUMP, "jump", "so far ahead that it must be confirmed", "5.2.3"),
};

void revocation_open(struct revocation *revocation, const struct plan_source *plan, struct generations *kept)
{
	*revocation = (struct revocation){.plan = plan, .kept = plan->url ? kept : NULL};
}

void revocation_close(struct revocation *revocation)
{
	crl_unref(revocation->crl);
}

static struct offer refused(enum sti_error error)
{
	if (error == STI_E_MEMORY || error == STI_E_CRYPTO)
		return (struct offer){.step = OFFER_FAILED, .error = error};
	if (error == STI_E_SIGNATURE)
		return refusals[BAD_SIGNATURE];
	return refusals[error == STI_E_CERT ? UNREADABLE : BAD_SIGNER];
}

/* A CRL without a number is numbered by its time, so that its mark goes up as well (threats.md E21). */
static void mark_of(const struct crl *crl, struct mark *out)
{
	crl_mark(crl, out);
	if (!crl_has_number(crl))
		mark_set_number(out, crl_this_update(crl) > 0 ? crl_this_update(crl) : 0);
}

static bool is_same(const struct revocation *revocation, const struct crl *crl)
{
	return revocation->crl && sti_span_equal(crl_der(revocation->crl), crl_der(crl));
}

static enum sti_error save(const struct revocation *revocation, const struct crl *crl)
{
	struct mark mark;

	if (!revocation->kept)
		return STI_OK;
	mark_of(crl, &mark);
	return generations_put(revocation->kept, revocation->plan->id, crl_der(crl), &mark);
}

static struct offer unsaved(enum sti_error error)
{
	return (struct offer){.step = OFFER_UNSAVED, .error = error};
}

static struct offer equivocation(const struct revocation *revocation, const struct crl *crl)
{
	(void)generations_keep_evidence(revocation->kept, revocation->plan->id, crl_der(crl));
	return refusals[EQUIVOCATION];
}

static void put_in_force(struct revocation *revocation, struct crl *crl)
{
	crl_unref(revocation->crl);
	revocation->crl = crl_ref(crl);
	crl_mark(crl, &revocation->mark);
	revocation->has_mark = true;
}

/* The mark on disk tells; where that is behind, the one in force does. */
static bool is_equivocation(const struct revocation *revocation, const struct crl *crl)
{
	struct mark held, mark;

	if (!revocation->is_unsaved)
		return false;
	mark_of(revocation->crl, &held);
	mark_of(crl, &mark);
	return mark_compare(&held, &mark) == 0;
}

/* A list that cannot be written is not used; a CRL is, for it only takes away (threats.md E19). */
static struct offer accept(struct revocation *revocation, struct crl *crl, bool saved)
{
	enum sti_error error = STI_OK;

	if (is_equivocation(revocation, crl))
		error = STI_E_DENIED;
	else if (!saved)
		error = save(revocation, crl);
	if (error == STI_E_DENIED)
		return equivocation(revocation, crl);
	revocation->is_unsaved = error != STI_OK;
	put_in_force(revocation, crl);
	return error ? unsaved(error) : (struct offer){.step = OFFER_TAKEN};
}

/* Behind the highest number no other CRL could ever come. */
static bool is_jump(const struct mark *held, const struct mark *offered)
{
	struct mark farthest = *held;
	size_t i = MARK_NUMBER - 8; /* an octet of 2^56 */

	_Static_assert(LIMIT_CRL_JUMP == INT64_C(1) << 56, "it is one of that octet");
	while (++farthest.number[i] == 0)
		if (i-- == 0)
			return false;
	return mark_compare(offered, &farthest) > 0;
}

static bool is_confirmed(const struct revocation *revocation, const struct mark *mark)
{
	return memcmp(revocation->plan->confirmed_number, mark->number, MARK_NUMBER) == 0;
}

/* A CRL without a number is as far as its time, which is checked. */
static bool must_be_confirmed(const struct revocation *revocation, const struct crl *crl)
{
	struct mark mark;

	crl_mark(crl, &mark);
	return crl_has_number(crl) && revocation->has_mark && is_jump(&revocation->mark, &mark) &&
	       !is_confirmed(revocation, &mark);
}

static struct offer refused_jump(const struct crl *crl)
{
	struct offer offer = refusals[JUMP];
	struct mark mark;

	crl_mark(crl, &mark);
	memcpy(offer.crl_number, mark.number, MARK_NUMBER);
	return offer;
}

static struct offer take_checked(struct revocation *revocation, struct crl *crl, bool saved, int64_t now)
{
	if (is_same(revocation, crl))
		return (struct offer){.step = OFFER_SAME};
	if (!saved && crl_this_update(crl) > now + LIMIT_SKEW_S)
		return refusals[NOT_YET];
	if (!saved && revocation->has_mark && crl_is_older(crl, &revocation->mark))
		return refusals[ROLLBACK];
	if (!saved && must_be_confirmed(revocation, crl))
		return refused_jump(crl);
	return accept(revocation, crl, saved);
}

struct offer revocation_save_again(struct revocation *revocation)
{
	enum sti_error error = revocation->is_unsaved ? save(revocation, revocation->crl) : STI_OK;

	revocation->is_unsaved = error != STI_OK;
	return error ? unsaved(error) : (struct offer){.step = OFFER_SAME};
}

/* What was revoked stays so over a restart: what lies on disk was taken when its time was right, so it is enough
 * that its signer was in its time when it signed (threats.md E19). */
static enum sti_error check(const struct revocation *revocation, const struct crl *crl, bool saved, int64_t now)
{
	enum sti_error error = crl_check(crl, revocation->plan->anchor, NULL, now);

	if (error == STI_E_TIMEOUT && saved)
		error = crl_check(crl, revocation->plan->anchor, NULL, crl_this_update(crl));
	return error;
}

static struct offer take(struct revocation *revocation, struct sti_span body, bool saved, int64_t now)
{
	struct crl *crl;
	enum sti_error error = crl_parse(body, &crl);
	struct offer offer;

	if (error)
		return refused(error == STI_E_MEMORY ? error : STI_E_CERT);
	error = check(revocation, crl, saved, now);
	offer = error ? refused(error) : take_checked(revocation, crl, saved, now);
	crl_unref(crl);
	return offer;
}

struct offer revocation_take(struct revocation *revocation, struct sti_span body, int64_t now)
{
	return take(revocation, body, false, now);
}

static const char *state_of(const struct generations_entry *entry)
{
	if (entry->is_lost)
		return "the CRL is lost, its mark is there";
	return entry->is_unmarked ? "there is no mark, the first use decides" : NULL;
}

struct offer revocation_load(struct revocation *revocation, int64_t now, const char **state)
{
	struct generations_entry entry = {0};
	struct offer offer = {.step = OFFER_SAME};
	enum sti_error error;

	*state = NULL;
	if (!revocation->kept)
		return offer;
	error = generations_load(revocation->kept, revocation->plan->id, revocation->plan->max, &entry);
	*state = error ? "it cannot be read" : state_of(&entry);
	if (!error && entry.has_mark) {
		revocation->mark = entry.mark;
		revocation->has_mark = true;
	}
	if (error)
		offer = (struct offer){.step = OFFER_FAILED, .error = error};
	else if (entry.bytes.n)
		offer = take(revocation, buf_span(&entry.bytes), entry.has_mark, now);
	buf_free(&entry.bytes);
	return offer;
}

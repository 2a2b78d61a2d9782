/* SPDX-License-Identifier: Apache-2.0 */
#include "app/revocation.h"

#include "base/limits.h"

/* What makes us refuse a CRL; the columns of struct offer. */
enum refusal { UNREADABLE, BAD_SIGNER, BAD_SIGNATURE, NOT_YET, ROLLBACK, EQUIVOCATION };

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

static enum sti_error save(const struct revocation *revocation, const struct crl *crl, const struct mark *mark)
{
	if (!revocation->kept)
		return STI_OK;
	return generations_put(revocation->kept, revocation->plan->id, crl_der(crl), mark);
}

static struct offer unsaved(const struct revocation *revocation, const struct crl *crl, enum sti_error error)
{
	if (error != STI_E_DENIED)
		return (struct offer){.step = OFFER_UNSAVED, .error = error};
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

static struct offer take_checked(struct revocation *revocation, struct crl *crl, bool saved, int64_t now)
{
	struct mark mark;
	enum sti_error error;

	if (is_same(revocation, crl))
		return (struct offer){.step = OFFER_SAME};
	if (!saved && crl_this_update(crl) > now + LIMIT_SKEW_S)
		return refusals[NOT_YET];
	if (!saved && revocation->has_mark && crl_is_older(crl, &revocation->mark))
		return refusals[ROLLBACK];
	mark_of(crl, &mark);
	error = saved ? STI_OK : save(revocation, crl, &mark);
	if (error)
		return unsaved(revocation, crl, error);
	put_in_force(revocation, crl);
	return (struct offer){.step = OFFER_TAKEN};
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

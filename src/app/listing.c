/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listing.h"

#include <errno.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "crypto/digest.h"

void listing_open(struct listing *listing, const struct plan_source *plan, struct generations *kept)
{
	*listing = (struct listing){.plan = plan, .kept = kept};
}

void listing_forget(struct listing *listing)
{
	list_free(listing->offered);
	listing->offered = NULL;
}

void listing_close(struct listing *listing)
{
	listing_forget(listing);
	ca_list_free(&listing->roots);
	mapping_unref(listing->mapping);
	buf_free(&listing->signer);
}

bool listing_is_in_force(const struct listing *listing, int64_t now)
{
	return listing->is_had && now < listing->until;
}

/* A list that ends on its exp has begun when it was taken, so that its age is seen. */
bool listing_renew(struct listing *listing, int64_t now)
{
	const struct list list = {.exp = listing->exp};
	int64_t max_age = listing->plan->max_age_s, until = list_until(&list, max_age, now);
	int64_t later = until - listing->until;
	bool is_last = until == listing->exp && later > 0;

	if (!listing->is_had || (!is_last && later <= max_age / 10 && later >= -(max_age / 10)))
		return false;
	listing->until = until;
	if (until < listing->exp)
		listing->from = now;
	return true;
}

/* ---- offers ---- */

static struct offer failed(enum sti_error error)
{
	return (struct offer){.step = OFFER_FAILED, .error = error};
}

_Static_assert(LIST_EMPTY - LIST_BAD_TYPE == METRICS_REFUSAL_EMPTY, "verdicts and their metric go in step");

static struct offer refused(const struct list *list, enum list_verdict verdict)
{
	const struct list_verdict_row *row = list_verdict_row(verdict);

	if (verdict == LIST_UNJUDGED)
		return failed(STI_E_MEMORY);
	return (struct offer){.step = OFFER_REFUSED,
			      .code = row->name,
			      .severity = row->severity,
			      .reason = (enum metrics_refusal)(verdict - LIST_BAD_TYPE),
			      .what = row->what,
			      .clause = row->clause,
			      .number = list->sequence};
}

static struct offer unreadable(enum sti_error error)
{
	if (error == STI_E_MEMORY || error == STI_E_CRYPTO)
		return failed(error);
	return (struct offer){.step = OFFER_REFUSED,
			      .code = "list.unreadable",
			      .severity = 2,
			      .reason = METRICS_REFUSAL_UNREADABLE,
			      .what = sti_error_text(error)};
}

/* ---- the signer on disk: this one and the one before, each behind a line with its length ---- */

enum { SIGNERS = 2, SIGNERS_MAX = SIGNERS * (LIMIT_CERT_BODY + 32) };

struct signers {
	struct buf bytes;
	struct sti_span body[SIGNERS];
	size_t n;
};

static struct buf signer_id(const struct listing *listing)
{
	struct buf id = buf_own(listing->plan->id.n + 16);

	buf_put(&id, listing->plan->id);
	buf_put_str(&id, "\nsigner");
	return id;
}

static void split_signers(struct signers *signers)
{
	struct sti_span rest = buf_span(&signers->bytes), line;
	int64_t n;

	while (signers->n < SIGNERS && rest.n && sti_span_cut(&rest, '\n', &line) &&
	       !decimal_parse(line, LIMIT_CERT_BODY, &n) && (size_t)n <= rest.n) {
		signers->body[signers->n++] = sti_span_first(rest, (size_t)n);
		rest = sti_span_from(rest, (size_t)n);
	}
}

/* What cannot be read is not there: then it is fetched. */
static void load_signers(const struct listing *listing, struct signers *out)
{
	struct buf id = signer_id(listing);
	struct generations_entry entry = {0};

	*out = (struct signers){0};
	if (!buf_error(&id) && !generations_load(listing->kept, buf_span(&id), SIGNERS_MAX, &entry)) {
		out->bytes = entry.bytes;
		split_signers(out);
	}
	buf_free(&id);
}

static void put_signer(struct buf *out, struct sti_span body)
{
	if (!body.n)
		return;
	buf_put_int(out, (int64_t)body.n);
	buf_put_byte(out, '\n');
	buf_put(out, body);
}

/* The one before stays beside it: after a crash before the list is written it is still needed. */
static enum sti_error save_signer(const struct listing *listing, struct sti_span body, const struct mark *of_list)
{
	struct buf id = signer_id(listing), bytes = buf_own(SIGNERS_MAX);
	struct mark mark = *of_list;
	enum sti_error error;

	put_signer(&bytes, body);
	put_signer(&bytes, buf_span(&listing->signer));
	error = buf_error(&id) ? buf_error(&id) : buf_error(&bytes);
	if (!error)
		error = digest_sha256(buf_span(&bytes), mark.sha256);
	if (!error)
		error = generations_put(listing->kept, buf_span(&id), buf_span(&bytes), &mark);
	buf_free(&id);
	buf_free(&bytes);
	return error == STI_E_DENIED ? STI_OK : error; /* another chain for one sequence: the first one will do */
}

/* ---- judging ---- */

static struct sti_span payload_of(const struct listing *listing)
{
	size_t n = sizeof(listing->payload_sha256);

	return listing->has_payload ? sti_span(listing->payload_sha256, n) : sti_span(NULL, 0);
}

static void keep_payload(struct listing *listing, const struct list *list)
{
	memcpy(listing->payload_sha256, list->payload_sha256, sizeof(listing->payload_sha256));
	listing->has_payload = true;
}

static enum list_verdict judge(struct listing *listing, struct list *list, const struct chain *signer,
			       const struct mark *mark, int64_t now)
{
	const struct plan_source *plan = listing->plan;
	struct list_source source = {
		.anchor = plan->anchor,
		.url = sti_span_str(plan->url),
		.host = plan->host,
		.n_host = plan->n_host,
		.payload_sha256 = payload_of(listing),
	};
	enum list_verdict verdict = list_judge(list, &source, signer, mark, now);

	if (verdict == LIST_JUMP && list->sequence == plan->confirmed_sequence) {
		source.confirmed = true;
		verdict = list_judge(list, &source, signer, mark, now);
	}
	/* The one we had is lost: it is taken again, by all that is asked of a new one. */
	if (verdict == LIST_SAME && !listing->is_had)
		verdict = list_judge(list, &source, signer, NULL, now);
	return verdict;
}

static const struct mark *mark_of(const struct listing *listing)
{
	return listing->has_mark ? &listing->mark : NULL;
}

static enum list_verdict judge_once(struct listing *listing, struct list *list, struct sti_span body,
				    const struct mark *mark, int64_t now)
{
	struct chain chain;
	enum list_verdict verdict;
	enum sti_error error = chain_parse(body, LIMIT_CERT_BLOCKS, &chain);

	if (error)
		return error == STI_E_MEMORY ? LIST_UNJUDGED : LIST_BAD_SIGNER;
	verdict = judge(listing, list, &chain, mark, now);
	chain_free(&chain);
	return verdict;
}

/* Without memory OpenSSL finds no path and says just that: a no counts when it is said twice (threats.md J5). */
static enum list_verdict judge_with(struct listing *listing, struct list *list, struct sti_span body,
				    const struct mark *mark, int64_t now)
{
	enum list_verdict verdict = judge_once(listing, list, body, mark, now);

	return verdict == LIST_BAD_SIGNER ? judge_once(listing, list, body, mark, now) : verdict;
}

/* ---- taking ---- */

/* What a list says, read before it replaces anything. */
struct entries {
	struct ca_list roots;
	struct mapping *mapping;
};

static void entries_free(struct entries *entries)
{
	ca_list_free(&entries->roots);
	mapping_unref(entries->mapping);
}

static enum sti_error entries_read(const struct list *list, int64_t now, struct entries *out)
{
	*out = (struct entries){.mapping = NULL};
	return list->kind == LIST_CA ? ca_list_read(list, now, &out->roots) : mapping_read(list, &out->mapping);
}

/* F14: a list that names nobody who can be used does not replace one that does. */
static enum list_verdict entries_judge(const struct list *list, const struct entries *entries)
{
	return list->kind == LIST_CA ? ca_list_judge(&entries->roots) : mapping_judge(entries->mapping);
}

static enum sti_error save(const struct listing *listing, const struct list *list, struct sti_span signer,
			   const struct mark *mark)
{
	enum sti_error error = STI_OK;

	if (signer.n && !sti_span_equal(signer, buf_span(&listing->signer)))
		error = save_signer(listing, signer, mark);
	return error ? error : generations_put(listing->kept, listing->plan->id, list->token, mark);
}

static void keep_signer(struct listing *listing, struct sti_span signer)
{
	struct buf copy = buf_own(LIMIT_CERT_BODY);

	if (sti_span_equal(signer, buf_span(&listing->signer)))
		return;
	buf_put(&copy, signer);
	buf_free(&listing->signer);
	listing->signer = copy; /* without memory: empty, and it is fetched again */
}

static void put_in_force(struct listing *listing, const struct list *list, struct entries *entries,
			 const struct mark *mark)
{
	ca_list_free(&listing->roots);
	mapping_unref(listing->mapping);
	listing->roots = entries->roots;
	listing->mapping = entries->mapping;
	listing->mark = *mark;
	listing->has_mark = true;
	listing->is_had = true;
	listing->sequence = list->sequence;
	keep_payload(listing, list);
	listing->from = mark->time;
	listing->exp = list->exp;
	listing->until = list_until(list, listing->plan->max_age_s, mark->time);
}

/* A list that is good; saved: it lies on disk already. */
static struct offer accept(struct listing *listing, const struct list *list, struct sti_span signer, bool saved,
			   const struct mark *mark, int64_t now)
{
	struct entries entries;
	enum sti_error error = entries_read(list, now, &entries);
	struct offer offer = {.step = OFFER_TAKEN, .number = list->sequence};

	if (error)
		offer = unreadable(error);
	else if (entries_judge(list, &entries) != LIST_GOOD)
		offer = refused(list, LIST_EMPTY);
	else if (!saved && (error = save(listing, list, signer, mark)))
		offer = (struct offer){.step = OFFER_UNSAVED, .error = error, .number = list->sequence};
	if (offer.step != OFFER_TAKEN) {
		entries_free(&entries);
		return offer;
	}
	put_in_force(listing, list, &entries, mark);
	keep_signer(listing, signer);
	return offer;
}

/* What lies on disk under another signature, and could not be used after a restart. It stays there. */
static bool is_signed_anew(const struct listing *listing, const struct mark *mark)
{
	return listing->has_mark && mark_compare(mark, &listing->mark) == 0 &&
	       !digest_equal(mark->sha256, listing->mark.sha256);
}

static struct offer settle(struct listing *listing, const struct list *list, enum list_verdict verdict,
			   struct sti_span signer, int64_t now)
{
	struct mark mark;

	if (verdict == LIST_SAME)
		return (struct offer){.step = OFFER_SAME, .number = list->sequence};
	if (verdict == LIST_EQUIVOCATION)
		(void)generations_keep_evidence(listing->kept, listing->plan->id, list->token);
	if (verdict != LIST_GOOD)
		return refused(list, verdict);
	list_mark(list, now, &mark);
	if (is_signed_anew(listing, &mark)) /* its signer is not kept either, so that the next list's is */
		return accept(listing, list, (struct sti_span){0}, true, &listing->mark, now);
	return accept(listing, list, signer, false, &mark, now);
}

static struct offer take_list(struct listing *listing, struct list *list, int64_t now)
{
	const struct plan_source *plan = listing->plan;
	const struct chain *own = plan->signer.n ? &plan->signer : NULL;
	struct sti_span nobody = {0}, signer = buf_span(&listing->signer);
	enum list_verdict verdict = judge(listing, list, own, mark_of(listing), now);

	if (verdict != LIST_GOOD || own)
		return settle(listing, list, verdict, nobody, now);
	if (signer.n)
		verdict = judge_with(listing, list, signer, mark_of(listing), now);
	if (!signer.n || verdict == LIST_BAD_SIGNER || verdict == LIST_BAD_SIGNATURE)
		return (struct offer){.step = OFFER_WANTS_SIGNER, .url = list->x5u};
	return settle(listing, list, verdict, signer, now);
}

struct offer listing_take(struct listing *listing, struct sti_span body, int64_t now)
{
	enum list_kind kind = listing->plan->kind == PLAN_CA_LIST ? LIST_CA : LIST_MAPPING;
	struct offer offer;
	enum sti_error error;

	listing_forget(listing);
	error = list_parse(body, kind, &listing->offered);
	if (error)
		return unreadable(error);
	offer = take_list(listing, listing->offered, now);
	if (offer.step != OFFER_WANTS_SIGNER)
		listing_forget(listing);
	return offer;
}

struct offer listing_take_signer(struct listing *listing, struct sti_span chain, int64_t now)
{
	struct list *list = listing->offered;
	enum list_verdict verdict = judge_with(listing, list, chain, mark_of(listing), now);
	struct offer offer = settle(listing, list, verdict, chain, now);

	listing_forget(listing);
	return offer;
}

/* ---- the disk ---- */

static const char *state_of(const struct generations_entry *entry)
{
	if (entry->is_lost)
		return "the list is lost, its mark is there";
	return entry->is_unmarked ? "there is no mark, the first use decides" : NULL;
}

/* With the chain that lies beside it; *signer is set to that. */
static enum list_verdict judge_kept(struct listing *listing, struct list *list, const struct signers *signers,
				    int64_t now, struct sti_span *signer)
{
	const struct plan_source *plan = listing->plan;
	enum list_verdict verdict = LIST_BAD_SIGNER;

	if (plan->signer.n)
		return judge(listing, list, &plan->signer, NULL, now);
	for (size_t i = 0; i < signers->n && verdict != LIST_GOOD; i++) {
		*signer = signers->body[i];
		verdict = judge_with(listing, list, *signer, NULL, now);
	}
	return verdict;
}

static struct offer take_kept(struct listing *listing, const struct generations_entry *entry, struct list *list,
			      int64_t now)
{
	struct sti_span signer = {0};
	struct signers signers;
	struct mark mark = entry->mark;
	enum list_verdict verdict;
	struct offer offer;

	load_signers(listing, &signers);
	verdict = judge_kept(listing, list, &signers, now, &signer);
	if (!entry->has_mark)
		list_mark(list, now, &mark);
	if (verdict == LIST_GOOD)
		offer = accept(listing, list, signer, entry->has_mark, &mark, now);
	else
		offer = refused(list, verdict);
	buf_free(&signers.bytes);
	return offer;
}

struct offer listing_load(struct listing *listing, int64_t now, const char **state)
{
	enum list_kind kind = listing->plan->kind == PLAN_CA_LIST ? LIST_CA : LIST_MAPPING;
	struct generations_entry entry = {0};
	struct list *list = NULL;
	struct offer offer = {.step = OFFER_SAME};
	enum sti_error error = generations_load(listing->kept, listing->plan->id, listing->plan->max, &entry);

	*state = error ? "it cannot be read" : state_of(&entry);
	if (!error && entry.has_mark) {
		listing->mark = entry.mark;
		listing->has_mark = true;
	}
	if (!error && entry.bytes.n) {
		error = list_parse(buf_span(&entry.bytes), kind, &list);
		if (!error && entry.has_mark)
			keep_payload(listing, list);
		offer = error ? unreadable(error) : take_kept(listing, &entry, list, now);
	} else if (error) {
		offer = failed(error);
	}
	list_free(list);
	buf_free(&entry.bytes);
	return offer;
}

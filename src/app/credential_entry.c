/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credential_entry.h"

#include <stdlib.h>

#include "base/copy.h"
#include "base/url.h"

enum {
	KEEP_MIN_S = 60, /* threats.md D15 */
	KEEP_MAX_S = 24 * 60 * 60, /* also where the repository says nothing: standards.md 3.5 */
	FAILED_S = 30, /* ± 50 %, so that many caches do not ask at once */
	USED_S = 24 * 60 * 60, /* who signed a call in the last day will sign the next */
	LEAD = 8, /* refreshed when an eighth to a quarter of its time is left */
};

/* ---- the whole ---- */

enum sti_error credential_entry_make(struct sti_span text, struct credential_entry **out)
{
	struct url url;
	enum sti_error error = url_parse_own(text, &url);
	struct credential_entry *entry;

	if (error)
		return error;
	entry = calloc(1, sizeof(*entry));
	if (!entry || copy_make(text, &entry->url)) {
		free(entry);
		return STI_E_MEMORY;
	}
	entry->host = sti_span(entry->url.p + (url.host.p - text.p), url.host.n);
	*out = entry;
	return STI_OK;
}

void credential_entry_free(struct credential_entry *entry)
{
	content_drop(entry->content);
	copy_free(entry->url);
	free(entry);
}

size_t credential_entry_bytes(const struct credential_entry *entry)
{
	return sizeof(*entry) + entry->url.n + (entry->content ? content_bytes(entry->content) : 0);
}

bool credential_entry_has_path(const struct credential_entry *entry)
{
	return entry->content && content_has_path(entry->content);
}

bool credential_entry_is_good(const struct credential_entry *entry)
{
	return credential_entry_has_path(entry) && (entry->is_proven || entry->is_held);
}

/* ---- how long ---- */

static int64_t keep_for(int64_t max_age)
{
	if (max_age < 0 || max_age > KEEP_MAX_S)
		return KEEP_MAX_S;
	return max_age < KEEP_MIN_S ? KEEP_MIN_S : max_age;
}

/* Not past its own end, for it may have been renewed under the same URL; but a minute at least. */
static int64_t keep_until(const struct credential_entry *entry, int64_t max_age, int64_t now)
{
	int64_t until = now + keep_for(max_age);
	int64_t end = sti_credential_until(content_credential(entry->content)) + 1;

	if (until <= end)
		return until;
	return end > now + KEEP_MIN_S ? end : now + KEEP_MIN_S;
}

static int64_t refresh_at(const struct credential_entry *entry, int64_t now, unsigned spread)
{
	int64_t lead = (entry->until - now) / LEAD;

	return entry->until - lead - lead * (int64_t)spread / 100;
}

/* ---- what it knows ---- */

static void keep_content(struct credential_entry *entry, struct content *content)
{
	content_drop(entry->content);
	entry->content = content;
}

enum sti_error credential_entry_take(struct credential_entry *entry, struct contents *contents, struct sti_span body,
				     int64_t max_age, const struct trust_snapshot *trust, int64_t now, unsigned spread)
{
	struct content *content;
	enum sti_error error = contents_take(contents, body, trust, now, &content);

	if (error)
		return error;
	keep_content(entry, content);
	entry->error = STI_OK;
	entry->is_doubted = false;
	entry->fetched = now;
	entry->until = keep_until(entry, max_age, now);
	entry->refresh = refresh_at(entry, now, spread);
	return STI_OK;
}

static bool is_over(const struct sti_credential *credential, int64_t now)
{
	return now > sti_credential_until(credential);
}

/* Is there still something for those who ask now? */
static bool is_of_use(const struct credential_entry *entry, int64_t now)
{
	return entry->content && !is_over(content_credential(entry->content), now) &&
	       content_is_judgeable(entry->content, credential_entry_trust(entry));
}

/* What the gate refuses gets no room. */
static bool is_of_gate(enum sti_error error)
{
	return error == STI_E_URL || error == STI_E_DENIED;
}

/* Tried again soon, but ever less often while it holds. */
static void put_off(struct credential_entry *entry, int64_t now)
{
	int64_t quarter = (entry->until - now) / 4;

	entry->refresh = now + (quarter > FAILED_S ? quarter : FAILED_S);
	if (entry->until < now + FAILED_S)
		entry->until = now + FAILED_S;
}

void credential_entry_fail(struct credential_entry *entry, enum sti_error error, int64_t now, unsigned spread)
{
	if (error == STI_E_MEMORY)
		return; /* ours; it says nothing of the URL */
	entry->is_doubted = false;
	if (is_of_use(entry, now)) {
		put_off(entry, now);
		return;
	}
	keep_content(entry, NULL);
	entry->error = is_of_gate(error) ? STI_OK : error;
	entry->until = now + FAILED_S / 2 + FAILED_S * (int64_t)spread / 100;
}

static struct credential_lease *judge(struct credential_entry *entry, const struct trust_snapshot *trust, int64_t now)
{
	return entry->content ? content_judge(entry->content, trust, now) : NULL;
}

/* A good one serves beyond its time, while it is fetched anew. Whether it is revoked does not matter here: a
 * revoked one need not be fetched again. */
bool credential_entry_answer(struct credential_entry *entry, const struct trust_snapshot *trust, int64_t now,
			     struct credential_lease **lease)
{
	const struct sti_credential *credential;

	*lease = judge(entry, trust, now);
	if (!*lease)
		return entry->error && now < entry->until;
	credential = credential_lease_of(*lease);
	if (!entry->is_doubted && (now < entry->until || sti_credential_trust(credential, NULL, now) == STI_TRUST_OK))
		return true;
	credential_lease_end(*lease);
	*lease = NULL;
	return false;
}

struct credential_lease *credential_entry_leftover(struct credential_entry *entry, const struct trust_snapshot *trust,
						   int64_t now)
{
	struct credential_lease *lease = judge(entry, trust, now);

	if (lease && is_over(credential_lease_of(lease), now)) {
		credential_lease_end(lease);
		lease = NULL;
	}
	return lease;
}

bool credential_entry_is_due(const struct credential_entry *entry, int64_t now)
{
	return entry->content && !entry->in_flight && now >= entry->refresh &&
	       (entry->is_held || now - entry->used < USED_S) &&
	       sti_credential_trust(content_credential(entry->content), NULL, now) == STI_TRUST_OK;
}

/* ---- who waits ---- */

enum sti_error credential_entry_ask(struct credential_entry *entry, const struct credential_question *asked)
{
	struct credential_question *question = malloc(sizeof(*question));

	if (!question)
		return STI_E_MEMORY;
	*question = *asked;
	trust_snapshot_ref(question->trust);
	question->next = entry->question;
	entry->question = question;
	return STI_OK;
}

struct trust_snapshot *credential_entry_trust(const struct credential_entry *entry)
{
	struct trust_snapshot *newest = entry->question->trust;

	for (const struct credential_question *q = entry->question; q; q = q->next)
		if (trust_snapshot_generation(q->trust) > trust_snapshot_generation(newest))
			newest = q->trust;
	return newest;
}

/* After a failure what we have is better than none, but not past its end. */
struct credential_question *credential_entry_settle(struct credential_entry *entry, enum sti_error error, int64_t now)
{
	struct credential_question *all = entry->question;

	for (struct credential_question *q = all; q; q = q->next) {
		q->lease = error ? credential_entry_leftover(entry, q->trust, now) : judge(entry, q->trust, now);
		if (!q->lease)
			q->error = error ? error : STI_E_MEMORY;
	}
	entry->question = NULL;
	return all;
}

void credential_question_answer(struct credential_question *question)
{
	while (question) {
		struct credential_question *next = question->next;

		if (question->done)
			question->done(question->context, question->lease, question->error);
		else
			credential_lease_end(question->lease);
		trust_snapshot_unref(question->trust);
		free(question);
		question = next;
	}
}

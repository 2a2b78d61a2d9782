/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credentials.h"

#include <stdlib.h>
#include <strings.h>

#include <sys/random.h>

#include "app/clock.h"
#include "base/limits.h"
#include "base/url.h"
#include "store/siphash.h"

enum {
	KEEP_MIN_S = 60, /* threats.md D15 */
	KEEP_MAX_S = 24 * 60 * 60, /* also where the repository says nothing: standards.md 3.5 */
	FAILED_S = 30, /* ± 50 %, so that many caches do not ask at once */
	DOUBT_S = 60, /* D17 */
	SUSPECT_SHARE = 10, /* a tenth of the room: D14 */
	FETCHES_OF_HOST = 8, /* of the 64 of the client: a silent host leaves room for others */
};

struct credential_lease {
	struct sti_credential *credential;
	unsigned refs;
};

struct question {
	struct question *next;
	struct trust_snapshot *trust;
	credentials_done *done; /* NULL: nobody waits for this refresh */
	void *context;
	struct credential_lease *lease; /* the answer */
	enum sti_error error;
};

/* Each entry stands on one; most lately used first. */
struct shelf {
	struct entry *first, *last;
	size_t n;
};

enum shelf_kind {
	SHELF_GOOD, /* has a path to a root */
	SHELF_SUSPECT, /* failed, or without a path */
	SHELF_FLIGHT, /* must stay: the client owes an answer */
	SHELVES
};

struct entry {
	struct entry *next, *previous;
	struct shelf *shelf;
	struct entry *collision; /* next in the bucket */
	struct credentials *owner; /* NULL: freed meanwhile */
	struct sti_span url; /* owned */
	struct sti_span host; /* in url */
	struct sti_span body; /* owned; as fetched, to be judged again */
	struct credential_lease *lease; /* NULL while unknown or failed */
	uint64_t generation; /* of the trust that judged it */
	enum sti_error error; /* remembered until then */
	int64_t until; /* seconds: fetched again from then on */
	int64_t fetched, tried; /* seconds: body and last attempt */
	bool in_flight;
	bool is_doubted;
	struct question *question;
};

struct credentials {
	struct credentials_config config;
	struct shelf shelf[SHELVES];
	struct siphash_key key;
	struct entry **bucket;
	size_t n_bucket; /* a power of two */
	unsigned jitter;
};

/* ---- leases ---- */

const struct sti_credential *credential_lease_of(const struct credential_lease *lease)
{
	return lease->credential;
}

void credential_lease_end(struct credential_lease *lease)
{
	if (!lease || --lease->refs)
		return;
	sti_credential_free(lease->credential);
	free(lease);
}

static struct credential_lease *lease_share(struct credential_lease *lease)
{
	lease->refs++;
	return lease;
}

static bool is_over(const struct credential_lease *lease, int64_t now)
{
	return now > sti_credential_until(lease->credential);
}

/* ---- buckets and shelves ---- */

/* Where the entry of this URL hangs, or would. */
static struct entry **bucket_of(const struct credentials *credentials, struct sti_span url)
{
	struct entry **at = &credentials->bucket[siphash(&credentials->key, url) & (credentials->n_bucket - 1)];

	while (*at && !sti_span_equal((*at)->url, url))
		at = &(*at)->collision;
	return at;
}

static void shelf_leave(struct entry *entry)
{
	struct shelf *shelf = entry->shelf;

	if (!shelf)
		return;
	*(entry->previous ? &entry->previous->next : &shelf->first) = entry->next;
	*(entry->next ? &entry->next->previous : &shelf->last) = entry->previous;
	shelf->n--;
	entry->shelf = NULL;
}

static void shelf_enter(struct entry *entry, enum shelf_kind kind)
{
	struct shelf *shelf = &entry->owner->shelf[kind];

	shelf_leave(entry);
	entry->previous = NULL;
	entry->next = shelf->first;
	*(shelf->first ? &shelf->first->previous : &shelf->last) = entry;
	shelf->first = entry;
	shelf->n++;
	entry->shelf = shelf;
}

static void entry_free(struct entry *entry)
{
	credential_lease_end(entry->lease);
	free((void *)entry->url.p);
	free((void *)entry->body.p);
	free(entry);
}

static void take_down(struct entry *entry)
{
	*bucket_of(entry->owner, entry->url) = entry->collision;
	shelf_leave(entry);
}

static void drop(struct entry *entry)
{
	take_down(entry);
	entry_free(entry);
}

/* Never what is in flight; the callers see to it that something else is there. */
static void make_room(struct credentials *credentials)
{
	struct shelf *good = &credentials->shelf[SHELF_GOOD];
	struct shelf *suspect = &credentials->shelf[SHELF_SUSPECT];
	size_t capacity = credentials->config.capacity;
	size_t share = capacity / SUSPECT_SHARE ? capacity / SUSPECT_SHARE : 1;

	while (suspect->n > share)
		drop(suspect->last);
	while (good->n + suspect->n + credentials->shelf[SHELF_FLIGHT].n > capacity)
		drop(suspect->last ? suspect->last : good->last);
}

static bool has_path(const struct entry *entry, int64_t now)
{
	return entry->lease && sti_credential_trust(entry->lease->credential, NULL, now) != STI_TRUST_NO_PATH;
}

/* To the front of the shelf that it belongs on. */
static void put_up(struct entry *entry, int64_t now)
{
	if (entry->in_flight)
		return;
	shelf_enter(entry, has_path(entry, now) ? SHELF_GOOD : SHELF_SUSPECT);
	make_room(entry->owner);
}

static struct sti_span copy_span(struct sti_span from)
{
	uint8_t *copy = malloc(from.n + 1);

	if (!copy)
		return sti_span(NULL, 0);
	if (from.n)
		memcpy(copy, from.p, from.n);
	return sti_span(copy, from.n);
}

/* Not on a shelf yet: nothing goes before a fetch is really on its way. */
static enum sti_error entry_make(struct credentials *credentials, struct sti_span text, struct entry **out)
{
	struct url url;
	enum sti_error error = url_parse_own(text, &url);
	struct entry *entry;

	if (error)
		return error;
	if (credentials->shelf[SHELF_FLIGHT].n >= credentials->config.capacity)
		return STI_E_FULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return STI_E_MEMORY;
	entry->url = copy_span(text);
	if (!entry->url.p) {
		free(entry);
		return STI_E_MEMORY;
	}
	entry->owner = credentials;
	entry->host = sti_span(entry->url.p + (url.host.p - text.p), url.host.n);
	*out = entry;
	return STI_OK;
}

/* ---- judging ---- */

static void drop_body(struct entry *entry)
{
	free((void *)entry->body.p);
	entry->body = sti_span(NULL, 0);
}

static void keep_lease(struct entry *entry, struct credential_lease *lease, uint64_t generation)
{
	credential_lease_end(entry->lease);
	entry->lease = lease;
	entry->generation = generation;
}

static enum sti_error judge(const struct entry *entry, struct sti_span body, const struct trust_snapshot *trust,
			    int64_t now, struct credential_lease **out)
{
	struct credential_lease *lease = calloc(1, sizeof(*lease));
	enum sti_error error;

	if (!lease)
		return STI_E_MEMORY;
	lease->refs = 1;
	error = sti_credential_parse(body, trust_snapshot_roots(trust), now, &lease->credential);
	metrics_add(entry->owner->config.metrics, METRIC_CERT_PARSED, 0, 1);
	if (error) {
		free(lease);
		return error;
	}
	*out = lease;
	return STI_OK;
}

/* As this trust sees it; NULL when that is not to be told. What the newest sees is kept; who asks under an
 * older one is a listener that drains. */
static struct credential_lease *judged(struct entry *entry, const struct trust_snapshot *trust, int64_t now)
{
	uint64_t generation = trust_snapshot_generation(trust);
	struct credential_lease *lease;

	if (entry->lease && entry->generation == generation)
		return lease_share(entry->lease);
	if (!entry->body.p || judge(entry, entry->body, trust, now, &lease))
		return NULL;
	if (generation > entry->generation)
		keep_lease(entry, lease_share(lease), generation);
	return lease;
}

static struct trust_snapshot *newest_trust(const struct entry *entry)
{
	struct trust_snapshot *newest = entry->question->trust;

	for (const struct question *question = entry->question; question; question = question->next)
		if (trust_snapshot_generation(question->trust) > trust_snapshot_generation(newest))
			newest = question->trust;
	return newest;
}

/* ---- questions ---- */

static void question_free(struct question *question)
{
	trust_snapshot_unref(question->trust);
	free(question);
}

/* The entry may be gone by now, and an answer may lead to the next question. */
static void answer_all(struct question *question)
{
	while (question) {
		struct question *next = question->next;

		if (question->done)
			question->done(question->context, question->lease, question->error);
		else
			credential_lease_end(question->lease);
		question_free(question);
		question = next;
	}
}

/* Each under its own trust. After a failure what we have is better than none, but not past its end. */
static void fill_answers(struct entry *entry, enum sti_error error, int64_t now)
{
	for (struct question *question = entry->question; question; question = question->next) {
		struct credential_lease *lease = judged(entry, question->trust, now);

		if (lease && error && is_over(lease, now)) {
			credential_lease_end(lease);
			lease = NULL;
		}
		question->lease = lease;
		if (!lease)
			question->error = error ? error : STI_E_MEMORY;
	}
}

static struct question *take_questions(struct entry *entry)
{
	struct question *question = entry->question;

	entry->question = NULL;
	return question;
}

/* ---- the cache ---- */

static enum sti_error open_buckets(struct credentials *credentials)
{
	credentials->n_bucket = 1;
	while (credentials->n_bucket < credentials->config.capacity)
		credentials->n_bucket *= 2;
	credentials->bucket = calloc(credentials->n_bucket, sizeof(*credentials->bucket));
	if (!credentials->bucket)
		return STI_E_MEMORY;
	if (getrandom(&credentials->key, sizeof(credentials->key), 0) != (ssize_t)sizeof(credentials->key))
		return STI_E_CRYPTO;
	return STI_OK;
}

enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out)
{
	struct credentials *credentials = calloc(1, sizeof(*credentials));
	enum sti_error error;

	if (!credentials)
		return STI_E_MEMORY;
	credentials->config = *config;
	error = open_buckets(credentials);
	if (error) {
		credentials_free(credentials);
		return error;
	}
	*out = credentials;
	return STI_OK;
}

/* The client still owes an answer for what is in flight: fetched() frees that entry. */
static void let_go(struct entry *entry)
{
	struct question *questions;

	take_down(entry);
	entry->owner = NULL;
	for (struct question *question = entry->question; question; question = question->next)
		question->error = STI_E_NETWORK;
	questions = take_questions(entry);
	if (!entry->in_flight)
		entry_free(entry);
	answer_all(questions);
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	for (size_t i = 0; i < SHELVES; i++)
		while (credentials->shelf[i].first)
			let_go(credentials->shelf[i].first);
	free(credentials->bucket);
	free(credentials);
}

/* ---- a fetch ---- */

static int64_t keep_for(int64_t max_age)
{
	if (max_age < 0 || max_age > KEEP_MAX_S)
		return KEEP_MAX_S;
	return max_age < KEEP_MIN_S ? KEEP_MIN_S : max_age;
}

/* Not past its own end, for it may have been renewed under the same URL; but a minute at least. */
static int64_t keep_until(const struct entry *entry, int64_t max_age, int64_t now)
{
	int64_t until = now + keep_for(max_age);
	int64_t end = sti_credential_until(entry->lease->credential) + 1;

	if (until <= end)
		return until;
	return end > now + KEEP_MIN_S ? end : now + KEEP_MIN_S;
}

static enum sti_error take_body(struct entry *entry, const struct http_response *response, int64_t now)
{
	const struct trust_snapshot *trust = newest_trust(entry);
	struct sti_span body = copy_span(response->body);
	struct credential_lease *lease;
	enum sti_error error = body.p ? judge(entry, body, trust, now, &lease) : STI_E_MEMORY;

	if (error) {
		free((void *)body.p);
		return error;
	}
	drop_body(entry);
	entry->body = body;
	keep_lease(entry, lease, trust_snapshot_generation(trust));
	entry->error = STI_OK;
	entry->is_doubted = false;
	entry->fetched = now;
	entry->until = keep_until(entry, response->max_age, now);
	return STI_OK;
}

/* Is there still something for those who ask now? */
static bool is_of_use(const struct entry *entry, int64_t now)
{
	return entry->lease && !is_over(entry->lease, now) &&
	       (entry->body.p || entry->generation == trust_snapshot_generation(newest_trust(entry)));
}

/* What the gate refuses gets no room. */
static bool is_of_gate(enum sti_error error)
{
	return error == STI_E_URL || error == STI_E_DENIED;
}

static void fail(struct entry *entry, enum sti_error error, int64_t now)
{
	struct credentials *credentials = entry->owner;

	if (error == STI_E_MEMORY)
		return; /* ours; it says nothing of the URL */
	entry->is_doubted = false;
	if (is_of_use(entry, now)) {
		entry->until = now + FAILED_S;
		return;
	}
	keep_lease(entry, NULL, 0);
	drop_body(entry);
	credentials->jitter = (credentials->jitter + 7) % FAILED_S;
	entry->error = is_of_gate(error) ? STI_OK : error;
	entry->until = now + FAILED_S / 2 + credentials->jitter;
}

/* An entry that knows nothing is none; what came without a path is not worth the memory of its body. */
static void settle(struct entry *entry, enum sti_error error, int64_t now)
{
	if (!entry->lease && !entry->error) {
		drop(entry);
		return;
	}
	if (!error && !has_path(entry, now))
		drop_body(entry);
	put_up(entry, now);
}

static void fetched(void *context, enum sti_error error, const struct http_response *response)
{
	struct entry *entry = context;
	int64_t now = clock_now();
	struct question *questions;

	entry->in_flight = false;
	if (!entry->owner) {
		entry_free(entry);
		return;
	}
	if (!error && response->status != 200)
		error = STI_E_NOT_FOUND;
	if (!error)
		error = take_body(entry, response, now);
	if (error)
		fail(entry, error, now);
	metrics_add(entry->owner->config.metrics, METRIC_CERT_FETCHES, error ? METRICS_FAILED : METRICS_OK, 1);
	fill_answers(entry, error, now);
	questions = take_questions(entry);
	settle(entry, error, now);
	answer_all(questions);
}

static bool is_same_host(const struct entry *a, const struct entry *b)
{
	return a->host.n == b->host.n && strncasecmp((const char *)a->host.p, (const char *)b->host.p, a->host.n) == 0;
}

static bool host_is_busy(const struct entry *entry)
{
	unsigned n = 0;

	for (const struct entry *at = entry->owner->shelf[SHELF_FLIGHT].first; at; at = at->next)
		n += is_same_host(at, entry);
	return n >= FETCHES_OF_HOST;
}

static enum sti_error fetch(struct entry *entry, int64_t now)
{
	const struct credentials_config *config = &entry->owner->config;
	struct http_call call = {
		.method = HTTP_METHOD_GET,
		.url = entry->url,
		.connect_ms = config->fetch_ms / 2,
		.total_ms = config->fetch_ms,
		.answer_max = LIMIT_CERT_BODY,
	};
	enum sti_error error =
		host_is_busy(entry) ? STI_E_FULL : http_client_send(config->client, &call, fetched, entry);

	if (error)
		return error;
	entry->in_flight = true;
	entry->tried = now;
	shelf_enter(entry, SHELF_FLIGHT);
	return STI_OK;
}

/* ---- asking ---- */

static enum sti_error ask(struct entry *entry, const struct question *asked, int64_t now)
{
	struct question *question = malloc(sizeof(*question));
	enum sti_error error = question ? STI_OK : STI_E_MEMORY;

	if (!error && !entry->in_flight)
		error = fetch(entry, now);
	if (error) {
		free(question);
		return error;
	}
	*question = *asked;
	trust_snapshot_ref(question->trust);
	question->next = entry->question;
	entry->question = question;
	return STI_OK;
}

static enum sti_error ask_new(struct credentials *credentials, struct sti_span url, const struct question *asked,
			      int64_t now)
{
	struct entry *entry;
	enum sti_error error = entry_make(credentials, url, &entry);

	if (error)
		return error;
	error = ask(entry, asked, now);
	if (error) {
		entry_free(entry);
		return error;
	}
	*bucket_of(credentials, url) = entry;
	make_room(credentials);
	return STI_OK;
}

/* To be answered at once? Then with a lease, or with the failure that is remembered. */
static bool is_known(struct entry *entry, const struct trust_snapshot *trust, int64_t now,
		     struct credential_lease **lease)
{
	*lease = judged(entry, trust, now);
	if (!*lease)
		return entry->error && now < entry->until;
	if (!entry->is_doubted &&
	    (now < entry->until || sti_credential_trust((*lease)->credential, NULL, now) == STI_TRUST_OK))
		return true;
	credential_lease_end(*lease);
	*lease = NULL;
	return false;
}

static void answer_known(struct entry *entry, const struct question *asked, int64_t now)
{
	const struct question refresh = {.trust = asked->trust};

	metrics_add(entry->owner->config.metrics, METRIC_CERT_CACHE, METRICS_HIT, 1);
	put_up(entry, now);
	if (now >= entry->until && !entry->in_flight)
		(void)ask(entry, &refresh, now); /* what cannot begin now begins with the next use */
	asked->done(asked->context, asked->lease, asked->error);
}

/* No fetch can begin: what we have is better than none. */
static void answer_without(struct entry *entry, struct question *asked, enum sti_error error, int64_t now)
{
	struct credential_lease *lease = entry ? judged(entry, asked->trust, now) : NULL;

	if (lease && is_over(lease, now)) {
		credential_lease_end(lease);
		lease = NULL;
	}
	asked->done(asked->context, lease, lease ? STI_OK : error);
}

void credentials_get(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust, int64_t now,
		     credentials_done *done, void *context)
{
	struct entry *entry = *bucket_of(credentials, url);
	struct question asked = {.trust = trust, .done = done, .context = context};
	enum sti_error error;

	if (entry && is_known(entry, trust, now, &asked.lease)) {
		asked.error = asked.lease ? STI_OK : entry->error;
		answer_known(entry, &asked, now);
		return;
	}
	metrics_add(credentials->config.metrics, METRIC_CERT_CACHE, METRICS_MISS, 1);
	error = entry ? ask(entry, &asked, now) : ask_new(credentials, url, &asked, now);
	if (error)
		answer_without(entry, &asked, error, now);
}

void credentials_doubt(struct credentials *credentials, struct sti_span url, int64_t now)
{
	struct entry *entry = *bucket_of(credentials, url);

	if (!entry || !entry->lease || now - entry->fetched <= DOUBT_S)
		return;
	if (entry->in_flight || now - entry->tried >= DOUBT_S)
		entry->is_doubted = true;
}

void credentials_set(struct credentials *credentials, struct http_client *client, unsigned fetch_ms)
{
	credentials->config.client = client;
	credentials->config.fetch_ms = fetch_ms;
}

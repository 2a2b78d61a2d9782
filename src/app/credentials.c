/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credentials.h"

#include <stdlib.h>

#include "app/clock.h"
#include "base/limits.h"

enum {
	KEEP_MIN_S = 60, /* threats.md D15 */
	KEEP_MAX_S = 24 * 60 * 60, /* also where the repository says nothing: standards.md 3.5 */
	FAILED_S = 30, /* ± 50 %, so that many caches do not ask at once */
};

struct credential_lease {
	struct sti_credential *credential;
	unsigned refs;
};

struct question {
	struct question *next;
	credentials_done *done;
	void *context;
};

struct entry {
	struct entry *next; /* most lately used first */
	struct credentials *owner;
	struct sti_span url; /* owned */
	struct sti_span body; /* owned; as fetched, to be judged again */
	struct credential_lease *lease; /* NULL while unknown or failed */
	uint64_t generation; /* of the trust that judged it */
	enum sti_error error;
	int64_t until; /* seconds: fetched again from then on */
	bool in_flight;
	struct question *question;
};

struct credentials {
	struct credentials_config config;
	struct entry *first;
	size_t n;
	unsigned jitter;
};

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

enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out)
{
	struct credentials *credentials = calloc(1, sizeof(*credentials));

	if (!credentials)
		return STI_E_MEMORY;
	credentials->config = *config;
	trust_snapshot_ref(config->trust);
	*out = credentials;
	return STI_OK;
}

/* An answer may lead to the next question, and that may push this very entry out. */
static void answer_all(struct entry *entry)
{
	struct question *question = entry->question;
	struct credential_lease *lease = entry->lease ? lease_share(entry->lease) : NULL;
	enum sti_error error = entry->error;

	entry->question = NULL;
	while (question) {
		struct question *next = question->next;

		question->done(question->context, lease ? lease_share(lease) : NULL, error);
		free(question);
		question = next;
	}
	credential_lease_end(lease);
}

static void entry_free(struct entry *entry)
{
	credential_lease_end(entry->lease);
	free((void *)entry->url.p);
	free((void *)entry->body.p);
	free(entry);
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	while (credentials->first) {
		struct entry *entry = credentials->first;

		credentials->first = entry->next;
		credential_lease_end(entry->lease);
		entry->lease = NULL;
		entry->error = STI_E_NETWORK;
		answer_all(entry);
		/* The client still owes an answer for what is in flight: fetched() frees that entry. */
		entry->owner = NULL;
		if (!entry->in_flight)
			entry_free(entry);
	}
	trust_snapshot_unref(credentials->config.trust);
	free(credentials);
}

static struct sti_span copy_span(struct sti_span from)
{
	uint8_t *copy = malloc(from.n + 1);

	if (!copy)
		return sti_span(NULL, 0);
	memcpy(copy, from.p, from.n);
	return sti_span(copy, from.n);
}

/* The last that nobody asks for goes; false when all are in flight. */
static bool make_room(struct credentials *credentials)
{
	struct entry **victim = NULL;
	struct entry *gone;

	for (struct entry **at = &credentials->first; *at; at = &(*at)->next)
		if (!(*at)->in_flight)
			victim = at;
	if (!victim)
		return false;
	gone = *victim;
	*victim = gone->next;
	credentials->n--;
	entry_free(gone);
	return true;
}

static struct entry *find(struct credentials *credentials, struct sti_span url)
{
	for (struct entry **at = &credentials->first; *at; at = &(*at)->next) {
		struct entry *entry = *at;

		if (!sti_span_equal(entry->url, url))
			continue;
		*at = entry->next;
		entry->next = credentials->first;
		credentials->first = entry;
		return entry;
	}
	return NULL;
}

static struct entry *add(struct credentials *credentials, struct sti_span url)
{
	struct entry *entry;

	if (credentials->n >= credentials->config.capacity && !make_room(credentials))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->url = copy_span(url);
	if (!entry->url.p) {
		free(entry);
		return NULL;
	}
	entry->owner = credentials;
	entry->next = credentials->first;
	credentials->first = entry;
	credentials->n++;
	return entry;
}

static void forget(struct entry *entry)
{
	credential_lease_end(entry->lease);
	free((void *)entry->body.p);
	entry->lease = NULL;
	entry->body = sti_span(NULL, 0);
}

static void fail(struct entry *entry, enum sti_error error, int64_t now)
{
	struct credentials *credentials = entry->owner;

	/* A certificate that we have is better than none while its repository is down. */
	if (entry->lease && now < sti_credential_until(entry->lease->credential)) {
		entry->until = now + FAILED_S;
		return;
	}
	forget(entry);
	credentials->jitter = (credentials->jitter + 7) % FAILED_S;
	entry->error = error;
	entry->until = now + FAILED_S / 2 + credentials->jitter;
}

static enum sti_error judge(struct entry *entry, struct sti_span body, int64_t now)
{
	struct trust_snapshot *trust = entry->owner->config.trust;
	struct credential_lease *lease = calloc(1, sizeof(*lease));
	enum sti_error error;

	if (!lease)
		return STI_E_MEMORY;
	error = sti_credential_parse(body, trust_snapshot_roots(trust), now, &lease->credential);
	metrics_add(entry->owner->config.metrics, METRIC_CERT_PARSED, 0, 1);
	if (error) {
		free(lease);
		return error;
	}
	lease->refs = 1;
	credential_lease_end(entry->lease);
	entry->lease = lease;
	entry->generation = trust_snapshot_generation(trust);
	return STI_OK;
}

static int64_t keep_for(int64_t max_age)
{
	if (max_age < 0 || max_age > KEEP_MAX_S)
		return KEEP_MAX_S;
	return max_age < KEEP_MIN_S ? KEEP_MIN_S : max_age;
}

static enum sti_error take_body(struct entry *entry, const struct http_response *response, int64_t now)
{
	struct sti_span body = copy_span(response->body);
	enum sti_error error = body.p ? judge(entry, body, now) : STI_E_MEMORY;

	if (error) {
		free((void *)body.p);
		return error;
	}
	free((void *)entry->body.p);
	entry->body = body;
	entry->error = STI_OK;
	entry->until = now + keep_for(response->max_age);
	return STI_OK;
}

static void fetched(void *context, enum sti_error error, const struct http_response *response)
{
	struct entry *entry = context;
	int64_t now = clock_now();

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
	metrics_add(entry->owner->config.metrics, METRIC_CERT_FETCHES, error ? 1 : 0, 1);
	answer_all(entry);
}

static enum sti_error fetch(struct entry *entry)
{
	struct credentials *credentials = entry->owner;
	struct http_call call = {
		.method = HTTP_METHOD_GET,
		.url = entry->url,
		.connect_ms = credentials->config.fetch_ms / 2,
		.total_ms = credentials->config.fetch_ms,
		.answer_max = LIMIT_CERT_BODY,
	};
	enum sti_error error = http_client_send(credentials->config.client, &call, fetched, entry);

	entry->in_flight = !error;
	return error;
}

/* Known and judged under the trust of today? Then without a fetch. */
static bool is_known(struct entry *entry, int64_t now)
{
	if (now >= entry->until)
		return false;
	if (entry->lease && entry->generation != trust_snapshot_generation(entry->owner->config.trust) &&
	    judge(entry, entry->body, now))
		return false;
	return true;
}

static enum sti_error ask(struct entry *entry, credentials_done *done, void *context)
{
	struct question *question = malloc(sizeof(*question));

	if (!question)
		return STI_E_MEMORY;
	*question = (struct question){entry->question, done, context};
	entry->question = question;
	return STI_OK;
}

void credentials_get(struct credentials *credentials, struct sti_span url, int64_t now, credentials_done *done,
		     void *context)
{
	struct entry *entry = find(credentials, url);

	if (!entry)
		entry = add(credentials, url);
	if (!entry) {
		done(context, NULL, STI_E_FULL);
		return;
	}
	if (!entry->in_flight && is_known(entry, now)) {
		metrics_add(credentials->config.metrics, METRIC_CERT_CACHE, 0, 1);
		done(context, entry->lease ? lease_share(entry->lease) : NULL, entry->error);
		return;
	}
	metrics_add(credentials->config.metrics, METRIC_CERT_CACHE, 1, 1);
	if (ask(entry, done, context)) {
		done(context, NULL, STI_E_MEMORY);
		return;
	}
	if (!entry->in_flight) {
		enum sti_error error = fetch(entry);

		if (error) {
			fail(entry, error, now);
			answer_all(entry);
		}
	}
}

void credentials_set_trust(struct credentials *credentials, struct trust_snapshot *trust)
{
	trust_snapshot_unref(credentials->config.trust);
	credentials->config.trust = trust_snapshot_ref(trust);
}

void credentials_set_client(struct credentials *credentials, struct http_client *client)
{
	credentials->config.client = client;
}

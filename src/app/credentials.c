/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credentials.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "app/allowance.h"
#include "app/clock.h"
#include "app/credential_shelves.h"
#include "base/limits.h"

enum {
	DOUBT_S = 60, /* D17 */
	FETCHES_OF_HOST = 8, /* of the 64 of the client: a silent host leaves room for others */
	REFRESH_LOOKS = 1024, /* places of the table in one turn */
	REFRESH_STARTS = 4, /* fetches in one turn */
	REFRESH_FLIGHTS = 16, /* no more are begun while so many are under way: calls come first */
	PRELOAD_SPREAD_S = 600, /* within which what was preloaded is fetched anew */
	JITTER = 100,
};

/* Of one host, D14: a national repository has about a thousand certificates, and no caller makes us a flood. */
static const struct allowance_rule host_rule = {.burst = 2000, .per_minute = 600};

struct credentials {
	struct credentials_config config;
	struct credential_shelves *shelves;
	struct contents *contents;
	struct allowance *hosts;
	size_t cursor; /* of the refreshing */
	unsigned jitter;
};

/* ---- the cache ---- */

enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out)
{
	size_t max_bytes = config->max_bytes ? config->max_bytes : SIZE_MAX;
	struct credentials *credentials = calloc(1, sizeof(*credentials));
	enum sti_error error;

	if (!credentials)
		return STI_E_MEMORY;
	credentials->config = *config;
	error = credential_shelves_create(config->capacity, max_bytes, &credentials->shelves);
	if (!error)
		error = contents_create(config->capacity, config->metrics, &credentials->contents);
	if (!error)
		error = allowance_create(host_rule, &credentials->hosts);
	if (error) {
		credentials_free(credentials);
		return error;
	}
	credentials->jitter = (unsigned)((uintptr_t)credentials >> 4) % JITTER; /* another in each process */
	*out = credentials;
	return STI_OK;
}

/* The client still owes an answer for what is in flight: fetched() frees that entry. */
static void let_go(struct credentials *credentials, struct credential_entry *entry)
{
	struct credential_question *questions = entry->question;

	credential_shelves_remove(credentials->shelves, entry);
	content_drop(entry->content);
	entry->content = NULL;
	entry->owner = NULL;
	entry->question = NULL;
	for (struct credential_question *question = questions; question; question = question->next)
		question->error = STI_E_NETWORK;
	if (!entry->in_flight)
		credential_entry_free(entry);
	credential_question_answer(questions);
}

void credentials_free(struct credentials *credentials)
{
	struct credential_entry *entry;

	if (!credentials)
		return;
	for (size_t i = 0; credentials->shelves && i < CREDENTIAL_SHELVES; i++)
		while ((entry = credential_shelves_first(credentials->shelves, (enum credential_shelf)i)))
			let_go(credentials, entry);
	credential_shelves_free(credentials->shelves);
	contents_free(credentials->contents);
	allowance_free(credentials->hosts);
	free(credentials);
}

static unsigned next_jitter(struct credentials *credentials)
{
	credentials->jitter = (credentials->jitter + 37) % JITTER;
	return credentials->jitter;
}

/* ---- a fetch ---- */

static void put_up(struct credentials *credentials, struct credential_entry *entry)
{
	bool good = credential_entry_is_good(entry);

	if (!entry->in_flight)
		credential_shelves_move(credentials->shelves, entry,
					good ? CREDENTIAL_SHELF_GOOD : CREDENTIAL_SHELF_SUSPECT);
}

/* An entry that knows nothing is none; what came without a path is not worth the memory of its body. */
static void settle(struct credentials *credentials, struct credential_entry *entry)
{
	if (!entry->content && !entry->error) {
		credential_shelves_remove(credentials->shelves, entry);
		credential_entry_free(entry);
		return;
	}
	if (entry->content && !credential_entry_has_path(entry))
		content_forget_body(entry->content);
	put_up(credentials, entry);
}

/* What an operator should hear of, ours or the repository's. */
static void tell(const struct credentials *credentials, const struct credential_entry *entry, enum sti_error error,
		 int64_t now)
{
	static const struct {
		enum sti_error error;
		enum log_event event;
	} row[] = {{STI_E_DENIED, LOG_FETCH_DENIED}, {STI_E_KEY, LOG_KEY_PUBLISHED}};
	struct log_line line;

	for (size_t i = 0; credentials->config.log && i < sizeof(row) / sizeof(row[0]); i++) {
		if (row[i].error != error)
			continue;
		log_begin(&line, row[i].event);
		log_put(&line, "x5u", entry->url);
		log_end(credentials->config.log, &line, now);
	}
}

/* An address that is refused is told to the operator alone: to others it is one more that does not answer, for
 * what our name server says of our own network is no stranger's business (D18). */
static void fetched(void *context, enum sti_error error, const struct http_response *response)
{
	struct credential_entry *entry = context;
	struct credentials *credentials = entry->owner;
	int64_t now = clock_now();
	struct credential_question *questions;

	entry->in_flight = false;
	if (!credentials) {
		credential_entry_free(entry);
		return;
	}
	if (!error && response->status != 200)
		error = STI_E_NOT_FOUND;
	if (!error)
		error = credential_entry_take(entry, credentials->contents, response->body, response->max_age,
					      credential_entry_trust(entry), now, next_jitter(credentials));
	if (error) {
		credential_entry_fail(entry, error, now, next_jitter(credentials));
		tell(credentials, entry, error, now);
	}
	metrics_add(credentials->config.metrics, METRIC_CERT_FETCHES, error ? METRICS_FAILED : METRICS_OK, 1);
	questions = credential_entry_settle(entry, error == STI_E_DENIED ? STI_E_NETWORK : error, now);
	settle(credentials, entry);
	credential_question_answer(questions);
}

static bool is_same_host(const struct credential_entry *a, const struct credential_entry *b)
{
	return a->host.n == b->host.n && strncasecmp((const char *)a->host.p, (const char *)b->host.p, a->host.n) == 0;
}

static bool host_is_busy(const struct credentials *credentials, const struct credential_entry *entry)
{
	const struct credential_entry *at = credential_shelves_first(credentials->shelves, CREDENTIAL_SHELF_FLIGHT);
	unsigned n = 0;

	for (; at; at = (const struct credential_entry *)at->place.next)
		n += is_same_host(at, entry);
	return n >= FETCHES_OF_HOST;
}

/* One host, however its letters are written. */
struct host_name {
	uint8_t p[LIMIT_X5U];
	size_t n;
};

static struct sti_span host_name(const struct credential_entry *entry, struct host_name *name)
{
	name->n = entry->host.n;
	for (size_t i = 0; i < name->n; i++)
		name->p[i] = (uint8_t)tolower(entry->host.p[i]);
	return sti_span(name->p, name->n);
}

static enum sti_error send_call(const struct credentials *credentials, struct credential_entry *entry)
{
	struct http_call call = {
		.method = HTTP_METHOD_GET,
		.url = entry->url,
		.connect_ms = credentials->config.fetch_ms / 2,
		.total_ms = credentials->config.fetch_ms,
		.answer_max = LIMIT_CERT_BODY,
	};

	return http_client_send(credentials->config.client, &call, fetched, entry);
}

/* What strangers name uses up what a host may be asked; who is known to sign there is not shut out with them. He is
 * asked no more often than D15 and D17 let us. */
static bool may_begin(const struct credentials *credentials, const struct credential_entry *entry, struct sti_span host,
		      int64_t now)
{
	if (host_is_busy(credentials, entry))
		return false;
	return credential_entry_is_good(entry) || allowance_is_left(credentials->hosts, host, now);
}

/* The entry is not on its shelf of flights yet. */
static enum sti_error begin(struct credentials *credentials, struct credential_entry *entry, int64_t now)
{
	struct host_name memory;
	struct sti_span host = host_name(entry, &memory);
	enum sti_error error = STI_E_FULL;

	if (may_begin(credentials, entry, host, now))
		error = send_call(credentials, entry);
	if (error)
		return error;
	allowance_take(credentials->hosts, host, now);
	entry->owner = credentials;
	entry->in_flight = true;
	entry->tried = now;
	return STI_OK;
}

/* ---- asking ---- */

static void unask(struct credential_entry *entry)
{
	struct credential_question *question = entry->question;

	entry->question = question->next;
	trust_snapshot_unref(question->trust);
	free(question);
}

/* Of an entry that stands on its shelf. */
static enum sti_error ask(struct credentials *credentials, struct credential_entry *entry,
			  const struct credential_question *asked, int64_t now)
{
	enum sti_error error = credential_entry_ask(entry, asked);

	if (error || entry->in_flight)
		return error;
	error = begin(credentials, entry, now);
	if (error)
		unask(entry);
	else
		credential_shelves_move(credentials->shelves, entry, CREDENTIAL_SHELF_FLIGHT);
	return error;
}

/* Nothing goes from the shelves before a fetch is really on its way. */
static enum sti_error ask_new(struct credentials *credentials, struct sti_span url,
			      const struct credential_question *asked, int64_t now)
{
	struct credential_entry *entry;
	enum sti_error error = credential_entry_make(url, &entry);

	if (error)
		return error;
	if (credential_shelves_count(credentials->shelves, CREDENTIAL_SHELF_FLIGHT) >= credentials->config.capacity)
		error = STI_E_FULL;
	if (!error)
		error = credential_entry_ask(entry, asked);
	if (!error) {
		error = begin(credentials, entry, now);
		if (error)
			unask(entry);
	}
	if (error) {
		credential_entry_free(entry);
		return error;
	}
	entry->used = now;
	credential_shelves_add(credentials->shelves, entry, CREDENTIAL_SHELF_FLIGHT);
	return STI_OK;
}

static void answer_known(struct credentials *credentials, struct credential_entry *entry,
			 const struct credential_question *asked, int64_t now)
{
	const struct credential_question refresh = {.trust = asked->trust};

	metrics_add(credentials->config.metrics, METRIC_CERT_CACHE, METRICS_HIT, 1);
	if (now >= entry->until && !entry->in_flight)
		(void)ask(credentials, entry, &refresh, now); /* what cannot begin now begins with the next use */
	put_up(credentials, entry);
	asked->done(asked->context, asked->lease, asked->error);
}

void credentials_get(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust, int64_t now,
		     credentials_done *done, void *context)
{
	struct credential_entry *entry = credential_shelves_find(credentials->shelves, url);
	struct credential_question asked = {.trust = trust, .done = done, .context = context};
	enum sti_error error;

	if (entry)
		entry->used = now;
	if (entry && credential_entry_answer(entry, trust, now, &asked.lease)) {
		asked.error = asked.lease ? STI_OK : entry->error;
		answer_known(credentials, entry, &asked, now);
		return;
	}
	metrics_add(credentials->config.metrics, METRIC_CERT_CACHE, METRICS_MISS, 1);
	error = entry ? ask(credentials, entry, &asked, now) : ask_new(credentials, url, &asked, now);
	if (!error)
		return;
	asked.lease = entry ? credential_entry_leftover(entry, trust, now) : NULL;
	done(context, asked.lease, asked.lease ? STI_OK : error);
}

bool credentials_would_fetch(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust,
			     int64_t now)
{
	struct credential_entry *entry = credential_shelves_find(credentials->shelves, url);
	struct credential_lease *lease = NULL;
	bool is_known = entry && (credential_entry_answer(entry, trust, now, &lease) || entry->in_flight);

	credential_lease_end(lease);
	return !is_known;
}

void credentials_doubt(struct credentials *credentials, struct sti_span url, int64_t now)
{
	struct credential_entry *entry = credential_shelves_find(credentials->shelves, url);

	if (!entry || !entry->content || now - entry->fetched <= DOUBT_S)
		return;
	if (entry->in_flight || now - entry->tried >= DOUBT_S)
		entry->is_doubted = true;
}

void credentials_prove(struct credentials *credentials, struct sti_span url)
{
	struct credential_entry *entry = credential_shelves_find(credentials->shelves, url);

	if (!entry || entry->is_proven || !entry->content)
		return;
	entry->is_proven = true;
	put_up(credentials, entry);
}

/* ---- ahead of calls ---- */

static enum sti_error fill(struct credentials *credentials, struct credential_entry *entry, struct sti_span body,
			   int64_t fetched_at, const struct trust_snapshot *trust, int64_t now)
{
	unsigned spread = next_jitter(credentials);
	enum sti_error error = credential_entry_take(entry, credentials->contents, body, -1, trust, now, spread);

	if (error)
		return error;
	entry->is_held = true;
	entry->fetched = fetched_at;
	entry->refresh = now + PRELOAD_SPREAD_S * (int64_t)spread / JITTER;
	content_hold(entry->content);
	return STI_OK;
}

static enum sti_error fill_new(struct credentials *credentials, struct sti_span url, struct sti_span body,
			       int64_t fetched_at, const struct trust_snapshot *trust, int64_t now)
{
	struct credential_entry *entry;
	enum sti_error error = credential_entry_make(url, &entry);

	if (error)
		return error;
	error = fill(credentials, entry, body, fetched_at, trust, now);
	if (error) {
		credential_entry_free(entry);
		return error;
	}
	credential_shelves_add(credentials->shelves, entry, CREDENTIAL_SHELF_GOOD);
	return STI_OK;
}

enum sti_error credentials_preload(struct credentials *credentials, struct sti_span url, struct sti_span body,
				   int64_t fetched_at, const struct trust_snapshot *trust, int64_t now)
{
	struct credential_entry *entry = credential_shelves_find(credentials->shelves, url);
	enum sti_error error;

	if (fetched_at > now)
		fetched_at = now; /* a file from the future would never be old enough to be doubted */
	if (!entry)
		return fill_new(credentials, url, body, fetched_at, trust, now);
	entry->is_held = true;
	if (entry->in_flight || (entry->content && entry->fetched >= fetched_at))
		return STI_OK;
	error = fill(credentials, entry, body, fetched_at, trust, now);
	if (!error)
		credential_shelves_move(credentials->shelves, entry, CREDENTIAL_SHELF_GOOD);
	return error;
}

void credentials_refresh(struct credentials *credentials, struct trust_snapshot *trust, int64_t now)
{
	const struct credential_question refresh = {.trust = trust};
	size_t looks = REFRESH_LOOKS;
	struct credential_entry *entry;

	for (unsigned n = 0; n < REFRESH_STARTS; n++) {
		if (credential_shelves_count(credentials->shelves, CREDENTIAL_SHELF_FLIGHT) >= REFRESH_FLIGHTS)
			return;
		entry = credential_shelves_due(credentials->shelves, now, &credentials->cursor, &looks);
		if (!entry)
			return;
		if (ask(credentials, entry, &refresh, now))
			credentials->cursor++;
	}
}

void credentials_set(struct credentials *credentials, struct http_client *client, unsigned fetch_ms)
{
	credentials->config.client = client;
	credentials->config.fetch_ms = fetch_ms;
}

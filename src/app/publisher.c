/* SPDX-License-Identifier: Apache-2.0 */
#include "app/publisher.h"

#include <stdlib.h>

#include "app/clock.h"
#include "base/url.h"
#include "store/siphash.h"

/* One CPS that is silent or down must not hold up what is for the others. */
enum {
	FLIGHTS = 64, /* POSTs at once to one URL */
	FAILURES = 5, /* in a row: then a pause, and after it one POST at a time until one is answered */
	PAUSE_MS = 5000,
	SHARES = 4, /* of the queue: a URL that has its FLIGHTS may fill one */
	BUCKETS = 256
};

struct job {
	struct job *next;
	struct publisher *owner; /* NULL when the publisher has gone */
	struct job **link; /* in flight: what points here */
	struct peer *peer;
	const struct http_client *client; /* by which it went */
	struct sti_span passports;
	int64_t stale_at;
	int64_t started_ms;
	uint8_t text[];
};

/* One URL, with what waits for it. Kept while there is anything to know of it. */
struct peer {
	struct peer *next; /* in its bucket */
	struct peer *behind; /* in the line */
	bool in_line;
	struct job *first;
	struct job **end;
	unsigned waiting;
	unsigned in_flight;
	unsigned failures; /* in a row */
	int64_t paused_until_ms;
	size_t n;
	uint8_t url[];
};

struct publisher {
	struct publisher_config config;
	struct peer *bucket[BUCKETS];
	struct peer *line; /* those that may send, each one POST in its turn */
	struct peer **line_end;
	struct job *flying;
	unsigned waiting;
	unsigned in_flight;
};

enum sti_error publisher_create(const struct publisher_config *config, struct publisher **out)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (!publisher)
		return STI_E_MEMORY;
	publisher->config = *config;
	publisher->line_end = &publisher->line;
	*out = publisher;
	return STI_OK;
}

/* --- what waits --- */

static struct job *take_job(struct publisher *publisher, struct peer *peer)
{
	struct job *job = peer->first;

	peer->first = job->next;
	if (!peer->first)
		peer->end = &peer->first;
	peer->waiting--;
	publisher->waiting--;
	return job;
}

static void add_job(struct publisher *publisher, struct peer *peer, struct job *job)
{
	job->peer = peer;
	*peer->end = job;
	peer->end = &job->next;
	peer->waiting++;
	publisher->waiting++;
}

static struct job *job_create(struct sti_span passports, int64_t stale_at)
{
	struct job *job = calloc(1, sizeof(*job) + passports.n);

	if (!job)
		return NULL;
	memcpy(job->text, passports.p, passports.n);
	job->passports = sti_span(job->text, passports.n);
	job->stale_at = stale_at;
	return job;
}

/* --- peers --- */

static struct sti_span peer_url(const struct peer *peer)
{
	return sti_span(peer->url, peer->n);
}

/* Where it hangs, or would. */
static struct peer **find_peer(struct publisher *publisher, struct sti_span url)
{
	static const struct siphash_key key; /* URLs are the operator's: no stranger crowds a bucket */
	struct peer **at = &publisher->bucket[siphash(&key, url) % BUCKETS];

	while (*at && !sti_span_equal(peer_url(*at), url))
		at = &(*at)->next;
	return at;
}

static struct peer *get_peer(struct publisher *publisher, struct sti_span url)
{
	struct peer **at = find_peer(publisher, url);

	if (*at)
		return *at;
	*at = calloc(1, sizeof(**at) + url.n);
	if (!*at)
		return NULL;
	if (url.n)
		memcpy((*at)->url, url.p, url.n);
	(*at)->n = url.n;
	(*at)->end = &(*at)->first;
	return *at;
}

static void forget_idle(struct publisher *publisher, struct peer *peer)
{
	struct peer **at;

	if (peer->waiting || peer->in_flight || peer->failures || peer->in_line)
		return;
	at = find_peer(publisher, peer_url(peer));
	*at = peer->next;
	free(peer);
}

static bool has_its_flights(const struct peer *peer)
{
	return peer->in_flight >= (peer->failures < FAILURES ? FLIGHTS : 1);
}

static void line_up(struct publisher *publisher, struct peer *peer)
{
	if (peer->in_line || !peer->first || has_its_flights(peer))
		return;
	peer->in_line = true;
	peer->behind = NULL;
	*publisher->line_end = peer;
	publisher->line_end = &peer->behind;
}

static struct peer *take_turn(struct publisher *publisher)
{
	struct peer *peer = publisher->line;

	publisher->line = peer->behind;
	if (!publisher->line)
		publisher->line_end = &publisher->line;
	peer->in_line = false;
	return peer;
}

static void free_peer(struct publisher *publisher, struct peer *peer)
{
	while (peer->first)
		free(take_job(publisher, peer));
	free(peer);
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	for (struct job *job = publisher->flying; job; job = job->next)
		job->owner = NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		while (publisher->bucket[i]) {
			struct peer *peer = publisher->bucket[i];

			publisher->bucket[i] = peer->next;
			free_peer(publisher, peer);
		}
	free(publisher);
}

static void count(struct publisher *publisher, enum metrics_publish result)
{
	metrics_add(publisher->config.metrics, METRIC_PUBLISH, (unsigned)result, 1);
}

static enum metrics_publish result_of(enum sti_error error, const struct http_response *response)
{
	if (error)
		return METRICS_PUBLISH_FAILED;
	return response->status >= 200 && response->status < 300 ? METRICS_PUBLISH_STORED : METRICS_PUBLISH_REFUSED;
}

/* The host alone: a path may be somebody's secret. */
static void tell(const struct publisher *publisher, const struct peer *peer, enum sti_error error)
{
	struct log_line line;
	struct url url;

	if (!publisher->config.log)
		return;
	log_begin(&line, LOG_PUBLISH_FAILED);
	if (url_parse_own(peer_url(peer), &url) == STI_OK)
		log_put(&line, "host", url.host);
	log_put_str(&line, "error", sti_error_text(error));
	if (peer->failures >= FAILURES)
		log_put_int(&line, "pause_ms", PAUSE_MS);
	log_end(publisher->config.log, &line, clock_now());
}

/* What waits would come too late for its call. */
static void pause_peer(struct publisher *publisher, struct peer *peer)
{
	peer->paused_until_ms = clock_mono_ms() + PAUSE_MS;
	while (peer->first) {
		free(take_job(publisher, peer));
		count(publisher, METRICS_PUBLISH_FAILED);
	}
}

/* Any answer is a sign of life. The end of a client that was replaced says nothing of the CPS. */
static void learn(struct publisher *publisher, const struct job *job, enum sti_error error)
{
	struct peer *peer = job->peer;

	if (!error) {
		peer->failures = 0;
		peer->paused_until_ms = 0;
		return;
	}
	if (job->client == publisher->config.client)
		peer->failures++;
	tell(publisher, peer, error);
	if (peer->failures >= FAILURES)
		pause_peer(publisher, peer);
}

static void send_next(struct publisher *publisher);

static void land(struct publisher *publisher, struct job *job)
{
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	publisher->in_flight--;
	job->peer->in_flight--;
}

static void posted(void *context, enum sti_error error, const struct http_response *response)
{
	struct job *job = context;
	struct publisher *publisher = job->owner;

	if (publisher) {
		land(publisher, job);
		count(publisher, result_of(error, response));
		metrics_observe(publisher->config.metrics, METRIC_PUBLISH_SECONDS, 0,
				(double)(clock_mono_ms() - job->started_ms) / 1000.0);
		learn(publisher, job, error);
		line_up(publisher, job->peer);
		forget_idle(publisher, job->peer);
		send_next(publisher);
	}
	free(job);
}

static enum sti_error send_job(struct publisher *publisher, struct job *job)
{
	struct http_call call = {
		.method = HTTP_METHOD_POST,
		.url = peer_url(job->peer),
		.media = "application/passport",
		.body = job->passports,
		.connect_ms = publisher->config.timeout_ms,
		.total_ms = publisher->config.timeout_ms,
		.answer_max = 4096,
	};

	job->owner = publisher;
	job->client = publisher->config.client;
	job->started_ms = clock_mono_ms();
	return http_client_send(publisher->config.client, &call, posted, job);
}

static void fly(struct publisher *publisher, struct job *job)
{
	job->next = publisher->flying;
	job->link = &publisher->flying;
	if (job->next)
		job->next->link = &job->next;
	publisher->flying = job;
	publisher->in_flight++;
	job->peer->in_flight++;
	count(publisher, METRICS_PUBLISH_SENT);
}

static void send_first(struct publisher *publisher, struct peer *peer)
{
	struct job *job = take_job(publisher, peer);
	enum sti_error error = STI_OK;

	if (clock_now() >= job->stale_at) {
		count(publisher, METRICS_PUBLISH_STALE);
		free(job);
		return;
	}
	error = send_job(publisher, job);
	if (!error) {
		fly(publisher, job);
		return;
	}
	count(publisher, METRICS_PUBLISH_FAILED);
	tell(publisher, peer, error);
	free(job);
}

static void send_next(struct publisher *publisher)
{
	while (publisher->line && publisher->in_flight < publisher->config.in_flight) {
		struct peer *peer = take_turn(publisher);

		if (peer->first && !has_its_flights(peer)) /* it may have been paused in the line */
			send_first(publisher, peer);
		line_up(publisher, peer);
		forget_idle(publisher, peer);
	}
}

/* False: counted for what became of it. */
static bool is_accepted(struct publisher *publisher, const struct peer *peer)
{
	const struct publisher_config *config = &publisher->config;

	if (clock_mono_ms() < peer->paused_until_ms) {
		count(publisher, METRICS_PUBLISH_FAILED);
		return false;
	}
	if (publisher->waiting >= config->queue || (has_its_flights(peer) && peer->waiting >= config->queue / SHARES)) {
		count(publisher, METRICS_PUBLISH_DROPPED);
		return false;
	}
	return true;
}

void publisher_post(struct publisher *publisher, struct sti_span url, struct sti_span passports, int64_t stale_at)
{
	struct peer *peer = get_peer(publisher, url);
	struct job *job;

	if (!peer) {
		count(publisher, METRICS_PUBLISH_DROPPED);
		return;
	}
	if (!is_accepted(publisher, peer)) {
		forget_idle(publisher, peer);
		return;
	}
	job = job_create(passports, stale_at);
	if (!job) {
		count(publisher, METRICS_PUBLISH_DROPPED);
		forget_idle(publisher, peer);
		return;
	}
	add_job(publisher, peer, job);
	line_up(publisher, peer);
	send_next(publisher);
}

void publisher_set(struct publisher *publisher, const struct publisher_config *config)
{
	publisher->config = *config;
}

unsigned publisher_pending(const struct publisher *publisher)
{
	return publisher->waiting + publisher->in_flight;
}

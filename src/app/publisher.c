/* SPDX-License-Identifier: Apache-2.0 */
#include "app/publisher.h"

#include <stdlib.h>

#include "app/clock.h"

struct job {
	struct job *next;
	struct publisher *owner; /* NULL when the publisher has gone */
	struct job **link; /* in flight: what points here */
	struct sti_span url;
	struct sti_span passports;
	int64_t stale_at;
	int64_t started_ms;
	uint8_t text[];
};

struct publisher {
	struct publisher_config config;
	struct job *first;
	struct job **end;
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
	publisher->end = &publisher->first;
	*out = publisher;
	return STI_OK;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	while (publisher->first) {
		struct job *job = publisher->first;

		publisher->first = job->next;
		free(job);
	}
	for (struct job *job = publisher->flying; job; job = job->next)
		job->owner = NULL;
	free(publisher);
}

static struct job *job_create(struct sti_span url, struct sti_span passports, int64_t stale_at)
{
	struct job *job = calloc(1, sizeof(*job) + url.n + passports.n);

	if (!job)
		return NULL;
	memcpy(job->text, url.p, url.n);
	memcpy(job->text + url.n, passports.p, passports.n);
	job->url = sti_span(job->text, url.n);
	job->passports = sti_span(job->text + url.n, passports.n);
	job->stale_at = stale_at;
	return job;
}

static struct job *take_first(struct publisher *publisher)
{
	struct job *job = publisher->first;

	publisher->first = job->next;
	if (!publisher->first)
		publisher->end = &publisher->first;
	publisher->waiting--;
	return job;
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

static void send_next(struct publisher *publisher);

static void posted(void *context, enum sti_error error, const struct http_response *response)
{
	struct job *job = context;
	struct publisher *publisher = job->owner;

	if (publisher) {
		*job->link = job->next;
		if (job->next)
			job->next->link = job->link;
		publisher->in_flight--;
		count(publisher, result_of(error, response));
		metrics_observe(publisher->config.metrics, METRIC_PUBLISH_SECONDS, 0,
				(double)(clock_mono_ms() - job->started_ms) / 1000.0);
		send_next(publisher);
	}
	free(job);
}

static enum sti_error send_job(struct publisher *publisher, struct job *job)
{
	struct http_call call = {
		.method = HTTP_METHOD_POST,
		.url = job->url,
		.media = "application/passport",
		.body = job->passports,
		.connect_ms = publisher->config.timeout_ms,
		.total_ms = publisher->config.timeout_ms,
		.answer_max = 4096,
	};

	job->owner = publisher;
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
}

static void send_next(struct publisher *publisher)
{
	while (publisher->first && publisher->in_flight < publisher->config.in_flight) {
		struct job *job = take_first(publisher);
		enum metrics_publish result = METRICS_PUBLISH_FAILED;

		if (clock_now() >= job->stale_at)
			result = METRICS_PUBLISH_STALE;
		else if (send_job(publisher, job) == STI_OK) {
			fly(publisher, job);
			continue;
		}
		count(publisher, result);
		free(job);
	}
}

void publisher_post(struct publisher *publisher, struct sti_span url, struct sti_span passports, int64_t stale_at)
{
	struct job *job = NULL;

	if (publisher->waiting < publisher->config.queue)
		job = job_create(url, passports, stale_at);
	if (!job) {
		count(publisher, METRICS_PUBLISH_DROPPED);
		return;
	}
	*publisher->end = job;
	publisher->end = &job->next;
	publisher->waiting++;
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

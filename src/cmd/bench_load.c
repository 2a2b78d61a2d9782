/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct crew {
	const struct bench_load *load;
	atomic_size_t next; /* request that nobody has taken yet */
	pthread_mutex_t gate; /* held until all hands are there */
	double started;
	double *latency; /* of each request, seconds; negative: it failed */
};

struct hand {
	struct crew *crew;
	struct bench_client client;
	pthread_t thread;
};

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double due)
{
	struct timespec t = {.tv_sec = (time_t)due};

	t.tv_nsec = (long)((due - (double)t.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

/* When the latency of request i begins: at its time when all hands are still busy with earlier ones; when
 * we were early, at the sending, so that a late wake-up of our own does not count. */
static double begin(const struct crew *crew, size_t i)
{
	double due = crew->started + (double)i / crew->load->rate;

	if (crew->load->rate <= 0)
		return now(CLOCK_MONOTONIC);
	if (now(CLOCK_MONOTONIC) > due)
		return due;
	wait_until(due);
	return now(CLOCK_MONOTONIC);
}

static void *work(void *context)
{
	struct hand *hand = context;
	struct crew *crew = hand->crew;
	double end;
	size_t i;
	bool alive = true;

	pthread_mutex_lock(&crew->gate);
	pthread_mutex_unlock(&crew->gate);
	end = crew->started + crew->load->seconds;
	while (alive && now(CLOCK_MONOTONIC) < end && (i = atomic_fetch_add(&crew->next, 1)) < crew->load->batch->n) {
		double start = begin(crew, i);
		int status = bench_client_ask(&hand->client, bench_batch_request(crew->load->batch, i), NULL);

		if (status == crew->load->status)
			crew->latency[i] = now(CLOCK_MONOTONIC) - start;
		alive = status > 0;
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile_ms(const double *sorted, size_t n, size_t of_thousand)
{
	return n ? sorted[(n - 1) * of_thousand / 1000] * 1e3 : 0;
}

static void evaluate(struct crew *crew, struct bench_result *out)
{
	size_t taken = atomic_load(&crew->next);
	size_t n = taken < crew->load->batch->n ? taken : crew->load->batch->n;
	const double *good = crew->latency;

	qsort(crew->latency, n, sizeof(*crew->latency), compare);
	while (out->failed < n && *good < 0) {
		good++;
		out->failed++;
	}
	out->n = n - out->failed;
	out->p50_ms = quantile_ms(good, out->n, 500);
	out->p99_ms = quantile_ms(good, out->n, 990);
	out->max_ms = quantile_ms(good, out->n, 1000);
}

static bool open_hands(struct crew *crew, struct hand *hand)
{
	for (size_t i = 0; i < crew->load->connections; i++) {
		hand[i].crew = crew;
		if (!bench_client_open(&crew->load->peer, &hand[i].client))
			return false;
	}
	return true;
}

/* With fewer hands than wanted nothing is sent. */
static enum sti_error measure(struct crew *crew, struct hand *hand, struct bench_result *out)
{
	size_t n = 0;
	double cpu;

	pthread_mutex_lock(&crew->gate);
	while (n < crew->load->connections && pthread_create(&hand[n].thread, NULL, work, &hand[n]) == 0)
		n++;
	if (n < crew->load->connections)
		atomic_store(&crew->next, crew->load->batch->n);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	crew->started = now(CLOCK_MONOTONIC);
	pthread_mutex_unlock(&crew->gate);
	for (size_t i = 0; i < n; i++)
		pthread_join(hand[i].thread, NULL);
	out->seconds = now(CLOCK_MONOTONIC) - crew->started;
	out->client_cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return n == crew->load->connections ? STI_OK : STI_E_MEMORY;
}

static enum sti_error run(struct crew *crew, struct hand *hand, struct bench_result *out)
{
	enum sti_error error = STI_E_NETWORK;

	for (size_t i = 0; i < crew->load->connections; i++)
		hand[i].client = (struct bench_client){.fd = -1};
	if (open_hands(crew, hand))
		error = measure(crew, hand, out);
	if (!error)
		evaluate(crew, out);
	for (size_t i = 0; i < crew->load->connections; i++)
		bench_client_close(&hand[i].client);
	return error;
}

enum sti_error bench_load_run(const struct bench_load *load, struct bench_result *out)
{
	struct crew crew = {.load = load, .latency = calloc(load->batch->n, sizeof(*crew.latency))};
	struct hand *hand = calloc(load->connections, sizeof(*hand));
	enum sti_error error = STI_E_MEMORY;

	*out = (struct bench_result){.n = 0};
	if (hand && crew.latency && pthread_mutex_init(&crew.gate, NULL) == 0) {
		for (size_t i = 0; i < load->batch->n; i++)
			crew.latency[i] = -1;
		error = run(&crew, hand, out);
		pthread_mutex_destroy(&crew.gate);
	}
	free(hand);
	free(crew.latency);
	return error;
}

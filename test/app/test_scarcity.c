/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that gives out in the cache of credentials and in the publisher (threats.md J5): every question
 * is answered once, every POST counted once, nothing is believed that is not so, nothing is left behind
 * (asan looks). The HTTP client is the test's; the real one has its own sweep in test/net.
 */
#include "pki/world.h"

#include "app/clock.h"
#include "app/credentials.h"
#include "app/publisher.h"
#include "support/alloc_sweep.h"

#define URL   "https://cr.example.com/certs/a.pem"
#define AHEAD "https://cr.example.com/certs/b.pem"

/* ---- a clock and a client without a network ---- */

enum { CALLS = 8 };

static struct {
	http_done *done[CALLS];
	void *context[CALLS];
	size_t n;
} wire;

int64_t clock_now(void)
{
	return NOON;
}

int64_t clock_mono_ms(void)
{
	return 0;
}

enum sti_error http_client_send(struct http_client *client, const struct http_call *call, http_done *done,
				void *context)
{
	void *call_memory = malloc(call->body.n + 1);

	(void)client;
	if (!call_memory)
		return STI_E_MEMORY;
	free(call_memory);
	assert_true(wire.n < CALLS);
	wire.done[wire.n] = done;
	wire.context[wire.n++] = context;
	return STI_OK;
}

/* Answers what has been sent, and what is sent meanwhile. */
static void answer_all(const struct http_response *response)
{
	for (size_t i = 0; i < wire.n; i++)
		wire.done[i](wire.context[i], STI_OK, response);
	wire.n = 0;
}

/* ---- credentials ---- */

struct scene {
	struct pair root, leaf;
	struct trust_snapshot *trust, *next_trust;
	struct metrics *metrics;
};

static struct scene scene_make(void)
{
	struct scene s = {.root = root_make(), .metrics = metrics_create("0")};

	s.leaf = signer_make(&s.root);
	assert_non_null(s.metrics);
	assert_int_equal(trust_snapshot_create(buf_span(&s.root.cert), 1, &s.trust), STI_OK);
	assert_int_equal(trust_snapshot_create(buf_span(&s.root.cert), 2, &s.next_trust), STI_OK);
	return s;
}

static void scene_end(struct scene *s)
{
	trust_snapshot_unref(s->trust);
	trust_snapshot_unref(s->next_trust);
	metrics_free(s->metrics);
	pair_free(&s->root);
	pair_free(&s->leaf);
}

struct answers {
	unsigned done, good;
};

static void take(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct answers *answers = context;

	answers->done++;
	assert_true((lease == NULL) == (error != STI_OK));
	if (!lease)
		return;
	assert_int_equal(sti_credential_trust(credential_lease_of(lease), NULL, NOON), STI_TRUST_OK);
	answers->good++;
	credential_lease_end(lease);
}

static void ask(struct credentials *credentials, struct trust_snapshot *trust, struct answers *answers)
{
	credentials_get(credentials, sti_span_str(URL), trust, NOON, take, answers);
}

/* Two questions and one fetch; one from memory; one under another trust; one known ahead, and refreshed. */
static bool credentials_attempt(void *context)
{
	const struct scene *s = context;
	const struct credentials_config config = {.metrics = s->metrics, .fetch_ms = 1000, .capacity = 2};
	const struct http_response response = {
		.status = 200, .body = buf_span(&s->leaf.cert), .max_age = -1, .retry_after = -1};
	struct answers answers = {0};
	struct credentials *credentials;

	if (credentials_create(&config, &credentials)) {
		assert_true(alloc_sweep_failed());
		return false;
	}
	ask(credentials, s->trust, &answers);
	ask(credentials, s->trust, &answers);
	answer_all(&response);
	ask(credentials, s->trust, &answers);
	ask(credentials, s->next_trust, &answers);
	answer_all(&response);
	assert_int_equal(answers.done, 4);
	answers.good += credentials_preload(credentials, sti_span_str(AHEAD), response.body, NOON, s->next_trust,
					    NOON) == STI_OK;
	credentials_refresh(credentials, s->next_trust, NOON + DAY / 2 - 1);
	answer_all(&response);
	credentials_free(credentials);
	assert_true(answers.good == 5 || alloc_sweep_failed());
	return answers.good == 5;
}

static void test_J5_credentials_without_memory(void **state)
{
	struct scene s = scene_make();

	(void)state;
	alloc_sweep("credentials", credentials_attempt, &s);
	scene_end(&s);
}

/* ---- publisher ---- */

static int64_t counted(const struct metrics *metrics, enum metrics_publish result)
{
	return metrics_get(metrics, METRIC_PUBLISH, result);
}

/* One at a time, one waiting: of three POSTs the last is dropped in any case. */
static bool publisher_attempt(void *context)
{
	const struct http_response response = {.status = 201, .max_age = -1, .retry_after = -1};
	struct publisher_config config = {.timeout_ms = 1000, .in_flight = 1, .queue = 1};
	struct publisher *publisher;
	bool good;

	(void)context;
	config.metrics = metrics_create("0");
	if (!config.metrics || publisher_create(&config, &publisher)) {
		assert_true(alloc_sweep_failed());
		metrics_free(config.metrics);
		return false;
	}
	for (int i = 0; i < 3; i++)
		publisher_post(publisher, sti_span_str(URL), sti_span_str("a.b.c"), NOON + 60);
	answer_all(&response);
	assert_int_equal(publisher_pending(publisher), 0);
	assert_int_equal(counted(config.metrics, METRICS_PUBLISH_STORED) +
				 counted(config.metrics, METRICS_PUBLISH_FAILED) +
				 counted(config.metrics, METRICS_PUBLISH_DROPPED),
			 3);
	good = counted(config.metrics, METRICS_PUBLISH_STORED) == 2;
	publisher_free(publisher);
	metrics_free(config.metrics);
	return good;
}

static void test_J5_publisher_without_memory(void **state)
{
	(void)state;
	alloc_sweep("publisher", publisher_attempt, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_J5_credentials_without_memory),
		cmocka_unit_test(test_J5_publisher_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include "app/metrics.h"
#include "trust/list_verdict.h"

static char *text_of(const struct metrics *m)
{
	struct buf out = buf_own(1 << 20);
	char *text;

	metrics_write(m, &out);
	buf_put_byte(&out, 0);
	assert_int_equal(buf_error(&out), STI_OK);
	text = strdup((const char *)out.p);
	buf_free(&out);
	assert_non_null(text);
	return text;
}

static void expect_line(const struct metrics *m, const char *line)
{
	char *text = text_of(m), *at = strstr(text, line);

	if (!at || at[strlen(line)] != '\n' || (at != text && at[-1] != '\n'))
		fail_msg("no line %s", line);
	free(text);
}

static size_t lines_of(const struct metrics *m)
{
	char *text = text_of(m);
	size_t n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	free(text);
	return n;
}

static void test_counters_gauges_and_labels(void **state)
{
	struct metrics *m = metrics_create("0.1.0");

	(void)state;
	metrics_add(m, METRIC_PUBLISH, METRICS_PUBLISH_NO_ROUTE, 3);
	metrics_add(m, METRIC_PUBLISH, METRICS_PUBLISH_NO_ROUTE, 4);
	metrics_set(m, METRIC_PASSPORTS, 0, 100000);
	metrics_set(m, METRIC_CONNECTIONS, METRICS_ROLE_CPS_PRIVATE, 2);
	metrics_add(m, METRIC_VERDICTS, STI_VERSTAT_FAILED, 1);
	metrics_add(m, METRIC_CASES, STI_CASE_E17, 1);
	expect_line(m, "sidetone_build_info{version=\"0.1.0\"} 1");
	expect_line(m, "sidetone_publications_total{result=\"no_route\"} 7");
	expect_line(m, "sidetone_publications_total{result=\"sent\"} 0");
	expect_line(m, "sidetone_passports_stored 100000");
	expect_line(m, "sidetone_connections{role=\"cps_private\"} 2");
	expect_line(m, "sidetone_verdicts_total{verstat=\"TN-Validation-Failed\"} 1");
	expect_line(m, "sidetone_verdict_cases_total{case=\"E17\"} 1");
	assert_int_equal(metrics_get(m, METRIC_PUBLISH, METRICS_PUBLISH_NO_ROUTE), 7);
	metrics_free(m);
}

/* The names of verdicts and cases are the library's. */
static void test_label_values_follow_their_enums(void **state)
{
	struct metrics *m = metrics_create("0");
	char line[100];

	(void)state;
	for (enum sti_case c = STI_CASE_E1; c < STI_CASE_COUNT; c++) {
		metrics_add(m, METRIC_CASES, c, 1000 + (uint64_t)c);
		snprintf(line, sizeof(line), "sidetone_verdict_cases_total{case=\"E%d\"} %d", (int)c, 1000 + (int)c);
		expect_line(m, line);
	}
	metrics_add(m, METRIC_VERDICTS, STI_VERSTAT_NONE, 5);
	metrics_add(m, METRIC_VERDICTS, STI_VERSTAT_PASSED, 6);
	expect_line(m, "sidetone_verdicts_total{verstat=\"No-TN-Validation\"} 5");
	expect_line(m, "sidetone_verdicts_total{verstat=\"TN-Validation-Passed\"} 6");
	metrics_free(m);
}

static void test_requests_by_role_and_status(void **state)
{
	struct metrics *m = metrics_create("0");

	(void)state;
	metrics_request(m, METRICS_ROLE_AS, 200);
	metrics_request(m, METRICS_ROLE_CPS, 201);
	metrics_request(m, METRICS_ROLE_CPS, 201);
	metrics_request(m, METRICS_ROLE_ADMIN, 299);
	metrics_request(m, METRICS_ROLE_ADMIN, 0);
	metrics_request(m, METRICS_ROLE_ADMIN, -2147483647 - 1);
	expect_line(m, "sidetone_http_requests_total{role=\"as\",status=\"200\"} 1");
	expect_line(m, "sidetone_http_requests_total{role=\"cps\",status=\"201\"} 2");
	expect_line(m, "sidetone_http_requests_total{role=\"admin\",status=\"other\"} 3");
	metrics_free(m);
}

static void test_histogram_buckets_are_cumulative_and_their_bounds_belong_to_them(void **state)
{
	struct metrics *m = metrics_create("0");

	(void)state;
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, 0.0005);
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, 0.2);
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, 11.5);
	expect_line(m, "sidetone_publication_seconds_bucket{le=\"0.0005\"} 1");
	expect_line(m, "sidetone_publication_seconds_bucket{le=\"0.1\"} 1");
	expect_line(m, "sidetone_publication_seconds_bucket{le=\"0.25\"} 2");
	expect_line(m, "sidetone_publication_seconds_bucket{le=\"10.0\"} 2");
	expect_line(m, "sidetone_publication_seconds_bucket{le=\"+Inf\"} 3");
	expect_line(m, "sidetone_publication_seconds_count 3");
	expect_line(m, "sidetone_publication_seconds_sum 11.700500000");
	metrics_observe(m, METRIC_REQUEST_SECONDS, METRICS_ROLE_VS, 0.003);
	expect_line(m, "sidetone_http_request_seconds_bucket{role=\"vs\",le=\"0.0025\"} 0");
	expect_line(m, "sidetone_http_request_seconds_bucket{role=\"vs\",le=\"0.005\"} 1");
	expect_line(m, "sidetone_http_request_seconds_count{role=\"as\"} 0");
	metrics_free(m);
}

static void test_times_that_are_none(void **state)
{
	struct metrics *m = metrics_create("0");

	(void)state;
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, -1);
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, 1e30);
	metrics_observe(m, METRIC_PUBLISH_SECONDS, 0, 0.0 / 0.0);
	metrics_observe(m, METRIC_PASSPORTS, 0, 1);
	metrics_add(m, METRIC_PUBLISH_SECONDS, 0, 1);
	expect_line(m, "sidetone_publication_seconds_count 0");
	expect_line(m, "sidetone_passports_stored 0");
	metrics_free(m);
}

static void test_L8_no_label_outside_the_fixed_sets_and_no_growth(void **state)
{
	struct metrics *m = metrics_create("0");
	size_t before = lines_of(m);
	char *empty = text_of(m), *text;

	(void)state;
	for (unsigned metric = 0; metric <= METRIC_COUNT; metric++)
		for (unsigned label = 200; label < 1000000; label = label * 3 + 1) {
			metrics_add(m, metric, label, 1);
			metrics_set(m, metric, label, 1);
			metrics_observe(m, metric, label, 1);
			assert_int_equal(metrics_get(m, metric, label), 0);
		}
	text = text_of(m);
	assert_string_equal(text, empty);
	for (int status = 0; status < 1000; status++)
		metrics_request(m, METRICS_ROLE_VS, status);
	assert_int_equal(lines_of(m), before);
	free(text);
	free(empty);
	metrics_free(m);
}

/* OpenMetrics 1.0: TYPE and HELP before the samples of a family, families apart, # EOF last. */
static void test_every_family_has_type_and_help_and_the_end_is_marked(void **state)
{
	struct metrics *m = metrics_create("0");
	char *text = text_of(m), *rest = text, *line;
	char family[100] = "";
	bool ended = false;

	(void)state;
	while ((line = strsep(&rest, "\n")) && rest) {
		assert_false(ended);
		if (strncmp(line, "# TYPE ", 7) == 0) {
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "), line + 7);
			line = strsep(&rest, "\n");
			assert_memory_equal(line, "# HELP ", 7);
			assert_memory_equal(line + 7, family, strlen(family));
		} else if (strcmp(line, "# EOF") == 0) {
			ended = true;
		} else {
			assert_memory_equal(line, family, strlen(family));
			assert_memory_equal(line, "sidetone_", 9);
		}
	}
	assert_true(ended);
	free(text);
	metrics_free(m);
}

static void *count_up(void *metrics)
{
	for (int i = 0; i < 20000; i++)
		metrics_add(metrics, METRIC_CERT_CACHE, METRICS_HIT, 1);
	return NULL;
}

static void test_two_threads_lose_no_count(void **state)
{
	struct metrics *m = metrics_create("0");
	pthread_t other;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, count_up, m), 0);
	count_up(m);
	pthread_join(other, NULL);
	assert_int_equal(metrics_get(m, METRIC_CERT_CACHE, METRICS_HIT), 40000);
	metrics_free(m);
}

static void test_a_version_that_is_too_long_is_cut(void **state)
{
	struct metrics *m = metrics_create("0123456789012345678901234567890123456789");

	(void)state;
	expect_line(m, "sidetone_build_info{version=\"01234567890123456789012345678901\"} 1");
	metrics_free(m);
}

/* The metric and the log call it by one name. */
static void test_refusals_are_named_as_the_verdicts_on_lists(void **state)
{
	struct metrics *m = metrics_create("0");

	(void)state;
	assert_non_null(m);
	for (unsigned i = METRICS_REFUSAL_TYPE; i <= METRICS_REFUSAL_EMPTY; i++) {
		const char *code = list_verdict_row((enum list_verdict)(LIST_BAD_TYPE + i))->name;
		char line[128];

		metrics_add(m, METRIC_SOURCE_REFUSED, i, i + 1);
		snprintf(line, sizeof(line), "sidetone_source_refused_total{reason=\"%s\"} %u", code + strlen("list."),
			 i + 1);
		expect_line(m, line);
	}
	metrics_source_fetch(m, METRICS_SOURCE_CRL, METRICS_FAILED);
	expect_line(m, "sidetone_source_fetches_total{source=\"crl\",result=\"failed\"} 1");
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals_are_named_as_the_verdicts_on_lists),
		cmocka_unit_test(test_counters_gauges_and_labels),
		cmocka_unit_test(test_label_values_follow_their_enums),
		cmocka_unit_test(test_requests_by_role_and_status),
		cmocka_unit_test(test_histogram_buckets_are_cumulative_and_their_bounds_belong_to_them),
		cmocka_unit_test(test_times_that_are_none),
		cmocka_unit_test(test_L8_no_label_outside_the_fixed_sets_and_no_growth),
		cmocka_unit_test(test_every_family_has_type_and_help_and_the_end_is_marked),
		cmocka_unit_test(test_two_threads_lose_no_count),
		cmocka_unit_test(test_a_version_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("app/metrics", tests, NULL, NULL);
}

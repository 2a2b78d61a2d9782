/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>

#include "app/clock.h"
#include "app/source_report.h"

int64_t clock_now(void)
{
	return 1764547200; /* 2025-12-01T00:00:00Z */
}

struct scene {
	struct metrics *metrics;
	struct source_hub hub;
	struct plan_source plan;
	struct source source;
	int fd;
	char text[4096];
};

static struct scene *scene_open(enum plan_kind kind)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->metrics = metrics_create("0");
	s->fd = memfd_create("log", MFD_CLOEXEC);
	s->hub = (struct source_hub){.metrics = s->metrics, .log = log_create(s->fd, s->metrics)};
	s->plan = (struct plan_source){.kind = kind, .name = "us"};
	s->source = (struct source){.hub = &s->hub, .plan = &s->plan};
	return s;
}

static void scene_close(struct scene *s)
{
	log_free(s->hub.log);
	metrics_free(s->metrics);
	close(s->fd);
	free(s);
}

#define TIME "ts=2025-12-01T00:00:00Z "

static void expect(struct scene *s, const char *text)
{
	ssize_t n = pread(s->fd, s->text, sizeof(s->text) - 1, 0);

	assert_true(n >= 0);
	s->text[n] = '\0';
	assert_string_equal(s->text, text);
}

static void test_F4_a_refusal_names_both_sequences(void **state)
{
	struct scene *s = scene_open(PLAN_CA_LIST);
	const struct offer offer = {.step = OFFER_REFUSED,
				    .code = "list.rollback",
				    .severity = 3,
				    .reason = METRICS_REFUSAL_ROLLBACK,
				    .what = "lower",
				    .clause = "RFC 1",
				    .number = 6};

	(void)state;
	s->source.listing.sequence = 7;
	source_report_refused(&s->source, &offer);
	expect(s, TIME "level=error event=source_refused alarm=critical source=us kind=ca-list code=list.rollback "
		       "why=lower clause=\"RFC 1\" sequence=6 have=7\n");
	assert_int_equal(metrics_get(s->metrics, METRIC_SOURCE_REFUSED, METRICS_REFUSAL_ROLLBACK), 1);
	assert_int_equal(metrics_get(s->metrics, METRIC_ALARMS, METRICS_CRITICAL), 1);
	scene_close(s);
}

static void test_E20_a_jump_names_both_numbers_as_they_are_configured(void **state)
{
	struct scene *s = scene_open(PLAN_CRL);
	const struct offer offer = {.step = OFFER_REFUSED,
				    .code = "crl.jump",
				    .severity = 3,
				    .reason = METRICS_REFUSAL_JUMP,
				    .what = "far",
				    .clause = "RFC 1",
				    .crl_number = {[0] = 0x0a, [MARK_NUMBER - 1] = 1}};

	(void)state;
	source_report_refused(&s->source, &offer);
	expect(s, TIME "level=error event=source_refused alarm=critical source=us kind=crl code=crl.jump why=far "
		       "clause=\"RFC 1\" number=0a00000000000000000000000000000000000001 have=00\n");
	assert_int_equal(metrics_get(s->metrics, METRIC_SOURCE_REFUSED, METRICS_REFUSAL_JUMP), 1);
	scene_close(s);
}

static void test_F17_the_third_failure_is_an_alarm_and_the_end_of_it_is_told(void **state)
{
	struct scene *s = scene_open(PLAN_CRL);

	(void)state;
	for (s->source.failures = 1; s->source.failures <= 4; s->source.failures++)
		source_report_failed(&s->source, "late", s->source.failures == 1 ? 500 : 0);
	source_report_back(&s->source);
	s->source.failures = 2;
	source_report_back(&s->source);
	expect(s, TIME "level=warning event=source_failed source=us kind=crl why=late status=500 failures=1\n" TIME
		       "level=warning event=source_failed source=us kind=crl why=late failures=2\n" TIME
		       "level=warning event=source_failed alarm=minor source=us kind=crl why=late failures=3\n" TIME
		       "level=warning event=source_failed source=us kind=crl why=late failures=4\n" TIME
		       "level=info event=source_back source=us kind=crl\n");
	scene_close(s);
}

static void test_F14_F26_entries_that_do_not_count(void **state)
{
	struct ca_list_entry entry[] = {{.fault = CA_FAULT_NONE}, {.fault = CA_FAULT_TWICE}, {.fault = CA_FAULT_TIME}};
	struct scene *s = scene_open(PLAN_CA_LIST);

	(void)state;
	s->source.listing.roots = (struct ca_list){entry, 2, 1};
	s->source.listing.sequence = 3;
	source_report_new(&s->source);
	expect(s, TIME "level=info event=source_new source=us kind=ca-list sequence=3 until=0\n");
	s->source.listing.roots.n = 3;
	source_report_new(&s->source);
	assert_int_equal(metrics_get(s->metrics, METRIC_ALARMS, METRICS_MAJOR), 1);
	scene_close(s);
}

static void test_F19_what_could_not_be_written_and_what_was_not_found(void **state)
{
	struct scene *s = scene_open(PLAN_MAPPING);

	(void)state;
	errno = ENOSPC;
	source_report_unsaved(&s->source, STI_E_IO);
	source_report_state(&s->source, "gone");
	expect(s, TIME "level=error event=source_unsaved alarm=critical source=us kind=cps-mapping "
		       "why=\"No space left on device\"\n" TIME
		       "level=error event=source_state alarm=major source=us kind=cps-mapping why=gone\n");
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_F4_a_refusal_names_both_sequences),
		cmocka_unit_test(test_E20_a_jump_names_both_numbers_as_they_are_configured),
		cmocka_unit_test(test_F17_the_third_failure_is_an_alarm_and_the_end_of_it_is_told),
		cmocka_unit_test(test_F14_F26_entries_that_do_not_count),
		cmocka_unit_test(test_F19_what_could_not_be_written_and_what_was_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "app/log.h"

enum { NOW = 1764547200 }; /* 2025-12-01T00:00:00Z */

struct fixture {
	int fd;
	struct metrics *metrics;
	struct log *log;
	char text[64 * 1024];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->fd = memfd_create("log", MFD_CLOEXEC);
	f->metrics = metrics_create("0");
	f->log = log_create(f->fd, f->metrics);
	*state = f;
	return f->fd >= 0 && f->metrics && f->log ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	log_free(f->log);
	metrics_free(f->metrics);
	close(f->fd);
	free(f);
	return 0;
}

/* All that was written since the last time. */
static const char *written(struct fixture *f)
{
	off_t end = lseek(f->fd, 0, SEEK_CUR);
	ssize_t n = pread(f->fd, f->text, sizeof(f->text) - 1, 0);

	assert_true(end < (off_t)sizeof(f->text));
	assert_int_equal(n, end);
	f->text[n] = '\0';
	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
	return f->text;
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static void test_one_line_with_time_level_event_and_pairs(void **state)
{
	struct fixture *f = *state;
	struct log_line line;

	log_begin(&line, LOG_VERDICT);
	log_put_str(&line, "verstat", "TN-Validation-Passed");
	log_put_int(&line, "ms", -12);
	log_put(&line, "absent", sti_span(NULL, 0));
	log_put_str(&line, "empty", "");
	log_end(f->log, &line, NOW + 3661);
	assert_string_equal(written(f), "ts=2025-12-01T01:01:01Z level=info event=verdict verstat=TN-Validation-Passed"
					" ms=-12 empty=\"\"\n");
}

static const struct value {
	const char *value;
	const char *written;
} values[] = {
	{"plain", "v=plain"},
	{"a b", "v=\"a b\""},
	{"a=b", "v=\"a=b\""},
	{"a\"b", "v=\"a\\\"b\""},
	{"a\\b", "v=\"a\\\\b\""},
	{"a\nb", "v=\"a\\x0ab\""},
	{"a\r\nlevel=error", "v=\"a\\x0d\\x0alevel=error\""},
	{"\033[2J", "v=\"\\x1b[2J\""},
	{"\177", "v=\"\\x7f\""},
	{"\303\244", "v=\"\303\244\""},
	{"\302\233A", "v=\"\\xc2\\x9bA\""}, /* CSI as a C1 control */
	{"\377\376", "v=\"\\xff\\xfe\""},
	{"\300\257", "v=\"\\xc0\\xaf\""}, /* overlong */
	{"\355\240\200", "v=\"\\xed\\xa0\\x80\""}, /* a surrogate */
	{"a\303", "v=\"a\\xc3\""}, /* cut short */
};

static void test_values_that_would_break_a_line_or_a_terminal(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *text;

		log_event(f->log, LOG_NOTE, NOW + (int64_t)i, "v", values[i].value);
		text = written(f);
		if (!strstr(text, values[i].written))
			fail_msg("%zu: %s", i, text);
		assert_int_equal(count_of(text, "\n"), 1);
	}
}

static void test_a_NUL_inside_a_value(void **state)
{
	struct fixture *f = *state;
	struct log_line line;

	log_begin(&line, LOG_NOTE);
	log_put(&line, "v", sti_span("a\0b", 3));
	log_end(f->log, &line, NOW);
	assert_non_null(strstr(written(f), "v=\"a\\x00b\"\n"));
}

static void test_what_does_not_fit_is_left_out_whole(void **state)
{
	struct fixture *f = *state;
	struct log_line line;
	char large[3000];
	const char *text;

	memset(large, '\001', sizeof(large));
	log_begin(&line, LOG_NOTE);
	log_put_str(&line, "first", "1");
	log_put(&line, "large", sti_span(large, sizeof(large)));
	log_put(&line, "half", sti_span(large, 120));
	log_put(&line, "other", sti_span(large, 120));
	log_put_str(&line, "last", "2");
	log_end(f->log, &line, NOW);
	text = written(f);
	assert_true(strlen(text) <= LOG_LINE);
	assert_non_null(strstr(text, " first=1 half=\"\\x01"));
	assert_null(strstr(text, "large"));
	assert_null(strstr(text, "other"));
	assert_non_null(strstr(text, "\" last=2 cut=true\n"));
}

static void test_a_line_never_exceeds_1_KiB(void **state)
{
	struct fixture *f = *state;

	for (size_t n = 700; n < 1100; n += 3) {
		char value[1100];
		struct log_line line;

		memset(value, 'x', n);
		value[n] = '\0';
		log_begin(&line, LOG_STORE_FULL);
		for (int i = 0; i < 40; i++) /* raises the number of dropped lines too */
			log_event(f->log, LOG_STORE_FULL, NOW + (int64_t)n, NULL, NULL);
		written(f);
		log_put_str(&line, "v", value);
		log_end(f->log, &line, NOW + (int64_t)n + 1);
		assert_true(strlen(written(f)) <= LOG_LINE);
	}
}

static void test_too_many_of_one_kind_are_dropped_and_counted(void **state)
{
	struct fixture *f = *state;
	const char *text;

	for (int i = 0; i < 25; i++)
		log_event(f->log, LOG_NO_ROUTE, NOW, NULL, NULL);
	log_event(f->log, LOG_START, NOW, NULL, NULL);
	text = written(f);
	assert_int_equal(count_of(text, "event=no_route"), 10);
	assert_int_equal(count_of(text, "event=start"), 1);
	assert_int_equal(metrics_get(f->metrics, METRIC_LOG_DROPPED, 0), 15);
	log_event(f->log, LOG_NO_ROUTE, NOW + 1, NULL, NULL);
	log_event(f->log, LOG_NO_ROUTE, NOW + 1, NULL, NULL);
	text = written(f);
	assert_int_equal(count_of(text, "dropped=15"), 1);
	assert_int_equal(count_of(text, "dropped="), 1);
}

static void test_flush_tells_of_dropped_lines_once(void **state)
{
	struct fixture *f = *state;
	const char *text;

	for (int i = 0; i < 12; i++)
		log_event(f->log, LOG_NO_ROUTE, NOW, NULL, NULL);
	written(f);
	log_flush(f->log, NOW + 5);
	text = written(f);
	assert_non_null(strstr(text, "ts=2025-12-01T00:00:05Z level=info event=no_route dropped=2\n"));
	assert_int_equal(count_of(text, "\n"), 1);
	log_flush(f->log, NOW + 6);
	assert_string_equal(written(f), "");
}

static void test_an_alarm_is_a_line_with_a_stable_code_and_a_metric(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LOG_WORKER_CRASHED, NOW, "signal", "6");
	log_event(f->log, LOG_STORE_FULL, NOW, NULL, NULL);
	log_event(f->log, LOG_STORE_FULL, NOW, NULL, NULL); /* over its pace, still an alarm */
	assert_string_equal(written(f),
			    "ts=2025-12-01T00:00:00Z level=error event=worker_crashed alarm=critical signal=6\n"
			    "ts=2025-12-01T00:00:00Z level=error event=store_full alarm=major\n");
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_MINOR), 0);
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_MAJOR), 2);
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_CRITICAL), 1);
}

static void test_an_event_whose_severity_depends_on_the_case(void **state)
{
	struct fixture *f = *state;
	struct log_line line;

	for (unsigned severity = 0; severity < 5; severity++) {
		log_begin_alarm(&line, LOG_SOURCE_REFUSED, severity);
		log_end(f->log, &line, NOW);
	}
	assert_string_equal(written(f), "ts=2025-12-01T00:00:00Z level=error event=source_refused\n"
					"ts=2025-12-01T00:00:00Z level=error event=source_refused alarm=minor\n"
					"ts=2025-12-01T00:00:00Z level=error event=source_refused alarm=major\n"
					"ts=2025-12-01T00:00:00Z level=error event=source_refused alarm=critical\n"
					"ts=2025-12-01T00:00:00Z level=error event=source_refused alarm=critical\n");
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_MINOR), 1);
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_MAJOR), 1);
	assert_int_equal(metrics_get(f->metrics, METRIC_ALARMS, METRICS_CRITICAL), 2);
}

static void test_every_event_has_a_row_of_its_own(void **state)
{
	struct fixture *f = *state;
	char seen[LOG_EVENTS][64];

	for (enum log_event i = 0; i < LOG_EVENTS; i++) {
		const char *code;

		log_event(f->log, i, NOW, NULL, NULL);
		code = strstr(written(f), "event=");
		assert_non_null(code);
		snprintf(seen[i], sizeof(seen[i]), "%.*s", (int)strcspn(code, " \n"), code);
		assert_true(strlen(seen[i]) > strlen("event="));
		for (enum log_event k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
}

static void test_nobody_reads_and_no_metrics(void **state)
{
	struct log *log = log_create(-1, NULL);

	(void)state;
	assert_non_null(log);
	log_event(log, LOG_NO_MEMORY, NOW, NULL, NULL);
	log_event(log, LOG_NO_MEMORY, NOW, NULL, NULL);
	log_flush(log, NOW);
	log_free(log);
}

/* Where a log may go that nobody reads: [0] to read, [1] to write. */
static int open_pipe(int end[2])
{
	return pipe2(end, O_CLOEXEC);
}

static int open_pipe_that_others_made_nonblocking(int end[2])
{
	return pipe2(end, O_CLOEXEC | O_NONBLOCK);
}

static int open_socket(int end[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end);
}

static int open_terminal(int end[2])
{
	return openpty(&end[0], &end[1], NULL, NULL, NULL);
}

static const struct unread {
	const char *what;
	int (*open)(int end[2]);
	bool is_exact; /* what is written is there to be read at once */
} unreads[] = {
	{"pipe", open_pipe, true},
	{"pipe that others do not wait for", open_pipe_that_others_made_nonblocking, true},
	{"socket", open_socket, true},
	{"terminal", open_terminal, false},
};

enum { LINES = 3000, FULL = 1 << 20 };

/* All that lies there to be read. */
static char *read_there(int fd)
{
	char *text = calloc(1, FULL);
	size_t n = 0;
	ssize_t got;

	assert_non_null(text);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0); /* the reader's */
	while ((got = read(fd, text + n, FULL - 1 - n)) > 0)
		n += (size_t)got;
	return text;
}

/* Lines of different length, so that they do not fit without a rest. */
static void write_lines(struct log *log)
{
	char value[300];

	memset(value, 'x', sizeof(value));
	for (size_t i = 0; i < LINES; i++) {
		struct log_line line;

		log_begin(&line, LOG_VERDICT);
		log_put(&line, "v", sti_span(value, 1 + i % sizeof(value)));
		log_put_str(&line, "end", "here");
		log_end(log, &line, NOW);
	}
}

static void expect_told(struct log *log, int fd, int64_t dropped)
{
	char told[64];
	char *text;

	log_event(log, LOG_VERDICT, NOW, "v", "again");
	text = read_there(fd);
	snprintf(told, sizeof(told), " v=again dropped=%lld\n", (long long)dropped);
	assert_non_null(strstr(text, told));
	free(text);
}

/* A write that waits is ended by the alarm, and the test with it. */
static void expect_no_wait(const struct unread *unread, struct metrics *metrics)
{
	int64_t before = metrics_get(metrics, METRIC_LOG_DROPPED, 0), dropped;
	int end[2], flags;
	struct log *log;
	char *text;

	assert_int_equal(unread->open(end), 0);
	flags = fcntl(end[1], F_GETFL);
	log = log_create(end[1], metrics);
	assert_non_null(log);
	alarm(20);
	write_lines(log);
	alarm(0);
	dropped = metrics_get(metrics, METRIC_LOG_DROPPED, 0) - before;
	print_message("%s: %d of %d lines not written\n", unread->what, (int)dropped, LINES);
	assert_in_range(dropped, 1, LINES - 1);
	assert_int_equal(fcntl(end[1], F_GETFL), flags);
	text = read_there(end[0]);
	if (unread->is_exact) {
		assert_int_equal((int64_t)count_of(text, " end=here\n") + dropped, LINES);
		expect_told(log, end[0], dropped);
	}
	free(text);
	log_free(log);
	assert_int_equal(close(end[0]), 0);
	assert_int_equal(close(end[1]), 0);
}

static void test_H14_nobody_reads_and_nobody_waits(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(unreads) / sizeof(unreads[0]); i++)
		expect_no_wait(&unreads[i], f->metrics);
}

static void test_H14_flush_of_what_nobody_reads_tells_it_later(void **state)
{
	struct fixture *f = *state;
	struct log *log;
	int end[2];
	char *text;

	assert_int_equal(open_pipe(end), 0);
	log = log_create(end[1], f->metrics);
	assert_non_null(log);
	alarm(20);
	write_lines(log);
	for (int i = 0; i < 12; i++)
		log_event(log, LOG_NO_ROUTE, NOW, NULL, NULL);
	log_flush(log, NOW);
	alarm(0);
	free(read_there(end[0]));
	log_flush(log, NOW + 1);
	text = read_there(end[0]);
	assert_non_null(strstr(text, "event=no_route dropped=12\n"));
	free(text);
	log_free(log);
	close(end[0]);
	close(end[1]);
}

static void test_reader_has_gone(void **state)
{
	struct fixture *f = *state;
	struct log *log;
	int end[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(open_pipe(end), 0);
	log = log_create(end[1], f->metrics);
	assert_non_null(log);
	close(end[0]);
	log_event(log, LOG_START, NOW, NULL, NULL);
	assert_int_equal(metrics_get(f->metrics, METRIC_LOG_DROPPED, 0), 1);
	log_free(log);
	close(end[1]);
}

/* A disk that fills up in the middle of a line: the next one begins on a line of its own. */
static void test_line_after_a_torn_one(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, small;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 30;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	log_event(f->log, LOG_START, NOW, "a", "1");
	log_event(f->log, LOG_START, NOW, "a", "2");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	log_event(f->log, LOG_START, NOW, "a", "3");
	log_event(f->log, LOG_START, NOW, "a", "4");
	assert_int_equal(metrics_get(f->metrics, METRIC_LOG_DROPPED, 0), 2);
	assert_string_equal(written(f), "ts=2025-12-01T00:00:00Z level=\n"
					"ts=2025-12-01T00:00:00Z level=info event=start a=3 dropped=2\n"
					"ts=2025-12-01T00:00:00Z level=info event=start a=4\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_line_with_time_level_event_and_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_that_would_break_a_line_or_a_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_NUL_inside_a_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_left_out_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_line_never_exceeds_1_KiB, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_of_one_kind_are_dropped_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flush_tells_of_dropped_lines_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_alarm_is_a_line_with_a_stable_code_and_a_metric, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_an_event_whose_severity_depends_on_the_case, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_event_has_a_row_of_its_own, setup, teardown),
		cmocka_unit_test(test_nobody_reads_and_no_metrics),
		cmocka_unit_test_setup_teardown(test_H14_nobody_reads_and_nobody_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_H14_flush_of_what_nobody_reads_tells_it_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_has_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_after_a_torn_one, setup, teardown),
	};

	return cmocka_run_group_tests_name("app/log", tests, NULL, NULL);
}

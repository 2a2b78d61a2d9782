/* SPDX-License-Identifier: Apache-2.0 */
#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json/utf8.h"

enum severity { NO_ALARM, MINOR, MAJOR, CRITICAL };

static const struct row {
	const char *code;
	const char *level;
	enum severity severity;
	uint64_t per_second;
} rows[LOG_EVENTS] = {
	[LOG_START] = {"start", "info", NO_ALARM, 10},
	[LOG_STOP] = {"stop", "info", NO_ALARM, 10},
	[LOG_LISTEN] = {"listen", "info", NO_ALARM, 100},
	[LOG_NOTE] = {"note", "info", NO_ALARM, 100},
	[LOG_RELOAD] = {"reload", "info", NO_ALARM, 10},
	[LOG_RELOAD_REFUSED] = {"reload_refused", "error", MAJOR, 10},
	[LOG_VERDICT] = {"verdict", "info", NO_ALARM, 5000},
	[LOG_SIGNED] = {"signed", "info", NO_ALARM, 5000},
	[LOG_SIGN_REFUSED] = {"sign_refused", "warning", NO_ALARM, 100},
	[LOG_PUBLISH_FAILED] = {"publish_failed", "warning", NO_ALARM, 10},
	[LOG_NO_ROUTE] = {"no_route", "info", NO_ALARM, 10},
	[LOG_CPS_REFUSED] = {"cps_refused", "warning", NO_ALARM, 100},
	[LOG_CERT_FETCH_FAILED] = {"certificate_fetch_failed", "warning", NO_ALARM, 10},
	[LOG_CACHE_LOADED] = {"cache_loaded", "info", NO_ALARM, 10},
	[LOG_CACHE_FILE_REFUSED] = {"cache_file_refused", "warning", NO_ALARM, 10},
	[LOG_FETCH_DENIED] = {"fetch_denied", "warning", MINOR, 10},
	[LOG_KEY_PUBLISHED] = {"private_key_published", "error", MAJOR, 10},
	[LOG_BUDGET_EXCEEDED] = {"budget_exceeded", "warning", NO_ALARM, 10},
	[LOG_SIGNER_EXPIRED] = {"signer_expired", "error", CRITICAL, 1},
	[LOG_STORE_FULL] = {"store_full", "error", MAJOR, 1},
	[LOG_NO_MEMORY] = {"no_memory", "error", CRITICAL, 1},
	[LOG_INTERNAL] = {"internal", "error", CRITICAL, 10},
	[LOG_TRUST] = {"trust", "info", NO_ALARM, 10},
	[LOG_SOURCE_NEW] = {"source_new", "info", NO_ALARM, 100},
	[LOG_SOURCE_REFUSED] = {"source_refused", "error", MAJOR, 100},
	[LOG_SOURCE_FAILED] = {"source_failed", "warning", NO_ALARM, 100},
	[LOG_SOURCE_BACK] = {"source_back", "info", NO_ALARM, 100},
	[LOG_SOURCE_ENTRIES] = {"source_entries", "error", MAJOR, 100},
	[LOG_SOURCE_AGING] = {"source_aging", "error", MAJOR, 100},
	[LOG_SOURCE_EXPIRED] = {"source_expired", "error", CRITICAL, 100},
	[LOG_SOURCE_STATE] = {"source_state", "error", MAJOR, 100},
	[LOG_SOURCE_UNSAVED] = {"source_unsaved", "error", CRITICAL, 100},
	[LOG_WORKER_CRASHED] = {"worker_crashed", "error", CRITICAL, 10},
	[LOG_CRASH_LOOP] = {"crash_loop", "error", CRITICAL, 10},
	[LOG_CLOCK_JUMPED] = {"clock_jumped", "error", MAJOR, 10},
	[LOG_CLOCK_BEHIND] = {"clock_behind", "error", CRITICAL, 10},
	[LOG_CLOCK_RIGHT] = {"clock_right", "info", NO_ALARM, 10},
};

static const char *const severity_text[] = {[MINOR] = "minor", [MAJOR] = "major", [CRITICAL] = "critical"};

/* Of one event: lines in this second, and those nobody has been told of. */
struct pace {
	int64_t second;
	uint64_t lines;
	uint64_t dropped;
};

struct log {
	int fd; /* the caller's, or our own way to the same */
	bool is_own;
	struct metrics *metrics;
	bool torn; /* the last line was written in part */
	pthread_mutex_t lock;
	struct pace pace[LOG_EVENTS];
};

/* A pipe or terminal opened again, so that O_NONBLOCK is ours alone: set on fd it would be for all who
 * share that. -1 for what cannot be, as a socket. */
static int open_again(int fd)
{
	char memory[32];
	struct buf path = buf_lend(memory, sizeof(memory));
	struct stat st;

	if (fstat(fd, &st) || !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return -1;
	buf_put_str(&path, "/proc/self/fd/");
	buf_put_int(&path, fd);
	buf_put_byte(&path, '\0');
	return open(memory, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct log *log_create(int fd, struct metrics *metrics)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->fd = open_again(fd);
	log->is_own = log->fd >= 0;
	if (!log->is_own)
		log->fd = fd;
	log->metrics = metrics;
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	if (log->is_own)
		close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* --- one line --- */

enum { TIME = sizeof("ts=2026-01-01T00:00:00Z") - 1, TAIL = 64, PAIRS = LOG_LINE - TIME - TAIL };

void log_begin(struct log_line *line, enum log_event event)
{
	log_begin_alarm(line, event, rows[event].severity);
}

void log_begin_alarm(struct log_line *line, enum log_event event, unsigned severity)
{
	line->event = event;
	line->severity = severity <= CRITICAL ? severity : CRITICAL;
	line->cut = false;
	line->text = buf_lend(line->memory, PAIRS);
	buf_put_str(&line->text, " level=");
	buf_put_str(&line->text, rows[event].level);
	buf_put_str(&line->text, " event=");
	buf_put_str(&line->text, rows[event].code);
	if (line->severity == NO_ALARM)
		return;
	buf_put_str(&line->text, " alarm=");
	buf_put_str(&line->text, severity_text[line->severity]);
}

/* Takes one character off the front and writes it so that it stays on its line and in its quotes. C1
 * controls are good UTF-8, but terminals obey them. */
static void put_character(struct buf *out, struct sti_span *rest)
{
	uint32_t code = 0;
	size_t n = utf8_read(*rest, &code);
	bool plain = n && code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0x9f);

	if (!n)
		n = 1;
	for (size_t i = 0; i < n && !plain; i++) {
		buf_put_str(out, "\\x");
		buf_put_hex(out, sti_span(rest->p + i, 1));
	}
	if (plain && (code == '"' || code == '\\'))
		buf_put_byte(out, '\\');
	if (plain)
		buf_put(out, sti_span_first(*rest, n));
	*rest = sti_span_from(*rest, n);
}

static bool needs_quotes(struct sti_span value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] >= 0x7f || strchr("=\"\\", value.p[i]))
			return true;
	return value.n == 0;
}

static void put_pair(struct buf *out, const char *key, struct sti_span value)
{
	bool quotes = needs_quotes(value);

	buf_put_byte(out, ' ');
	buf_put_str(out, key);
	buf_put_str(out, quotes ? "=\"" : "=");
	while (value.n)
		put_character(out, &value);
	if (quotes)
		buf_put_byte(out, '"');
}

void log_put(struct log_line *line, const char *key, struct sti_span value)
{
	uint8_t memory[PAIRS];
	struct buf pair = buf_lend(memory, sizeof(memory));

	if (!value.p)
		return;
	put_pair(&pair, key, value);
	if (buf_error(&pair) || pair.n > line->text.max - line->text.n)
		line->cut = true;
	else
		buf_put(&line->text, buf_span(&pair));
}

void log_put_str(struct log_line *line, const char *key, const char *value)
{
	log_put(line, key, sti_span_str(value));
}

void log_put_int(struct log_line *line, const char *key, int64_t value)
{
	char text[24];
	struct buf b = buf_lend(text, sizeof(text));

	buf_put_int(&b, value);
	log_put(line, key, buf_span(&b));
}

/* --- the way out --- */

static void put_time(struct buf *out, int64_t now)
{
	char text[TIME + 16];
	time_t t = (time_t)now;
	struct tm tm;

	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "ts=%Y-%m-%dT%H:%M:%SZ", &tm))
		buf_put_str(out, text);
}

_Static_assert(LOG_LINE + 1 <= PIPE_BUF, "a pipe that is ready takes a line whole");

static bool is_ready(int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && out.revents & POLLOUT;
}

/* How much went. A log that nobody reads must not stop a call (threats.md H14), and not every descriptor
 * could be made O_NONBLOCK: only what is ready is written to. */
static size_t write_ready(int fd, struct sti_span bytes)
{
	struct sti_span rest = bytes;

	while (rest.n && is_ready(fd)) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* EAGAIN too: others have filled it meanwhile */
		rest = sti_span_from(rest, (size_t)n);
	}
	return bytes.n - rest.n;
}

/* Whether all of it was written. */
static bool line_write(struct log *log, const struct log_line *line, int64_t now, uint64_t dropped)
{
	uint8_t memory[LOG_LINE + TIME];
	struct buf out = buf_lend(memory, sizeof(memory));
	size_t n;

	if (log->torn)
		buf_put_byte(&out, '\n');
	put_time(&out, now);
	buf_put(&out, buf_span(&line->text));
	if (line->cut)
		buf_put_str(&out, " cut=true");
	if (dropped) {
		buf_put_str(&out, " dropped=");
		buf_put_int(&out, (int64_t)dropped);
	}
	buf_put_byte(&out, '\n');
	n = write_ready(log->fd, buf_span(&out));
	if (n)
		log->torn = n < out.n;
	return n == out.n;
}

/* False when there were too many in this second; *dropped is what is to be told now. */
static bool pace_take(struct pace *pace, uint64_t per_second, int64_t now, uint64_t *dropped)
{
	if (pace->second != now)
		*pace = (struct pace){.second = now, .dropped = pace->dropped};
	if (pace->lines >= per_second) {
		pace->dropped++;
		return false;
	}
	pace->lines++;
	*dropped = pace->dropped;
	pace->dropped = 0;
	return true;
}

static void count(struct log *log, unsigned severity, bool written)
{
	if (!log->metrics)
		return;
	if (severity != NO_ALARM)
		metrics_add(log->metrics, METRIC_ALARMS, severity - MINOR, 1);
	if (!written)
		metrics_add(log->metrics, METRIC_LOG_DROPPED, 0, 1);
}

void log_end(struct log *log, struct log_line *line, int64_t now)
{
	struct pace *pace = &log->pace[line->event];
	uint64_t dropped = 0;
	bool take, written;

	pthread_mutex_lock(&log->lock);
	take = pace_take(pace, rows[line->event].per_second, now, &dropped);
	written = take && line_write(log, line, now, dropped);
	if (take && !written)
		pace->dropped += dropped + 1;
	pthread_mutex_unlock(&log->lock);
	count(log, line->severity, written);
}

void log_event(struct log *log, enum log_event event, int64_t now, const char *key, const char *value)
{
	struct log_line line;

	log_begin(&line, event);
	if (key)
		log_put_str(&line, key, value);
	log_end(log, &line, now);
}

void log_flush(struct log *log, int64_t now)
{
	struct log_line line;

	pthread_mutex_lock(&log->lock);
	for (enum log_event i = 0; i < LOG_EVENTS; i++) {
		if (!log->pace[i].dropped)
			continue;
		log_begin(&line, i);
		if (line_write(log, &line, now, log->pace[i].dropped))
			log->pace[i].dropped = 0;
	}
	pthread_mutex_unlock(&log->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_LOG_H
#define APP_LOG_H

#include "app/metrics.h"

/*
 * One line per event, logfmt: ts=… level=… event=… key=value …, at most 1 KiB. Each event has a row in
 * log.c: its stable code, level, severity as an alarm, and how many lines a second it may have; what is
 * over that, and what nobody reads, is counted, and the number stands as dropped=… in its next line.
 * Never waits for a reader. Any thread.
 */
struct log;

enum log_event {
	LOG_START,
	LOG_STOP,
	LOG_LISTEN,
	LOG_NOTE, /* whatever the operator should know at the start */
	LOG_RELOAD,
	LOG_RELOAD_REFUSED,
	LOG_VERDICT,
	LOG_SIGNED,
	LOG_SIGN_REFUSED,
	LOG_PUBLISH_FAILED,
	LOG_NO_ROUTE, /* no CPS of the called number is known: it goes in band alone */
	LOG_CPS_REFUSED,
	LOG_CERT_FETCH_FAILED,
	LOG_CACHE_LOADED,
	LOG_CACHE_FILE_REFUSED, /* one of the folder of certificates */
	LOG_FETCH_DENIED, /* the gate refused the address behind a name */
	LOG_KEY_PUBLISHED, /* a private key was in what should be certificates */
	LOG_BUDGET_EXCEEDED,
	LOG_SIGNER_EXPIRED, /* its certificate: calls go unsigned */
	LOG_STORE_FULL,
	LOG_NO_MEMORY,
	LOG_INTERNAL, /* what must not happen */
	LOG_TRUST, /* another snapshot is in force */
	LOG_SOURCE_NEW, /* a list or CRL was accepted */
	LOG_SOURCE_REFUSED, /* code says why: list.rollback, crl.bad_sig, … */
	LOG_SOURCE_FAILED, /* not to be had */
	LOG_SOURCE_BACK, /* to be had again */
	LOG_SOURCE_ENTRIES, /* a list in force has entries that were set aside */
	LOG_SOURCE_AGING, /* what is in force gets old, for nothing newer comes */
	LOG_SOURCE_EXPIRED,
	LOG_SOURCE_STATE, /* what was kept on disk is not as it was left */
	LOG_SOURCE_UNSAVED, /* good, but could not be written: of lists the one before stays in force */
	LOG_WORKER_CRASHED,
	LOG_CRASH_LOOP,
	LOG_CLOCK_JUMPED, /* the wall clock against one that nobody sets */
	LOG_CLOCK_BEHIND, /* time cannot be that early: nothing is verified */
	LOG_CLOCK_RIGHT, /* again */
	LOG_EVENTS
};

/* Lines go to fd, which stays the caller's; metrics (NULL: none) count alarms and dropped lines.
 * NULL without memory. */
struct log *log_create(int fd, struct metrics *metrics);
void log_free(struct log *log);

enum { LOG_LINE = 1024 };

/* A line being put together. The first pairs are the most important: what does not fit is left out, and
 * cut=true says so. */
struct log_line {
	enum log_event event;
	unsigned severity; /* 0: no alarm */
	bool cut;
	struct buf text;
	uint8_t memory[LOG_LINE];
};

void log_begin(struct log_line *line, enum log_event event);

/* The same for an event whose severity depends on the case: 0 no alarm, 1 minor, 2 major, 3 critical. */
void log_begin_alarm(struct log_line *line, enum log_event event, unsigned severity);

/* key: of our own, no blanks. Bytes of strangers are escaped: control characters and what is not UTF-8
 * as \xNN. An absent value is left out. */
void log_put(struct log_line *line, const char *key, struct sti_span value);
void log_put_str(struct log_line *line, const char *key, const char *value);
void log_put_int(struct log_line *line, const char *key, int64_t value);

/* Writes it, unless there were too many of its kind or nobody reads. now: seconds of the epoch. */
void log_end(struct log *log, struct log_line *line, int64_t now);

/* log_begin and log_end with one pair; key may be NULL. */
void log_event(struct log *log, enum log_event event, int64_t now, const char *key, const char *value);

/* A line for each event whose dropped lines nobody has been told of; for a timer, and at the end. */
void log_flush(struct log *log, int64_t now);

#endif

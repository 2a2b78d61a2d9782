/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "base/buf.h"
#include "json/reader.h"

/*
 * One thing told in the same calls to people, as aligned lines, or as one JSON document. Values may come
 * from strangers: what is no UTF-8 never gets into JSON, what is no visible text never on a terminal.
 */
enum { REPORT_DEPTH = 16 };

struct report {
	struct buf out; /* owned */
	bool as_json;
	unsigned depth;
	unsigned element[REPORT_DEPTH]; /* how many the list of this depth has so far */
};

void report_begin(struct report *report, bool as_json, size_t max);

/* An object; name NULL: the next element of a list. */
void report_open(struct report *report, const char *name);
void report_close(struct report *report);

void report_open_list(struct report *report, const char *name);
void report_close_list(struct report *report);

/* One value each; name NULL: the next element of a list. An absent text is null. */
void report_text(struct report *report, const char *name, struct sti_span text);
void report_int(struct report *report, const char *name, int64_t number);
void report_bool(struct report *report, const char *name, bool value);
void report_hex(struct report *report, const char *name, struct sti_span bytes);
void report_time(struct report *report, const char *name, int64_t seconds); /* of the epoch */

/* Any JSON value with all in it; for people strings have their quotes, so that "1" and 1 differ. */
void report_json(struct report *report, const char *name, const struct json *doc, const struct json_node *node);

/* The text as a person may see it: what is not visible becomes \xNN. */
void report_put_visible(struct buf *out, struct sti_span text);

void report_null(struct report *report, const char *name);

/* Out on stdout, and gives up its memory. False when it could not be held or written. */
bool report_end(struct report *report);

/* "2026-11-22 06:10:06 UTC" */
enum { REPORT_TIME = 40 };
const char *report_time_text(int64_t seconds, char out[REPORT_TIME]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SOURCE_H
#define APP_SOURCE_H

#include "app/listing.h"
#include "app/log.h"
#include "app/revocation.h"
#include "net/http_client.h"

/*
 * One source of a list or CRL, looked at again and again: when it is due, what is asked, what becomes of
 * the answer, and what the operator is told of it. One thread, the loop's of its client.
 */
struct source_hub { /* what the sources of one plan share */
	struct http_client *client;
	struct generations *kept; /* NULL: nothing is kept */
	struct metrics *metrics;
	struct log *log;
	void (*changed)(void *context, enum plan_kind kind); /* something else is in force */
	void *context;
	bool is_held; /* another plan has read what lies on disk: what comes now is asked for again later */
};

enum source_phase { SOURCE_IDLE, SOURCE_LOGIN, SOURCE_BODY, SOURCE_SIGNER };

struct source {
	const struct source_hub *hub;
	const struct plan_source *plan;
	struct listing listing; /* of a list */
	struct revocation revocation; /* of a CRL */
	enum source_phase phase;
	bool is_ended; /* answers are passed over */
	bool has_logged_in_again;
	bool is_surprised; /* by a sequence: caches on the way are passed by (threats.md F24) */
	struct buf token; /* of a login */
	struct buf etag; /* of what is in force */
	unsigned failures; /* one after another */
	int64_t refreshed; /* seconds: last read well; 0: never */
	int64_t due; /* seconds */
	unsigned aged; /* the step of app/aging.h that was told last */
};

/* Puts in force what lies on disk, or in the operator's file, and tells the log what is odd about it. */
void source_open(struct source *source, const struct source_hub *hub, const struct plan_source *plan, int64_t now);

/* Ends everything; the hub's client may still be closing. */
void source_close(struct source *source);

/* Looks at it, unless that is under way. */
void source_poll(struct source *source, int64_t now);

/* To be called about once a second: looks at it when it is due, and warns when what is in force gets old. */
void source_tick(struct source *source, int64_t now);

/* Seconds of the epoch until which what is in force is meant to be; 0: nothing is. */
int64_t source_until(const struct source *source);

#endif

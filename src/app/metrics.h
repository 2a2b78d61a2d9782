/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include <sti/verdict.h>

#include "base/buf.h"

/*
 * What the program counts, for /metrics. Every series is there from the start: label values come from
 * the fixed sets of the table in metrics.c and never from a request (threats.md L8). Any thread.
 */
struct metrics;

enum metric {
	METRIC_REQUESTS, /* metrics_request */
	METRIC_REQUEST_SECONDS, /* histogram; enum metrics_role */
	METRIC_VERDICTS, /* enum sti_verstat */
	METRIC_CASES, /* enum sti_case */
	METRIC_SIGNATURES, /* enum metrics_attest */
	METRIC_PUBLISH, /* enum metrics_publish */
	METRIC_PUBLISHING,
	METRIC_PUBLISH_SECONDS, /* histogram */
	METRIC_CPS_POSTS, /* enum metrics_post */
	METRIC_PASSPORTS, /* gauge: PASSporTs in the store */
	METRIC_SLOTS_USED, /* gauge */
	METRIC_SLOTS, /* gauge */
	METRIC_STORE, /* enum metrics_store */
	METRIC_RETRIEVE, /* enum metrics_hit */
	METRIC_LATE, /* enum metrics_hit: waits for a PASSporT that comes after its call */
	METRIC_CERT_FETCHES, /* enum metrics_done */
	METRIC_CERT_CACHE, /* enum metrics_hit */
	METRIC_CERT_PARSED,
	METRIC_SOURCE_FETCHES, /* metrics_source_fetch */
	METRIC_SOURCE_REFUSED, /* enum metrics_refusal */
	METRIC_SOURCE_REFRESHED, /* gauge; enum metrics_source: seconds of the epoch */
	METRIC_SOURCE_UNTIL, /* gauge; enum metrics_source: seconds of the epoch */
	METRIC_TRUST_GENERATION, /* gauge */
	METRIC_ROOTS, /* gauge */
	METRIC_REVOKED, /* gauge */
	METRIC_MAPPED, /* gauge */
	METRIC_ALARMS, /* enum metrics_severity */
	METRIC_CONNECTIONS, /* gauge; enum metrics_role */
	METRIC_RELOADS, /* enum metrics_done */
	METRIC_BUDGET_EXCEEDED, /* enum metrics_role */
	METRIC_LOG_DROPPED,
	METRIC_START_SECONDS, /* gauge: seconds of the epoch at which the process started */
	METRIC_COUNT
};

enum metrics_role {
	METRICS_ROLE_AS,
	METRICS_ROLE_VS,
	METRICS_ROLE_CPS,
	METRICS_ROLE_CPS_PRIVATE,
	METRICS_ROLE_CR,
	METRICS_ROLE_ADMIN
};
enum metrics_attest { METRICS_ATTEST_A, METRICS_ATTEST_B, METRICS_ATTEST_C, METRICS_ATTEST_DIV };
enum metrics_publish {
	METRICS_PUBLISH_SENT, /* handed to the client */
	METRICS_PUBLISH_STORED, /* 2xx */
	METRICS_PUBLISH_REFUSED, /* any other status */
	METRICS_PUBLISH_FAILED, /* no answer */
	METRICS_PUBLISH_NO_ROUTE, /* no CPS known for the called number */
	METRICS_PUBLISH_DROPPED, /* the queue was full */
	METRICS_PUBLISH_STALE /* too old before it could be sent */
};
enum metrics_post {
	METRICS_POST_STORED,
	METRICS_POST_MALFORMED, /* 400 */
	METRICS_POST_REFUSED, /* 403 */
	METRICS_POST_TYPE, /* of a type not accepted here */
	METRICS_POST_NOT_HOSTED, /* 404 */
	METRICS_POST_NO_CERT, /* 503: the certificate was not to be had */
	METRICS_POST_FULL, /* 503: no room */
	METRICS_POST_NO_TIME /* 503: our clock is wrong */
};
enum metrics_store { METRICS_STORE_EXPIRED, METRICS_STORE_TAKEN, METRICS_STORE_DUPLICATE, METRICS_STORE_FULL };
enum metrics_hit { METRICS_HIT, METRICS_MISS };
enum metrics_done { METRICS_OK, METRICS_FAILED };
enum metrics_source { METRICS_SOURCE_CA_LIST, METRICS_SOURCE_MAPPING, METRICS_SOURCE_CRL };
enum metrics_refusal { /* the verdicts on a list from bad_type on, in the order of enum list_verdict */
		       METRICS_REFUSAL_TYPE,
		       METRICS_REFUSAL_VERSION,
		       METRICS_REFUSAL_SEQUENCE,
		       METRICS_REFUSAL_EXP,
		       METRICS_REFUSAL_EXPIRED,
		       METRICS_REFUSAL_X5U,
		       METRICS_REFUSAL_SIGNER,
		       METRICS_REFUSAL_SIGNATURE,
		       METRICS_REFUSAL_ROLLBACK,
		       METRICS_REFUSAL_EQUIVOCATION,
		       METRICS_REFUSAL_JUMP,
		       METRICS_REFUSAL_EMPTY,
		       METRICS_REFUSAL_UNREADABLE, /* these also of a CRL */
		       METRICS_REFUSAL_NOT_YET,
		       METRICS_REFUSALS
};
enum metrics_severity { METRICS_MINOR, METRICS_MAJOR, METRICS_CRITICAL };

/* version stands in sidetone_build_info: letters, digits, dots; copied. NULL without memory. */
struct metrics *metrics_create(const char *version);
void metrics_free(struct metrics *metrics);

/* label: the enum named at the metric, 0 where there is none; out of range is passed over. */
void metrics_add(struct metrics *metrics, enum metric metric, unsigned label, uint64_t n);

/* A gauge; or a counter that somebody else keeps. */
void metrics_set(struct metrics *metrics, enum metric metric, unsigned label, int64_t value);
void metrics_observe(struct metrics *metrics, enum metric metric, unsigned label, double seconds);

/* One answer of a listener. */
void metrics_request(struct metrics *metrics, enum metrics_role role, int status);

/* One question to a source of lists or CRLs. */
void metrics_source_fetch(struct metrics *metrics, enum metrics_source source, enum metrics_done done);

/* Of a counter or gauge. */
int64_t metrics_get(const struct metrics *metrics, enum metric metric, unsigned label);

/* OpenMetrics 1.0 text, # EOF included; media type METRICS_MEDIA. */
#define METRICS_MEDIA "application/openmetrics-text; version=1.0.0; charset=utf-8"
void metrics_write(const struct metrics *metrics, struct buf *out);

/* The page docs/metrics.md (Markdown), from the same rows. */
void metrics_write_reference(struct buf *out);

#endif

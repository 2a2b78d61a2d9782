/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_PUBLISHER_H
#define APP_PUBLISHER_H

#include "app/log.h"
#include "net/http_client.h"

/*
 * POSTs PASSporTs to the CPSs of others, beside the calls: no answer and no failure of a CPS ever
 * comes back to a call (seed, call flow step 5). A bounded queue; what has grown stale in it is
 * dropped. No URL takes more than 64 POSTs at once and its share of the queue; after 5 in a row without
 * an answer what is for it fails at once, for 5 seconds. Loop thread only.
 */
struct publisher;

struct publisher_config {
	struct http_client *client;
	struct metrics *metrics;
	struct log *log; /* NULL: none */
	unsigned timeout_ms;
	unsigned in_flight; /* POSTs at once */
	unsigned queue; /* and waiting */
};

enum sti_error publisher_create(const struct publisher_config *config, struct publisher **out);

/* Drops what waits; what is in flight ends by itself. */
void publisher_free(struct publisher *publisher);

/* Copies url and passports (newline between). stale_at: seconds of the epoch, not sent from then on. */
void publisher_post(struct publisher *publisher, struct sti_span url, struct sti_span passports, int64_t stale_at);

/* For reload: what is sent from now on goes by this client. */
void publisher_set(struct publisher *publisher, const struct publisher_config *config);

/* Waiting and in flight; 0 when all is done. */
unsigned publisher_pending(const struct publisher *publisher);

#endif

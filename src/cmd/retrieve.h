/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_RETRIEVE_H
#define CMD_RETRIEVE_H

#include "api/retrieval.h"
#include "cmd/server.h"

/*
 * The PASSporTs of a call out of our own store, at once or when they come within the wait. The
 * private listener and a STI-VS in the same process use it alike.
 */
struct retrieve_asker {
	/* tokens with newline between, until it returns; absent when none came. hit: index of the pair. */
	void (*done)(void *context, struct sti_span tokens, size_t hit);
	/* Nobody waits any more: then nothing is taken out of the store. */
	bool (*is_gone)(void *context);
	void *context;
};

/* done is called once, perhaps at once. Copies what it needs. */
void retrieve_start(struct server *server, const struct retrieval *retrieval, const struct retrieve_asker *asker);

/* A PASSporT for these numbers has been stored: calls who waits for it. */
void retrieve_wake(struct server *server, const struct sti_tn *orig, const struct sti_tn *dest);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/retrieve.h"

#include <stdlib.h>

#include "app/clock.h"

/* One that waits for a late PASSporT. */
struct late {
	struct server *server;
	struct retrieval retrieval;
	struct retrieve_asker asker;
	struct waiting_entry *entry;
	uv_timer_t timer;
};

/* Tokens of a whole set, each of full length, and the newlines between. */
enum { TOKENS_MAX = LIMIT_PAIR * (LIMIT_JWS + 1) };

static size_t pairs_of(const struct retrieval *retrieval, struct table_pair pair[RETRIEVAL_PAIRS])
{
	for (size_t i = 0; i < retrieval->n; i++)
		pair[i] = (struct table_pair){sti_tn_span(&retrieval->pair[i].orig),
					      sti_tn_span(&retrieval->pair[i].dest)};
	return retrieval->n;
}

/* Not a miss: what is stored for the call stays, and the call does without. */
static void tell_of(struct server *server, enum sti_error error)
{
	log_event(server->log, error == STI_E_MEMORY ? LOG_NO_MEMORY : LOG_INTERNAL, clock_now(), "retrieve",
		  sti_error_text(error));
}

/* Takes and answers; STI_E_NOT_FOUND when there was nothing. */
static enum sti_error take(struct server *server, const struct retrieval *retrieval, const struct retrieve_asker *asker)
{
	struct table_pair pair[RETRIEVAL_PAIRS];
	struct buf tokens = buf_own(TOKENS_MAX);
	struct sti_span call = sti_span(retrieval->n_call ? retrieval->call : NULL, retrieval->n_call);
	size_t hit = 0;
	enum sti_error error =
		table_take(server->table, pair, pairs_of(retrieval, pair), call, clock_now(), &tokens, &hit);

	if (!error)
		asker->done(asker->context, buf_span(&tokens), hit);
	else if (error != STI_E_NOT_FOUND)
		tell_of(server, error);
	buf_free(&tokens);
	return error;
}

static void free_late(uv_handle_t *handle)
{
	free(handle->data);
}

static void end_late(struct late *late)
{
	waiting_remove(late->server->waiting, late->entry);
	uv_close((uv_handle_t *)&late->timer, free_late);
}

static void end_soon(uv_timer_t *timer)
{
	end_late(timer->data);
}

static void nothing_came(uv_timer_t *timer)
{
	struct late *late = timer->data;

	metrics_add(late->server->metrics, METRIC_LATE, METRICS_MISS, 1);
	late->asker.done(late->asker.context, sti_span(NULL, 0), 0);
	end_late(late);
}

/* The entry is still being looked at by the one who calls, so it ends at the next turn of the loop. */
static bool came(void *context)
{
	struct late *late = context;

	if (late->asker.is_gone(late->asker.context) || take(late->server, &late->retrieval, &late->asker))
		return false;
	metrics_add(late->server->metrics, METRIC_LATE, METRICS_HIT, 1);
	uv_timer_start(&late->timer, end_soon, 0, 0);
	return true;
}

static enum sti_error wait_for(struct server *server, const struct retrieval *retrieval,
			       const struct retrieve_asker *asker)
{
	struct table_pair pair[RETRIEVAL_PAIRS];
	struct late *late = malloc(sizeof(*late));
	enum sti_error error;

	if (!late)
		return STI_E_MEMORY;
	late->server = server;
	late->retrieval = *retrieval;
	late->asker = *asker;
	error = waiting_add(server->waiting, pair, pairs_of(retrieval, pair), came, late, &late->entry);
	if (error) {
		free(late);
		return error;
	}
	uv_timer_init(&server->loop, &late->timer);
	late->timer.data = late;
	uv_timer_start(&late->timer, nothing_came, (uint64_t)retrieval->wait_ms, 0);
	return STI_OK;
}

void retrieve_start(struct server *server, const struct retrieval *retrieval, const struct retrieve_asker *asker)
{
	enum sti_error error = take(server, retrieval, asker);

	if (!error || error == STI_E_NOT_FOUND)
		metrics_add(server->metrics, METRIC_RETRIEVE, error ? METRICS_MISS : METRICS_HIT, 1);
	if (!error)
		return;
	if (error != STI_E_NOT_FOUND || retrieval->wait_ms <= 0 || wait_for(server, retrieval, asker))
		asker->done(asker->context, sti_span(NULL, 0), 0);
}

void retrieve_wake(struct server *server, const struct sti_tn *orig, const struct sti_tn *dest)
{
	struct table_pair pair = {sti_tn_span(orig), sti_tn_span(dest)};

	waiting_call(server->waiting, &pair);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/posting.h"
#include "app/clock.h"
#include "base/address.h"
#include "cmd/retrieve.h"
#include "cmd/service.h"

/* The CPS, public side: POST /cps/company/{OCN}. What it could not verify is never stored. */

struct posting;

enum { RETRY_S = 5, RETRY_CLIENT_S = 30, CLIENT_NAME = 16 };

/* One credential asked for. */
struct question {
	struct posting *posting;
	struct sti_span url;
	struct credential_lease *lease; /* until the end: the place looks at it */
	bool is_fetched; /* begun by this POST */
};

/* One POST on its way; it waits for certificates, for all of them at once and fetch_ms in all. */
struct posting {
	struct server *server;
	struct world *world;
	struct trust_snapshot *trust; /* when it began */
	struct http_exchange *exchange;
	struct place *place;
	struct question question[LIMIT_PASSPORTS];
	size_t n_question;
	uv_timer_t limit;
	unsigned pending; /* answers that somebody still owes us */
	bool is_going; /* go_on is at work: an answer that comes at once does not start it again */
	bool is_over; /* answered */
	bool is_closed; /* the timer is */
	bool is_too_many; /* its client has made us fetch in vain too often: D14 */
	uint8_t client[CLIENT_NAME];
};

static bool is_on(const struct config *config)
{
	return config->cps.on;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->cps.listen.address;
	*tls = world->tls_cps;
	return world->config->cps.listen.n_address;
}

static size_t names(const struct world *world, const char *const **name)
{
	*name = (const char *const *)world->config->cps.names;
	return world->config->cps.n_names;
}

/* Retry-After with every 503 and 429, so that publishers know when it is worth another try. */
static void answer(struct http_exchange *exchange, int status, const char *message)
{
	unsigned retry = status == 503 ? RETRY_S : status == 429 ? RETRY_CLIENT_S : 0;
	uint8_t memory[512];
	struct buf body = buf_lend(memory, sizeof(memory));
	struct http_reply reply = {.status = status, .media = "application/json", .retry_after_s = retry};

	posting_write(&body, status, message);
	reply.body = buf_span(&body);
	http_answer(exchange, &reply);
}

static const char *explain(int status, struct buf *body)
{
	static const struct {
		int status;
		const char *message;
	} row[] = {
		{404, "no such company here"},
		{405, "only POST"},
		{413, "larger than 64 KiB"},
		{415, "expected application/passport"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (row[i].status != status)
			continue;
		posting_write(body, status, row[i].message);
		return "application/json";
	}
	return NULL;
}

/* When it is answered, nobody owes anything and the timer is closed. */
static void maybe_free(struct posting *posting)
{
	if (!posting->is_over || !posting->is_closed || posting->pending)
		return;
	for (size_t i = 0; i < posting->n_question; i++)
		credential_lease_end(posting->question[i].lease);
	place_free(posting->place);
	trust_snapshot_unref(posting->trust);
	world_unref(posting->world);
	free(posting);
}

static void timer_closed(uv_handle_t *handle)
{
	struct posting *posting = handle->data;

	posting->is_closed = true;
	maybe_free(posting);
}

static void fill(const struct place_item *from, struct table_item *to, struct sti_span dest[LIMIT_DEST])
{
	for (size_t i = 0; i < from->n_dest; i++)
		dest[i] = sti_tn_span(&from->dest[i]);
	*to = (struct table_item){
		.token = from->passport->token,
		.orig = sti_tn_span(&from->orig),
		.dest = dest,
		.n_dest = from->n_dest,
		.expires = from->expires,
		.replay_until = from->replay_until,
	};
	memcpy(to->replay, from->replay, sizeof(to->replay));
	memcpy(to->signer, from->signer, sizeof(to->signer));
}

static enum sti_error store(struct server *server, const struct place_result *result)
{
	struct table_item item[LIMIT_PASSPORTS];
	struct sti_span dest[LIMIT_PASSPORTS][LIMIT_DEST];

	for (size_t i = 0; i < result->n_item; i++)
		fill(&result->item[i], &item[i], dest[i]);
	return result->n_item ? table_put(server->table, item, result->n_item, clock_now()) : STI_OK;
}

static bool is_repeated(const struct place_result *result, size_t i, size_t k)
{
	for (size_t j = 0; j < i; j++)
		for (size_t l = 0; l < result->item[j].n_dest; l++)
			if (sti_tn_equal(&result->item[j].dest[l], &result->item[i].dest[k]))
				return true;
	return false;
}

/* Once for each pair of numbers: one call takes the whole set. orig is the same in all. */
static void wake(struct server *server, const struct place_result *result)
{
	for (size_t i = 0; i < result->n_item; i++)
		for (size_t k = 0; k < result->item[i].n_dest; k++)
			if (!is_repeated(result, i, k))
				retrieve_wake(server, &result->item[i].orig, &result->item[i].dest[k]);
}

static void count(struct server *server, enum metrics_post post, int status, enum sti_case c)
{
	struct log_line line;

	metrics_add(server->metrics, METRIC_CPS_POSTS, (unsigned)post, 1);
	if (post == METRICS_POST_STORED)
		return;
	log_begin(&line, LOG_CPS_REFUSED);
	log_put_int(&line, "status", status);
	log_put_str(&line, "case", sti_case_row(c)->name ? sti_case_row(c)->name : "none");
	log_end(server->log, &line, clock_now());
}

static enum metrics_post post_of(const struct place_result *result)
{
	if (result->outcome == PLACE_TYPE)
		return METRICS_POST_TYPE;
	switch (posting_status(result, false)) {
	case 503:
		return METRICS_POST_NO_CERT;
	case 403:
		return METRICS_POST_REFUSED;
	default:
		return METRICS_POST_MALFORMED;
	}
}

/* Full is the one reason to be expected; anything else must not happen. */
static void answer_unstored(struct posting *posting, enum sti_error error)
{
	int status = error == STI_E_FULL ? 503 : 500;

	count(posting->server, METRICS_POST_FULL, status, STI_CASE_NONE);
	log_event(posting->server->log, error == STI_E_FULL ? LOG_STORE_FULL : LOG_INTERNAL, clock_now(), "store",
		  sti_error_text(error));
	answer(posting->exchange, status, error == STI_E_FULL ? "no room, try again later" : "internal error");
}

static void finish_good(struct posting *posting)
{
	const struct place_result *result = place_result(posting->place);
	enum sti_error error = store(posting->server, result);

	if (error) {
		answer_unstored(posting, error);
		return;
	}
	for (size_t i = 0; i < posting->n_question; i++)
		credentials_prove(posting->server->credentials, posting->question[i].url);
	count(posting->server, METRICS_POST_STORED, 201, STI_CASE_NONE);
	answer(posting->exchange, 201, posting_message(result));
	wake(posting->server, result);
}

/* What leads to no root we trust is a stranger's, and as good as nothing. */
static bool is_in_vain(const struct credential_lease *lease, int64_t now)
{
	return !lease || sti_credential_trust(credential_lease_of(lease), NULL, now) == STI_TRUST_NO_PATH;
}

static struct sti_span client_of(const struct posting *posting)
{
	return sti_span(posting->client, sizeof(posting->client));
}

/* The certificate may have been renewed; or it is a copy of somebody else's, and who names copies is as one who has
 * us fetch in vain (threats.md D14). */
static void doubt(struct posting *posting)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < posting->n_question; i++) {
		const struct question *question = &posting->question[i];

		credentials_doubt(posting->server->credentials, question->url, now);
		if (question->is_fetched && !is_in_vain(question->lease, now))
			allowance_take(posting->server->strangers, client_of(posting), now);
	}
}

/* Nobody hears a 201 any more: then nothing is promised, and nothing stored. */
static void finish(struct posting *posting)
{
	const struct place_result *result = place_result(posting->place);
	int status = posting_status(result, posting->world->config->cps.compat_400);

	if (http_exchange_is_gone(posting->exchange)) {
		answer(posting->exchange, 503, "too late");
	} else if (result->outcome == PLACE_GOOD) {
		finish_good(posting);
	} else if (posting->is_too_many) {
		count(posting->server, METRICS_POST_NO_CERT, 429, result->c);
		answer(posting->exchange, 429, "too many certificates that are not to be had, try again later");
	} else {
		count(posting->server, post_of(result), status, result->c);
		answer(posting->exchange, status, posting_message(result));
	}
	if (result->c == STI_CASE_E18)
		doubt(posting);
	posting->is_over = true;
	uv_close((uv_handle_t *)&posting->limit, timer_closed);
}

static void go_on(struct posting *posting);

static void got_credential(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct question *question = context;
	struct posting *posting = question->posting;
	int64_t now = clock_now();

	posting->pending--;
	if (question->is_fetched && is_in_vain(lease, now))
		allowance_take(posting->server->strangers, client_of(posting), now);
	question->lease = lease;
	if (error)
		service_note_fetch(posting->server, question->url, error);
	if (posting->is_over) {
		maybe_free(posting);
		return;
	}
	place_give(posting->place, question->url, lease ? credential_lease_of(lease) : NULL, error);
	go_on(posting);
}

static void ask_credential(struct posting *posting, struct sti_span url)
{
	struct question *question = &posting->question[posting->n_question++];
	struct server *server = posting->server;
	int64_t now = clock_now();

	question->posting = posting;
	question->url = url;
	question->is_fetched = credentials_would_fetch(server->credentials, url, posting->trust, now);
	if (question->is_fetched && !allowance_is_left(server->strangers, client_of(posting), now)) {
		posting->is_too_many = true;
		place_give(posting->place, url, NULL, STI_E_FULL);
		return;
	}
	posting->pending++;
	credentials_get(server->credentials, url, posting->trust, now, got_credential, question);
}

static void go_on(struct posting *posting)
{
	struct sti_span url;
	enum place_want want;

	if (posting->is_going || posting->is_over)
		return;
	posting->is_going = true;
	while ((want = place_next(posting->place, &url)) == PLACE_WANT_CERT)
		ask_credential(posting, url);
	posting->is_going = false;
	if (want == PLACE_WANT_NOTHING)
		finish(posting);
}

static void limit_over(uv_timer_t *timer)
{
	struct posting *posting = timer->data;

	place_give_up(posting->place);
	go_on(posting);
}

static bool is_hosted(const struct config *config, struct sti_span ocn)
{
	for (size_t i = 0; i < config->cps.n_ocn; i++)
		if (sti_span_is(ocn, config->cps.ocn[i]))
			return true;
	return false;
}

/* Of IPv6 the /64, which is one customer. */
static void set_client(struct posting *posting, const struct http_peer *peer)
{
	static const struct address_range v4 = {{{[10] = 0xff, [11] = 0xff}}, 96};
	struct address address;

	if (address_parse(peer->address, &address))
		return;
	memcpy(posting->client, address.octet, address_is_in(&address, &v4) ? CLIENT_NAME : CLIENT_NAME / 2);
}

static struct posting *create(const struct served *served, struct http_exchange *exchange,
			      const struct http_request *request)
{
	struct posting *posting = calloc(1, sizeof(*posting));

	if (!posting || place_start(request->body, &served->world->place, clock_now(), &posting->place)) {
		free(posting);
		return NULL;
	}
	posting->server = served->server;
	posting->world = world_ref(served->world);
	posting->trust = world_take_trust(served->world);
	place_use_crls(posting->place, trust_snapshot_crls(posting->trust));
	posting->exchange = exchange;
	set_client(posting, &request->peer);
	uv_timer_init(&posting->server->loop, &posting->limit);
	posting->limit.data = posting;
	uv_timer_start(&posting->limit, limit_over, (uint64_t)posting->world->config->cps.fetch_ms, 0);
	return posting;
}

static void handle_post(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	const struct served *served = context;
	struct posting *posting;

	if (!is_hosted(served->world->config, request->argument[0])) {
		count(served->server, METRICS_POST_NOT_HOSTED, 404, STI_CASE_NONE);
		answer(exchange, 404, "no such company here");
		return;
	}
	if (!served->server->timekeeper.is_right) {
		count(served->server, METRICS_POST_NO_TIME, 503, STI_CASE_NONE);
		answer(exchange, 503, "our clock is wrong, try again later");
		return;
	}
	posting = create(served, exchange, request);
	if (!posting) {
		log_event(served->server->log, LOG_NO_MEMORY, clock_now(), NULL, NULL);
		answer(exchange, 503, "no memory, try again later");
		return;
	}
	go_on(posting);
}

static void handle_health(struct http_exchange *exchange, const struct http_request *request, void *context)
{
	struct http_reply reply = {
		.status = 200, .media = "application/json", .body = sti_span_str("{\"status\":\"up\"}")};

	(void)request;
	(void)context;
	http_answer(exchange, &reply);
}

static size_t routes(const struct world *world, struct http_route *route)
{
	(void)world;
	route[0] = (struct http_route){HTTP_METHOD_POST, "/cps/company/{}", "application/passport", false, handle_post};
	route[1] = (struct http_route){HTTP_METHOD_GET, "/health", NULL, false, handle_health};
	return 2;
}

const struct service service_cps = {
	.role = METRICS_ROLE_CPS,
	.name = "cps",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
	.names = names,
	.explain = explain,
};

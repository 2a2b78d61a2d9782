/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/accept.h"
#include "api/verification.h"
#include "app/clock.h"
#include "cmd/outofband.h"
#include "cmd/service.h"

/*
 * The STI-VS: POST {prefix}/verification. Drives the step machine from the loop: certificates from the
 * cache and PASSporTs from the store, side by side, inside one budget. When the budget is over, what is
 * still missing counts as not to be had, and the call gets its answer.
 */
enum { QUESTIONS = LIMIT_IDENTITIES + LIMIT_PAIR };

struct verification;

/* One credential asked for. */
struct question {
	struct verification *v;
	struct sti_span url;
	struct credential_lease *lease; /* until the end: the machine looks at it */
};

struct verification {
	struct server *server;
	struct world *world;
	struct trust_snapshot *trust; /* when it began */
	struct http_exchange *exchange;
	struct verification_request request;
	struct sti_verify *machine;
	struct question question[QUESTIONS];
	size_t n_question;
	uv_timer_t budget;
	int64_t started_ms;
	char call[LIMIT_CALL];
	size_t n_call;
	unsigned pending; /* answers that somebody still owes us */
	bool is_going; /* go_on is at work: an answer that comes at once does not start it again */
	bool is_oob_over; /* nothing is taken out of the store any more */
	bool is_over; /* answered */
	bool is_closed; /* the timer is */
};

static bool is_on(const struct config *config)
{
	return config->vs.on;
}

static size_t listen_at(const struct world *world, const char *const **address, struct tls_server **tls)
{
	*address = (const char *const *)world->config->vs.listen.address;
	*tls = world->tls_vs;
	return world->config->vs.listen.n_address;
}

/* When it is answered, nobody owes anything and the timer is closed. */
static void maybe_free(struct verification *v)
{
	if (!v->is_over || !v->is_closed || v->pending)
		return;
	sti_verify_free(v->machine);
	for (size_t i = 0; i < v->n_question; i++)
		credential_lease_end(v->question[i].lease);
	verification_request_free(&v->request);
	trust_snapshot_unref(v->trust);
	world_unref(v->world);
	free(v);
}

static void timer_closed(uv_handle_t *handle)
{
	struct verification *v = handle->data;

	v->is_closed = true;
	maybe_free(v);
}

static void put_number(struct server *server, struct log_line *line, const char *key, const struct sti_tn *tn)
{
	char text[NUMBERHASH_TEXT + 1];

	if (numberhash_write(&server->numberhash, clock_now(), sti_tn_span(tn), text) == STI_OK)
		log_put_str(line, key, text);
}

/* One line for each verdict: enough to follow a complaint, no number in it (threats.md L5, L6). */
static void tell(struct verification *v, const struct sti_verify_result *result)
{
	struct log_line line;

	metrics_add(v->server->metrics, METRIC_VERDICTS, (unsigned)result->verstat, 1);
	if (result->c != STI_CASE_NONE)
		metrics_add(v->server->metrics, METRIC_CASES, (unsigned)result->c, 1);
	log_begin(&line, LOG_VERDICT);
	log_put_str(&line, "verstat", sti_verstat_text(result->verstat));
	log_put_str(&line, "case", sti_case_row(result->c)->name ? sti_case_row(result->c)->name : "none");
	log_put_str(&line, "source", verification_source_text(result->decided));
	put_number(v->server, &line, "orig", &v->request.from);
	put_number(v->server, &line, "dest", &v->request.to[0]);
	if (result->credential)
		log_put(&line, "spc", sti_credential_spc(result->credential));
	if (result->passport) {
		log_put(&line, "attest", result->passport->attest);
		log_put(&line, "origid", result->passport->origid);
	}
	log_put_int(&line, "oob", (int64_t)result->n_oob);
	log_put_str(&line, "differ", result->differ ? "true" : NULL);
	log_put_int(&line, "trust", (int64_t)trust_snapshot_generation(v->trust));
	log_put_int(&line, "ms", clock_mono_ms() - v->started_ms);
	log_end(v->server->log, &line, clock_now());
}

static void answer(struct verification *v)
{
	const struct config_vs *config = &v->world->config->vs;
	const struct sti_verify_result *result = sti_verify_result(v->machine);
	struct buf body = buf_own(LIMIT_PAIR * (LIMIT_JWS + 64));

	tell(v, result);
	if (result->c == STI_CASE_E18)
		credentials_doubt(v->server->credentials, result->passport->x5u, clock_now());
	if (result->c == STI_CASE_NONE && result->passport)
		credentials_prove(v->server->credentials, result->passport->x5u);
	verification_response_write(&body, result, config->reasoncode_number);
	service_answer_json(v->exchange, (int)config->success, &body);
	buf_free(&body);
	v->is_over = true;
	uv_close((uv_handle_t *)&v->budget, timer_closed);
}

static void go_on(struct verification *v);

static void got_credential(void *context, struct credential_lease *lease, enum sti_error error)
{
	struct question *question = context;
	struct verification *v = question->v;

	v->pending--;
	question->lease = lease;
	if (error)
		service_note_fetch(v->server, question->url, error);
	if (v->is_over) {
		maybe_free(v);
		return;
	}
	sti_verify_give_cert(v->machine, question->url, lease ? credential_lease_of(lease) : NULL, error);
	go_on(v);
}

static void give_tokens(struct verification *v, struct sti_span tokens)
{
	struct sti_span token[LIMIT_PAIR];
	size_t n = 0;

	while (n < LIMIT_PAIR && sti_span_cut(&tokens, '\n', &token[n]))
		n++;
	if (sti_verify_give_oob(v->machine, token, n))
		log_event(v->server->log, LOG_NO_MEMORY, clock_now(), NULL, NULL);
}

static void got_oob(void *context, struct sti_span tokens, size_t hit)
{
	struct verification *v = context;

	(void)hit;
	v->pending--;
	if (v->is_over) {
		maybe_free(v);
		return;
	}
	v->is_oob_over = true;
	give_tokens(v, tokens);
	go_on(v);
}

static bool nobody_waits(void *context)
{
	const struct verification *v = context;

	return v->is_oob_over || v->is_over || http_exchange_is_gone(v->exchange);
}

static int64_t left_of_budget(const struct verification *v)
{
	int64_t left = v->started_ms + v->world->config->vs.budget_ms - clock_mono_ms();

	return left > 0 ? left : 0;
}

/* One question for each pair of numbers. What passed already is not worth waiting for. */
static void ask_store(struct verification *v, bool passed)
{
	struct retrieve_asker asker = {got_oob, nobody_waits, v};
	int64_t left = left_of_budget(v);
	struct retrieval retrieval = {.n = v->request.n_to, .n_call = v->n_call};

	for (size_t i = 0; i < retrieval.n; i++)
		retrieval.pair[i] = (struct retrieval_pair){v->request.from, v->request.to[i]};
	memcpy(retrieval.call, v->call, v->n_call);
	if (!passed)
		retrieval.wait_ms = v->world->config->vs.wait_ms < left ? v->world->config->vs.wait_ms : left;
	v->pending++;
	outofband_ask(v->server, v->world, &retrieval, left, &asker);
}

static void ask_credential(struct verification *v, struct sti_span url)
{
	struct question *question = &v->question[v->n_question++];

	question->v = v;
	question->url = url;
	v->pending++;
	credentials_get(v->server->credentials, url, v->trust, clock_now(), got_credential, question);
}

/* Everything that can be asked now; what is known comes back at once. */
static enum sti_want ask_all(struct verification *v, struct sti_want_detail *detail)
{
	enum sti_want want;

	while ((want = sti_verify_next(v->machine, detail)) < STI_WANT_ANSWERS) {
		if (want == STI_WANT_OOB)
			ask_store(v, detail->passed);
		else
			ask_credential(v, detail->url);
	}
	return want;
}

/* In band has passed, and that decides: a repository or a PASSporT that is late changes nothing. */
static bool is_decided(const struct verification *v, const struct sti_want_detail *detail)
{
	return detail->passed && v->world->config->vs.policy.prefer == STI_PREFER_INBAND;
}

static void go_on(struct verification *v)
{
	struct sti_want_detail detail;
	enum sti_want want;

	if (v->is_going || v->is_over)
		return;
	v->is_going = true;
	want = ask_all(v, &detail);
	if (want == STI_WANT_ANSWERS && is_decided(v, &detail)) {
		sti_verify_give_up(v->machine);
		want = sti_verify_next(v->machine, &detail);
	}
	v->is_going = false;
	if (want == STI_WANT_NOTHING)
		answer(v);
}

static void budget_over(uv_timer_t *timer)
{
	struct verification *v = timer->data;

	metrics_add(v->server->metrics, METRIC_BUDGET_EXCEEDED, METRICS_ROLE_VS, 1);
	log_event(v->server->log, LOG_BUDGET_EXCEEDED, clock_now(), "role", "vs");
	sti_verify_give_up(v->machine);
	go_on(v);
}

static enum sti_error start_machine(struct verification *v)
{
	struct sti_verify_request request = {
		.policy = &v->world->config->vs.policy,
		.crls = trust_snapshot_crls(v->trust),
		.now = clock_now(),
		.time = v->request.time,
		.orig = v->request.from,
		.dest = v->request.to,
		.n_dest = v->request.n_to,
		.identity = v->request.identity,
		.n_identity = v->request.n_identity,
		.ask_oob = outofband_is_on(v->world->config),
	};

	return sti_verify_start(&request, &v->machine);
}

/* An id of the call makes the question to the store repeatable: the client's own request id. */
static void set_call(struct verification *v, const struct http_request *http)
{
	struct sti_span id = http_header_find(http->header, http->n_header, "X-RequestID");

	if (!id.p || id.n > sizeof(v->call))
		return;
	memcpy(v->call, id.p, id.n);
	v->n_call = id.n;
}

static struct verification *create(const struct served *served, struct http_exchange *exchange,
				   const struct http_request *http, const struct verification_request *request)
{
	struct verification *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->server = served->server;
	v->world = world_ref(served->world);
	v->trust = world_take_trust(served->world);
	v->exchange = exchange;
	v->request = *request;
	v->started_ms = clock_mono_ms();
	set_call(v, http);
	uv_timer_init(&v->server->loop, &v->budget);
	v->budget.data = v;
	return v;
}

static void start(const struct served *served, struct http_exchange *exchange, const struct http_request *http,
		  struct verification_request *request)
{
	struct verification *v = create(served, exchange, http, request);

	if (!v) {
		verification_request_free(request);
		service_refuse(exchange, REQUEST_BUSY, NULL);
		return;
	}
	if (start_machine(v)) {
		service_refuse(exchange, REQUEST_BUSY, NULL);
		v->is_over = true;
		uv_close((uv_handle_t *)&v->budget, timer_closed);
		return;
	}
	uv_timer_start(&v->budget, budget_over, (uint64_t)v->world->config->vs.budget_ms, 0);
	if (!v->server->timekeeper.is_right) /* nothing is believed, and the call goes on */
		sti_verify_give_up(v->machine);
	go_on(v);
}

static void handle_verification(struct http_exchange *exchange, const struct http_request *http, void *context)
{
	const struct served *served = context;
	struct verification_request request = {.text = NULL};
	const char *variable = "application/json";
	enum request_error error = REQUEST_NOT_ACCEPTABLE;

	if (accept_json(http_header_find(http->header, http->n_header, "Accept")))
		error = verification_request_parse(http->body, &served->world->plan, &request, &variable);
	if (!error) {
		start(served, exchange, http, &request);
		return;
	}
	verification_request_free(&request);
	service_refuse(exchange, error, variable);
}

static size_t routes(const struct world *world, struct http_route *route)
{
	route[0] = (struct http_route){HTTP_METHOD_POST, world->path_verification, "application/json", true,
				       handle_verification};
	return 1;
}

const struct service service_vs = {
	.role = METRICS_ROLE_VS,
	.name = "vs",
	.is_on = is_on,
	.listen = listen_at,
	.routes = routes,
	.explain = service_explain_request,
	.length_required = true,
};

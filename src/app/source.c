/* SPDX-License-Identifier: Apache-2.0 */
#include "app/source.h"

#include <sys/random.h>

#include "app/clock.h"
#include "app/login.h"
#include "app/source_report.h"
#include "base/limits.h"
#include "store/file.h"

enum {
	BACKOFF_S = 10, /* after the first failure; doubled to the interval of the source */
	CONNECT_MS = 5000,
	TOTAL_MS = 60000, /* 64 MiB at 10 Mbit/s */
	HEADERS = 3,
};

static bool is_crl(const struct source *source)
{
	return source->plan->kind == PLAN_CRL;
}

static bool is_in_force(const struct source *source, int64_t now)
{
	return is_crl(source) ? source->revocation.crl != NULL : listing_is_in_force(&source->listing, now);
}

int64_t source_until(const struct source *source)
{
	if (is_crl(source))
		return source->revocation.crl ? crl_next_update(source->revocation.crl) : 0;
	return source->listing.is_had ? source->listing.until : 0;
}

/* ---- when ---- */

/* Ten per cent more or less, so that not all ask at once. */
static int64_t jittered(int64_t seconds)
{
	uint32_t random = 0;
	int64_t tenth = seconds / 10;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = 0;
	return seconds - tenth + (int64_t)(random % (uint64_t)(2 * tenth + 1));
}

static int64_t backoff(const struct source *source)
{
	int64_t wait = BACKOFF_S;

	for (unsigned i = 1; i < source->failures && wait < source->plan->poll_s; i++)
		wait *= 2;
	return wait < source->plan->poll_s ? wait : source->plan->poll_s;
}

/* ---- the end of a look ---- */

static void rest(struct source *source, enum metrics_done how, int64_t wait)
{
	source->phase = SOURCE_IDLE;
	source->has_logged_in_again = false;
	source->due = clock_now() + jittered(wait);
	metrics_source_fetch(source->hub->metrics, (enum metrics_source)source->plan->kind, how);
}

/* Nothing is put in force and on disk while the plan after this one waits to take over: it would go on with less
 * than what was in force, with a certificate that is not revoked any more. */
static bool is_passed_over(struct source *source)
{
	if (source->is_ended || !source->hub->is_held)
		return source->is_ended;
	listing_forget(&source->listing);
	source->phase = SOURCE_IDLE;
	source->has_logged_in_again = false;
	source->due = clock_now();
	return true;
}

/* It is told where it was over. */
static void renew(struct source *source, int64_t now)
{
	bool was_in_force = is_in_force(source, now);

	if (is_crl(source) || !listing_renew(&source->listing, now))
		return;
	source->aged = AGING_YOUNG;
	if (!was_in_force && is_in_force(source, now))
		source_report_new(source);
	source->hub->changed(source->hub->context, source->plan->kind);
}

static void succeed(struct source *source)
{
	source_report_back(source);
	renew(source, clock_now());
	source->failures = 0;
	source->is_surprised = false;
	source->refreshed = clock_now();
	rest(source, METRICS_OK, source->plan->poll_s);
}

static void fail(struct source *source)
{
	buf_free(&source->etag);
	source->failures++;
	rest(source, METRICS_FAILED, backoff(source));
}

static void fail_for(struct source *source, const char *why, int64_t status)
{
	fail(source);
	source_report_failed(source, why, status);
}

static void put_in_force(struct source *source)
{
	source->aged = AGING_YOUNG;
	source_report_new(source);
	source->hub->changed(source->hub->context, source->plan->kind);
}

/* Of the log alone: what is in force, and what is not. */
static void tell(struct source *source, const struct offer *offer)
{
	if (offer->step == OFFER_TAKEN)
		put_in_force(source);
	else if (offer->step == OFFER_REFUSED)
		source_report_refused(source, offer);
	else if (offer->step == OFFER_UNSAVED)
		source_report_unsaved(source, offer->error);
	if (offer->step == OFFER_UNSAVED && is_crl(source))
		put_in_force(source);
}

static void finish(struct source *source, const struct offer *offer)
{
	tell(source, offer);
	switch (offer->step) {
	case OFFER_TAKEN:
	case OFFER_SAME:
		succeed(source);
		break;
	case OFFER_FAILED:
		fail_for(source, sti_error_text(offer->error), 0);
		break;
	case OFFER_REFUSED:
		source->is_surprised =
			offer->reason == METRICS_REFUSAL_ROLLBACK || offer->reason == METRICS_REFUSAL_EQUIVOCATION;
		fail(source);
		break;
	case OFFER_UNSAVED:
	case OFFER_WANTS_SIGNER:
		fail(source);
		break;
	}
}

/* ---- asking ---- */

static void get(struct source *source, enum source_phase phase, struct http_call *call, http_done *done)
{
	enum sti_error error;

	call->method = HTTP_METHOD_GET;
	call->own = true;
	call->connect_ms = CONNECT_MS;
	call->total_ms = TOTAL_MS;
	source->phase = phase;
	error = http_client_send(source->hub->client, call, done, source);
	if (error)
		fail_for(source, sti_error_text(error), 0);
}

static void got_signer(void *context, enum sti_error error, const struct http_response *response)
{
	struct source *source = context;
	struct offer offer;

	if (is_passed_over(source))
		return;
	if (error || response->status != 200) {
		listing_forget(&source->listing);
		fail_for(source, error ? sti_error_text(error) : "no certificate at x5u", error ? 0 : response->status);
		return;
	}
	offer = listing_take_signer(&source->listing, response->body, clock_now());
	finish(source, &offer);
}

static void keep_etag(struct source *source, struct sti_span etag)
{
	buf_free(&source->etag);
	source->etag = buf_own(LIMIT_ETAG);
	buf_put(&source->etag, etag);
	if (buf_error(&source->etag))
		buf_free(&source->etag);
}

static void take(struct source *source, const struct http_response *response)
{
	struct offer offer = is_crl(source) ? revocation_take(&source->revocation, response->body, clock_now())
					    : listing_take(&source->listing, response->body, clock_now());
	struct http_call call = {.url = offer.url, .answer_max = LIMIT_CERT_BODY};

	keep_etag(source, response->etag);
	if (offer.step == OFFER_WANTS_SIGNER)
		get(source, SOURCE_SIGNER, &call, got_signer);
	else
		finish(source, &offer);
}

static void ask(struct source *source, int64_t now);

static void got_login(void *context, enum sti_error error, const struct http_response *response)
{
	struct source *source = context;

	if (is_passed_over(source))
		return;
	buf_free(&source->token);
	if (!error)
		error = login_read(response, &source->token);
	if (error)
		fail_for(source, "login failed", response ? response->status : 0);
	else
		ask(source, clock_now());
}

static void log_in(struct source *source)
{
	enum sti_error error;

	source->phase = SOURCE_LOGIN;
	error = login_send(source->hub->client, source->plan, got_login, source);
	if (error)
		fail_for(source, "login cannot be sent", 0);
}

/* Whatever the source answers. */
static void save_again(struct source *source)
{
	struct offer offer = revocation_save_again(&source->revocation);

	if (offer.step == OFFER_UNSAVED)
		source_report_unsaved(source, offer.error);
}

/* An access token ends some time: then there is one more login, not many. */
static void got_body(void *context, enum sti_error error, const struct http_response *response)
{
	struct source *source = context;

	if (is_passed_over(source))
		return;
	save_again(source);
	if (error) {
		fail_for(source, sti_error_text(error), 0);
	} else if (response->status == 401 && source->plan->login && !source->has_logged_in_again) {
		source->has_logged_in_again = true;
		log_in(source);
	} else if (response->status == 304 && source->etag.n) {
		succeed(source);
	} else if (response->status == 200) {
		take(source, response);
	} else {
		buf_free(&source->token);
		fail_for(source, "unexpected status", response->status);
	}
}

static void put_header(struct http_call *call, struct http_header header[HEADERS], const char *name,
		       struct sti_span value)
{
	if (value.n)
		header[call->n_header++] = (struct http_header){sti_span_str(name), value};
}

static void ask(struct source *source, int64_t now)
{
	struct http_header header[HEADERS];
	struct http_call call = {
		.url = sti_span_str(source->plan->url), .answer_max = source->plan->max, .header = header};
	struct buf secret = {0};
	enum sti_error error = STI_OK;

	if (source->plan->token_file)
		error = login_read_file(source->plan->token_file, &secret);
	if (!is_in_force(source, now))
		buf_free(&source->etag);
	put_header(&call, header, "Authorization",
		   source->plan->token_file ? buf_span(&secret) : buf_span(&source->token));
	put_header(&call, header, "If-None-Match", buf_span(&source->etag));
	put_header(&call, header, "Cache-Control", sti_span_str(source->is_surprised ? "no-cache" : NULL));
	if (error)
		fail_for(source, "token_file cannot be read", 0);
	else
		get(source, SOURCE_BODY, &call, got_body);
	buf_free(&secret);
}

static struct offer read_crl(struct source *source, int64_t now)
{
	struct buf body;
	enum sti_error error = file_read(source->plan->file, source->plan->max, &body);
	struct offer offer = {.step = OFFER_FAILED, .error = error};

	if (!error)
		offer = revocation_take(&source->revocation, buf_span(&body), now);
	buf_free(&body);
	return offer;
}

void source_poll(struct source *source, int64_t now)
{
	struct offer offer;

	if (source->phase != SOURCE_IDLE)
		return;
	if (source->plan->file) {
		offer = read_crl(source, now);
		finish(source, &offer);
	} else if (source->plan->login && !source->token.n) {
		log_in(source);
	} else {
		ask(source, now);
	}
}

/* ---- the source ---- */

static bool is_had(const struct source *source)
{
	return is_crl(source) ? source->revocation.crl != NULL : source->listing.is_had;
}

/* Each step is told once. */
static void age(struct source *source, int64_t now)
{
	struct aging aging = {is_crl(source), source->listing.from, source_until(source), source->plan->grace_s};
	unsigned reached = is_had(source) ? aging_reached(&aging, source->failures > 0, now) : AGING_YOUNG;

	if (reached <= source->aged)
		return;
	source->aged = reached;
	source_report_age(source, aging_step(&aging, reached));
}

static bool is_due(const struct source *source, int64_t now)
{
	return now >= source->due ||
	       source->due > now + 2 * source->plan->poll_s + BACKOFF_S; /* the clock was set back */
}

void source_tick(struct source *source, int64_t now)
{
	if (is_due(source, now))
		source_poll(source, now);
	age(source, now);
}

static struct offer load(struct source *source, int64_t now, const char **state)
{
	*state = NULL;
	if (source->plan->file)
		return read_crl(source, now);
	return is_crl(source) ? revocation_load(&source->revocation, now, state)
			      : listing_load(&source->listing, now, state);
}

void source_open(struct source *source, const struct source_hub *hub, const struct plan_source *plan, int64_t now)
{
	struct offer offer;
	const char *state;

	*source = (struct source){.hub = hub, .plan = plan, .due = now};
	listing_open(&source->listing, plan, hub->kept);
	revocation_open(&source->revocation, plan, hub->kept);
	offer = load(source, now, &state);
	tell(source, &offer);
	if (state || offer.step == OFFER_FAILED)
		source_report_state(source, state ? state : sti_error_text(offer.error));
}

void source_close(struct source *source)
{
	source->is_ended = true;
	listing_close(&source->listing);
	revocation_close(&source->revocation);
	buf_free(&source->token);
	buf_free(&source->etag);
}

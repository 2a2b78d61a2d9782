/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sources.h"

#include <stdlib.h>

#include "app/source.h"
#include "base/limits.h"
#include "pki/crls.h"
#include "pki/roots.h"

enum { PER_HOST = 4 };

struct sources {
	struct sources_config config;
	struct source_hub hub;
	struct source *source;
	size_t n;
	struct sti_roots *roots; /* as in the cell */
	struct sti_crls *crls;
	uint64_t roots_generation;
	bool is_complete; /* each CA list is in force */
	bool is_new[PLAN_CRL + 1]; /* of this kind, and not in the cell yet */
	bool is_short; /* of memory, and the log says so */
};

static void changed(void *context, enum plan_kind kind)
{
	struct sources *sources = context;

	sources->is_new[kind] = true;
}

/* ---- roots ---- */

static bool is_complete(const struct sources *sources, int64_t now)
{
	for (size_t i = 0; i < sources->n; i++)
		if (sources->source[i].plan->kind == PLAN_CA_LIST &&
		    !listing_is_in_force(&sources->source[i].listing, now))
			return false;
	return true;
}

static size_t count_roots(const struct sources *sources)
{
	size_t n = sources->config.plan->roots ? sources->config.plan->roots->list.n : 0;

	for (size_t i = 0; i < sources->n; i++)
		n += sources->source[i].listing.roots.n_good;
	return n;
}

/* What is not good is no root, but stays in the list. A list is over on its exp (RFC 7519 4.1.4), a root
 * counts to the end of its last second. */
static size_t put_listed(const struct listing *listing, struct roots_entry *entry)
{
	size_t n = 0;

	for (size_t i = 0; i < listing->roots.n; i++)
		if (listing->roots.entry[i].fault == CA_FAULT_NONE)
			entry[n++] = (struct roots_entry){&listing->roots.entry[i].cert, listing->until - 1};
	return n;
}

static size_t put_roots(const struct sources *sources, struct roots_entry *entry)
{
	const struct sti_roots *own = sources->config.plan->roots;
	size_t n = 0;

	for (size_t i = 0; own && i < own->list.n; i++)
		entry[n++] = (struct roots_entry){&own->list.cert[i], INT64_MAX};
	for (size_t i = 0; i < sources->n; i++)
		n += put_listed(&sources->source[i].listing, entry + n);
	return n;
}

static enum sti_error renew_roots(struct sources *sources, bool complete)
{
	struct roots_entry *entry = calloc(count_roots(sources) + 1, sizeof(*entry));
	struct sti_roots *roots;
	enum sti_error error = entry ? STI_OK : STI_E_MEMORY;

	if (!error)
		error = roots_make(entry, put_roots(sources, entry), complete, &roots);
	free(entry);
	if (error)
		return error;
	sti_roots_free(sources->roots);
	sources->roots = roots;
	sources->roots_generation = ++sources->config.count->roots;
	sources->is_complete = complete;
	sources->is_new[PLAN_CA_LIST] = false;
	return STI_OK;
}

/* ---- CRLs ---- */

static enum sti_error renew_crls(struct sources *sources)
{
	struct crls_entry entry[LIMIT_SOURCES];
	struct sti_crls *crls = NULL;
	size_t n = 0;
	enum sti_error error;

	for (size_t i = 0; i < sources->n; i++) {
		const struct source *source = &sources->source[i];
		const struct plan_source *plan = source->plan;

		if (plan->kind == PLAN_CRL)
			entry[n++] =
				(struct crls_entry){source->revocation.crl, plan->country, plan->grace_s, plan->hard};
	}
	error = n ? crls_make(entry, n, &crls) : STI_OK;
	if (error)
		return error;
	sti_crls_free(sources->crls);
	sources->crls = crls;
	sources->is_new[PLAN_CRL] = false;
	return STI_OK;
}

/* ---- the snapshot ---- */

/* Those that count at that moment: a list that is over vouches for none of its own. */
static int64_t roots_in_force(const struct sources *sources, int64_t now)
{
	int64_t n = 0;

	for (size_t i = 0; sources->roots && i < sources->roots->list.n; i++)
		n += sources->roots->until[i] >= now;
	return n;
}

static void tell(const struct sources *sources, int64_t now)
{
	struct log_line line;

	log_begin(&line, LOG_TRUST);
	log_put_int(&line, "generation", (int64_t)sources->config.count->snapshot);
	log_put_int(&line, "roots", roots_in_force(sources, now));
	log_put_str(&line, "complete", sources->is_complete ? "true" : "false");
	log_end(sources->config.log, &line, now);
}

/* Of the marks: they are from before a restart too, and of CRLs that a clock set back makes early. Of a list
 * they only say when it came by our own clock, which proves nothing. */
static int64_t newest_crl(const struct sources *sources)
{
	int64_t newest = 0;

	for (size_t i = 0; i < sources->n; i++) {
		const struct revocation *revocation = &sources->source[i].revocation;

		if (revocation->has_mark && revocation->mark.time > newest)
			newest = revocation->mark.time;
	}
	return newest;
}

static enum sti_error swap(struct sources *sources)
{
	struct trust_parts parts = {.roots = sources->roots,
				    .roots_generation = sources->roots_generation,
				    .crls = sources->crls,
				    .not_before = newest_crl(sources)};
	struct trust_snapshot *snapshot;
	enum sti_error error;

	for (size_t i = 0; i < sources->n; i++)
		if (sources->source[i].listing.mapping)
			parts.mapping[parts.n_mapping++] = sources->source[i].listing.mapping;
	error = trust_snapshot_assemble(&parts, sources->config.count->snapshot + 1, &snapshot);
	if (error)
		return error;
	sources->config.count->snapshot++;
	trust_cell_swap(sources->config.plan->cell, snapshot);
	return STI_OK;
}

static enum sti_error renew(struct sources *sources, bool complete)
{
	enum sti_error error = STI_OK;

	if (sources->is_new[PLAN_CA_LIST] || complete != sources->is_complete)
		error = renew_roots(sources, complete);
	if (!error && sources->is_new[PLAN_CRL])
		error = renew_crls(sources);
	if (!error)
		error = swap(sources);
	if (!error)
		sources->is_new[PLAN_MAPPING] = false;
	return error;
}

static bool is_new(const struct sources *sources)
{
	return sources->is_new[PLAN_CA_LIST] || sources->is_new[PLAN_MAPPING] || sources->is_new[PLAN_CRL];
}

/* Without memory the trust before stays, and it is tried again. */
static enum sti_error publish(struct sources *sources, int64_t now)
{
	bool complete = is_complete(sources, now);
	enum sti_error error;

	if (!is_new(sources) && complete == sources->is_complete)
		return STI_OK;
	error = renew(sources, complete);
	if (!error)
		tell(sources, now);
	else if (!sources->is_short)
		log_event(sources->config.log, LOG_NO_MEMORY, now, "trust", sti_error_text(error));
	sources->is_short = error != STI_OK;
	return error;
}

/* ---- measuring ---- */

static int64_t first_end(const struct sources *sources, enum plan_kind kind)
{
	int64_t first = 0;

	for (size_t i = 0; i < sources->n; i++) {
		int64_t until = sources->source[i].plan->kind == kind ? source_until(&sources->source[i]) : 0;

		if (until && (!first || until < first))
			first = until;
	}
	return first;
}

static int64_t oldest_look(const struct sources *sources, enum plan_kind kind)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < sources->n; i++)
		if (sources->source[i].plan->kind == kind && sources->source[i].refreshed < oldest)
			oldest = sources->source[i].refreshed;
	return oldest == INT64_MAX ? 0 : oldest;
}

static void measure(const struct sources *sources, int64_t now)
{
	struct metrics *metrics = sources->config.metrics;
	size_t revoked = 0, mapped = 0;

	for (unsigned kind = PLAN_CA_LIST; kind <= PLAN_CRL; kind++) {
		metrics_set(metrics, METRIC_SOURCE_UNTIL, kind, first_end(sources, kind));
		metrics_set(metrics, METRIC_SOURCE_REFRESHED, kind, oldest_look(sources, kind));
	}
	for (size_t i = 0; i < sources->n; i++) {
		revoked += sources->source[i].revocation.crl ? crl_count(sources->source[i].revocation.crl) : 0;
		mapped += sources->source[i].listing.mapping ? mapping_count(sources->source[i].listing.mapping) : 0;
	}
	metrics_set(metrics, METRIC_REVOKED, 0, (int64_t)revoked);
	metrics_set(metrics, METRIC_MAPPED, 0, (int64_t)mapped);
	metrics_set(metrics, METRIC_ROOTS, 0, roots_in_force(sources, now));
	metrics_set(metrics, METRIC_TRUST_GENERATION, 0, (int64_t)sources->config.count->snapshot);
}

/* ---- the sources ---- */

void sources_tick(struct sources *sources, int64_t now)
{
	for (size_t i = 0; i < sources->n; i++)
		source_tick(&sources->source[i], now);
	(void)publish(sources, now);
	measure(sources, now);
}

void sources_hold(struct sources *sources, bool held)
{
	sources->hub.is_held = held;
}

void sources_poll(struct sources *sources, int64_t now)
{
	for (size_t i = 0; i < sources->n; i++)
		source_poll(&sources->source[i], now);
}

/* Their own URLs need no gate; nothing else is asked for here. */
static enum sti_error open_client(struct sources *sources)
{
	static const struct gate nothing = {NULL, 0};
	struct http_client_config config = {.ca_file = sources->config.plan->ca_file,
					    .gate = &nothing,
					    .in_flight = LIMIT_SOURCES,
					    .per_host = PER_HOST};

	return http_client_create(sources->config.loop, &config, &sources->hub.client);
}

static enum sti_error open_all(struct sources *sources, int64_t now)
{
	const struct trust_plan *plan = sources->config.plan;
	enum sti_error error = open_client(sources);

	sources->source = calloc(plan->n_source + 1, sizeof(*sources->source));
	if (!sources->source)
		return STI_E_MEMORY;
	if (error)
		return error;
	for (; sources->n < plan->n_source; sources->n++)
		source_open(&sources->source[sources->n], &sources->hub, &plan->source[sources->n], now);
	sources->is_new[PLAN_CA_LIST] = true;
	sources->is_new[PLAN_CRL] = true;
	return publish(sources, now);
}

enum sti_error sources_open(const struct sources_config *config, int64_t now, struct sources **out)
{
	struct sources *sources = calloc(1, sizeof(*sources));
	enum sti_error error;

	if (!sources)
		return STI_E_MEMORY;
	sources->config = *config;
	trust_plan_ref(config->plan);
	sources->hub = (struct source_hub){.kept = config->kept,
					   .metrics = config->metrics,
					   .log = config->log,
					   .changed = changed,
					   .context = sources};
	error = open_all(sources, now);
	if (error)
		sources_close(sources);
	else
		*out = sources;
	return error;
}

void sources_close(struct sources *sources)
{
	if (!sources)
		return;
	for (size_t i = 0; i < sources->n; i++)
		source_close(&sources->source[i]);
	http_client_close(sources->hub.client); /* from here on nobody is told anything */
	sti_roots_free(sources->roots);
	sti_crls_free(sources->crls);
	trust_plan_unref(sources->config.plan);
	free(sources->source);
	free(sources);
}

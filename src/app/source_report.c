/* SPDX-License-Identifier: Apache-2.0 */
#include "app/source_report.h"

#include <errno.h>

#include "app/clock.h"

enum { FAILURES_TOLD = 3 };

static const char *const kind_name[] = {[PLAN_CA_LIST] = "ca-list", [PLAN_MAPPING] = "cps-mapping", [PLAN_CRL] = "crl"};

static void begin(const struct source *source, struct log_line *line, enum log_event event, unsigned severity)
{
	log_begin_alarm(line, event, severity);
	log_put_str(line, "source", source->plan->name);
	log_put_str(line, "kind", kind_name[source->plan->kind]);
}

static void end(const struct source *source, struct log_line *line)
{
	log_end(source->hub->log, line, clock_now());
}

static void put_new(const struct source *source)
{
	struct log_line line;

	begin(source, &line, LOG_SOURCE_NEW, 0);
	if (source->plan->kind != PLAN_CRL)
		log_put_int(&line, "sequence", source->listing.sequence);
	log_put_int(&line, "until", source_until(source));
	end(source, &line);
}

/* As crl.confirmed_number is written. */
static void put_crl_number(struct log_line *line, const char *key, const uint8_t number[MARK_NUMBER])
{
	struct sti_span octets = sti_span(number, MARK_NUMBER);
	uint8_t digits[2 * MARK_NUMBER];
	struct buf text = buf_lend(digits, sizeof(digits));

	while (octets.n > 1 && octets.p[0] == 0)
		octets = sti_span_from(octets, 1);
	buf_put_hex(&text, octets);
	log_put(line, key, buf_span(&text));
}

void source_report_refused(const struct source *source, const struct offer *offer)
{
	struct log_line line;

	begin(source, &line, LOG_SOURCE_REFUSED, offer->severity);
	log_put_str(&line, "code", offer->code);
	log_put_str(&line, "why", offer->what);
	log_put_str(&line, "clause", offer->clause);
	if (source->plan->kind != PLAN_CRL) {
		log_put_int(&line, "sequence", offer->number);
		log_put_int(&line, "have", source->listing.sequence);
	} else if (offer->reason == METRICS_REFUSAL_JUMP) {
		put_crl_number(&line, "number", offer->crl_number);
		put_crl_number(&line, "have", source->revocation.mark.number);
	}
	end(source, &line);
	metrics_add(source->hub->metrics, METRIC_SOURCE_REFUSED, offer->reason, 1);
}

void source_report_unsaved(const struct source *source, enum sti_error error)
{
	struct log_line line;

	begin(source, &line, LOG_SOURCE_UNSAVED, 3);
	log_put_str(&line, "why", error == STI_E_IO ? strerrordesc_np(errno) : sti_error_text(error));
	end(source, &line);
}

void source_report_state(const struct source *source, const char *what)
{
	struct log_line line;

	begin(source, &line, LOG_SOURCE_STATE, 2);
	log_put_str(&line, "why", what);
	end(source, &line);
}

/* The entries of a list that do not count (threats.md F14, F26). */
static void report_entries(const struct source *source)
{
	const struct listing *listing = &source->listing;
	const char *first = "not an OCN with an https URL";
	int64_t n = listing->mapping ? (int64_t)mapping_dropped(listing->mapping) : 0;
	struct log_line line;

	for (size_t i = 0; i < listing->roots.n; i++) {
		enum ca_fault fault = listing->roots.entry[i].fault;

		if (fault == CA_FAULT_NONE || fault == CA_FAULT_TWICE)
			continue;
		first = n++ ? first : ca_fault_text(fault);
	}
	if (!n)
		return;
	begin(source, &line, LOG_SOURCE_ENTRIES, 2);
	log_put_int(&line, "set_aside", n);
	log_put_str(&line, "first", first);
	end(source, &line);
}

void source_report_new(const struct source *source)
{
	put_new(source);
	report_entries(source);
}

void source_report_failed(const struct source *source, const char *why, int64_t status)
{
	struct log_line line;

	begin(source, &line, LOG_SOURCE_FAILED, source->failures == FAILURES_TOLD);
	log_put_str(&line, "why", why);
	if (status)
		log_put_int(&line, "status", status);
	log_put_int(&line, "failures", source->failures);
	end(source, &line);
}

void source_report_back(const struct source *source)
{
	struct log_line line;

	if (source->failures < FAILURES_TOLD)
		return;
	begin(source, &line, LOG_SOURCE_BACK, 0);
	end(source, &line);
}

void source_report_age(const struct source *source, const struct aging_step *step)
{
	struct log_line line;

	begin(source, &line, step->event, step->severity);
	log_put_str(&line, "code", step->code);
	log_put_int(&line, "until", source_until(source));
	log_put_int(&line, "failures", source->failures);
	end(source, &line);
}

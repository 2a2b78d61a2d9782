/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_name[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};

enum { VALUES = STI_CASE_COUNT, VERSION = 32 };

/* One or two labels; a series is numbered value of the first * values of the second + value of the second. */
struct label {
	const char *name;
	const char *value[VALUES]; /* NULL ends them */
};

struct row {
	const char *name; /* behind sidetone_ */
	enum kind kind;
	const struct label *label;
	const struct label *second;
	const char *help;
};

static const struct label role = {"role", {"as", "vs", "cps", "cps_private", "cr", "admin"}};
static const struct label status = {"status", {"200", "201", "204", "400", "401", "403", "404", "405", "408", "411",
					       "413", "414", "415", "421", "429", "431", "500", "501", "503", "other"}};
static const struct label verstat = {"verstat", {"No-TN-Validation", "TN-Validation-Passed", "TN-Validation-Failed"}};
static const struct label cases = {"case", {"none", "E1",  "E2",  "E3",  "E4",  "E5",  "E6",  "E7",  "E8",  "E9",
					    "E10",  "E11", "E12", "E13", "E14", "E15", "E16", "E17", "E18", "E19"}};
static const struct label attest = {"attest", {"A", "B", "C", "div"}};
static const struct label publish = {"result", {"sent", "stored", "refused", "failed", "no_route", "dropped", "stale"}};
static const struct label post = {
	"result", {"stored", "malformed", "refused", "type", "not_hosted", "no_certificate", "full", "no_time"}};
static const struct label event = {"event", {"expired", "taken", "duplicate", "full"}};
static const struct label hit = {"result", {"hit", "miss"}};
static const struct label done = {"result", {"ok", "failed"}};
static const struct label source = {"source", {"ca-list", "cps-mapping", "crl"}};
static const struct label refusal = {"reason",
				     {"bad_type", "bad_version", "bad_sequence", "bad_exp", "expired", "foreign_x5u",
				      "bad_signer", "bad_sig", "rollback", "equivocation", "jump", "empty",
				      "unreadable", "not_yet"}};
static const struct label severity = {"severity", {"minor", "major", "critical"}};

static const struct row rows[METRIC_COUNT] = {
	[METRIC_REQUESTS] = {"http_requests", COUNTER, &role, &status, "Answers by role and status."},
	[METRIC_REQUEST_SECONDS] = {"http_request_seconds", HISTOGRAM, &role, NULL,
				    "Time from a whole request to its answer."},
	[METRIC_VERDICTS] = {"verdicts", COUNTER, &verstat, NULL, "Calls verified, by verdict."},
	[METRIC_CASES] = {"verdict_cases", COUNTER, &cases, NULL, "Calls verified, by verification case."},
	[METRIC_SIGNATURES] = {"signatures", COUNTER, &attest, NULL, "PASSporTs signed."},
	[METRIC_PUBLISH] = {"publications", COUNTER, &publish, NULL, "Publications to the CPSs of called numbers."},
	[METRIC_PUBLISHING] = {"publications_pending", GAUGE, NULL, NULL, "Publications that wait or are under way."},
	[METRIC_PUBLISH_SECONDS] = {"publication_seconds", HISTOGRAM, NULL, NULL,
				    "Time of a publication, sent to answered."},
	[METRIC_CPS_POSTS] = {"cps_posts", COUNTER, &post, NULL, "POSTs to our CPS by what became of them."},
	[METRIC_PASSPORTS] = {"passports_stored", GAUGE, NULL, NULL, "PASSporTs in the store now."},
	[METRIC_SLOTS_USED] = {"store_slots_used", GAUGE, NULL, NULL, "Slots of the store in use."},
	[METRIC_SLOTS] = {"store_slots", GAUGE, NULL, NULL, "Slots of the store."},
	[METRIC_STORE] = {"store_events", COUNTER, &event, NULL,
			  "PASSporTs that expired, were taken, came again, or found the store full."},
	[METRIC_RETRIEVE] = {"retrievals", COUNTER, &hit, NULL, "Questions for the PASSporTs of a call."},
	[METRIC_LATE] = {"late_waits", COUNTER, &hit, NULL, "Waits for a PASSporT that had not come yet."},
	[METRIC_CERT_FETCHES] = {"certificate_fetches", COUNTER, &done, NULL, "Certificates fetched from x5u."},
	[METRIC_CERT_CACHE] = {"certificate_cache", COUNTER, &hit, NULL,
			       "Questions for a certificate that were answered from memory."},
	[METRIC_CERT_PARSED] = {"certificates_parsed", COUNTER, NULL, NULL, "Certificate bodies parsed and judged."},
	[METRIC_SOURCE_FETCHES] = {"source_fetches", COUNTER, &source, &done,
				   "Looks at the sources of lists and CRLs."},
	[METRIC_SOURCE_REFUSED] = {"source_refused", COUNTER, &refusal, NULL,
				   "Lists and CRLs that were refused; the log names the source."},
	[METRIC_SOURCE_REFRESHED] = {"source_refreshed_seconds", GAUGE, &source, NULL,
				     "When the source that failed longest was last read well, in seconds of the epoch; "
				     "0: never, or there is none."},
	[METRIC_SOURCE_UNTIL] = {"source_until_seconds", GAUGE, &source, NULL,
				 "When the first of those in force ends (exp, nextUpdate), in seconds of the epoch; 0: "
				 "there is none."},
	[METRIC_TRUST_GENERATION] = {"trust_generation", GAUGE, NULL, NULL,
				     "Number of the trust snapshot in force; goes up with each change."},
	[METRIC_ROOTS] = {"trusted_roots", GAUGE, NULL, NULL,
			  "STI-CA roots trusted now; those of a list that is over do not count."},
	[METRIC_REVOKED] = {"revoked_certificates", GAUGE, NULL, NULL, "Entries of the CRLs in force."},
	[METRIC_MAPPED] = {"mapped_ocns", GAUGE, NULL, NULL, "Entries of the cpsMappings in force."},
	[METRIC_ALARMS] = {"alarms", COUNTER, &severity, NULL, "Alarms raised; the log names each."},
	[METRIC_CONNECTIONS] = {"connections", GAUGE, &role, NULL, "Connections open now."},
	[METRIC_RELOADS] = {"config_reloads", COUNTER, &done, NULL, "Reloads of the configuration."},
	[METRIC_BUDGET_EXCEEDED] = {"budget_exceeded", COUNTER, &role, NULL,
				    "Requests answered because their time was over."},
	[METRIC_LOG_DROPPED] = {"log_lines_dropped", COUNTER, NULL, NULL,
				"Log lines left out because their kind was too frequent."},
	[METRIC_START_SECONDS] = {"start_time_seconds", GAUGE, NULL, NULL,
				  "When the process started, in seconds of the epoch."},
};

/* Upper bounds of the buckets in nanoseconds, and as they are printed. */
static const struct {
	uint64_t ns;
	const char *text;
} buckets[] = {
	{500000, "0.0005"},  {1000000, "0.001"},  {2500000, "0.0025"}, {5000000, "0.005"},    {10000000, "0.01"},
	{25000000, "0.025"}, {50000000, "0.05"},  {100000000, "0.1"},  {250000000, "0.25"},   {500000000, "0.5"},
	{1000000000, "1.0"}, {2500000000, "2.5"}, {5000000000, "5.0"}, {10000000000, "10.0"},
};

/* A histogram's cells: one for each bucket, one for what is longer, one for the sum in nanoseconds. */
enum { BUCKETS = sizeof(buckets) / sizeof(buckets[0]), SUM = BUCKETS + 1, HISTOGRAM_CELLS };

struct metrics {
	size_t first[METRIC_COUNT]; /* cell of each metric */
	char version[VERSION + 1];
	_Atomic int64_t cell[];
};

static unsigned values(const struct label *label)
{
	unsigned n = 0;

	if (!label)
		return 1;
	while (n < VALUES && label->value[n])
		n++;
	return n;
}

static unsigned series(enum metric metric)
{
	return values(rows[metric].label) * values(rows[metric].second);
}

static size_t width(enum metric metric)
{
	return rows[metric].kind == HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

struct metrics *metrics_create(const char *version)
{
	size_t first[METRIC_COUNT], n = 0;
	struct metrics *metrics;

	for (enum metric i = 0; i < METRIC_COUNT; i++) {
		first[i] = n;
		n += series(i) * width(i);
	}
	metrics = calloc(1, sizeof(*metrics) + n * sizeof(metrics->cell[0]));
	if (!metrics)
		return NULL;
	memcpy(metrics->first, first, sizeof(first));
	snprintf(metrics->version, sizeof(metrics->version), "%s", version);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics);
}

/* The first cell of a series; SIZE_MAX when there is no such series. */
static size_t cell_of(const struct metrics *metrics, enum metric metric, unsigned label)
{
	if ((unsigned)metric >= METRIC_COUNT || label >= series(metric))
		return SIZE_MAX;
	return metrics->first[metric] + label * width(metric);
}

static size_t single_cell_of(const struct metrics *metrics, enum metric metric, unsigned label)
{
	return (unsigned)metric < METRIC_COUNT && rows[metric].kind == HISTOGRAM ? SIZE_MAX
										 : cell_of(metrics, metric, label);
}

static void cell_add(struct metrics *metrics, size_t cell, int64_t n)
{
	atomic_fetch_add_explicit(&metrics->cell[cell], n, memory_order_relaxed);
}

static int64_t cell_get(const struct metrics *metrics, size_t cell)
{
	return atomic_load_explicit(&metrics->cell[cell], memory_order_relaxed);
}

void metrics_add(struct metrics *metrics, enum metric metric, unsigned label, uint64_t n)
{
	size_t cell = single_cell_of(metrics, metric, label);

	if (cell != SIZE_MAX)
		cell_add(metrics, cell, (int64_t)n);
}

void metrics_set(struct metrics *metrics, enum metric metric, unsigned label, int64_t value)
{
	size_t cell = single_cell_of(metrics, metric, label);

	if (cell != SIZE_MAX)
		atomic_store_explicit(&metrics->cell[cell], value, memory_order_relaxed);
}

int64_t metrics_get(const struct metrics *metrics, enum metric metric, unsigned label)
{
	size_t cell = single_cell_of(metrics, metric, label);

	return cell == SIZE_MAX ? 0 : cell_get(metrics, cell);
}

void metrics_observe(struct metrics *metrics, enum metric metric, unsigned label, double seconds)
{
	size_t cell = cell_of(metrics, metric, label), bucket = 0;
	uint64_t ns;

	if (cell == SIZE_MAX || rows[metric].kind != HISTOGRAM || !(seconds >= 0 && seconds < 1e6))
		return;
	ns = (uint64_t)(seconds * 1e9);
	while (bucket < BUCKETS && ns > buckets[bucket].ns)
		bucket++;
	cell_add(metrics, cell + bucket, 1);
	cell_add(metrics, cell + SUM, (int64_t)ns);
}

static unsigned status_index(int code)
{
	unsigned last = values(&status) - 1;
	char text[12];
	struct buf b = buf_lend(text, sizeof(text));

	buf_put_int(&b, code);
	for (unsigned i = 0; i < last; i++)
		if (sti_span_is(buf_span(&b), status.value[i]))
			return i;
	return last;
}

void metrics_request(struct metrics *metrics, enum metrics_role who, int code)
{
	metrics_add(metrics, METRIC_REQUESTS, (unsigned)who * values(&status) + status_index(code), 1);
}

void metrics_source_fetch(struct metrics *metrics, enum metrics_source from, enum metrics_done how)
{
	metrics_add(metrics, METRIC_SOURCE_FETCHES, (unsigned)from * values(&done) + (unsigned)how, 1);
}

/* --- OpenMetrics --- */

static void put_label(struct buf *out, const char *before, const char *name, const char *value)
{
	buf_put_str(out, before);
	buf_put_str(out, name);
	buf_put_str(out, "=\"");
	buf_put_str(out, value);
	buf_put_byte(out, '"');
}

/* {role="as",status="200",le="0.1"} */
static void put_labels(struct buf *out, const struct row *row, unsigned i, const char *le)
{
	unsigned n = values(row->second);

	if (!row->label && !le)
		return;
	buf_put_byte(out, '{');
	if (row->label)
		put_label(out, "", row->label->name, row->label->value[i / n]);
	if (row->second)
		put_label(out, ",", row->second->name, row->second->value[i % n]);
	if (le)
		put_label(out, row->label ? "," : "", "le", le);
	buf_put_byte(out, '}');
}

static void put_name(struct buf *out, const struct row *row, const char *suffix, unsigned i, const char *le)
{
	buf_put_str(out, "sidetone_");
	buf_put_str(out, row->name);
	buf_put_str(out, suffix);
	put_labels(out, row, i, le);
	buf_put_byte(out, ' ');
}

static void put_line(struct buf *out, int64_t value)
{
	buf_put_int(out, value);
	buf_put_byte(out, '\n');
}

/* 1234567890 ns as 1.234567890 */
static void put_seconds(struct buf *out, int64_t ns)
{
	char digits[9];

	buf_put_int(out, ns / 1000000000);
	buf_put_byte(out, '.');
	ns %= 1000000000;
	for (size_t i = sizeof(digits); i-- > 0; ns /= 10)
		digits[i] = (char)('0' + ns % 10);
	buf_put(out, sti_span(digits, sizeof(digits)));
	buf_put_byte(out, '\n');
}

static void put_histogram(const struct metrics *metrics, const struct row *row, unsigned i, size_t cell,
			  struct buf *out)
{
	int64_t count = 0;

	for (size_t k = 0; k <= BUCKETS; k++) {
		count += cell_get(metrics, cell + k);
		put_name(out, row, "_bucket", i, k < BUCKETS ? buckets[k].text : "+Inf");
		put_line(out, count);
	}
	put_name(out, row, "_count", i, NULL);
	put_line(out, count);
	put_name(out, row, "_sum", i, NULL);
	put_seconds(out, cell_get(metrics, cell + SUM));
}

static void put_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_put_str(out, "# TYPE sidetone_");
	buf_put_str(out, name);
	buf_put_byte(out, ' ');
	buf_put_str(out, type);
	buf_put_str(out, "\n# HELP sidetone_");
	buf_put_str(out, name);
	buf_put_byte(out, ' ');
	buf_put_str(out, help);
	buf_put_byte(out, '\n');
}

static void put_metric(const struct metrics *metrics, enum metric metric, struct buf *out)
{
	const struct row *row = &rows[metric];

	put_family(out, row->name, kind_name[row->kind], row->help);
	for (unsigned i = 0; i < series(metric); i++) {
		size_t cell = cell_of(metrics, metric, i);

		if (row->kind == HISTOGRAM) {
			put_histogram(metrics, row, i, cell, out);
			continue;
		}
		put_name(out, row, row->kind == COUNTER ? "_total" : "", i, NULL);
		put_line(out, cell_get(metrics, cell));
	}
}

void metrics_write(const struct metrics *metrics, struct buf *out)
{
	put_family(out, "build", "info", "What is running.");
	buf_put_str(out, "sidetone_build_info");
	put_label(out, "{", "version", metrics->version);
	buf_put_str(out, "} 1\n");
	for (enum metric i = 0; i < METRIC_COUNT; i++)
		put_metric(metrics, i, out);
	buf_put_str(out, "# EOF\n");
}

/* ---- the page ---- */

static void put_label_values(struct buf *out, const struct label *label)
{
	buf_put_byte(out, '`');
	buf_put_str(out, label->name);
	buf_put_str(out, "`: ");
	for (unsigned i = 0; i < values(label); i++) {
		buf_put_str(out, i ? ", " : "");
		buf_put_str(out, label->value[i]);
	}
}

static void put_page_row(struct buf *out, const struct row *row)
{
	buf_put_str(out, "| `sidetone_");
	buf_put_str(out, row->name);
	buf_put_str(out, row->kind == COUNTER ? "_total` | " : "` | ");
	buf_put_str(out, kind_name[row->kind]);
	buf_put_str(out, " | ");
	if (row->label)
		put_label_values(out, row->label);
	if (row->second) {
		buf_put_str(out, "; ");
		put_label_values(out, row->second);
	}
	buf_put_str(out, " | ");
	buf_put_str(out, row->help);
	buf_put_str(out, " |\n");
}

void metrics_write_reference(struct buf *out)
{
	buf_put_str(
		out,
		"# Metrics\n\nWritten from the table in `src/app/metrics.c`; a test compares them.\n\n"
		"`GET /metrics` of an `admin` listener, OpenMetrics 1.0 text. Every series is there from the start, "
		"and\n"
		"label values come from the fixed sets below, never from a request. Times are in seconds. A histogram\n"
		"has `_bucket`, `_count` and `_sum`; its buckets end at");
	for (size_t i = 0; i < BUCKETS; i++) {
		buf_put_str(out, i ? ", " : " ");
		buf_put_str(out, buckets[i].text);
	}
	buf_put_str(out,
		    ".\n`sidetone_build_info` carries the version.\n\n| metric | type | labels | what it counts |\n"
		    "| --- | --- | --- | --- |\n");
	for (enum metric i = 0; i < METRIC_COUNT; i++)
		put_page_row(out, &rows[i]);
}

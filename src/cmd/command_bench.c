/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "app/clock.h"
#include "cmd/bench_report.h"
#include "cmd/bench_server.h"
#include "cmd/command.h"
#include "cmd/option.h"
#include "store/file.h"

enum {
	SECONDS = 10,
	QUICK_SECONDS = 2,
	SECONDS_MAX = 30, /* PASSporTs are signed before they are sent, and stale after 60 s */
	FILL_SECONDS = 100,
	FILL_AHEAD = 50, /* iat in the future: what is stored first must not be stale before the last is */
	FILL_MAX = 1000000,
	CONNECTIONS = 8,
	RATE_CONNECTIONS = 16,
	RATE_MAX = 100000,
	SLOTS_A_SECOND = 20000, /* of the store, so that it is never full */
	REPORT = 8192
};

struct bench_options {
	bool json;
	bool quick;
	int64_t seconds;
	int64_t fill;
	const char *signing;
	int64_t rate;
};

/* How each kind is served, and how many requests a second it can need at the most: nothing of ours is
 * faster than what OpenSSL does for it. */
static const struct {
	enum lab_port port;
	int status;
	enum bench_speed raw;
} kind_row[BENCH_KINDS] = {
	[BENCH_POSTING] = {LAB_PORT_CPS, 201, SPEED_OPENSSL_VERIFY},
	[BENCH_VERIFICATION] = {LAB_PORT_VS, 200, SPEED_OPENSSL_VERIFY},
	[BENCH_SIGNING] = {LAB_PORT_AS, 200, SPEED_OPENSSL_SIGN},
};

static const char parsed_series[] = "sidetone_certificates_parsed_total";
static const char stored_series[] = "sidetone_passports_stored";

struct x5u {
	struct lab_url url;
	struct bench_signer signer;
};

static void set_signer(const struct bench_server *server, int64_t ahead, struct x5u *out)
{
	out->url = lab_x5u(&server->world, LAB_A);
	out->signer = (struct bench_signer){.key = server->key, .x5u = out->url.text, .iat = clock_now() + ahead};
}

static int cannot(const char *what, enum sti_error error)
{
	return complain(STATUS_SYSTEM, "%s: %s", what, sti_error_text(error));
}

/* ---- one kind of request ---- */

struct plan {
	enum bench_kind kind;
	size_t n; /* requests, made and signed before the first is sent */
	double seconds; /* no longer than this */
	int64_t ahead; /* seconds of iat after now */
};

static enum sti_error send_batch(const struct bench_server *server, const struct plan *plan,
				 const struct bench_batch *batch, struct bench_served *out)
{
	struct bench_load load = {
		.batch = batch,
		.connections = CONNECTIONS,
		.status = kind_row[plan->kind].status,
		.seconds = plan->seconds,
	};
	double cpu = bench_server_cpu(server);
	enum sti_error error = STI_E_CONFIG;

	if (bench_server_peer(server, kind_row[plan->kind].port, &load.peer))
		error = bench_load_run(&load, &out->result);
	out->server_cpu = bench_server_cpu(server) - cpu;
	return error;
}

static int measure_kind(const struct bench_server *server, const struct plan *plan, struct bench_served *out)
{
	struct bench_batch batch;
	struct x5u x5u;
	enum sti_error error;

	set_signer(server, plan->ahead, &x5u);
	error = bench_batch_make(plan->kind, &x5u.signer, plan->n, &batch);
	if (!error)
		error = send_batch(server, plan, &batch, out);
	bench_batch_free(&batch);
	return error ? cannot("the load cannot be made", error) : STATUS_GOOD;
}

/* The certificate is fetched and parsed by this, and the first pages are touched. */
static int warm_up(const struct bench_server *server)
{
	struct bench_served served;
	int status = STATUS_GOOD;

	for (size_t i = 0; !status && i < BENCH_KINDS; i++) {
		const struct plan plan = {.kind = (enum bench_kind)i, .n = CONNECTIONS, .seconds = 1};

		status = measure_kind(server, &plan, &served);
		if (!status && served.result.failed)
			status = complain(STATUS_SYSTEM, "the server refuses what it should answer with %d",
					  kind_row[i].status);
	}
	return status;
}

/* ---- the whole run ---- */

static int measure_library(const struct bench_server *server, double seconds, double us[SPEED_COUNT])
{
	struct lab_path key = lab_path(&server->world.dir, "/a/sti.key");
	struct lab_path store = lab_path(&server->world.run, "/bench.table");
	struct x5u x5u;
	struct buf pem;
	const char *why;
	enum sti_error error = file_read_secret(key.text, LIMIT_KEY, &pem, &why);

	set_signer(server, 0, &x5u);
	if (!error)
		error = bench_speed_run(&x5u.signer, buf_span(&pem), store.text, seconds, us);
	buf_free(&pem);
	return error ? cannot("the library cannot be measured", error) : STATUS_GOOD;
}

static size_t most(double us, double seconds)
{
	double rate = us > 1e6 / SLOTS_A_SECOND ? 1e6 / us : SLOTS_A_SECOND;

	return (size_t)(rate * seconds) + 1;
}

static int measure_server(const struct bench_server *server, double seconds, struct bench_report *report)
{
	int status = warm_up(server);

	report->parsed_before = bench_server_metric(server, parsed_series);
	for (size_t i = 0; !status && i < BENCH_KINDS; i++) {
		const struct plan plan = {
			.kind = (enum bench_kind)i,
			.n = most(report->us[kind_row[i].raw], seconds),
			.seconds = seconds,
		};

		status = measure_kind(server, &plan, &report->served[i]);
	}
	report->parsed_after = bench_server_metric(server, parsed_series);
	return status;
}

static void print(const struct bench_report *report, bool json)
{
	uint8_t memory[REPORT];
	struct buf out = buf_lend(memory, sizeof(memory));

	if (!json) {
		bench_report_print(report);
		return;
	}
	bench_report_write(report, &out);
	printf("%.*s\n", (int)buf_span(&out).n, (const char *)buf_span(&out).p);
}

static int verdict(const struct bench_report *report)
{
	for (size_t i = 0; i < BENCH_KINDS; i++)
		if (report->served[i].result.failed || !report->served[i].result.n)
			return complain(STATUS_NO, "%zu requests were not answered as they should be",
					report->served[i].result.failed);
	if (report->parsed_after != report->parsed_before)
		return complain(STATUS_NO, "certificates were parsed on the way");
	return STATUS_GOOD;
}

static int run_all(const struct bench_options *options, double seconds)
{
	struct bench_report report = {.parsed_before = 0};
	struct bench_server server;
	int status = STATUS_SYSTEM;

	if (bench_server_start(&server, (size_t)(seconds * SLOTS_A_SECOND) + 1024))
		status = measure_library(&server, seconds / 4, report.us);
	if (!status)
		status = measure_server(&server, seconds, &report);
	bench_server_stop(&server);
	if (status)
		return status;
	print(&report, options->json);
	return verdict(&report);
}

/* ---- a full store ---- */

static int tell_fill(const struct bench_server *server, const struct bench_result *result, bool json)
{
	int64_t stored = bench_server_metric(server, stored_series);
	int64_t memory = bench_server_memory(server);

	if (json)
		printf("{\"stored\":%lld,\"failed\":%zu,\"memory\":%lld}\n", (long long)stored, result->failed,
		       (long long)memory);
	else
		printf("%lld PASSporTs stored, %zu refused; %.1f MB: resident memory and the file of the store\n",
		       (long long)stored, result->failed, (double)memory / 1e6);
	return result->failed ? STATUS_NO : STATUS_GOOD;
}

static int run_fill(const struct bench_options *options)
{
	const struct plan plan = {
		.kind = BENCH_POSTING,
		.n = (size_t)options->fill,
		.seconds = FILL_SECONDS,
		.ahead = FILL_AHEAD,
	};
	struct bench_served served;
	struct bench_server server;
	int status = STATUS_SYSTEM;

	if (bench_server_start(&server, plan.n))
		status = measure_kind(&server, &plan, &served);
	if (!status)
		status = tell_fill(&server, &served.result, options->json);
	bench_server_stop(&server);
	return status;
}

/* ---- somebody else's signing service, at a fixed rate ---- */

static int tell_rate(const struct bench_result *result, bool json)
{
	uint8_t memory[REPORT];
	struct buf out = buf_lend(memory, sizeof(memory));

	bench_result_write(result, &out);
	if (json)
		printf("%.*s\n", (int)buf_span(&out).n, (const char *)buf_span(&out).p);
	else
		printf("%zu answered, %zu failed; p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", result->n,
		       result->failed, result->p50_ms, result->p99_ms, result->max_ms);
	return result->failed ? STATUS_NO : STATUS_GOOD;
}

static int run_rate(const struct bench_options *options, double seconds)
{
	struct bench_signer nobody = {.iat = clock_now()};
	struct bench_load load = {.connections = RATE_CONNECTIONS, .status = 200, .rate = (double)options->rate};
	struct bench_batch batch;
	struct bench_result result;
	enum sti_error error;

	if (endpoint_parse(options->signing, &load.peer.endpoint))
		return complain(STATUS_USAGE, "--signing: expected an address as 127.0.0.1:8080");
	error = bench_batch_make(BENCH_SIGNING, &nobody, (size_t)(load.rate * seconds), &batch);
	load.batch = &batch;
	load.seconds = seconds + 1;
	if (!error)
		error = bench_load_run(&load, &result);
	bench_batch_free(&batch);
	return error ? cannot(options->signing, error) : tell_rate(&result, options->json);
}

/* ---- the command ---- */

static bool check_options(const struct bench_options *options)
{
	if (options->seconds < 1 || options->seconds > SECONDS_MAX)
		complain(STATUS_USAGE, "--seconds: expected 1 .. %d", SECONDS_MAX);
	else if (options->fill == 0 || options->fill > FILL_MAX)
		complain(STATUS_USAGE, "--fill: expected 1 .. %d", FILL_MAX);
	else if (options->rate < 1 || options->rate > RATE_MAX)
		complain(STATUS_USAGE, "--rate: expected 1 .. %d", RATE_MAX);
	else
		return true;
	return false;
}

static int run(struct bench_options *options)
{
	if (options->seconds < 0)
		options->seconds = options->quick ? QUICK_SECONDS : SECONDS;
	if (!check_options(options))
		return STATUS_USAGE;
	if (options->signing)
		return run_rate(options, (double)options->seconds);
	return options->fill > 0 ? run_fill(options) : run_all(options, (double)options->seconds);
}

int command_bench(int argc, char **argv)
{
	struct bench_options options = {.seconds = -1, .fill = -1, .rate = 200};
	const struct option_row row[] = {
		{"--json", NULL, OPTION_FLAG, &options.json, "one JSON document"},
		{"--quick", NULL, OPTION_FLAG, &options.quick, "shorter, coarser: within 40 s"},
		{"--seconds", "N", OPTION_NUMBER, &options.seconds, "of each load, 1 .. 30; default 10, quick 2"},
		{"--fill", "N", OPTION_NUMBER, &options.fill, "only stores N PASSporTs and tells the memory they take"},
		{"--signing", "ADDRESS", OPTION_TEXT, &options.signing,
		 "only loads that plain HTTP signing service, open loop"},
		{"--rate", "N", OPTION_NUMBER, &options.rate, "with --signing: requests a second; default 200"},
	};
	int rest, status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (rest)
		return complain(STATUS_USAGE, "bench takes options only");
	return run(&options);
}

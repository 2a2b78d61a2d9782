/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_report.h"

#include <stdio.h>

#include "json/writer.h"

/* What a line of the table is compared with. */
static const struct {
	const char *title;
	enum bench_speed raw;
} speed_row[SPEED_COUNT] = {
	[SPEED_OPENSSL_SIGN] = {"OpenSSL sign", SPEED_OPENSSL_SIGN},
	[SPEED_OPENSSL_VERIFY] = {"OpenSSL verify", SPEED_OPENSSL_VERIFY},
	[SPEED_SIGN] = {"library: sign a PASSporT", SPEED_OPENSSL_SIGN},
	[SPEED_VERIFY] = {"library: verify a signature", SPEED_OPENSSL_VERIFY},
	[SPEED_PASSPORT] = {"library: read and verify a PASSporT", SPEED_OPENSSL_VERIFY},
	[SPEED_STORE_PUT] = {"store: put", SPEED_COUNT},
	[SPEED_STORE_TAKE] = {"store: take", SPEED_COUNT},
};

static const struct {
	const char *title;
	enum bench_speed raw;
} served_row[BENCH_KINDS] = {
	[BENCH_POSTING] = {"CPS: POST, TLS, HTTP/1.1", SPEED_OPENSSL_VERIFY},
	[BENCH_VERIFICATION] = {"VS: POST verification, plain HTTP", SPEED_OPENSSL_VERIFY},
	[BENCH_SIGNING] = {"AS: POST signing, plain HTTP", SPEED_OPENSSL_SIGN},
};

static double each_us(double seconds, size_t n)
{
	return n ? seconds / (double)n * 1e6 : 0;
}

static double per_second(double us)
{
	return us > 0 ? 1e6 / us : 0;
}

static double rate_of(const struct bench_result *result)
{
	return result->seconds > 0 ? (double)result->n / result->seconds : 0;
}

static double ratio(double raw_us, double us)
{
	return us > 0 ? raw_us / us : 0;
}

/* ---- for people ---- */

static void print_speed(const struct bench_report *report, enum bench_speed i)
{
	double us = report->us[i];

	printf("%-36s %9.0f %9.2f", speed_row[i].title, per_second(us), us);
	if (speed_row[i].raw != SPEED_COUNT)
		printf(" %9.2f", ratio(report->us[speed_row[i].raw], us));
	putchar('\n');
}

static void print_served(const struct bench_report *report, enum bench_kind i)
{
	const struct bench_served *served = &report->served[i];
	const struct bench_result *result = &served->result;
	double us = each_us(served->server_cpu, result->n);

	printf("%-36s %9.0f %9.2f %9.2f %8.2f %8.2f %9.2f", served_row[i].title, rate_of(result), us,
	       ratio(report->us[served_row[i].raw], us), result->p50_ms, result->p99_ms,
	       each_us(result->client_cpu, result->n));
	if (result->failed)
		printf("  %zu FAILED", result->failed);
	putchar('\n');
}

void bench_report_print(const struct bench_report *report)
{
	printf("%-36s %9s %9s %9s %8s %8s %9s\n", "", "per s", "us CPU", "x OpenSSL", "p50 ms", "p99 ms", "client us");
	for (size_t i = 0; i < SPEED_COUNT; i++)
		print_speed(report, (enum bench_speed)i);
	for (size_t i = 0; i < BENCH_KINDS; i++)
		print_served(report, (enum bench_kind)i);
	printf("\nus CPU: of one thread, or of the serving process for each request; x OpenSSL: OpenSSL's own sign or "
	       "verify\nin CPU time over that. No PASSporT was sent twice. Certificates parsed by the server: %lld "
	       "before "
	       "and\n%lld after the measured requests. Hot keys and HTTP/2 are not built yet.\n",
	       (long long)report->parsed_before, (long long)report->parsed_after);
}

/* ---- JSON ---- */

static void put_number(struct buf *out, const char *name, double value)
{
	char text[48];

	json_put_name(out, name);
	snprintf(text, sizeof(text), "%.3f", value);
	buf_put_str(out, text);
}

static void put_count(struct buf *out, const char *name, int64_t value)
{
	json_put_name(out, name);
	buf_put_int(out, value);
}

static void open_object(struct buf *out, const char *name)
{
	json_put_name(out, name);
	buf_put_byte(out, '{');
}

static void put_null(struct buf *out, const char *name)
{
	json_put_name(out, name);
	buf_put_str(out, "null");
}

static void put_result(struct buf *out, const struct bench_result *result)
{
	put_count(out, "n", (int64_t)result->n);
	put_count(out, "failed", (int64_t)result->failed);
	put_number(out, "per_s", rate_of(result));
	put_number(out, "p50_ms", result->p50_ms);
	put_number(out, "p99_ms", result->p99_ms);
	put_number(out, "max_ms", result->max_ms);
}

void bench_result_write(const struct bench_result *result, struct buf *out)
{
	buf_put_byte(out, '{');
	put_result(out, result);
	buf_put_byte(out, '}');
}

static void put_served(struct buf *out, const char *name, const struct bench_served *served)
{
	open_object(out, name);
	put_result(out, &served->result);
	put_number(out, "cpu_us", each_us(served->server_cpu, served->result.n));
	put_number(out, "client_us", each_us(served->result.client_cpu, served->result.n));
	buf_put_byte(out, '}');
}

static void put_library(struct buf *out, const double us[SPEED_COUNT])
{
	open_object(out, "openssl");
	put_number(out, "sign_per_s", per_second(us[SPEED_OPENSSL_SIGN]));
	put_number(out, "verify_per_s", per_second(us[SPEED_OPENSSL_VERIFY]));
	buf_put_byte(out, '}');
	open_object(out, "verify");
	put_number(out, "evp_us", us[SPEED_VERIFY]);
	put_null(out, "hot_us");
	put_null(out, "hot_batch_us");
	put_number(out, "passport_us", us[SPEED_PASSPORT]);
	buf_put_byte(out, '}');
	put_number(out, "sign_us", us[SPEED_SIGN]);
	open_object(out, "store");
	put_number(out, "put_us", us[SPEED_STORE_PUT]);
	put_number(out, "take_us", us[SPEED_STORE_TAKE]);
	buf_put_byte(out, '}');
}

void bench_report_write(const struct bench_report *report, struct buf *out)
{
	buf_put_byte(out, '{');
	put_library(out, report->us);
	open_object(out, "cps");
	put_served(out, "http1", &report->served[BENCH_POSTING]);
	put_null(out, "http2");
	buf_put_byte(out, '}');
	open_object(out, "rest");
	put_served(out, "verification", &report->served[BENCH_VERIFICATION]);
	put_served(out, "signing", &report->served[BENCH_SIGNING]);
	buf_put_byte(out, '}');
	open_object(out, "certificates_parsed");
	put_count(out, "before", report->parsed_before);
	put_count(out, "after", report->parsed_after);
	buf_put_str(out, "}}");
}

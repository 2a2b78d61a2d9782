/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_REPORT_H
#define CMD_BENCH_REPORT_H

#include "cmd/bench_load.h"
#include "cmd/bench_speed.h"

/* Everything that one run has measured. */
struct bench_served {
	struct bench_result result;
	double server_cpu; /* seconds */
};

struct bench_report {
	double us[SPEED_COUNT];
	struct bench_served served[BENCH_KINDS];
	int64_t parsed_before; /* certificates that the server has parsed before the first measured request */
	int64_t parsed_after; /* and after the last */
};

/* The table for people: OpenSSL first, everything else as a ratio to it. */
void bench_report_print(const struct bench_report *report);

/* design.md 2.1; null for what is not built yet. */
void bench_report_write(const struct bench_report *report, struct buf *out);

/* {"n":…,"failed":…,"per_s":…,"p50_ms":…,"p99_ms":…,"max_ms":…} */
void bench_result_write(const struct bench_result *result, struct buf *out);

#endif

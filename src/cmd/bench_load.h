/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_LOAD_H
#define CMD_BENCH_LOAD_H

#include "cmd/bench_batch.h"
#include "cmd/bench_client.h"

/* Sends a batch over kept connections, each a thread, and measures. */
struct bench_load {
	struct bench_peer peer;
	const struct bench_batch *batch;
	size_t connections;
	int status; /* that every answer must have */
	double seconds; /* nothing is sent from then on */
	/* Requests a second, sent on time whatever becomes of the earlier ones; 0: each connection sends its next
	 * when it has its answer. */
	double rate;
};

struct bench_result {
	size_t n; /* answered as they should be */
	size_t failed; /* answered otherwise, or not at all */
	double seconds;
	double client_cpu; /* seconds of our own */
	double p50_ms; /* latency; of a rate: from the time at which the request was due */
	double p99_ms;
	double max_ms;
};

/* STI_E_MEMORY; STI_E_NETWORK when a connection cannot be made: nothing has been sent then. Connections
 * are made, TLS and all, before the clock starts. */
enum sti_error bench_load_run(const struct bench_load *load, struct bench_result *out);

#endif

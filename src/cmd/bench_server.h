/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_SERVER_H
#define CMD_BENCH_SERVER_H

#include <sti/key.h>

#include "cmd/bench_client.h"
#include "cmd/lab_world.h"

/* What is measured: one `sidetone serve` with as, vs, cps and cr, on keys, certificates and ports of a
 * world of the lab. The CPS speaks TLS, the REST services plain HTTP. */
struct bench_server {
	struct lab_world world;
	pid_t worker; /* the process that serves */
	struct sti_key *key; /* of its signer */
	SSL_CTX *tls; /* what its callers trust */
};

/* False after a complaint. Ends with bench_server_stop all the same. slots: of its store. */
bool bench_server_start(struct bench_server *server, size_t slots);
void bench_server_stop(struct bench_server *server);

/* False when the role has no listener here. */
bool bench_server_peer(const struct bench_server *server, enum lab_port port, struct bench_peer *out);

/* CPU time that it has spent so far, seconds; -1 when the system does not tell. */
double bench_server_cpu(const struct bench_server *server);

/* Its resident memory and the file of its store, each octet counted once; -1 when the system does not tell. */
int64_t bench_server_memory(const struct bench_server *server);

/* One value of its /metrics; -1 when it is not to be had. */
int64_t bench_server_metric(const struct bench_server *server, const char *series);

#endif

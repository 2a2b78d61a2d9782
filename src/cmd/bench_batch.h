/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_BATCH_H
#define CMD_BENCH_BATCH_H

#include <sti/sign.h>

#include "base/buf.h"

/* Whole HTTP requests, written and signed before anything is measured. No two carry the same PASSporT:
 * numbers go round invented ones (area code, 555, 01xx) and each has an origid of its own. */
enum bench_kind {
	BENCH_POSTING, /* POST /cps/company/{OCN} */
	BENCH_VERIFICATION,
	BENCH_SIGNING, /* nothing is signed beforehand */
	BENCH_KINDS
};

struct bench_signer {
	const struct sti_key *key;
	const char *x5u;
	int64_t iat; /* seconds of the epoch */
};

struct bench_batch {
	struct buf text;
	size_t *end; /* of each request in text */
	size_t n;
};

/* Ends with bench_batch_free, whatever is returned. */
enum sti_error bench_batch_make(enum bench_kind kind, const struct bench_signer *signer, size_t n,
				struct bench_batch *out);
void bench_batch_free(struct bench_batch *batch);

struct sti_span bench_batch_request(const struct bench_batch *batch, size_t i);

/* The Identity header value of one more call, *n octets; i only varies the numbers. */
enum sti_error bench_batch_identity(const struct bench_signer *signer, size_t i, char out[STI_IDENTITY_MAX], size_t *n);

/* What the configuration of the server must agree with. */
#define BENCH_OCN    "1234"
#define BENCH_PREFIX "/stir/v1"

#endif

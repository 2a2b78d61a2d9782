/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_BENCH_SPEED_H
#define CMD_BENCH_SPEED_H

#include "cmd/bench_batch.h"

/* The library in this process, on one thread, beside OpenSSL's own ES256. */
enum bench_speed {
	SPEED_OPENSSL_SIGN, /* EVP_PKEY_sign of a digest, as `openssl speed ecdsap256` */
	SPEED_OPENSSL_VERIFY,
	SPEED_SIGN, /* sti_sign: claims in, Identity header value out */
	SPEED_VERIFY, /* sti_public_key_verify: digest, range check, signature */
	SPEED_PASSPORT, /* sti_passport_parse, _check and _verify */
	SPEED_STORE_PUT, /* table_put of one PASSporT */
	SPEED_STORE_TAKE,
	SPEED_COUNT
};

/* CPU microseconds each, median of slices that take turns, so that whatever else the machine does hits all
 * alike. `seconds` for each of the first five. path: for a store, on tmpfs. */
enum sti_error bench_speed_run(const struct bench_signer *signer, struct sti_span key_pem, const char *path,
			       double seconds, double us[SPEED_COUNT]);

#endif

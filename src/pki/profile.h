/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PROFILE_H
#define PKI_PROFILE_H

#include "pki/cert.h"

/* What makes a verifier refuse a signer although it has a path: what ATIS-1000080 wants besides is a
 * finding of lint, for half of the certificates in use have one (standards.md 3.2, threats.md 1.5). */
enum profile {
	PROFILE_OK,
	PROFILE_VERSION,
	PROFILE_EXTENSIONS,
	PROFILE_KEY,
	PROFILE_SIGNATURE_ALGORITHM,
	PROFILE_SIGNATURE_MISMATCH,
	PROFILE_CA,
	PROFILE_KEY_USAGE,
	PROFILE_NO_TNAUTHLIST,
	PROFILE_TNAUTHLIST,
	PROFILE_SPC,
	PROFILE_CONSTRAINTS,
	PROFILE_CA_KEY,
	PROFILE_CA_SIGNATURE,
	PROFILE_CA_EXTENSIONS,
	PROFILE_COUNT
};

struct profile_row {
	const char *name; /* "key-usage": a word for files and counters; of PROFILE_OK "ok" */
	const char *clause;
	const char *text; /* what is wrong, one line for people */
};

/* *out: the first reason of the leaf, else of the CAs above it (their order does not matter, a listed root
 * may be among them, none is allowed), or PROFILE_OK. STI_E_MEMORY is the only error. */
enum sti_error profile_check(const struct cert *leaf, const struct cert *const *ca, size_t n, enum profile *out);

/* The same of CAs alone: an intermediate or a root by itself, and the CAs above it. */
enum sti_error profile_check_ca(const struct cert *const *ca, size_t n, enum profile *out);

const struct profile_row *profile_row(enum profile profile);

#endif

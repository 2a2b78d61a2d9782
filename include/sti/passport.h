/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_PASSPORT_H
#define STI_PASSPORT_H

#include <sti/key.h>
#include <sti/tn.h>

STI_BEGIN

/*
 * A PASSporT (RFC 8225) in full form, read but not believed. Immutable. All spans point into
 * memory that the PASSporT owns; a member that is not there, or has the wrong type, is absent.
 */
struct sti_passport {
	struct sti_span token; /* the compact JWS, as received */
	struct sti_span signing_input;

	struct sti_span alg; /* header */
	struct sti_span typ;
	struct sti_span ppt;
	struct sti_span x5u;

	int64_t iat; /* payload; seconds of the epoch, -1 when missing or no integer in 0 .. 2^53 */
	struct sti_span orig_tn;
	struct sti_span orig_uri;
	const struct sti_span *dest_tn;
	size_t n_dest_tn;
	const struct sti_span *dest_uri;
	size_t n_dest_uri;
	struct sti_span attest;
	struct sti_span origid;
	struct sti_span div_tn;

	/* What is wrong with the payload, found while reading: STI_OK, STI_E_JSON*, STI_E_LIMIT,
	 * STI_E_CLAIM_MISSING or STI_E_CLAIM_VALUE, and in which claim. A signature is judged
	 * all the same, because the verification cases have an order. */
	enum sti_error claims_error;
	const char *claims_at;

	uint8_t signature[STI_SIGNATURE];
	enum sti_error signature_error; /* STI_OK, or why it is not 64 octets: then it never verifies */
};

/* Compact full form only: STI_E_JWS for the compact form of RFC 8225 7 too. Fails only where no
 * claim could be read; see claims_error. *out is the caller's; the token is copied. */
STI_API enum sti_error sti_passport_parse(struct sti_span token, struct sti_passport **out);
STI_API void sti_passport_free(struct sti_passport *passport);

/* The profile of a PASSporT by itself (typ, alg, x5u, claims of its ppt; not time, not trust).
 * STI_OK, or what is wrong; *at, when not NULL, names the member. */
STI_API enum sti_error sti_passport_check(const struct sti_passport *passport, const char **at);

STI_API enum sti_error sti_passport_verify(const struct sti_passport *passport, const struct sti_public_key *key);

STI_END

#endif

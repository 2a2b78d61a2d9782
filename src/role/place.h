/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROLE_PLACE_H
#define ROLE_PLACE_H

#include "base/limits.h"
#include "crypto/digest.h"
#include "role/judge.h"

/*
 * What the CPS does with a POST: every PASSporT in it is verified before any is stored (seed,
 * Architecture), all or nothing. Date, orig and dest are not compared with a call, for there is
 * none yet. A step machine like sti_verify: it wants credentials and ends with a result.
 */
struct place_policy {
	int64_t freshness; /* seconds */
	int64_t skew;
	const struct sti_span *type; /* ppt accepted, an empty span for none; n_type == 0: every type */
	size_t n_type;
};

enum place_outcome {
	PLACE_GOOD,
	PLACE_MALFORMED, /* not 1 … 16 PASSporTs, or not of one call */
	PLACE_REFUSED, /* a PASSporT is refused: result.c */
	PLACE_TYPE, /* of a type that is not accepted here */
};

struct place_item {
	const struct sti_passport *passport;
	struct sti_tn orig;
	struct sti_tn dest[LIMIT_DEST];
	size_t n_dest;
	const uint8_t *signer; /* key id, DIGEST_SHA256 octets, of the credential */
	uint8_t replay[DIGEST_SHA256]; /* of signing input and signer key id: the twin (r, n - s) is the same */
	int64_t expires; /* seconds of the epoch: stale from then on */
	int64_t replay_until;
};

struct place_result {
	enum place_outcome outcome;
	enum sti_case c;
	const struct place_item *item; /* what to store: without what got stale within the skew */
	size_t n_item;
	size_t n_passport; /* in the body */
};

struct place;

/* body: PASSporTs with LF or CRLF between, empty lines passed over. Copies what it needs, but the
 * policy must outlive it. STI_E_MEMORY is the only error. */
enum sti_error place_start(struct sti_span body, const struct place_policy *policy, int64_t now, struct place **out);
void place_free(struct place *place);

/* Before the first place_next; must outlive it. Without: nothing is revoked. */
void place_use_crls(struct place *place, const struct sti_crls *crls);

enum place_want {
	PLACE_WANT_CERT, /* the credential at *url */
	PLACE_WANT_ANSWERS, /* every credential is asked for, one is not answered */
	PLACE_WANT_NOTHING /* there is a result */
};

/* What is wanted and has not been told yet; *url, of WANT_CERT, is owned by it. */
enum place_want place_next(struct place *place, struct sti_span *url);

/* `credential` must live until it is freed. Serves every PASSporT that names the URL. */
void place_give(struct place *place, struct sti_span url, const struct sti_credential *credential,
		enum sti_error error);
/* The time is over: what is not given yet is not to be had (E8). */
void place_give_up(struct place *place);
const struct place_result *place_result(const struct place *place);

#endif

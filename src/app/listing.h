/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_LISTING_H
#define APP_LISTING_H

#include "app/offer.h"
#include "app/trust_plan.h"
#include "store/generations.h"
#include "trust/ca_list.h"
#include "trust/mapping.h"

/*
 * One signed list in force, and how another takes its place: parsed, judged, kept on disk with its
 * signer's chain, then in force. No network: it asks for the chain when it needs one. One thread.
 */
struct listing {
	const struct plan_source *plan;
	struct generations *kept;
	struct mark mark; /* how far the source has got */
	bool has_mark;
	bool is_had; /* one was in force, even if it is over by now */
	int64_t from, until; /* seconds: taken or renewed, ends */
	int64_t exp; /* seconds; until is never later */
	int64_t sequence;
	uint8_t payload_sha256[MARK_SHA256]; /* of the one that the mark names */
	bool has_payload; /* payload_sha256 is known: it was in force, or lies on disk */
	struct ca_list roots; /* of a CA list */
	struct mapping *mapping; /* of a cpsMapping; NULL: none */
	struct buf signer; /* body of the chain that signed it; empty: the operator's, or none */
	struct list *offered; /* while its signer is fetched */
};

void listing_open(struct listing *listing, const struct plan_source *plan, struct generations *kept);
void listing_close(struct listing *listing);

/* What lies on disk, verified again with its signature. OFFER_SAME: there is nothing. *state: NULL, or what
 * is odd about what lay there. */
struct offer listing_load(struct listing *listing, int64_t now, const char **state);

/* The body of an answer. After OFFER_WANTS_SIGNER: listing_take_signer, or listing_forget. */
struct offer listing_take(struct listing *listing, struct sti_span body, int64_t now);
struct offer listing_take_signer(struct listing *listing, struct sti_span chain, int64_t now);
void listing_forget(struct listing *listing);

/* The source was read well and has nothing else: max_age begins anew (threats.md F7), exp stays the end. False: until
 * stays as it is, for it would move by no more than a tenth of max_age. */
bool listing_renew(struct listing *listing, int64_t now);

bool listing_is_in_force(const struct listing *listing, int64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_LIST_H
#define TRUST_LIST_H

#include "base/mark.h"
#include "jose/jws.h"
#include "pki/anchor.h"
#include "trust/list_verdict.h"

/*
 * A signed list: one envelope (JWT, version, sequence, exp, signer pinned to an anchor) around the
 * trusted STI-CA list (ATIS-1000084 as in the cross-border seed, 4.2) or the cpsMapping (out-of-band
 * seed). Parsed first, believed only after list_judge.
 */
enum list_kind {
	LIST_CA, /* version is an integer, R104 */
	LIST_MAPPING, /* version is a string "1.0", R55 */
	LIST_KINDS
};

/* Names as in configuration and logs: "ca-list", "cps-mapping". */
const char *list_kind_name(enum list_kind kind);

struct list {
	enum list_kind kind;
	struct sti_span token; /* the compact JWS without its wrapping, as it is kept on disk; owned */
	struct jws jws;
	uint8_t sha256[MARK_SHA256]; /* of the token */
	uint8_t payload_sha256[MARK_SHA256]; /* a server may sign the same list anew for each who asks */
	struct sti_span x5u; /* where its signer's certificate is; absent: not said, or no string */
	const struct json_node *body; /* trustList or cpsMapping; NULL: missing or of a wrong type */
	int64_t sequence; /* valid once judged */
	int64_t exp; /* seconds of the epoch; valid once judged */
};

/* A bare JWS, or a JSON object with it as caList or cpsMapping, as deployed servers answer
 * (standards.md 4.1); newlines may follow. Copies. What jws_parse says, of the payload too; STI_E_LIMIT
 * over the limit of its kind, STI_E_CLAIM_MISSING for a JSON object without it. */
enum sti_error list_parse(struct sti_span body, enum list_kind kind, struct list **out);
void list_free(struct list *list);

struct list_source {
	const struct anchor *anchor;
	struct sti_span url; /* of the list: its host may be named by x5u; absent: none */
	const struct sti_span *host; /* further hosts that may be */
	size_t n_host;
	bool confirmed; /* the operator confirmed a jump of the sequence */
	struct sti_span payload_sha256; /* of the list in force; absent: none, then the whole token is compared */
};

/*
 * In this order, the first fault decides: typ and alg; version; the body; sequence; exp; the host of
 * x5u; the signer against the anchor; the signature; the mark.
 * signer: the chain from x5u, or from the operator's file; may be NULL while it has not been fetched.
 * Then LIST_GOOD means "fetch it", and of the mark only LIST_SAME is told: what nobody has signed is no
 * evidence against the source. With a signer LIST_SAME, too, is a list that has been verified.
 * A list without x5u is LIST_FOREIGN_X5U as long as there is no signer.
 * mark: of this source; NULL at the first use.
 */
enum list_verdict list_judge(struct list *list, const struct list_source *source, const struct chain *signer,
			     const struct mark *mark, int64_t now);

/* For a list that is good: where its source is now. */
void list_mark(const struct list *list, int64_t now, struct mark *out);

/* Until when it may be used: exp, but not more than max_age seconds after `now` (F7). */
int64_t list_until(const struct list *list, int64_t max_age, int64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_LIST_H
#define TRUST_LIST_H

#include "base/mark.h"
#include "jose/jws.h"
#include "pki/anchor.h"

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
	struct sti_span x5u; /* where its signer's certificate is; absent: not said */
	const struct json_node *body; /* trustList or cpsMapping; NULL: missing or of a wrong type */
	int64_t sequence; /* valid once judged */
	int64_t exp; /* seconds of the epoch; valid once judged */
};

/* A bare JWS, or a JSON object with it as caList or cpsMapping, as deployed servers answer
 * (standards.md 4.1). What jws_parse says; STI_E_LIMIT over the limit of its kind. */
enum sti_error list_parse(struct sti_span body, enum list_kind kind, struct list **out);
void list_free(struct list *list);

/* What we think of a list. Only LIST_GOOD replaces the one in force. */
enum list_verdict {
	LIST_GOOD,
	LIST_SAME, /* the one we have, octet for octet */
	LIST_BAD_TYPE, /* typ, alg, not a list of this kind */
	LIST_BAD_VERSION,
	LIST_BAD_SEQUENCE,
	LIST_BAD_EXP,
	LIST_EXPIRED,
	LIST_FOREIGN_X5U, /* the signer's certificate is on a host that this source may not name */
	LIST_BAD_SIGNER, /* not vouched for by the anchor */
	LIST_BAD_SIGNATURE,
	LIST_ROLLBACK, /* a lower sequence than accepted before */
	LIST_EQUIVOCATION, /* one sequence, other octets */
	LIST_JUMP, /* so far ahead that the operator must confirm it (F6) */
	LIST_EMPTY, /* nothing of use in it */
	LIST_VERDICTS
};

/* One row for each: log code, alarm, clause, text. */
struct list_verdict_row {
	const char *name; /* "list.rollback" */
	unsigned severity; /* 0 none, 1 minor, 2 major, 3 critical (threats.md 1.0) */
	const char *clause;
	const char *what; /* for people */
};
const struct list_verdict_row *list_verdict_row(enum list_verdict verdict);

struct list_source {
	const struct anchor *anchor;
	struct sti_span url; /* of the list: its host may be named by x5u; absent: none */
	const struct sti_span *host; /* further hosts that may be */
	size_t n_host;
	bool confirmed; /* the operator confirmed a jump of the sequence */
};

/* signer: the chain from x5u, or from the operator's file; may be NULL while it has not been fetched,
 * and then everything is judged that needs no signer, in the same order: LIST_GOOD means "fetch it".
 * mark: of this source; NULL at the first use. */
enum list_verdict list_judge(struct list *list, const struct list_source *source, const struct chain *signer,
			     const struct mark *mark, int64_t now);

/* For a list that is good. */
void list_mark(const struct list *list, int64_t now, struct mark *out);

/* Until when it may be used: exp, but not more than max_age seconds after `now` (F7). */
int64_t list_until(const struct list *list, int64_t max_age, int64_t now);

#endif

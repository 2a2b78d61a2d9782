/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_LIST_VERDICT_H
#define TRUST_LIST_VERDICT_H

/* What we think of a signed list. Only LIST_GOOD replaces the one in force. */
enum list_verdict {
	LIST_GOOD,
	LIST_SAME, /* the one we have */
	LIST_BAD_TYPE, /* typ, alg, not a list of this kind */
	LIST_BAD_VERSION,
	LIST_BAD_SEQUENCE,
	LIST_BAD_EXP,
	LIST_EXPIRED,
	LIST_FOREIGN_X5U, /* the signer's certificate is on a host that this source may not name */
	LIST_BAD_SIGNER, /* not vouched for by the anchor */
	LIST_BAD_SIGNATURE,
	LIST_ROLLBACK, /* a lower sequence than accepted before */
	LIST_EQUIVOCATION, /* one sequence, other contents */
	LIST_JUMP, /* so far ahead that the operator must confirm it (F6) */
	LIST_EMPTY, /* nothing of use in it */
	LIST_UNJUDGED, /* memory or the crypto library gave out: no belief either way, to be tried again */
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

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/list_verdict.h"

#define LIST_JWT "ATIS-1000087 4.3.1" /* the cpsMapping is "published in the same way" */

static const struct list_verdict_row rows[LIST_VERDICTS] = {
	[LIST_GOOD] = {"list.good", 0, LIST_JWT, "good"},
	[LIST_SAME] = {"list.same", 0, LIST_JWT, "the list that we have, octet for octet"},
	[LIST_BAD_TYPE] = {"list.bad_type", 2, LIST_JWT,
			   "alg is not ES256, typ is not JWT, or it has not the body of its kind"},
	[LIST_BAD_VERSION] = {"list.bad_version", 2, LIST_JWT, "a version of the format that we do not know, or none"},
	[LIST_BAD_SEQUENCE] = {"list.bad_sequence", 2, LIST_JWT, "sequence is no integer from 0 to 2^63-1"},
	[LIST_BAD_EXP] = {"list.bad_exp", 2, LIST_JWT, "exp is missing or no whole number of seconds"},
	[LIST_EXPIRED] = {"list.expired", 2, LIST_JWT, "exp is over"},
	[LIST_FOREIGN_X5U] = {"list.foreign_x5u", 2, LIST_JWT,
			      "x5u is missing, no https URL, or on a host that this source may not name"},
	[LIST_BAD_SIGNER] = {"list.bad_signer", 2, "RFC 5280 6",
			     "its signer's certificate is not vouched for by the configured anchor"},
	[LIST_BAD_SIGNATURE] = {"list.bad_sig", 2, "RFC 7515 5.2", "the signature does not verify"},
	[LIST_ROLLBACK] = {"list.rollback", 3, LIST_JWT, "its sequence is lower than one accepted before"},
	[LIST_EQUIVOCATION] = {"list.equivocation", 3, LIST_JWT, "the sequence of the list in force, but other contents"},
	[LIST_JUMP] = {"list.jump", 2, LIST_JWT,
		       "its sequence is more than 2^32 ahead of the last: the operator must confirm it"},
	[LIST_EMPTY] = {"list.empty", 2, LIST_JWT, "no entry of it can be used"},
	[LIST_UNJUDGED] = {"list.unjudged", 1, LIST_JWT, "no memory to judge it"},
};

const struct list_verdict_row *list_verdict_row(enum list_verdict verdict)
{
	return &rows[verdict];
}

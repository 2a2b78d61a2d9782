/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_OFFER_H
#define APP_OFFER_H

#include <sti/error.h>
#include <sti/span.h>

#include "app/metrics.h"
#include "base/mark.h"

/* What became of a list or CRL that a source offered. A value; text is static, url belongs to what was offered. */
enum offer_step {
	OFFER_TAKEN, /* in force now */
	OFFER_SAME, /* what we have */
	OFFER_WANTS_SIGNER, /* the chain at url must be fetched first */
	OFFER_REFUSED, /* code, severity, what: the one before stays in force */
	OFFER_UNSAVED, /* good, but it could not be kept: error. A CRL is in force, a list is not */
	OFFER_FAILED /* we could not judge it: error */
};

struct offer {
	enum offer_step step;
	const char *code; /* "list.rollback" */
	unsigned severity; /* 0 none, 1 minor, 2 major, 3 critical */
	enum metrics_refusal reason;
	const char *what; /* for people */
	const char *clause;
	enum sti_error error;
	struct sti_span url;
	int64_t number; /* sequence */
	uint8_t crl_number[MARK_NUMBER]; /* of a jump */
};

#endif

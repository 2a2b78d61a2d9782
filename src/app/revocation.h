/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_REVOCATION_H
#define APP_REVOCATION_H

#include "app/offer.h"
#include "app/trust_plan.h"
#include "pki/crl.h"
#include "store/generations.h"

/* One CRL in force, and how another takes its place. No network. One thread. */
struct revocation {
	const struct plan_source *plan;
	struct generations *kept; /* NULL: it is a file of the operator's, and nothing is kept */
	struct crl *crl; /* NULL: none yet */
	struct mark mark; /* how far the source has got */
	bool has_mark;
	bool is_unsaved; /* in force, but not on disk */
};

void revocation_open(struct revocation *revocation, const struct plan_source *plan, struct generations *kept);
void revocation_close(struct revocation *revocation);

/* What lies on disk, verified again with its signature. OFFER_SAME: there is nothing. *state: NULL, or what
 * is odd about what lay there. */
struct offer revocation_load(struct revocation *revocation, int64_t now, const char **state);

/* The body of an answer, or of the file. What is revoked does not wait for a disk: OFFER_UNSAVED is in force. */
struct offer revocation_take(struct revocation *revocation, struct sti_span body, int64_t now);

/* Writes what is in force and could not be written. OFFER_SAME: it is on disk; OFFER_UNSAVED. */
struct offer revocation_save_again(struct revocation *revocation);

#endif

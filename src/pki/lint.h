/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_LINT_H
#define PKI_LINT_H

#include "pki/lint_view.h"

/*
 * What ATIS-1000080, the policy of a trust domain and RFC 5280 ask of a certificate and a verifier
 * does not refuse it for: half of the certificates in use have such a finding. Names are zlint's
 * where zlint has the rule, so that a report can be held beside its.
 */
enum lint_level { LINT_ERROR, LINT_WARN, LINT_NOTICE };

enum lint_status {
	LINT_NA, /* it is not about such a certificate, or needs a domain and there is none */
	LINT_NOT_EFFECTIVE, /* issued before its issuer was bound by the rule */
	LINT_PASS,
	LINT_FOUND
};

static inline enum lint_status lint_if(bool found)
{
	return found ? LINT_FOUND : LINT_PASS;
}

struct lint {
	const char *name;
	enum lint_level level;
	unsigned on; /* of enum lint_kind */
	enum lint_version from; /* LINT_NONE: always */
	enum lint_status (*check)(const struct lint_view *view);
	const char *clause;
	const char *what; /* what a certificate should be */
};

/* Ended by a NULL name. */
extern const struct lint lint_table[];

enum lint_status lint_check(const struct lint *lint, const struct lint_view *view);
const char *lint_level_text(enum lint_level level); /* "error", "warn", "notice" */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_LINT_VIEW_H
#define PKI_LINT_VIEW_H

#include <openssl/x509v3.h>

#include "pki/cert.h"
#include "pki/domain.h"

/* Versions of ATIS-1000080. A certificate is held to the one that bound its issuer when it was issued. */
enum lint_version { LINT_NONE, LINT_V3 = 3, LINT_V4, LINT_V5 };

enum lint_kind { LINT_ROOT = 1 << 0, LINT_INTERMEDIATE = 1 << 1, LINT_SIGNER = 1 << 2 };

/* A certificate taken apart once for all lints. What cannot be decoded is as if it were not there; an
 * extension that is there twice as well (RFC 5280 4.2). */
struct lint_view {
	const struct cert *cert; /* borrowed */
	const struct domain *domain; /* borrowed; NULL: none is known */
	const struct domain_policy *named; /* the domain's policy that it names; NULL: none */
	const struct domain_policy *policy; /* that; the one in force when it was issued, where it names none at all */
	enum lint_version version;
	enum lint_kind kind;
	bool has_constraints;
	bool has_usage;
	uint32_t usage; /* bits KU_… */
	bool has_tnauthlist;
	bool is_tnauthlist_critical;
	struct sti_span spc; /* the one SPC of its TNAuthList; absent: none, or not exactly one */
	ASN1_OCTET_STRING *ski;
	AUTHORITY_KEYID *aki;
	CERTIFICATEPOLICIES *policies;
	CRL_DIST_POINTS *crl;
};

/* version: LINT_NONE for that of its notBefore. STI_E_MEMORY. Borrows; ended by lint_view_close. */
enum sti_error lint_view_open(const struct cert *cert, const struct domain *domain, enum lint_version version,
			      struct lint_view *out);
void lint_view_close(struct lint_view *view);

/* Whether the extension is there, and whether it is marked critical. */
bool lint_view_has(const struct lint_view *view, int nid);
bool lint_view_is_critical(const struct lint_view *view, int nid);

/* Whether the policy of the domain has the rule; no domain, no rule. */
bool lint_view_has_rule(const struct lint_view *view, enum domain_rule rule);

enum domain_who lint_view_who(const struct lint_view *view);

/* The URL of the only distribution point; absent: not exactly one point, or it has no URL. */
struct sti_span lint_view_crl_url(const struct lint_view *view);

#endif

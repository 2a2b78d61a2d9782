/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CONSTRAINTS_H
#define PKI_CONSTRAINTS_H

#include "pki/cert.h"

/* What a certificate lets its holder claim: JWTClaimConstraints 1.3.6.1.5.5.7.1.27 (RFC 8226 8) and
 * EnhancedJWTClaimConstraints …33 (RFC 9118 3), which adds mustExclude. Where a certificate has both,
 * all of both must hold. Every rule is about the payload of the PASSporT, claims by their exact name. */
enum constraint_kind {
	CONSTRAINT_INCLUDE, /* the claim must be there */
	CONSTRAINT_PERMIT, /* where the claim is there, it has one of the values */
	CONSTRAINT_EXCLUDE /* the claim must not be there */
};

struct constraint {
	enum constraint_kind kind;
	struct sti_span claim; /* IA5String, at least one octet */
	const struct sti_span *value; /* of CONSTRAINT_PERMIT: UTF8String, at least one */
	size_t n_value;
};

/* Immutable. */
struct constraints {
	const struct constraint *rule; /* owned, as is all that they point to */
	size_t n;
};

/* The values of the two extensions, strict DER; absent: there is none. STI_E_CERT when one is malformed,
 * STI_E_LIMIT over LIMIT_CONSTRAINTS rules or LIMIT_CONSTRAINT_VALUES values, which counts as malformed
 * too; STI_E_MEMORY. *out is the caller's. */
enum sti_error constraints_parse(struct sti_span plain, struct sti_span enhanced, struct constraints **out);

/* Of a certificate; *out is NULL when it has none. STI_E_CERT, too, when one is there twice. */
enum sti_error constraints_of(const struct cert *cert, struct constraints **out);
void constraints_free(struct constraints *constraints);

#endif

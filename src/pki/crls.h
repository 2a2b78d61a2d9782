/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CRLS_H
#define PKI_CRLS_H

#include <sti/credential.h>

#include "pki/crl.h"

/* One CRL with the operator's policy for it. */
struct crls_entry {
	struct crl *crl; /* NULL: there is none yet */
	struct sti_span country; /* copied; absent: every country */
	int64_t grace; /* seconds */
	bool hard;
};

/* Takes a reference to each CRL. *out: one reference, ended by sti_crls_free. STI_E_CONFIG for a grace below 0
 * or a country that is not of two letters; STI_E_CERT for a delta by itself (crl_apply); STI_E_MEMORY. */
enum sti_error crls_make(const struct crls_entry *entry, size_t n, struct sti_crls **out);
struct sti_crls *crls_ref(struct sti_crls *crls);

/* The certificates of a path without its root, leaf first; country of the root, absent when it has
 * none. STI_TRUST_OK, STI_TRUST_REVOKED, or STI_TRUST_NO_CRL. crls may be NULL: nothing is revoked.
 * Any CRL that revokes wins; what one revoked stays so when it is over. A CRL that is early is as good as
 * none. */
enum sti_trust crls_judge(const struct sti_crls *crls, const struct cert *const *cert, size_t n,
			  struct sti_span country, int64_t now);

#endif

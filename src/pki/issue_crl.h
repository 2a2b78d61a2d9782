/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ISSUE_CRL_H
#define PKI_ISSUE_CRL_H

#include "pki/issue.h"

/* Making CRLs: the STI-PA's indirect one and an ordinary CA's. No clock: all times are arguments. */
struct issue_revoked {
	struct sti_span cert; /* PEM or DER: issuer and serial number are taken from it */
	int64_t date; /* seconds of the epoch */
};

struct issue_crl {
	int64_t number; /* crlNumber */
	int64_t this_update; /* seconds of the epoch */
	int64_t next_update;
	bool indirect; /* IssuingDistributionPoint with indirectCRL, certificateIssuer in the entries */
	bool inherit; /* certificateIssuer only where it is another than in the entry before (RFC 5280 5.3.3) */
	const char *url; /* of the distribution point in it; NULL: none */
	const struct issue_revoked *revoked;
	size_t n_revoked;
};

/* PEM, appended to out. Errors as issue_cert; STI_E_CERT when an entry of an ordinary CRL has another
 * issuer. */
enum sti_error issue_crl(const struct issue_crl *crl, const struct issue_issuer *issuer, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_REVOKED_H
#define PKI_REVOKED_H

#include <openssl/x509.h>

#include <sti/error.h>
#include <sti/span.h>

/* The entries of one CRL (RFC 5280 5.1.2.6, 5.3), sorted. Only read once they are parsed. */
struct revoked {
	struct revoked_row *row;
	size_t n;
	struct revoked_issuer *issuer; /* sorted by name */
	size_t n_issuer;
};

enum revoked_state {
	REVOKED_NOT_LISTED,
	REVOKED_LISTED,
	REVOKED_REMOVED /* only of a delta: what an earlier CRL lists is taken back */
};

enum revoked_kind {
	REVOKED_DELTA = 1, /* may take back */
	REVOKED_INDIRECT = 2 /* entries may name their issuer */
};

/* list: the contents of revokedCertificates, must outlive *out; issuer: the Name of the CRL's issuer, in DER.
 * STI_E_DER, STI_E_CERT, STI_E_LIMIT, STI_E_MEMORY. */
enum sti_error revoked_parse(struct sti_span list, struct sti_span issuer, unsigned kind, struct revoked *out);
void revoked_free(struct revoked *revoked);

/* By issuer and serial number of a certificate. Cannot fail: takes no memory. */
enum revoked_state revoked_find(const struct revoked *revoked, const X509_NAME *issuer, const ASN1_INTEGER *serial);

#endif

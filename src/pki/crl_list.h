/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CRL_LIST_H
#define PKI_CRL_LIST_H

#include "pki/revoked.h"

/* A CertificateList as it stands (RFC 5280 5.1). The spans are in the DER that it was read from. */
struct crl_list {
	struct sti_span tbs, algorithm; /* elements: what is signed, and how */
	struct sti_span signature; /* octets */
	struct sti_span issuer_der;
	struct sti_span number, base_number; /* octets of crlNumber, BaseCRLNumber, at most 20 and a zero; absent: none */
	struct sti_span scope; /* value of IssuingDistributionPoint; absent: none */
	bool for_users, for_cas, is_indirect;
	X509_NAME *issuer; /* owned */
	int64_t this_update, next_update; /* seconds of the epoch */
	struct revoked revoked; /* owned */
};

/* What must be refused is said at crl_parse. `der` must outlive *out. STI_E_CERT, STI_E_LIMIT, STI_E_MEMORY. */
enum sti_error crl_list_parse(struct sti_span der, struct crl_list *out);
void crl_list_free(struct crl_list *list);

#endif

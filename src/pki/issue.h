/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include "base/buf.h"

/*
 * Making certificates: for the lab, the tests and an STI-CA. No clock and no serial numbers in
 * here: both are arguments. Signatures are with SHA-256.
 */
enum issue_kind {
	ISSUE_ROOT, /* of an STI-CA: self-signed */
	ISSUE_INTERMEDIATE, /* of an STI-CA */
	ISSUE_SIGNER, /* a SHAKEN end entity, ATIS-1000080 (standards.md 3.2) */
	ISSUE_TLS_CA, /* self-signed, or under another */
	ISSUE_TLS_SERVER,
	ISSUE_TLS_CLIENT,
	ISSUE_AUTHORITY, /* of a policy administrator: signs its lists and its CRL, and no certificate */
	ISSUE_COUNT
};

struct issue_name { /* a part that is NULL is left out */
	const char *country;
	const char *organization;
	const char *common_name;
};

struct issue_subject {
	enum issue_kind kind;
	struct issue_name name;
	struct sti_span key; /* PEM: a public key, or a private one of which the public half is taken */
	struct sti_span serial; /* 1 .. 20 octets, big-endian, more than zero, below 2^159 (RFC 5280 4.1.2.2) */
	int64_t not_before; /* seconds of the epoch, 1950 .. 9999 */
	int64_t not_after;

	const char *spc; /* of a signer: makes the TNAuthList */
	struct sti_span tnauthlist; /* DER to be put there instead, whatever it is; absent: from spc */
	const char *policy; /* OID; NULL: US CP 1.4, for intermediates and signers */
	const char *crl_url; /* NULL: no CRLDistributionPoints */
	const struct issue_name *crl_issuer; /* its cRLIssuer; may be NULL */

	const char *const *host; /* SAN of TLS: DNS names and IP addresses as text */
	size_t n_host;
};

struct issue_issuer {
	struct sti_span cert; /* PEM, one certificate */
	struct sti_span key; /* PEM, private */
};

/* A new P-256 key, PKCS#8 PEM, appended to out. It is secret: lend a buffer and cleanse it. */
enum sti_error issue_key(struct buf *out);

/* One certificate, PEM, appended to out. issuer == NULL: self-signed, and subject->key must be
 * private. STI_E_KEY, STI_E_PEM or STI_E_CERT for a key or issuer that cannot be read;
 * STI_E_NUMBER for a serial or time out of range; STI_E_TNAUTHLIST for an SPC that is empty, too
 * long or not of letters and digits; STI_E_CONFIG for a policy that is no OID. */
enum sti_error issue_cert(const struct issue_subject *subject, const struct issue_issuer *issuer, struct buf *out);

#endif

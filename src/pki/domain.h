/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_DOMAIN_H
#define PKI_DOMAIN_H

#include <sti/span.h>

/*
 * What ATIS-1000080 leaves to a trust domain: the certificate policies of its STI-PA, where its CRL
 * is, its country. It is configuration; examples/domain-us.json is the one of the United States.
 */
enum domain_rule { /* what a policy asks for beyond ATIS-1000080 */
		   DOMAIN_SHA256_ONLY = 1
					<< 0, /* P-256 with SHA-256 and nothing else; absent: P-384 with SHA-384 too */
		   DOMAIN_SUBJECT_SERIAL = 1 << 1, /* a serialNumber attribute in the subject of a signer */
		   DOMAIN_EXACT_NAME = 1 << 2, /* the common name of a signer is "SHAKEN", a space, its SPC */
		   DOMAIN_NO_EMAIL = 1 << 3, /* no e-mail address in the subject of a signer */
		   DOMAIN_NO_CRL_SIGN = 1 << 4, /* no CA may sign CRLs: the STI-PA does */
		   DOMAIN_COUNTRY = 1 << 5, /* C of the subject is the domain's */
};

enum domain_who { DOMAIN_CA, DOMAIN_SIGNER, DOMAIN_WHO };

/* Certificates issued from `from` to before `until`, seconds of the epoch, may be under the policy. */
struct domain_term {
	int64_t from, until;
};

struct domain_policy {
	struct sti_span oid; /* dotted: 2.16.840.1.114569.1.1.4 */
	struct domain_term term[DOMAIN_WHO];
	unsigned rules; /* of enum domain_rule */
};

/* Borrows everything in it. */
struct domain {
	struct sti_span country; /* ISO 3166-1 alpha-2; absent: any */
	size_t spc; /* characters of an SPC; 0: any */
	const struct domain_policy *policy; /* oldest first */
	size_t n_policy;
	const struct sti_span *crl_url; /* where the STI-PA has its CRL; none: anywhere */
	size_t n_crl_url;
};

/* NULL: none of the domain's. */
const struct domain_policy *domain_policy(const struct domain *domain, struct sti_span oid);

/* The newest policy that was in force at `time`; NULL: none yet. */
const struct domain_policy *domain_policy_at(const struct domain *domain, enum domain_who who, int64_t time);

/* Whether a certificate issued at `time` may name the policy. */
bool domain_policy_may(const struct domain_policy *policy, enum domain_who who, int64_t time);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PKI_CRL_WORLD_H
#define TEST_PKI_CRL_WORLD_H

#include "pki/crl.h"
#include "pki/issue_crl.h"
#include "world.h"

/* Policy administrators and what they revoke. A CRL is of DAY, to be followed by one of 2 * DAY,
 * unless said otherwise. */

static inline struct pair pa_make(void)
{
	return pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"US", "Example PA", "Example PA Root"}},
			 NULL);
}

/* A leaf of this serial number. */
static inline struct pair leaf_make(const struct pair *issuer, uint8_t serial)
{
	struct issue_subject subject = signer_subject();

	subject.serial = sti_span(&serial, 1);
	return pair_make(subject, issuer);
}

static inline struct issue_crl crl_subject(bool indirect)
{
	return (struct issue_crl){.number = 1, .this_update = DAY, .next_update = 2 * DAY, .indirect = indirect};
}

/* PEM of exact size; to be freed with vectors_free. */
static inline struct sti_span crl_pem(struct issue_crl crl, const struct pair *issuer)
{
	const struct issue_issuer signer = {buf_span(&issuer->cert), buf_span(&issuer->key)};
	struct buf out = buf_own(1 << 20);
	struct sti_span exact;

	assert_int_equal(issue_crl(&crl, &signer, &out), STI_OK);
	exact = vectors_copy(buf_span(&out));
	buf_free(&out);
	return exact;
}

/* Parsed from PEM, which is freed. */
static inline struct crl *crl_of(struct sti_span pem)
{
	struct crl *crl = NULL;

	assert_int_equal(crl_parse(pem, &crl), STI_OK);
	vectors_free(pem);
	return crl;
}

/* A CRL of `issuer` that lists these certificates. */
static inline struct crl *crl_listing(bool indirect, const struct pair *issuer, size_t n,
				      const struct pair *const pair[])
{
	struct issue_crl crl = crl_subject(indirect);
	struct issue_revoked *revoked = calloc(n + 1, sizeof(*revoked));
	struct crl *parsed;

	for (size_t i = 0; i < n; i++)
		revoked[i] = (struct issue_revoked){buf_span(&pair[i]->cert), DAY};
	crl.revoked = revoked;
	crl.n_revoked = n;
	parsed = crl_of(crl_pem(crl, issuer));
	free(revoked);
	return parsed;
}

#define CRL_LISTING(indirect, issuer, ...)                                                                             \
	crl_listing(indirect, issuer, sizeof((const struct pair *[]){__VA_ARGS__}) / sizeof(const struct pair *),      \
		    (const struct pair *[]){__VA_ARGS__})

static inline struct cert cert_of(const struct pair *pair)
{
	struct chain chain;
	struct cert cert;

	assert_int_equal(chain_parse(buf_span(&pair->cert), 1, &chain), STI_OK);
	cert = chain.cert[0];
	free(chain.cert);
	return cert;
}

static inline enum crl_answer look_up(const struct crl *crl, const struct pair *pair)
{
	struct cert cert = cert_of(pair);
	enum crl_answer answer = crl_look_up(crl, &cert);

	cert_free(&cert);
	return answer;
}

#endif

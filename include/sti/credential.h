/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_CREDENTIAL_H
#define STI_CREDENTIAL_H

#include <sti/crls.h>
#include <sti/key.h>

STI_BEGIN

/*
 * A signer's credential: the certificate at x5u with its chain, judged against the listed roots.
 * Parsed and judged once, then immutable, so that a call costs no certificate parse and no chain
 * building. What depends on time is kept as a window: the validity that all certificates of the
 * path share.
 */
struct sti_roots;
struct sti_credential;

enum sti_trust {
	STI_TRUST_OK,
	STI_TRUST_NO_PATH,  /* no path to a listed root: E17 */
	STI_TRUST_NOT_YET,  /* outside the window: E17 */
	STI_TRUST_EXPIRED,
	STI_TRUST_PROFILE,  /* a path, but not a SHAKEN signer: no or wrong TNAuthList, a CA, wrong key usage */
	STI_TRUST_REVOKED,  /* it, or a CA of its path */
	STI_TRUST_NO_CRL,   /* nobody can tell, and policy says that this is as good as revoked */
	STI_TRUST_NO_LIST,  /* the signed list with its root has expired, or one that may have it was never
	                       had: no belief at all, E8 */
	STI_TRUST_COUNT
};

/* One or more PEM certificates: the trusted STI-CA roots. Each must be self-signed and a CA.
 * *out is the caller's. */
STI_API enum sti_error sti_roots_parse(struct sti_span pem, struct sti_roots **out);
STI_API void sti_roots_free(struct sti_roots *roots);
STI_API size_t sti_roots_count(const struct sti_roots *roots);

/* The body of x5u: PEM chain, leaf first, or one DER certificate (standards.md 3.5). Anchors come
 * from `roots` alone, by exact match, never from the chain (threats.md E11). `now` in seconds of
 * the epoch chooses among several paths. Parses and judges; a credential that is not trusted is
 * still a credential. *out is the caller's; `roots` need not outlive it, and may be NULL: none. */
STI_API enum sti_error sti_credential_parse(struct sti_span body, const struct sti_roots *roots, int64_t now,
					    struct sti_credential **out);
STI_API void sti_credential_free(struct sti_credential *credential);

/* What we believe of it at `now`. crls may be NULL: nothing is revoked. */
STI_API enum sti_trust sti_credential_trust(const struct sti_credential *credential, const struct sti_crls *crls,
					    int64_t now);
STI_API const char *sti_trust_text(enum sti_trust trust);

/* Why it has no path, or what its profile lacks: static text; NULL where neither is so. */
STI_API const char *sti_credential_why(const struct sti_credential *credential);

/* All owned by the credential. The key is NULL where the certificate has none that may sign (not P-256):
 * then it is never trusted. */
STI_API const struct sti_public_key *sti_credential_key(const struct sti_credential *credential);
STI_API struct sti_span sti_credential_spc(const struct sti_credential *credential);     /* absent when there is none */
STI_API struct sti_span sti_credential_country(const struct sti_credential *credential); /* C of the root, else of the leaf */
STI_API struct sti_span sti_credential_subject(const struct sti_credential *credential); /* CN, printable ASCII */
STI_API const uint8_t *sti_credential_sha256(const struct sti_credential *credential);   /* of the leaf's DER */
STI_API int64_t sti_credential_from(const struct sti_credential *credential);  /* window, seconds; no list cuts it */
STI_API int64_t sti_credential_until(const struct sti_credential *credential); /* inclusive */

STI_END

#endif

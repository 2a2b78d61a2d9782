/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include "base/mark.h"
#include "pki/anchor.h"

/*
 * A CRL (RFC 5280 5), ordinary or indirect. The STI-PA's is indirect and signed under the PA's own
 * root, which no STI-CA root knows: OpenSSL's flags cannot judge that, so it is done here
 * (standards.md 3.4). Immutable once parsed; references are counted across threads.
 */
struct crl;

/* PEM or DER. What must be refused as a whole: no nextUpdate, a critical extension that is not known,
 * two of one extension, entries of an ordinary CRL that name another issuer, removeFromCRL where it is no
 * delta, and a CRL for some reasons or for attribute certificates only. STI_E_CERT, STI_E_PEM,
 * STI_E_LIMIT, STI_E_MEMORY. *out: one reference. */
enum sti_error crl_parse(struct sti_span body, struct crl **out);
struct crl *crl_ref(struct crl *crl);
void crl_unref(struct crl *crl);

/* A delta CRL on top of a complete one, together as good as a complete CRL of the delta's number and
 * times (RFC 5280 5.2.4). *out: one reference, and it keeps one of base. STI_E_CERT where they do not
 * fit: another issuer or scope, or the base is older than BaseCRLNumber, or not older than the delta. */
enum sti_error crl_apply(struct crl *base, const struct crl *delta, struct crl **out);

/* Signed by a certificate of the anchor's file, or of `extra` (NULL: none) that the anchor vouches
 * for, whose subject is the CRL's issuer and which has cRLSign. STI_E_NOT_FOUND: no such signer;
 * STI_E_SIGNATURE; STI_E_KEY and STI_E_TIMEOUT as anchor_check. */
enum sti_error crl_check(const struct crl *crl, const struct anchor *anchor, const struct chain *extra, int64_t now);

int64_t crl_this_update(const struct crl *crl); /* seconds of the epoch */
int64_t crl_next_update(const struct crl *crl);
bool crl_is_stale(const struct crl *crl, int64_t now); /* nextUpdate is past */
bool crl_is_early(const struct crl *crl, int64_t now); /* thisUpdate is more than LIMIT_CRL_SKEW_S ahead */
bool crl_is_delta(const struct crl *crl); /* says nothing by itself of what it does not list */
bool crl_is_indirect(const struct crl *crl);
bool crl_has_number(const struct crl *crl);
size_t crl_count(const struct crl *crl); /* entries, of the base too */
struct sti_span crl_der(const struct crl *crl); /* of a delta that was applied: its own */

/* number: crlNumber, 0 where there is none; time: thisUpdate. */
void crl_mark(const struct crl *crl, struct mark *out);

/* An older CRL than the one last accepted, by crlNumber; by thisUpdate where either has none or both are
 * the same (threats.md E20, E21). */
bool crl_is_older(const struct crl *crl, const struct mark *mark);

enum crl_answer {
	CRL_SILENT, /* it does not speak for this issuer */
	CRL_GOOD,
	CRL_REVOKED
};

/* By issuer and serial number of the certificate; certificateIssuer is inherited from entry to entry
 * (RFC 5280 5.3.3). An ordinary CRL speaks for its own issuer, an indirect one for all; one for CAs or for
 * others only speaks for these; none of them is silent on what it lists. Takes no memory. */
enum crl_answer crl_look_up(const struct crl *crl, const struct cert *cert);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/digest.h"
#include "pki/crl_list.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki/signature.h"

struct crl {
	atomic_uint refs;
	struct crl *base; /* under a delta that was applied; NULL: none */
	struct sti_span der; /* owned */
	struct crl_list list;
	uint8_t sha256[MARK_SHA256];
};

/* ---- PEM or DER ---- */

static enum sti_error der_copy(struct sti_span body, struct buf *out)
{
	buf_put(out, body);
	return buf_error(out);
}

/* One block, nothing behind it. */
static enum sti_error pem_parse(struct sti_span body, struct buf *out)
{
	uint8_t none[1];
	struct buf more = buf_lend(none, 0);
	struct sti_span label;
	enum sti_error error = pem_next(&body, &label, out);

	if (error)
		return error == STI_E_NOT_FOUND ? STI_E_PEM : error;
	if (!sti_span_is(label, "X509 CRL") || pem_next(&body, &label, &more) != STI_E_NOT_FOUND)
		return STI_E_PEM;
	return STI_OK;
}

static enum sti_error parse(struct sti_span body, struct crl *crl)
{
	struct buf der = buf_own(LIMIT_CRL);
	bool is_der = body.n && body.p[0] == DER_SEQUENCE;
	enum sti_error error = is_der ? der_copy(body, &der) : pem_parse(body, &der);

	crl->der = buf_span(&der);
	if (error)
		return error;
	error = crl_list_parse(crl->der, &crl->list);
	return error ? error : digest_sha256(crl->der, crl->sha256);
}

enum sti_error crl_parse(struct sti_span body, struct crl **out)
{
	struct crl *crl;
	enum sti_error error;

	if (body.n > LIMIT_CRL)
		return STI_E_LIMIT;
	crl = calloc(1, sizeof(*crl));
	if (!crl)
		return STI_E_MEMORY;
	atomic_init(&crl->refs, 1);
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	error = parse(body, crl);
	ERR_pop_to_mark();
	if (error) {
		crl_unref(crl);
		return error;
	}
	*out = crl;
	return STI_OK;
}

struct crl *crl_ref(struct crl *crl)
{
	atomic_fetch_add_explicit(&crl->refs, 1, memory_order_relaxed);
	return crl;
}

void crl_unref(struct crl *crl)
{
	if (!crl || atomic_fetch_sub_explicit(&crl->refs, 1, memory_order_acq_rel) != 1)
		return;
	crl_unref(crl->base);
	crl_list_free(&crl->list);
	free((void *)(uintptr_t)crl->der.p);
	free(crl);
}

/* ---- a delta on its base ---- */

static struct mark number_of(struct sti_span octets)
{
	struct mark mark = {0};

	mark_set_octets(&mark, octets); /* its length was seen when it was read */
	return mark;
}

/* RFC 5280 5.2.4: (a) one issuer, (b) one scope, (c) and (d) by the numbers. */
static bool fits(const struct crl *base, const struct crl *delta)
{
	struct mark number = number_of(base->list.number), from = number_of(delta->list.base_number),
		    until = number_of(delta->list.number);

	return !base->base && !base->list.base_number.p && base->list.number.p && delta->list.base_number.p &&
	       delta->list.number.p && X509_NAME_cmp(base->list.issuer, delta->list.issuer) == 0 &&
	       sti_span_equal(base->list.scope, delta->list.scope) && mark_compare(&number, &from) >= 0 &&
	       mark_compare(&number, &until) < 0;
}

enum sti_error crl_apply(struct crl *base, const struct crl *delta, struct crl **out)
{
	enum sti_error error;

	if (!fits(base, delta))
		return STI_E_CERT;
	error = crl_parse(delta->der, out);
	if (!error)
		(*out)->base = crl_ref(base);
	return error;
}

/* ---- who signed it ---- */

static enum sti_error signer_check(const struct crl *crl, const struct anchor *anchor, const struct chain *signer,
				   int64_t now)
{
	enum sti_error error;

	if (X509_NAME_cmp(X509_get_subject_name(signer->cert[0].x509), crl->list.issuer) != 0)
		return STI_E_NOT_FOUND;
	error = anchor_check(anchor, signer, KU_CRL_SIGN, now);
	if (error)
		return error;
	return signature_check(&signer->cert[0], crl->list.algorithm, crl->list.tbs, crl->list.signature);
}

/* Of several, of one name or not, one is enough; the verdict that came furthest is told. */
static enum sti_error better(enum sti_error a, enum sti_error b)
{
	if (a == STI_OK || b == STI_OK)
		return STI_OK;
	return a == STI_E_SIGNATURE || b == STI_E_NOT_FOUND ? a : b;
}

static enum sti_error check(const struct crl *crl, const struct anchor *anchor, const struct chain *extra, int64_t now)
{
	enum sti_error error = STI_E_NOT_FOUND;
	const struct cert *cert;

	for (size_t i = 0; error && (cert = anchor_at(anchor, i)) != NULL; i++) {
		struct cert one = *cert;

		error = better(error, signer_check(crl, anchor, &(struct chain){&one, 1}, now));
	}
	for (size_t i = 0; error && extra && i < extra->n; i++)
		error = better(error, signer_check(crl, anchor, &(struct chain){extra->cert + i, extra->n - i}, now));
	return error;
}

enum sti_error crl_check(const struct crl *crl, const struct anchor *anchor, const struct chain *extra, int64_t now)
{
	enum sti_error error;

	ERR_set_mark();
	error = check(crl, anchor, extra, now);
	ERR_pop_to_mark();
	return error;
}

/* ---- what it says ---- */

int64_t crl_this_update(const struct crl *crl)
{
	return crl->list.this_update;
}

int64_t crl_next_update(const struct crl *crl)
{
	return crl->list.next_update;
}

bool crl_is_stale(const struct crl *crl, int64_t now)
{
	return now > crl->list.next_update;
}

bool crl_is_early(const struct crl *crl, int64_t now)
{
	return crl->list.this_update - LIMIT_CRL_SKEW_S > now; /* the year 0 at the earliest: cannot wrap */
}

bool crl_is_delta(const struct crl *crl)
{
	return crl->list.base_number.p && !crl->base;
}

bool crl_is_indirect(const struct crl *crl)
{
	return crl->list.is_indirect;
}

bool crl_has_number(const struct crl *crl)
{
	return crl->list.number.p != NULL;
}

size_t crl_count(const struct crl *crl)
{
	return crl->list.revoked.n + (crl->base ? crl->base->list.revoked.n : 0);
}

struct sti_span crl_der(const struct crl *crl)
{
	return crl->der;
}

void crl_mark(const struct crl *crl, struct mark *out)
{
	*out = number_of(crl->list.number);
	out->time = crl->list.this_update;
	memcpy(out->sha256, crl->sha256, MARK_SHA256);
}

bool crl_is_older(const struct crl *crl, const struct mark *mark)
{
	static const struct mark none;
	struct mark own;
	int order = 0;

	crl_mark(crl, &own);
	if (crl_has_number(crl) && mark_compare(mark, &none) != 0)
		order = mark_compare(&own, mark);
	return order ? order < 0 : own.time < mark->time;
}

static bool speaks_for(const struct crl *crl, const struct cert *cert)
{
	bool is_ca = X509_check_ca(cert->x509) == 1;

	if ((crl->list.for_users && is_ca) || (crl->list.for_cas && !is_ca))
		return false;
	return crl->list.is_indirect || X509_NAME_cmp(crl->list.issuer, X509_get_issuer_name(cert->x509)) == 0;
}

enum crl_answer crl_look_up(const struct crl *crl, const struct cert *cert)
{
	enum revoked_state state =
		revoked_find(&crl->list.revoked, X509_get_issuer_name(cert->x509), X509_get0_serialNumber(cert->x509));

	if (state == REVOKED_LISTED)
		return CRL_REVOKED;
	if (state == REVOKED_NOT_LISTED && crl->base)
		return crl_look_up(crl->base, cert);
	return speaks_for(crl, cert) && !crl_is_delta(crl) ? CRL_GOOD : CRL_SILENT;
}

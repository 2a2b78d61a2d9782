/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crls.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { COUNTRY = 2 }; /* letters, ISO 3166-1 */

struct source {
	struct crl *crl; /* NULL: there is none yet */
	char country[COUNTRY + 1]; /* empty: all */
	int64_t grace;
	bool hard;
};

struct sti_crls {
	atomic_uint refs;
	size_t n;
	struct source source[];
};

static enum sti_error source_make(const struct crls_entry *entry, struct source *out)
{
	if (entry->country.p && entry->country.n != COUNTRY)
		return STI_E_CONFIG;
	if (entry->grace < 0)
		return STI_E_CONFIG;
	if (entry->crl && crl_is_delta(entry->crl))
		return STI_E_CERT;
	if (entry->country.p)
		memcpy(out->country, entry->country.p, COUNTRY);
	out->crl = entry->crl ? crl_ref(entry->crl) : NULL;
	out->grace = entry->grace;
	out->hard = entry->hard;
	return STI_OK;
}

/* *at: the entry that it is about. */
static enum sti_error make(const struct crls_entry *entry, size_t n, struct sti_crls **out, size_t *at)
{
	struct sti_crls *crls = calloc(1, sizeof(*crls) + n * sizeof(crls->source[0]));
	enum sti_error error = STI_OK;

	if (!crls)
		return STI_E_MEMORY;
	atomic_init(&crls->refs, 1);
	for (crls->n = 0; crls->n < n && !error; crls->n++) {
		*at = crls->n;
		error = source_make(&entry[crls->n], &crls->source[crls->n]);
	}
	if (error) {
		sti_crls_free(crls);
		return error;
	}
	*out = crls;
	return STI_OK;
}

enum sti_error crls_make(const struct crls_entry *entry, size_t n, struct sti_crls **out)
{
	size_t at;

	return make(entry, n, out, &at);
}

struct sti_crls *crls_ref(struct sti_crls *crls)
{
	atomic_fetch_add_explicit(&crls->refs, 1, memory_order_relaxed);
	return crls;
}

void sti_crls_free(struct sti_crls *crls)
{
	if (!crls || atomic_fetch_sub_explicit(&crls->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < crls->n; i++)
		crl_unref(crls->source[i].crl);
	free(crls);
}

static enum sti_error crl_open(const struct sti_crl_source *source, int64_t now, struct crl **out)
{
	struct anchor *anchor;
	enum sti_error error = anchor_parse(source->anchor, &anchor);

	if (error)
		return error;
	if (source->crl.p)
		error = crl_parse(source->crl, out);
	if (!error && *out)
		error = crl_check(*out, anchor, NULL, now);
	anchor_free(anchor);
	return error;
}

static enum sti_error entries_open(const struct sti_crl_source *source, size_t n, int64_t now, struct crls_entry *entry,
				   size_t *at)
{
	enum sti_error error = STI_OK;

	for (size_t i = 0; i < n && !error; i++) {
		*at = i;
		entry[i] = (struct crls_entry){NULL, source[i].country, source[i].grace, source[i].hard};
		error = crl_open(&source[i], now, &entry[i].crl);
	}
	return error;
}

enum sti_error sti_crls_create(const struct sti_crl_source *source, size_t n, int64_t now, struct sti_crls **out,
			       size_t *at)
{
	struct crls_entry *entry = calloc(n + 1, sizeof(*entry));
	size_t index = 0;
	enum sti_error error;

	if (!entry)
		return STI_E_MEMORY;
	error = entries_open(source, n, now, entry, &index);
	if (!error)
		error = make(entry, n, out, &index);
	for (size_t i = 0; i < n; i++)
		crl_unref(entry[i].crl);
	free(entry);
	if (error && at)
		*at = index;
	return error;
}

/* nextUpdate and grace are past. */
static bool is_over(const struct source *source, int64_t now)
{
	int64_t from;

	return !__builtin_sub_overflow(now, source->grace, &from) && crl_is_stale(source->crl, from);
}

/* A CRL whose time has not come is as good as none. */
static bool is_usable(const struct source *source, int64_t now)
{
	return source->crl && !crl_is_early(source->crl, now);
}

/* What was revoked stays so when the CRL is over: nobody gets a certificate back by keeping the next one
 * from us. */
static enum sti_trust judge(const struct source *source, const struct cert *cert, int64_t now)
{
	enum crl_answer answer = source->crl ? crl_look_up(source->crl, cert) : CRL_GOOD;
	bool usable = is_usable(source, now);

	if (usable && answer == CRL_REVOKED)
		return STI_TRUST_REVOKED;
	if (answer == CRL_SILENT || !source->hard)
		return STI_TRUST_OK;
	return usable && !is_over(source, now) ? STI_TRUST_OK : STI_TRUST_NO_CRL;
}

static bool is_for(const struct source *source, struct sti_span country)
{
	return source->country[0] == 0 || sti_span_is_nocase(country, source->country);
}

enum sti_trust crls_judge(const struct sti_crls *crls, const struct cert *const *cert, size_t n,
			  struct sti_span country, int64_t now)
{
	enum sti_trust trust = STI_TRUST_OK;

	for (size_t i = 0; crls && i < crls->n; i++) {
		if (!is_for(&crls->source[i], country))
			continue;
		for (size_t k = 0; k < n; k++) {
			enum sti_trust one = judge(&crls->source[i], cert[k], now);

			if (one == STI_TRUST_REVOKED)
				return one;
			trust = one ? one : trust;
		}
	}
	return trust;
}

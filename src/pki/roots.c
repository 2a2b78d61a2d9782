/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/roots.h"

#include <stdlib.h>

#include <openssl/err.h>

static enum sti_error root_check(const struct cert *root)
{
	if (root->key == CERT_KEY_OTHER)
		return STI_E_KEY;
	return cert_is_root(root) ? STI_OK : STI_E_CERT;
}

static size_t find(const struct sti_roots *roots, struct sti_span der)
{
	size_t i = 0;

	while (i < roots->list.n && !sti_span_equal(roots->list.cert[i].der, der))
		i++;
	return i;
}

static enum sti_error add(struct sti_roots *roots, const struct roots_entry *entry)
{
	size_t i = find(roots, entry->cert->der);
	enum sti_error error;

	if (i < roots->list.n) {
		if (entry->until > roots->until[i])
			roots->until[i] = entry->until;
		return STI_OK;
	}
	error = root_check(entry->cert);
	if (!error)
		error = cert_share(entry->cert, &roots->list.cert[i]);
	if (error)
		return error;
	roots->until[i] = entry->until;
	roots->list.n++;
	return STI_OK;
}

static enum sti_error fill(struct sti_roots *roots, const struct roots_entry *entry, size_t n)
{
	enum sti_error error = STI_OK;

	roots->list.cert = calloc(n + 1, sizeof(*roots->list.cert));
	roots->until = calloc(n + 1, sizeof(*roots->until));
	if (!roots->list.cert || !roots->until)
		return STI_E_MEMORY;
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	for (size_t i = 0; i < n && !error; i++)
		error = add(roots, &entry[i]);
	ERR_pop_to_mark();
	return error;
}

enum sti_error roots_make(const struct roots_entry *entry, size_t n, bool is_complete, struct sti_roots **out)
{
	struct sti_roots *roots = calloc(1, sizeof(*roots));
	enum sti_error error;

	if (!roots)
		return STI_E_MEMORY;
	atomic_init(&roots->refs, 1);
	roots->is_complete = is_complete;
	error = fill(roots, entry, n);
	if (error) {
		sti_roots_free(roots);
		return error;
	}
	*out = roots;
	return STI_OK;
}

static enum sti_error make_of_chain(const struct chain *chain, struct sti_roots **out)
{
	struct roots_entry *entry = calloc(chain->n, sizeof(*entry));
	enum sti_error error;

	if (!entry)
		return STI_E_MEMORY;
	for (size_t i = 0; i < chain->n; i++)
		entry[i] = (struct roots_entry){.cert = &chain->cert[i], .until = INT64_MAX};
	error = roots_make(entry, chain->n, true, out);
	free(entry);
	return error;
}

enum sti_error sti_roots_parse(struct sti_span pem, struct sti_roots **out)
{
	struct chain chain;
	enum sti_error error;

	if (pem.n > LIMIT_ROOTS_BODY)
		return STI_E_LIMIT;
	ERR_set_mark();
	error = chain_parse(pem, LIMIT_ROOTS, &chain);
	ERR_pop_to_mark();
	if (error)
		return error;
	error = make_of_chain(&chain, out);
	chain_free(&chain);
	return error;
}

struct sti_roots *roots_ref(struct sti_roots *roots)
{
	atomic_fetch_add_explicit(&roots->refs, 1, memory_order_relaxed);
	return roots;
}

void sti_roots_free(struct sti_roots *roots)
{
	if (!roots || atomic_fetch_sub_explicit(&roots->refs, 1, memory_order_acq_rel) != 1)
		return;
	chain_free(&roots->list);
	free(roots->until);
	free(roots);
}

size_t sti_roots_count(const struct sti_roots *roots)
{
	return roots->list.n;
}

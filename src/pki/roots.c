/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/roots.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

static enum sti_error root_check(const struct cert *root)
{
	if (root->key == CERT_KEY_OTHER)
		return STI_E_KEY;
	if (X509_check_ca(root->x509) != 1 || X509_self_signed(root->x509, 1) != 1)
		return STI_E_CERT;
	return STI_OK;
}

static enum sti_error store_make(const struct cert *root, X509_STORE **out)
{
	*out = X509_STORE_new();
	if (!*out || X509_STORE_add_cert(*out, root->x509) != 1)
		return STI_E_MEMORY;
	return STI_OK;
}

static enum sti_error fill(struct sti_roots *roots)
{
	enum sti_error error = STI_OK;

	roots->store = calloc(roots->list.n, sizeof(*roots->store));
	if (!roots->store)
		return STI_E_MEMORY;
	for (size_t i = 0; i < roots->list.n && !error; i++) {
		error = root_check(&roots->list.cert[i]);
		if (!error)
			error = store_make(&roots->list.cert[i], &roots->store[i]);
	}
	return error;
}

static enum sti_error parse(struct sti_span pem, struct sti_roots *roots)
{
	enum sti_error error = chain_parse(pem, LIMIT_ROOTS, &roots->list);

	return error ? error : fill(roots);
}

enum sti_error sti_roots_parse(struct sti_span pem, struct sti_roots **out)
{
	struct sti_roots *roots;
	enum sti_error error;

	if (pem.n > LIMIT_ROOTS_BODY)
		return STI_E_LIMIT;
	roots = calloc(1, sizeof(*roots));
	if (!roots)
		return STI_E_MEMORY;
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	error = parse(pem, roots);
	ERR_pop_to_mark();
	if (error) {
		sti_roots_free(roots);
		return error;
	}
	*out = roots;
	return STI_OK;
}

void sti_roots_free(struct sti_roots *roots)
{
	if (!roots)
		return;
	for (size_t i = 0; roots->store && i < roots->list.n; i++)
		X509_STORE_free(roots->store[i]);
	free(roots->store);
	chain_free(&roots->list);
	free(roots);
}

size_t sti_roots_count(const struct sti_roots *roots)
{
	return roots->list.n;
}

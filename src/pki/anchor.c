/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/anchor.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* At security level 1 OpenSSL refuses signatures made over MD5 or SHA-1. */
enum { LEVEL = 1 };

/* One store for each CA, not one for all: OpenSSL picks an issuer by its name, and a root and its
 * successor may have one (threats.md E10). */
struct anchor {
	struct chain list;
	X509_STORE **store; /* one for each of list; NULL where it is no CA that is self-signed */
};

/* One question of anchor_check. */
struct work {
	const struct anchor *anchor;
	const struct chain *signer;
	struct stack_st_X509 *others; /* borrowed certificates */
};

struct window { /* seconds, both ends inclusive */
	int64_t from, until;
};

/* As CAs may have them (threats.md 1.0). */
static bool has_key(const struct cert *cert)
{
	return cert->key == CERT_KEY_P256 || cert->key == CERT_KEY_P384 || cert->key == CERT_KEY_RSA;
}

static enum sti_error store_make(const struct cert *cert, X509_STORE **out)
{
	int self_signed;

	if (!has_key(cert))
		return STI_E_KEY;
	self_signed = X509_self_signed(cert->x509, 1);
	if (self_signed < 0)
		return STI_E_CERT;
	if (!self_signed || X509_check_ca(cert->x509) != 1)
		return STI_OK;
	*out = X509_STORE_new();
	return *out && X509_STORE_add_cert(*out, cert->x509) == 1 ? STI_OK : STI_E_MEMORY;
}

static enum sti_error parse(struct sti_span pem, struct anchor *anchor)
{
	enum sti_error error = chain_parse(pem, LIMIT_ANCHORS, &anchor->list);

	if (error)
		return error;
	anchor->store = calloc(anchor->list.n, sizeof(*anchor->store));
	if (!anchor->store)
		return STI_E_MEMORY;
	for (size_t i = 0; i < anchor->list.n && !error; i++)
		error = store_make(&anchor->list.cert[i], &anchor->store[i]);
	return error;
}

enum sti_error anchor_parse(struct sti_span pem, struct anchor **out)
{
	struct anchor *anchor;
	enum sti_error error;

	if (pem.n > LIMIT_ANCHOR_BODY)
		return STI_E_LIMIT;
	anchor = calloc(1, sizeof(*anchor));
	if (!anchor)
		return STI_E_MEMORY;
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	error = parse(pem, anchor);
	ERR_pop_to_mark();
	if (error) {
		anchor_free(anchor);
		return error;
	}
	*out = anchor;
	return STI_OK;
}

void anchor_free(struct anchor *anchor)
{
	if (!anchor)
		return;
	for (size_t i = 0; anchor->store && i < anchor->list.n; i++)
		X509_STORE_free(anchor->store[i]);
	free(anchor->store);
	chain_free(&anchor->list);
	free(anchor);
}

const struct cert *anchor_at(const struct anchor *anchor, size_t i)
{
	return i < anchor->list.n ? &anchor->list.cert[i] : NULL;
}

static enum sti_error window_check(const struct window *window, int64_t now)
{
	return now < window->from || now > window->until ? STI_E_TIMEOUT : STI_OK;
}

static bool is_pinned(const struct anchor *anchor, const struct cert *cert)
{
	for (size_t i = 0; i < anchor->list.n; i++)
		if (sti_span_equal(anchor->list.cert[i].der, cert->der))
			return true;
	return false;
}

/* Without keys that we refuse before any arithmetic with them (threats.md E2). The stack has room. */
static void others_add(const struct cert *cert, size_t n, struct stack_st_X509 *others)
{
	for (size_t i = 0; i < n; i++)
		if (has_key(&cert[i]))
			sk_X509_push(others, cert[i].x509);
}

/* OpenSSL takes a keyUsage of keyCertSign for a CA where BasicConstraints is missing; we do not
 * (threats.md E4). */
static enum sti_error window_of(const struct stack_st_X509 *built, struct window *out)
{
	*out = (struct window){INT64_MIN, INT64_MAX};
	for (int i = 0; i < sk_X509_num(built); i++) {
		int64_t from, until;
		enum sti_error error = cert_validity(sk_X509_value(built, i), &from, &until);

		if (error)
			return error;
		if (i > 0 && X509_check_ca(sk_X509_value(built, i)) != 1)
			return STI_E_NOT_FOUND;
		out->from = from > out->from ? from : out->from;
		out->until = until < out->until ? until : out->until;
	}
	return STI_OK;
}

static void rules_set(X509_VERIFY_PARAM *rules, const int64_t *now)
{
	X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(rules, LEVEL);
	X509_VERIFY_PARAM_set_depth(rules, LIMIT_CHAIN - 1);
	if (now)
		X509_VERIFY_PARAM_set_time(rules, (time_t)*now);
	else
		X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
}

/* The window of a path to this CA. */
static enum sti_error verify(const struct work *w, X509_STORE *store, const int64_t *now, struct window *out)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum sti_error error = STI_E_MEMORY;

	if (context && X509_STORE_CTX_init(context, store, w->signer->cert[0].x509, w->others) == 1) {
		rules_set(X509_STORE_CTX_get0_param(context), now);
		if (X509_verify_cert(context) == 1)
			error = window_of(X509_STORE_CTX_get0_chain(context), out);
		else if (X509_STORE_CTX_get_error(context) != X509_V_ERR_OUT_OF_MEM)
			error = STI_E_NOT_FOUND;
	}
	X509_STORE_CTX_free(context);
	return error;
}

static enum sti_error find(const struct work *w, const int64_t *now, struct window *out)
{
	for (size_t i = 0; i < w->anchor->list.n; i++) {
		enum sti_error error;

		if (!w->anchor->store[i])
			continue;
		error = verify(w, w->anchor->store[i], now, out);
		if (error != STI_E_NOT_FOUND)
			return error;
	}
	return STI_E_NOT_FOUND;
}

/* A path that is valid now, of several; else one whose only fault may be the time: OpenSSL counts
 * the last second of a certificate as past, RFC 5280 4.1.2.5 does not. */
static enum sti_error path_check(struct work *w, int64_t now)
{
	struct window window;
	enum sti_error error;

	w->others = sk_X509_new_reserve(NULL, (int)(w->signer->n + w->anchor->list.n));
	if (!w->others)
		return STI_E_MEMORY;
	others_add(w->signer->cert + 1, w->signer->n - 1, w->others);
	others_add(w->anchor->list.cert, w->anchor->list.n, w->others);
	error = find(w, &now, &window);
	if (error == STI_E_NOT_FOUND)
		error = find(w, NULL, &window);
	sk_X509_free(w->others);
	return error ? error : window_check(&window, now);
}

/* A keyUsage that is missing allows all, RFC 5280 4.2.1.3. */
static bool may(const struct cert *signer, uint32_t usage)
{
	return has_key(signer) && (X509_get_key_usage(signer->x509) & usage) == usage;
}

enum sti_error anchor_check(const struct anchor *anchor, const struct chain *signer, uint32_t usage, int64_t now)
{
	struct work w = {.anchor = anchor, .signer = signer};
	const struct cert *first = &signer->cert[0];
	enum sti_error error;

	ERR_set_mark();
	if (!may(first, usage))
		error = STI_E_KEY;
	else if (is_pinned(anchor, first))
		error = window_check(&(struct window){first->from, first->until}, now);
	else
		error = path_check(&w, now);
	ERR_pop_to_mark();
	return error;
}

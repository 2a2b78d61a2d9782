/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/path.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* At security level 1 OpenSSL refuses signatures made over MD5 or SHA-1. */
enum { LEVEL = 1 };

/* A stack that borrows: the chain without its leaf, and without keys that we refuse before any
 * arithmetic with them (threats.md E2). NULL: no memory. */
static struct stack_st_X509 *others_of(const struct chain *chain)
{
	struct stack_st_X509 *others = sk_X509_new_reserve(NULL, (int)chain->n);

	for (size_t i = 1; others && i < chain->n; i++)
		if (chain->cert[i].key != CERT_KEY_OTHER)
			sk_X509_push(others, chain->cert[i].x509); /* reserved: cannot fail */
	return others;
}

/* Whether a path through the chain can end at this root at all; spares the work for all others. */
static bool is_named(const struct cert *root, const struct chain *chain)
{
	const X509_NAME *name = X509_get_subject_name(root->x509);

	for (size_t i = 0; i < chain->n; i++)
		if (X509_NAME_cmp(name, X509_get_issuer_name(chain->cert[i].x509)) == 0)
			return true;
	return false;
}

/* OpenSSL takes a keyUsage of keyCertSign for a CA where BasicConstraints is missing; we do not
 * (threats.md E4). */
static bool is_ca(const X509 *x509)
{
	return X509_check_ca((X509 *)x509) == 1;
}

static enum sti_error window_of(const struct stack_st_X509 *built, struct path *out)
{
	out->from = INT64_MIN;
	out->until = INT64_MAX;
	for (int i = 0; i < sk_X509_num(built); i++) {
		int64_t from, until;
		enum sti_error error = cert_validity(sk_X509_value(built, i), &from, &until);

		if (i > 0 && !is_ca(sk_X509_value(built, i)))
			return STI_E_NOT_FOUND;
		if (error)
			return error;
		out->from = from > out->from ? from : out->from;
		out->until = until < out->until ? until : out->until;
	}
	return STI_OK;
}

/* No purpose and no EKU: STI certificates carry none (standards.md 3.3). No partial chains: that
 * is OpenSSL's default, as is taking listed certificates first. */
static void set_rules(X509_STORE_CTX *context, const int64_t *now)
{
	X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);

	X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(rules, LEVEL);
	X509_VERIFY_PARAM_set_depth(rules, LIMIT_CHAIN - 1);
	if (now)
		X509_VERIFY_PARAM_set_time(rules, (time_t)*now);
	else
		X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
}

static enum sti_error judge(X509_STORE_CTX *context, const struct cert *anchor, struct path *out)
{
	const struct stack_st_X509 *built;

	if (X509_verify_cert(context) != 1)
		return X509_STORE_CTX_get_error(context) == X509_V_ERR_OUT_OF_MEM ? STI_E_MEMORY : STI_E_NOT_FOUND;
	built = X509_STORE_CTX_get0_chain(context);
	if (!cert_equal(anchor, sk_X509_value(built, sk_X509_num(built) - 1)))
		return STI_E_NOT_FOUND;
	out->anchor = anchor;
	return window_of(built, out);
}

static enum sti_error judge_under(const struct sti_roots *roots, size_t i, const struct chain *chain,
				  struct stack_st_X509 *others, const int64_t *now, struct path *out)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum sti_error error = STI_E_MEMORY;

	if (context && X509_STORE_CTX_init(context, roots->store[i], chain->cert[0].x509, others) == 1) {
		set_rules(context, now);
		error = judge(context, &roots->list.cert[i], out);
	}
	X509_STORE_CTX_free(context);
	return error;
}

static enum sti_error find(const struct sti_roots *roots, const struct chain *chain, struct stack_st_X509 *others,
			   const int64_t *now, struct path *out)
{
	for (size_t i = 0; i < roots->list.n; i++) {
		enum sti_error error;

		if (!is_named(&roots->list.cert[i], chain))
			continue;
		error = judge_under(roots, i, chain, others, now, out);
		if (error != STI_E_NOT_FOUND)
			return error;
	}
	return STI_E_NOT_FOUND;
}

enum sti_error path_find(const struct sti_roots *roots, const struct chain *chain, int64_t now, struct path *out)
{
	struct stack_st_X509 *others = others_of(chain);
	enum sti_error error;

	if (!others)
		return STI_E_MEMORY;
	error = find(roots, chain, others, &now, out);
	if (error == STI_E_NOT_FOUND)
		error = find(roots, chain, others, NULL, out);
	sk_X509_free(others);
	return error;
}

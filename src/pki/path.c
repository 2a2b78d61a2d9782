/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/path.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* At security level 1 OpenSSL refuses signatures made over MD5 or SHA-1. */
enum { LEVEL = 1 };

/* Ten of them, the longest path looked for and judged, fit into LIMIT_PATH_STEPS. */
enum { SLOW_STEPS = 4 };

/* How good a path is; a better one displaces the one found before. */
enum rank { RANK_NONE, RANK_TIME, RANK_LIST, RANK_GOOD };

/*
 * We choose the certificates, OpenSSL judges the path that they make. Its own search picks an issuer by
 * name and never comes back to another, but CAs and roots of one name with different keys are real
 * (threats.md E10), as are cross-signed CAs (E12).
 */
struct search {
	const struct sti_roots *roots;
	const struct chain *chain;
	int64_t now;
	const struct cert *at[LIMIT_CHAIN + 1]; /* the path so far, leaf first; its anchor last */
	size_t n; /* without the anchor */
	struct path *out;
	enum rank rank;
	enum sti_error error; /* STI_E_MEMORY: no answer is one */
};

static bool is_over(const struct search *s)
{
	return s->error || s->rank == RANK_GOOD;
}

/* A curve for which OpenSSL has no fast code takes ten times as long as P-256 or RSA of 4096 bits, and who
 * makes us calculate is a stranger: such a signature counts for several. */
static unsigned steps_of(const struct cert *issuer)
{
	return issuer->key == CERT_KEY_P384 || issuer->key == CERT_KEY_P521 ? SLOW_STEPS : 1;
}

static bool take_steps(struct search *s, unsigned n)
{
	if (s->out->steps + n > LIMIT_PATH_STEPS) {
		s->out->is_exhausted = true;
		s->out->why = "too many signatures to check";
		return false;
	}
	s->out->steps += n;
	return true;
}

/* Names, AKI and SKI where both are there, and keyCertSign where there is a keyUsage, fit; the key is
 * one with which we calculate (E2); and BasicConstraints of a version 3 say CA: an old version, or a
 * keyUsage of keyCertSign alone, which are enough for OpenSSL, make none (E4). */
static bool may_issue(const struct cert *issuer, const struct cert *cert)
{
	return issuer->key != CERT_KEY_OTHER && X509_check_issued(issuer->x509, cert->x509) == X509_V_OK &&
	       X509_get_version(issuer->x509) == X509_VERSION_3 && X509_check_ca(issuer->x509) == 1;
}

/* Not only by its name: it is tried first. */
static bool is_identified(const struct cert *issuer, const struct cert *cert)
{
	return X509_get0_authority_key_id(cert->x509) && X509_get0_subject_key_id(issuer->x509);
}

static bool is_signed_by(struct search *s, const struct cert *cert, const struct cert *issuer)
{
	if (!take_steps(s, steps_of(issuer)))
		return false;
	if (X509_verify(cert->x509, X509_get0_pubkey(issuer->x509)) == 1)
		return true;
	s->out->why = "a signature does not verify under the key of its issuer";
	return false;
}

static bool is_used(const struct search *s, const struct cert *cert)
{
	for (size_t i = 0; i < s->n; i++)
		if (sti_span_equal(s->at[i]->der, cert->der))
			return true;
	return false;
}

/* Asked by OpenSSL: the issuer of a certificate is the next one of our path and no other. */
static int is_next(X509_STORE_CTX *context, X509 *x509, X509 *issuer)
{
	const struct search *s = X509_STORE_CTX_get_app_data(context);

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i]->x509 == x509)
			return s->at[i + 1]->x509 == issuer;
	return 0;
}

/* No purpose and no EKU: STI certificates carry none (standards.md 3.3). No partial chains: that is
 * OpenSSL's default. Time is judged by the window of the path. */
static void set_rules(X509_STORE_CTX *context, struct search *s)
{
	X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);

	X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(rules, LEVEL);
	X509_VERIFY_PARAM_set_depth(rules, LIMIT_CHAIN - 1);
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
	X509_STORE_CTX_set_app_data(context, s);
}

/* What is left of RFC 5280 6: name constraints, pathLen, critical extensions, algorithms. */
static bool is_valid(struct search *s, X509_STORE_CTX *context)
{
	int error;

	set_rules(context, s);
	if (X509_verify_cert(context) == 1)
		return sk_X509_num(X509_STORE_CTX_get0_chain(context)) == (int)s->n + 1;
	error = X509_STORE_CTX_get_error(context);
	if (error == X509_V_ERR_OUT_OF_MEM)
		s->error = STI_E_MEMORY;
	s->out->why = X509_verify_cert_error_string(error);
	return false;
}

/* A store of this one root, which the path must end at, and a stack of the others. */
static bool judge(struct search *s)
{
	struct stack_st_X509 *others = sk_X509_new_reserve(NULL, LIMIT_CHAIN);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	bool valid = false;

	for (size_t i = 1; others && i < s->n; i++)
		sk_X509_push(others, s->at[i]->x509); /* reserved: cannot fail */
	if (store)
		X509_STORE_set_check_issued(store, is_next);
	if (others && context && store && X509_STORE_add_cert(store, s->at[s->n]->x509) == 1 &&
	    X509_STORE_CTX_init(context, store, s->at[0]->x509, others) == 1)
		valid = is_valid(s, context);
	else
		s->error = STI_E_MEMORY;
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(others);
	return valid;
}

static enum rank rank_of(const struct path *path, int64_t now)
{
	if (now < path->from || now > path->until)
		return RANK_TIME;
	return now > path->list_until ? RANK_LIST : RANK_GOOD;
}

/* The path is a good one; it is kept where none was found before that is as good. */
static void keep(struct search *s, size_t root)
{
	struct path path = {
		.anchor = &s->roots->list.cert[root],
		.n = s->n,
		.from = s->roots->list.cert[root].from,
		.until = s->roots->list.cert[root].until,
		.list_until = s->roots->until[root],
		.steps = s->out->steps,
		.is_exhausted = s->out->is_exhausted,
	};
	enum rank rank;

	for (size_t i = 0; i < s->n; i++) {
		path.cert[i] = s->at[i];
		path.from = s->at[i]->from > path.from ? s->at[i]->from : path.from;
		path.until = s->at[i]->until < path.until ? s->at[i]->until : path.until;
	}
	rank = rank_of(&path, s->now);
	if (rank <= s->rank)
		return;
	s->rank = rank;
	*s->out = path;
}

/* OpenSSL checks the signatures of the path once more. */
static bool take_steps_to_judge(struct search *s)
{
	unsigned n = 0;

	for (size_t i = 1; i <= s->n; i++)
		n += steps_of(s->at[i]);
	return take_steps(s, n);
}

static void try_roots(struct search *s, bool identified)
{
	const struct cert *last = s->at[s->n - 1];

	for (size_t i = 0; i < s->roots->list.n && !is_over(s); i++) {
		const struct cert *root = &s->roots->list.cert[i];

		if (!may_issue(root, last) || is_identified(root, last) != identified || !is_signed_by(s, last, root))
			continue;
		s->at[s->n] = root;
		if (take_steps_to_judge(s) && judge(s))
			keep(s, i);
	}
}

static void extend(struct search *s);

static void try_others(struct search *s, bool identified)
{
	const struct cert *last = s->at[s->n - 1];

	for (size_t i = 1; i < s->chain->n && !is_over(s); i++) {
		const struct cert *ca = &s->chain->cert[i];

		if (!may_issue(ca, last) || is_identified(ca, last) != identified || is_used(s, ca))
			continue;
		if (s->n == LIMIT_CHAIN) {
			s->out->why = "more certificates than a path may have";
			return;
		}
		if (!is_signed_by(s, last, ca))
			continue;
		s->at[s->n++] = ca;
		extend(s);
		s->n--;
	}
}

/* Depth first, listed roots before others. A self-signed certificate has no issuer but itself: it is
 * trusted where it is listed, and else leads nowhere. The depth is bounded by LIMIT_CHAIN. */
static void extend(struct search *s)
{
	if (X509_self_signed(s->at[s->n - 1]->x509, 0) == 1) {
		s->out->why = "it ends at a self-signed certificate that is not listed";
		return;
	}
	try_roots(s, true);
	try_roots(s, false);
	try_others(s, true);
	try_others(s, false);
}

static void start(struct search *s)
{
	const struct cert *leaf = &s->chain->cert[0];

	for (size_t i = 0; i < s->roots->list.n; i++)
		if (sti_span_equal(s->roots->list.cert[i].der, leaf->der)) {
			keep(s, i);
			return;
		}
	s->at[s->n++] = leaf;
	extend(s);
}

enum sti_error path_find(const struct sti_roots *roots, const struct chain *chain, int64_t now, struct path *out)
{
	struct search s = {.roots = roots, .chain = chain, .now = now, .out = out};

	*out = (struct path){.why = "its issuer is neither listed nor given"};
	if (chain->cert[0].key == CERT_KEY_OTHER) {
		out->why = "its key is of no kind with which anything is checked";
		return STI_E_NOT_FOUND;
	}
	start(&s);
	if (s.error)
		return s.error;
	return s.rank == RANK_NONE ? STI_E_NOT_FOUND : STI_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/credential.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <sti/tnauthlist.h>

#include "crypto/digest.h"
#include "pki/credential.h"
#include "pki/crls.h"
#include "pki/path.h"

struct sti_credential {
	struct sti_public_key *key; /* NULL: not P-256 */
	struct constraints *constraints;
	uint8_t sha256[DIGEST_SHA256];
	bool has_strange_key; /* with which nothing is calculated: it was never looked for a path */
	bool has_path;
	bool is_exhausted; /* there was more to check for a path than we check */
	bool is_complete; /* no list is missing in which its root may be */
	enum profile profile;
	const char *why;
	int64_t from, until;
	int64_t list_until; /* of a path */
	struct cert path[LIMIT_CHAIN]; /* leaf first, without the root; owned */
	size_t n_path;
	bool is_country_of_root;
	size_t n_spc, n_country, n_subject; /* 0: absent */
	char spc[LIMIT_SPC];
	char country[LIMIT_CERT_NAME];
	char subject[LIMIT_CERT_NAME];
};

/* A list that is missing, malformed or not a signer's leaves the SPC absent: threats.md E13 to E15. */
static enum sti_error spc_parse(const struct cert *leaf, struct sti_credential *out)
{
	struct sti_tnauthlist *list;
	struct sti_span spc;
	enum sti_error error = cert_tnauthlist(leaf, &list);

	if (error)
		return error == STI_E_MEMORY ? error : STI_OK;
	if (sti_tnauthlist_spc(list, &spc) == STI_OK) {
		memcpy(out->spc, spc.p, spc.n);
		out->n_spc = spc.n;
	}
	sti_tnauthlist_free(list);
	return STI_OK;
}

static enum sti_error constraints_read(const struct cert *leaf, struct sti_credential *out)
{
	enum sti_error error = constraints_of(leaf, &out->constraints);

	return error == STI_E_MEMORY ? error : STI_OK;
}

static enum sti_error leaf_read(const struct cert *leaf, struct sti_credential *out)
{
	enum sti_error error = STI_OK;

	if (leaf->key == CERT_KEY_P256) /* any other is the profile's to refuse */
		error = cert_public_key(leaf, &out->key);
	if (!error)
		error = digest_sha256(leaf->der, out->sha256);
	if (!error)
		error = spc_parse(leaf, out);
	if (!error)
		error = constraints_read(leaf, out);
	out->has_strange_key = leaf->key == CERT_KEY_OTHER;
	out->from = leaf->from;
	out->until = leaf->until;
	out->n_subject = cert_subject(leaf, NID_commonName, out->subject);
	out->n_country = cert_subject(leaf, NID_countryName, out->country);
	return error;
}

static void country_read(const struct cert *root, struct sti_credential *out)
{
	char country[LIMIT_CERT_NAME];
	size_t n = cert_subject(root, NID_countryName, country);

	out->is_country_of_root = n > 0;
	if (n == 0)
		return;
	memcpy(out->country, country, n);
	out->n_country = n;
}

static enum sti_error path_keep(const struct path *path, struct sti_credential *out)
{
	enum sti_error error = STI_OK;

	out->has_path = true;
	out->from = path->from;
	out->until = path->until;
	out->list_until = path->list_until;
	country_read(path->anchor, out);
	while (out->n_path < path->n && !error) {
		error = cert_share(path->cert[out->n_path], &out->path[out->n_path]);
		if (!error)
			out->n_path++;
	}
	return error;
}

static enum sti_error path_read(const struct sti_roots *roots, const struct chain *chain, int64_t now,
				struct path *path, struct sti_credential *out)
{
	enum sti_error error = STI_E_NOT_FOUND;

	*path = (struct path){.why = "no root is trusted"};
	out->is_complete = !roots || roots->is_complete;
	if (roots)
		error = path_find(roots, chain, now, path);
	if (error == STI_OK)
		return path_keep(path, out);
	out->why = path->why;
	out->is_exhausted = path->is_exhausted;
	*path = (struct path){0};
	return error == STI_E_NOT_FOUND ? STI_OK : error;
}

static enum sti_error profile_read(const struct cert *leaf, const struct path *path, struct sti_credential *out)
{
	const struct cert *ca[LIMIT_CHAIN];
	enum sti_error error;
	size_t n = 0;

	for (size_t i = 1; i < path->n; i++)
		ca[n++] = path->cert[i];
	if (path->anchor)
		ca[n++] = path->anchor;
	error = profile_check(leaf, ca, n, &out->profile);
	if (!error && out->has_path && out->profile)
		out->why = profile_row(out->profile)->text;
	return error;
}

static enum sti_error parse(struct sti_span body, const struct sti_roots *roots, int64_t now,
			    struct sti_credential *out)
{
	struct chain chain;
	struct path path;
	enum sti_error error = chain_parse(body, LIMIT_CERT_BLOCKS, &chain);

	if (error)
		return error;
	error = leaf_read(&chain.cert[0], out);
	if (!error)
		error = path_read(roots, &chain, now, &path, out);
	if (!error)
		error = profile_read(&chain.cert[0], &path, out);
	chain_free(&chain);
	return error;
}

static void clear(struct sti_credential *credential)
{
	sti_public_key_free(credential->key);
	constraints_free(credential->constraints);
	for (size_t i = 0; i < credential->n_path; i++)
		cert_free(&credential->path[i]);
	*credential = (struct sti_credential){0};
}

/* Without memory OpenSSL finds no key, no issuer or no good signature and says just that, and an honest
 * call would be TN-Validation-Failed (threats.md J5). So a no counts when it is said twice: where
 * memory is really gone, the second time ends with an error. Who had us calculate all that we may is no honest
 * caller, and does not have it twice. */
static enum sti_error parse_surely(struct sti_span body, const struct sti_roots *roots, int64_t now,
				   struct sti_credential *out)
{
	enum sti_error error = parse(body, roots, now, out);

	if (error || out->is_exhausted || (out->has_path && out->profile == PROFILE_OK))
		return error;
	clear(out);
	return parse(body, roots, now, out);
}

enum sti_error sti_credential_parse(struct sti_span body, const struct sti_roots *roots, int64_t now,
				    struct sti_credential **out)
{
	struct sti_credential *credential;
	enum sti_error error;

	if (body.n > LIMIT_CERT_BODY)
		return STI_E_LIMIT;
	credential = calloc(1, sizeof(*credential));
	if (!credential)
		return STI_E_MEMORY;
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	error = parse_surely(body, roots, now, credential);
	ERR_pop_to_mark();
	if (error) {
		sti_credential_free(credential);
		return error;
	}
	*out = credential;
	return STI_OK;
}

void sti_credential_free(struct sti_credential *credential)
{
	if (!credential)
		return;
	clear(credential);
	free(credential);
}

/* No letters: absent. */
static struct sti_span text_of(const char *p, size_t n)
{
	return sti_span(n ? p : NULL, n);
}

/* threats.md F8: where the list is past, nobody knows any more whether its roots still stand in it. */
static enum sti_trust judge_path(const struct sti_credential *c, int64_t now)
{
	if (!c->has_path)
		return c->is_complete ? STI_TRUST_NO_PATH : STI_TRUST_NO_LIST;
	if (now > c->list_until)
		return STI_TRUST_NO_LIST;
	if (now < c->from)
		return STI_TRUST_NOT_YET;
	return now > c->until ? STI_TRUST_EXPIRED : STI_TRUST_OK;
}

static enum sti_trust judge_crls(const struct sti_credential *c, const struct sti_crls *crls, int64_t now)
{
	struct sti_span country = text_of(c->country, c->is_country_of_root ? c->n_country : 0);
	const struct cert *cert[LIMIT_CHAIN];

	for (size_t i = 0; i < c->n_path; i++)
		cert[i] = &c->path[i];
	return crls_judge(crls, cert, c->n_path, country, now);
}

/* A key with which nothing is calculated is refused by itself (threats.md E2): no list can help it. */
enum sti_trust sti_credential_trust(const struct sti_credential *credential, const struct sti_crls *crls, int64_t now)
{
	enum sti_trust trust = STI_TRUST_PROFILE;

	if (!credential->has_strange_key)
		trust = judge_path(credential, now);
	if (trust)
		return trust;
	return credential->profile ? STI_TRUST_PROFILE : judge_crls(credential, crls, now);
}

const char *sti_trust_text(enum sti_trust trust)
{
	static const char *const text[STI_TRUST_COUNT] = {
		[STI_TRUST_OK] = "trusted",
		[STI_TRUST_NO_PATH] = "no path to a trusted root",
		[STI_TRUST_NOT_YET] = "not yet valid",
		[STI_TRUST_EXPIRED] = "expired",
		[STI_TRUST_PROFILE] = "not the certificate of a SHAKEN signer",
		[STI_TRUST_REVOKED] = "revoked",
		[STI_TRUST_NO_CRL] = "no CRL that counts says that it is not revoked",
		[STI_TRUST_NO_LIST] = "no list that counts may have its root",
	};

	return (unsigned)trust < STI_TRUST_COUNT ? text[trust] : "unknown";
}

const char *sti_credential_why(const struct sti_credential *credential)
{
	return credential->why;
}

enum profile credential_profile(const struct sti_credential *credential)
{
	return credential->profile;
}

bool credential_has_path(const struct sti_credential *credential)
{
	return credential->has_path;
}

const struct constraints *credential_constraints(const struct sti_credential *credential)
{
	return credential->constraints;
}

const struct sti_public_key *sti_credential_key(const struct sti_credential *credential)
{
	return credential->key;
}

struct sti_span sti_credential_spc(const struct sti_credential *credential)
{
	return text_of(credential->spc, credential->n_spc);
}

struct sti_span sti_credential_country(const struct sti_credential *credential)
{
	return text_of(credential->country, credential->n_country);
}

struct sti_span sti_credential_subject(const struct sti_credential *credential)
{
	return text_of(credential->subject, credential->n_subject);
}

const uint8_t *sti_credential_sha256(const struct sti_credential *credential)
{
	return credential->sha256;
}

int64_t sti_credential_from(const struct sti_credential *credential)
{
	return credential->from;
}

int64_t sti_credential_until(const struct sti_credential *credential)
{
	return credential->until;
}

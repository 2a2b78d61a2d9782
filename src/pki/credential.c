/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/credential.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <sti/tnauthlist.h>

#include "crypto/digest.h"
#include "pki/path.h"

/* id-pe-TNAuthList 1.3.6.1.5.5.7.1.26, RFC 8226 9 */
static const uint8_t tnauthlist_oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a};

struct sti_credential {
	struct sti_public_key *key;
	uint8_t sha256[DIGEST_SHA256];
	bool has_path;
	bool has_profile;
	int64_t from, until;
	size_t n_spc, n_country, n_subject; /* 0: absent */
	char spc[LIMIT_SPC];
	char country[LIMIT_CERT_NAME];
	char subject[LIMIT_CERT_NAME];
};

static enum sti_error key_parse(const struct cert *leaf, struct sti_public_key **out)
{
	uint8_t *der = NULL;
	enum sti_error error;
	int n;

	if (leaf->key != CERT_KEY_P256)
		return STI_E_KEY;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf->x509), &der);
	if (n <= 0)
		return STI_E_MEMORY;
	error = sti_public_key_parse(sti_span(der, (size_t)n), out);
	OPENSSL_free(der);
	return error;
}

/* A list that is missing, malformed or not a signer's leaves the SPC absent: threats.md E13 to E15. */
static enum sti_error spc_parse(const struct cert *leaf, struct sti_credential *out)
{
	struct sti_tnauthlist *list;
	struct sti_span value, spc;
	enum sti_error error;

	if (cert_extension(leaf, sti_span(tnauthlist_oid, sizeof(tnauthlist_oid)), &value))
		return STI_OK;
	error = sti_tnauthlist_parse(value, &list);
	if (error)
		return error == STI_E_MEMORY ? error : STI_OK;
	if (sti_tnauthlist_spc(list, &spc) == STI_OK) {
		memcpy(out->spc, spc.p, spc.n);
		out->n_spc = spc.n;
	}
	sti_tnauthlist_free(list);
	return STI_OK;
}

/* The part of ATIS-1000080 without which nobody is a signer (standards.md 3.2). A keyUsage that is
 * missing allows all, RFC 5280 4.2.1.3. */
static bool is_signer(const struct cert *leaf)
{
	return X509_get_version(leaf->x509) == X509_VERSION_3 && X509_check_ca(leaf->x509) == 0 &&
	       (X509_get_extension_flags(leaf->x509) & EXFLAG_INVALID) == 0 &&
	       (X509_get_key_usage(leaf->x509) & KU_DIGITAL_SIGNATURE) != 0;
}

static enum sti_error leaf_read(const struct cert *leaf, struct sti_credential *out)
{
	enum sti_error error = key_parse(leaf, &out->key);

	if (!error)
		error = digest_sha256(leaf->der, out->sha256);
	if (!error)
		error = spc_parse(leaf, out);
	out->has_profile = is_signer(leaf) && out->n_spc;
	out->from = leaf->from;
	out->until = leaf->until;
	out->n_subject = cert_subject(leaf, NID_commonName, out->subject);
	out->n_country = cert_subject(leaf, NID_countryName, out->country);
	return error;
}

static enum sti_error path_read(const struct sti_roots *roots, const struct chain *chain, int64_t now,
				struct sti_credential *out)
{
	struct path path;
	enum sti_error error = roots ? path_find(roots, chain, now, &path) : STI_E_NOT_FOUND;
	char country[LIMIT_CERT_NAME];
	size_t n;

	if (error)
		return error == STI_E_NOT_FOUND ? STI_OK : error;
	out->has_path = true;
	out->from = path.from;
	out->until = path.until;
	n = cert_subject(path.anchor, NID_countryName, country);
	if (n) {
		memcpy(out->country, country, n);
		out->n_country = n;
	}
	return STI_OK;
}

static enum sti_error parse(struct sti_span body, const struct sti_roots *roots, int64_t now,
			    struct sti_credential *out)
{
	struct chain chain;
	enum sti_error error = chain_parse(body, LIMIT_CERT_BLOCKS, &chain);

	if (error)
		return error;
	error = leaf_read(&chain.cert[0], out);
	if (!error)
		error = path_read(roots, &chain, now, out);
	chain_free(&chain);
	return error;
}

/* Without memory OpenSSL finds no key, no issuer or no good signature and says just that, and an honest
 * call would be TN-Validation-Failed (threats.md J5). So a no counts when it is said twice: where
 * memory is really gone, the second time ends with an error. */
static enum sti_error parse_surely(struct sti_span body, const struct sti_roots *roots, int64_t now,
				   struct sti_credential *out)
{
	enum sti_error error = parse(body, roots, now, out);

	if (error || (out->has_path && out->has_profile))
		return error;
	sti_public_key_free(out->key);
	*out = (struct sti_credential){0};
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
	sti_public_key_free(credential->key);
	free(credential);
}

enum sti_trust sti_credential_trust(const struct sti_credential *credential, const struct sti_crls *crls, int64_t now)
{
	(void)crls;
	if (!credential->has_path)
		return STI_TRUST_NO_PATH;
	if (now < credential->from)
		return STI_TRUST_NOT_YET;
	if (now > credential->until)
		return STI_TRUST_EXPIRED;
	return credential->has_profile ? STI_TRUST_OK : STI_TRUST_PROFILE;
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
	};

	return (unsigned)trust < STI_TRUST_COUNT ? text[trust] : "unknown";
}

/* No letters: absent. */
static struct sti_span text_of(const char *p, size_t n)
{
	return sti_span(n ? p : NULL, n);
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

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ROLE_SCENE_H
#define TEST_ROLE_SCENE_H

#include "pki/world.h"

#include <sti/sign.h>
#include <sti/verify.h>

#include "base/base64.h"
#include "base/limits.h"
#include "jose/jws.h"
#include "pki/crls.h"
#include "pki/roots.h"

/*
 * A world for the tests of the roles, at NOON: certificates by URL, and PASSporTs of which every
 * part can be spoilt by itself.
 */
enum { NOW = NOON };

#define SITE         "https://cr.example.com/"
#define URL_GOOD     SITE "good.pem"
#define URL_SECOND   SITE "second.pem" /* another signer, trusted too */
#define URL_STRANGER SITE "stranger.pem" /* the key of GOOD under a root that is not listed */
#define URL_EXPIRED  SITE "expired.pem" /* the key of GOOD, an hour ago */
#define URL_CA       SITE "ca.pem" /* listed path, but no signer: no SPC */
#define URL_MISSING  SITE "missing.pem"
#define URL_DENIED   SITE "denied.pem"

#define ORIG   "12025550100"
#define DEST   "12025550101"
#define ORIGID "8d2d6a4e-62d2-4f6c-9a0f-7f2b9f5d1c11"

struct scene {
	struct pair root, other_root, good, second;
	struct sti_roots *roots;
	struct sti_key *key, *second_key;
	struct sti_credential *trusted, *trusted_second, *stranger, *expired, *profile;
};

static inline struct sti_credential *scene_credential(const struct scene *scene, struct issue_subject subject,
						      const struct pair *issuer)
{
	struct sti_credential *credential = NULL;
	struct pair pair;

	subject.key = buf_span(&scene->good.key);
	pair = pair_make(subject, issuer);
	assert_int_equal(sti_credential_parse(buf_span(&pair.cert), scene->roots, NOW, &credential), STI_OK);
	pair_free(&pair);
	return credential;
}

static inline struct scene *scene_make(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct issue_subject expired = signer_subject();
	struct issue_subject profile = {.kind = ISSUE_TLS_SERVER, .name = {"US", "Example", "web server"}};

	assert_non_null(s);
	s->root = root_make();
	s->other_root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}}, NULL);
	s->good = signer_make(&s->root);
	s->second = signer_make(&s->root);
	assert_int_equal(sti_roots_parse(buf_span(&s->root.cert), &s->roots), STI_OK);
	assert_int_equal(sti_key_parse(buf_span(&s->good.key), &s->key), STI_OK);
	assert_int_equal(sti_key_parse(buf_span(&s->second.key), &s->second_key), STI_OK);
	assert_int_equal(sti_credential_parse(buf_span(&s->good.cert), s->roots, NOW, &s->trusted), STI_OK);
	assert_int_equal(sti_credential_parse(buf_span(&s->second.cert), s->roots, NOW, &s->trusted_second), STI_OK);
	s->stranger = scene_credential(s, signer_subject(), &s->other_root);
	expired.not_before = DAY;
	expired.not_after = NOW - 3600;
	s->expired = scene_credential(s, expired, &s->root);
	s->profile = scene_credential(s, profile, &s->root);
	return s;
}

/* The good signer, told by its certificate to claim nothing called "mky" (RFC 9118 3). */
static inline void scene_exclude_mky(X509 *x509, const void *how)
{
	static const uint8_t der[] = {0x30, 9, 0xa2, 7, 0x30, 5, 0x16, 3, 'm', 'k', 'y'};
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.33", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	(void)how;
	assert_int_equal(ASN1_OCTET_STRING_set(octets, der, sizeof(der)), 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

static inline struct sti_credential *scene_limited(const struct scene *s)
{
	struct issue_subject subject = signer_subject();
	struct sti_credential *credential = NULL;
	struct pair pair;

	subject.key = buf_span(&s->good.key);
	pair = pair_make(subject, &s->root);
	pair_change(&pair, &s->root, scene_exclude_mky, NULL);
	assert_int_equal(sti_credential_parse(buf_span(&pair.cert), s->roots, NOW, &credential), STI_OK);
	assert_int_equal(sti_credential_trust(credential, NULL, NOW), STI_TRUST_OK);
	pair_free(&pair);
	return credential;
}

/* The good signer, its root on a list that was good until `until`. */
static inline struct sti_credential *scene_listed_until(const struct scene *s, int64_t until)
{
	struct sti_span der = der_of(&s->root);
	struct sti_credential *credential = NULL;
	struct roots_entry entry = {.until = until};
	struct sti_roots *roots;
	struct cert root;

	assert_int_equal(cert_parse(der, &root), STI_OK);
	entry.cert = &root;
	assert_int_equal(roots_make(&entry, 1, true, &roots), STI_OK);
	assert_int_equal(sti_credential_parse(buf_span(&s->good.cert), roots, NOW, &credential), STI_OK);
	sti_roots_free(roots);
	cert_free(&root);
	vectors_free(der);
	return credential;
}

/* CRLs that are hard and not there: nobody is trusted. */
static inline struct sti_crls *scene_no_crl(void)
{
	const struct crls_entry entry = {.hard = true};
	struct sti_crls *crls;

	assert_int_equal(crls_make(&entry, 1, &crls), STI_OK);
	return crls;
}

/* The good signer with a certificate of another kind of key. */
static inline struct sti_credential *scene_keyless(const struct scene *s)
{
	struct pair pair = signer_make(&s->root);
	struct sti_credential *credential = NULL;
	EVP_PKEY *pkey = EVP_EC_gen("P-384");

	pair_change(&pair, &s->root, change_key, pkey);
	assert_int_equal(sti_credential_parse(buf_span(&pair.cert), s->roots, NOW, &credential), STI_OK);
	assert_null(sti_credential_key(credential));
	EVP_PKEY_free(pkey);
	pair_free(&pair);
	return credential;
}

static inline void scene_free(struct scene *s)
{
	sti_credential_free(s->trusted);
	sti_credential_free(s->trusted_second);
	sti_credential_free(s->stranger);
	sti_credential_free(s->expired);
	sti_credential_free(s->profile);
	sti_key_free(s->key);
	sti_key_free(s->second_key);
	sti_roots_free(s->roots);
	pair_free(&s->root);
	pair_free(&s->other_root);
	pair_free(&s->good);
	pair_free(&s->second);
	free(s);
}

/* What the repository gives for a URL: a credential, or an error. */
static inline const struct sti_credential *scene_answer(const struct scene *s, struct sti_span url,
							enum sti_error *error)
{
	const struct {
		const char *url;
		const struct sti_credential *credential;
		enum sti_error error;
	} row[] = {
		{URL_GOOD, s->trusted, STI_OK},      {URL_SECOND, s->trusted_second, STI_OK},
		{URL_STRANGER, s->stranger, STI_OK}, {URL_EXPIRED, s->expired, STI_OK},
		{URL_CA, s->profile, STI_OK},        {URL_MISSING, NULL, STI_E_NETWORK},
		{URL_DENIED, NULL, STI_E_DENIED},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (sti_span_is(url, row[i].url)) {
			*error = row[i].error;
			return row[i].credential;
		}
	}
	*error = STI_E_NOT_FOUND;
	return NULL;
}

/* A call as somebody signs it: JSON as it is written, NULL for a member that is left out. */
struct call {
	const char *alg, *ppt, *typ, *x5u, *header_more;
	const char *attest, *dest, *iat, *orig, *origid, *payload_more;
	const char *info, *p_alg, *p_ppt; /* parameters of the Identity header */
	bool compact;
	bool second_key; /* signs */
};

static inline struct call call_good(void)
{
	return (struct call){
		.alg = "\"ES256\"",
		.ppt = "\"shaken\"",
		.typ = "\"passport\"",
		.x5u = "\"" URL_GOOD "\"",
		.attest = "\"A\"",
		.dest = "{\"tn\":[\"" DEST "\"]}",
		.iat = "129600",
		.orig = "{\"tn\":\"" ORIG "\"}",
		.origid = "\"" ORIGID "\"",
		.info = URL_GOOD,
		.p_alg = "ES256",
		.p_ppt = "shaken",
	};
}

static inline void put_raw(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	if (out->p[out->n - 1] != '{')
		buf_put_byte(out, ',');
	buf_put_byte(out, '"');
	buf_put_str(out, name);
	buf_put_str(out, "\":");
	buf_put_str(out, value);
}

static inline struct sti_span exact(struct buf *from)
{
	struct sti_span copy;

	assert_int_equal(buf_error(from), STI_OK);
	copy = vectors_copy(buf_span(from));
	buf_free(from);
	return copy;
}

static inline struct sti_span texts_sign(const struct sti_key *key, struct sti_span header, struct sti_span payload)
{
	struct buf out = buf_own(1 << 20);

	assert_int_equal(jws_sign(key, header, payload, &out), STI_OK);
	return exact(&out);
}

/* The token alone, of exact size; to be freed with vectors_free. */
static inline struct sti_span call_token(const struct scene *s, const struct call *c)
{
	struct buf header = buf_own(1 << 16), payload = buf_own(1 << 18);
	struct sti_span token;

	buf_put_byte(&header, '{');
	put_raw(&header, "alg", c->alg);
	put_raw(&header, "ppt", c->ppt);
	put_raw(&header, "typ", c->typ);
	put_raw(&header, "x5u", c->x5u);
	buf_put_str(&header, c->header_more ? c->header_more : "");
	buf_put_byte(&header, '}');
	buf_put_byte(&payload, '{');
	put_raw(&payload, "attest", c->attest);
	put_raw(&payload, "dest", c->dest);
	put_raw(&payload, "iat", c->iat);
	put_raw(&payload, "orig", c->orig);
	put_raw(&payload, "origid", c->origid);
	buf_put_str(&payload, c->payload_more ? c->payload_more : "");
	buf_put_byte(&payload, '}');
	token = texts_sign(c->second_key ? s->second_key : s->key, buf_span(&header), buf_span(&payload));
	buf_free(&header);
	buf_free(&payload);
	return token;
}

static inline struct sti_span token_signature(struct sti_span token)
{
	return sti_span_from(token, token.n - LIMIT_JWS_SIGNATURE);
}

static inline void put_parameter(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_put_str(out, name);
	buf_put_str(out, value);
}

/* A token with the parameters of `c` behind it. */
static inline struct sti_span identity_of(const struct call *c, struct sti_span token)
{
	struct buf out = buf_own(1 << 20);

	if (c->compact) {
		buf_put_str(&out, "..");
		buf_put(&out, token_signature(token));
	} else {
		buf_put(&out, token);
	}
	if (c->info) {
		put_parameter(&out, ";info=<", c->info);
		buf_put_byte(&out, '>');
	}
	put_parameter(&out, ";alg=", c->p_alg);
	put_parameter(&out, ";ppt=", c->p_ppt);
	return exact(&out);
}

/* The Identity header value. */
static inline struct sti_span call_identity(const struct scene *s, const struct call *c)
{
	struct sti_span token = call_token(s, c);
	struct sti_span identity = identity_of(c, token);

	vectors_free(token);
	return identity;
}

static inline struct sti_tn tn(const char *text)
{
	struct sti_tn out;

	assert_int_equal(sti_tn_canonical(sti_span_str(text), NULL, &out), STI_OK);
	return out;
}

/* (r, n - s) in place of (r, s): verifies too (threats.md A9). To be freed with vectors_free. */
static inline struct sti_span token_twin(struct sti_span token)
{
	static const char order[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
	uint8_t signature[STI_SIGNATURE];
	struct buf out = buf_own(1 << 16);
	BIGNUM *n = NULL, *s;

	assert_int_equal(base64url_decode(token_signature(token), signature), STI_OK);
	assert_true(BN_hex2bn(&n, order) > 0);
	s = BN_bin2bn(signature + 32, 32, NULL);
	assert_int_equal(BN_sub(s, n, s), 1);
	assert_int_equal(BN_bn2binpad(s, signature + 32, 32), 32);
	buf_put(&out, sti_span_first(token, token.n - LIMIT_JWS_SIGNATURE));
	base64url_encode(&out, sti_span(signature, sizeof(signature)));
	BN_free(n);
	BN_free(s);
	return exact(&out);
}

#endif

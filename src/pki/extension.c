/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/extension.h"

#include <openssl/x509v3.h>

#include <sti/tnauthlist.h>

#include "base/limits.h"
#include "pki/der.h"
#include "pki/name.h"

#define BIT(kind) (1u << ISSUE_##kind)

enum {
	CA = BIT(ROOT) | BIT(INTERMEDIATE) | BIT(TLS_CA),
	TLS_LEAF = BIT(TLS_SERVER) | BIT(TLS_CLIENT),
	CALLER = BIT(SIGNER) | TLS_LEAF,
	LEAF = CALLER | BIT(AUTHORITY),
	SHAKEN_UNDER = BIT(INTERMEDIATE) | BIT(SIGNER),
};

/* The profile of standards.md 3.2, in the order in which they are written. */
static const struct {
	unsigned kinds;
	int nid;
	const char *text;
} extensions[] = {
	/* clang-format off */
	{CA, NID_basic_constraints, "critical,CA:TRUE"},
	{LEAF, NID_basic_constraints, "critical,CA:FALSE"},
	{CA, NID_key_usage, "critical,keyCertSign,cRLSign"},
	{CALLER, NID_key_usage, "critical,digitalSignature"},
	{BIT(AUTHORITY), NID_key_usage, "critical,digitalSignature,cRLSign"},
	{CA | LEAF, NID_subject_key_identifier, "hash"},
	{BIT(TLS_SERVER), NID_ext_key_usage, "serverAuth"},
	{BIT(TLS_CLIENT), NID_ext_key_usage, "clientAuth"},
	/* clang-format on */
};

/* CertificatePolicies of the US CP 1.4. */
static const char policy_us[] = "2.16.840.1.114569.1.1.4";

struct work {
	const struct issue_subject *subject;
	X509 *cert;
	X509 *issuer;
};

static enum sti_error text_add(const struct work *w, int nid, const char *text)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, w->issuer, w->cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, text);
	if (!extension)
		return STI_E_CONFIG;
	added = X509_add_ext(w->cert, extension, -1);
	X509_EXTENSION_free(extension);
	return added == 1 ? STI_OK : STI_E_MEMORY;
}

static enum sti_error table_add(const struct work *w)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		enum sti_error error;

		if ((extensions[i].kinds & 1u << w->subject->kind) == 0)
			continue;
		error = text_add(w, extensions[i].nid, extensions[i].text);
		if (error)
			return error;
	}
	return STI_OK;
}

static enum sti_error policy_write(ASN1_OBJECT *oid, X509 *cert)
{
	POLICYINFO policy = {.policyid = oid};
	CERTIFICATEPOLICIES *policies = sk_POLICYINFO_new_reserve(NULL, 1);
	enum sti_error error = STI_E_MEMORY;

	if (policies && sk_POLICYINFO_push(policies, &policy) > 0 &&
	    X509_add1_ext_i2d(cert, NID_certificate_policies, policies, 0, X509V3_ADD_DEFAULT) == 1)
		error = STI_OK;
	sk_POLICYINFO_free(policies);
	return error;
}

static enum sti_error policy_add(const struct work *w)
{
	const char *policy = w->subject->policy;
	ASN1_OBJECT *oid;
	enum sti_error error;

	if (!policy && (SHAKEN_UNDER & 1u << w->subject->kind) == 0)
		return STI_OK;
	oid = OBJ_txt2obj(policy ? policy : policy_us, 1);
	if (!oid)
		return STI_E_CONFIG;
	error = policy_write(oid, w->cert);
	ASN1_OBJECT_free(oid);
	return error;
}

/* id-pe-TNAuthList, RFC 8226 9. OpenSSL 3.0 has no number for it. */
static enum sti_error tnauthlist_write(struct sti_span der, X509 *cert)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.26", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	enum sti_error error = STI_E_MEMORY;

	if (oid && octets && ASN1_OCTET_STRING_set(octets, der.p, (int)der.n) == 1)
		extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	if (extension && X509_add_ext(cert, extension, -1) == 1)
		error = STI_OK;
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
	return error;
}

/* Judged by the reader, so that nothing is issued that it would refuse. */
static enum sti_error spc_check(struct sti_span der)
{
	struct sti_tnauthlist *list;
	struct sti_span spc;
	enum sti_error error = sti_tnauthlist_parse(der, &list);

	if (error)
		return error;
	error = sti_tnauthlist_spc(list, &spc);
	sti_tnauthlist_free(list);
	return error;
}

/* SEQUENCE { [0] { IA5String spc } }; all lengths are short ones. */
static enum sti_error spc_add(struct sti_span spc, X509 *cert)
{
	uint8_t octets[6 + LIMIT_SPC] = {DER_SEQUENCE, 0, DER_CONTEXT, 0, DER_IA5STRING, 0};
	struct sti_span der = sti_span(octets, 6 + spc.n);
	enum sti_error error;

	if (spc.n > LIMIT_SPC)
		return STI_E_TNAUTHLIST;
	octets[1] = (uint8_t)(spc.n + 4);
	octets[3] = (uint8_t)(spc.n + 2);
	octets[5] = (uint8_t)spc.n;
	memcpy(octets + 6, spc.p, spc.n);
	error = spc_check(der);
	return error ? error : tnauthlist_write(der, cert);
}

static enum sti_error tnauthlist_add(const struct work *w)
{
	if (w->subject->tnauthlist.p)
		return tnauthlist_write(w->subject->tnauthlist, w->cert);
	return w->subject->spc ? spc_add(sti_span_str(w->subject->spc), w->cert) : STI_OK;
}

/* Takes over what it adds, also when it fails. */
static bool general_name_add(GENERAL_NAMES *names, int type, void *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (name)
		GENERAL_NAME_set0_value(name, type, value);
	else
		ASN1_STRING_free(value);
	if (name && sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static ASN1_IA5STRING *ia5_new(const char *text)
{
	ASN1_IA5STRING *string = ASN1_IA5STRING_new();

	if (string && ASN1_STRING_set(string, text, -1) == 1)
		return string;
	ASN1_IA5STRING_free(string);
	return NULL;
}

static bool host_add(GENERAL_NAMES *names, const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

	if (address)
		return general_name_add(names, GEN_IPADD, address);
	return general_name_add(names, GEN_DNS, ia5_new(host));
}

static enum sti_error hosts_add(const struct work *w)
{
	GENERAL_NAMES *names;
	bool good;

	if (w->subject->n_host == 0)
		return STI_OK;
	names = GENERAL_NAMES_new();
	good = names != NULL;
	for (size_t i = 0; good && i < w->subject->n_host; i++)
		good = host_add(names, w->subject->host[i]);
	good = good && X509_add1_ext_i2d(w->cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return good ? STI_OK : STI_E_MEMORY;
}

/* cRLIssuer [2]: the STI-PA, which is not the issuer of the certificate (standards.md 3.4). */
static enum sti_error crl_issuer_add(const struct issue_name *issuer, DIST_POINT *point)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *directory = X509_NAME_new();
	enum sti_error error = STI_E_MEMORY;

	point->CRLissuer = GENERAL_NAMES_new();
	if (name && directory && point->CRLissuer)
		error = name_write(issuer, directory);
	if (!error) {
		GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
		directory = NULL;
		error = sk_GENERAL_NAME_push(point->CRLissuer, name) > 0 ? STI_OK : STI_E_MEMORY;
		name = error ? name : NULL;
	}
	X509_NAME_free(directory);
	GENERAL_NAME_free(name);
	return error;
}

static enum sti_error point_fill(const struct issue_subject *subject, DIST_POINT *point)
{
	point->distpoint = DIST_POINT_NAME_new();
	if (!point->distpoint)
		return STI_E_MEMORY;
	point->distpoint->type = 0; /* fullName */
	point->distpoint->name.fullname = GENERAL_NAMES_new();
	if (!point->distpoint->name.fullname ||
	    !general_name_add(point->distpoint->name.fullname, GEN_URI, ia5_new(subject->crl_url)))
		return STI_E_MEMORY;
	return subject->crl_issuer ? crl_issuer_add(subject->crl_issuer, point) : STI_OK;
}

static enum sti_error points_write(const struct work *w, CRL_DIST_POINTS *points, DIST_POINT *point)
{
	enum sti_error error = point_fill(w->subject, point);

	if (error)
		return error;
	sk_DIST_POINT_push(points, point); /* reserved: cannot fail */
	if (X509_add1_ext_i2d(w->cert, NID_crl_distribution_points, points, 0, X509V3_ADD_DEFAULT) != 1)
		error = STI_E_MEMORY;
	sk_DIST_POINT_pop(points);
	return error;
}

static enum sti_error crl_add(const struct work *w)
{
	CRL_DIST_POINTS *points;
	DIST_POINT *point;
	enum sti_error error = STI_E_MEMORY;

	if (!w->subject->crl_url)
		return STI_OK;
	points = sk_DIST_POINT_new_reserve(NULL, 1);
	point = DIST_POINT_new();
	if (points && point)
		error = points_write(w, points, point);
	DIST_POINT_free(point);
	sk_DIST_POINT_free(points);
	return error;
}

static enum sti_error key_identifier_add(const struct work *w)
{
	return w->cert == w->issuer ? STI_OK : text_add(w, NID_authority_key_identifier, "keyid:always");
}

enum sti_error extension_add(const struct issue_subject *subject, X509 *cert, X509 *issuer)
{
	const struct work w = {subject, cert, issuer};
	enum sti_error (*const step[])(const struct work *) = {
		table_add, key_identifier_add, policy_add, crl_add, hosts_add, tnauthlist_add,
	};

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		enum sti_error error = step[i](&w);

		if (error)
			return error;
	}
	return STI_OK;
}

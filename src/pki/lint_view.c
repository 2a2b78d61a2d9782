/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_view.h"

#include <openssl/err.h>

#include <sti/tnauthlist.h>

/* Days on which ATIS-1000080 v003 (2020-09-04), v004 (2021-10-18) and v005 (2022-12-12) were published;
 * end entities are held to it 90 days later, as zlint does, for it is then that a CA has to conform. */
static const struct {
	enum lint_version version;
	int64_t published;
} versions[] = {
	{LINT_V3, 1599177600},
	{LINT_V4, 1634515200},
	{LINT_V5, 1670803200},
};

enum { LEAF_DELAY = 90 * 86400 };

static enum lint_version version_at(enum lint_kind kind, int64_t issued)
{
	int64_t delay = kind == LINT_SIGNER ? LEAF_DELAY : 0;
	enum lint_version version = LINT_NONE;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].published + delay <= issued)
			version = versions[i].version;
	return version;
}

static bool was_memory(void)
{
	bool memory = false;
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		memory = memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return memory;
}

/* NULL both for what cannot be decoded and for no memory: only OpenSSL's queue tells them apart. */
static enum sti_error decode(const struct cert *cert, int nid, void *out)
{
	void *value;
	int found;

	ERR_clear_error();
	value = X509_get_ext_d2i(cert->x509, nid, &found, NULL);
	memcpy(out, &value, sizeof(value));
	return was_memory() && !value ? STI_E_MEMORY : STI_OK;
}

/* Names and keys that we refuse to compute with (threats.md E2) are taken by their word. */
static bool is_self_signed(const struct cert *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert->x509);
	bool self;

	if (X509_NAME_cmp(subject, X509_get_issuer_name(cert->x509)) != 0)
		return false;
	if (cert->key == CERT_KEY_OTHER)
		return X509_NAME_entry_count(subject) > 0;
	ERR_set_mark();
	self = X509_verify(cert->x509, X509_get0_pubkey(cert->x509)) == 1;
	ERR_pop_to_mark();
	return self;
}

static enum sti_error kind_read(struct lint_view *view)
{
	BASIC_CONSTRAINTS *constraints;
	enum sti_error error = decode(view->cert, NID_basic_constraints, &constraints);

	view->has_constraints = constraints;
	view->kind = LINT_SIGNER;
	if (constraints && constraints->ca)
		view->kind = is_self_signed(view->cert) ? LINT_ROOT : LINT_INTERMEDIATE;
	BASIC_CONSTRAINTS_free(constraints);
	return error;
}

static enum sti_error usage_read(struct lint_view *view)
{
	ASN1_BIT_STRING *bits;
	enum sti_error error = decode(view->cert, NID_key_usage, &bits);

	view->has_usage = bits;
	for (int i = 0; bits && i < bits->length && i < 2; i++)
		view->usage |= (uint32_t)bits->data[i] << 8 * i;
	ASN1_BIT_STRING_free(bits);
	return error;
}

static X509_EXTENSION *tnauthlist_find(const X509 *x509)
{
	/* id-pe-TNAuthList 1.3.6.1.5.5.7.1.26, RFC 8226 9 */
	static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a};

	for (int i = 0; i < X509_get_ext_count(x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);
		const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);

		if (sti_span_equal(sti_span(oid, sizeof(oid)), sti_span(OBJ_get0_data(object), OBJ_length(object))))
			return extension;
	}
	return NULL;
}

static enum sti_error spc_parse(struct sti_span value, struct sti_span *spc)
{
	struct sti_tnauthlist *list;
	enum sti_error error = sti_tnauthlist_parse(value, &list);

	if (error)
		return error == STI_E_MEMORY ? error : STI_OK;
	if (sti_tnauthlist_spc(list, spc))
		*spc = (struct sti_span){0};
	sti_tnauthlist_free(list);
	return STI_OK;
}

static enum sti_error tnauthlist_read(struct lint_view *view)
{
	X509_EXTENSION *extension = tnauthlist_find(view->cert->x509);
	const ASN1_OCTET_STRING *value;

	if (!extension)
		return STI_OK;
	value = X509_EXTENSION_get_data(extension);
	view->has_tnauthlist = true;
	view->is_tnauthlist_critical = X509_EXTENSION_get_critical(extension);
	return spc_parse(sti_span(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), &view->spc);
}

static const struct domain_policy *policy_named(const struct lint_view *view)
{
	for (int i = 0; i < sk_POLICYINFO_num(view->policies); i++) {
		char oid[LIMIT_CERT_NAME];
		const ASN1_OBJECT *object = sk_POLICYINFO_value(view->policies, i)->policyid;
		const struct domain_policy *found = NULL;
		int n = 0;

		if (OBJ_length(object) < sizeof(oid) / 4) /* a huge one is slow to write: CVE-2023-2650 */
			n = OBJ_obj2txt(oid, sizeof(oid), object, 1);
		if (n > 0 && n < (int)sizeof(oid))
			found = domain_policy(view->domain, sti_span(oid, (size_t)n));
		if (found)
			return found;
	}
	return NULL;
}

static void policy_read(struct lint_view *view)
{
	if (!view->domain)
		return;
	view->named = policy_named(view);
	view->policy = view->named;
	if (!view->policies) /* that of another domain has other rules */
		view->policy = domain_policy_at(view->domain, lint_view_who(view), view->cert->from);
}

enum sti_error lint_view_open(const struct cert *cert, const struct domain *domain, enum lint_version version,
			      struct lint_view *out)
{
	enum sti_error error;

	*out = (struct lint_view){.cert = cert, .domain = domain};
	error = kind_read(out);
	if (!error)
		error = usage_read(out);
	if (!error)
		error = tnauthlist_read(out);
	if (!error)
		error = decode(cert, NID_subject_key_identifier, &out->ski);
	if (!error)
		error = decode(cert, NID_authority_key_identifier, &out->aki);
	if (!error)
		error = decode(cert, NID_certificate_policies, &out->policies);
	if (!error)
		error = decode(cert, NID_crl_distribution_points, &out->crl);
	if (error) {
		lint_view_close(out);
		return error;
	}
	policy_read(out);
	out->version = version ? version : version_at(out->kind, cert->from);
	return STI_OK;
}

void lint_view_close(struct lint_view *view)
{
	ASN1_OCTET_STRING_free(view->ski);
	AUTHORITY_KEYID_free(view->aki);
	CERTIFICATEPOLICIES_free(view->policies);
	CRL_DIST_POINTS_free(view->crl);
	*view = (struct lint_view){0};
}

bool lint_view_has(const struct lint_view *view, int nid)
{
	return X509_get_ext_by_NID(view->cert->x509, nid, -1) >= 0;
}

bool lint_view_is_critical(const struct lint_view *view, int nid)
{
	int at = X509_get_ext_by_NID(view->cert->x509, nid, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(view->cert->x509, at));
}

bool lint_view_has_rule(const struct lint_view *view, enum domain_rule rule)
{
	return view->policy && (view->policy->rules & rule);
}

enum domain_who lint_view_who(const struct lint_view *view)
{
	return view->kind == LINT_SIGNER ? DOMAIN_SIGNER : DOMAIN_CA;
}

struct sti_span lint_view_crl_url(const struct lint_view *view)
{
	const DIST_POINT *point = sk_DIST_POINT_num(view->crl) == 1 ? sk_DIST_POINT_value(view->crl, 0) : NULL;
	const GENERAL_NAMES *names =
		point && point->distpoint && point->distpoint->type == 0 ? point->distpoint->name.fullname : NULL;
	const GENERAL_NAME *name = sk_GENERAL_NAME_num(names) == 1 ? sk_GENERAL_NAME_value(names, 0) : NULL;

	if (!name || name->type != GEN_URI)
		return (struct sti_span){0};
	return sti_span(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
			(size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
}

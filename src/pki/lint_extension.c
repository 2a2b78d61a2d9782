/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_extension.h"

enum lint_status lint_extension_constraints(const struct lint_view *view)
{
	return lint_if(!view->has_constraints || !lint_view_is_critical(view, NID_basic_constraints));
}

enum lint_status lint_extension_usage_signer(const struct lint_view *view)
{
	return lint_if(!lint_view_is_critical(view, NID_key_usage) || view->usage != KU_DIGITAL_SIGNATURE);
}

enum lint_status lint_extension_usage_ca(const struct lint_view *view)
{
	const uint32_t may = KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE;

	return lint_if(!lint_view_is_critical(view, NID_key_usage) || !(view->usage & KU_KEY_CERT_SIGN) ||
		       (view->usage & ~may));
}

enum lint_status lint_extension_usage_single(const struct lint_view *view)
{
	return view->has_usage ? lint_if(view->usage != KU_KEY_CERT_SIGN) : LINT_NA;
}

enum lint_status lint_extension_usage_crl(const struct lint_view *view)
{
	return lint_view_has_rule(view, DOMAIN_NO_CRL_SIGN) ? lint_if(view->usage & KU_CRL_SIGN) : LINT_NA;
}

enum lint_status lint_extension_ski(const struct lint_view *view)
{
	return lint_if(!view->ski);
}

enum lint_status lint_extension_ski_size(const struct lint_view *view)
{
	return lint_if(!view->ski || ASN1_STRING_length(view->ski) != 20);
}

enum lint_status lint_extension_aki(const struct lint_view *view)
{
	return lint_if(!view->aki);
}

enum lint_status lint_extension_aki_root(const struct lint_view *view)
{
	if (!view->aki || !view->aki->keyid)
		return LINT_NA;
	return lint_if(!view->ski || ASN1_OCTET_STRING_cmp(view->aki->keyid, view->ski) != 0);
}

/* Exactly one; where the domain is known, one that it has for certificates of this time. */
enum lint_status lint_extension_policies(const struct lint_view *view)
{
	if (sk_POLICYINFO_num(view->policies) != 1)
		return LINT_FOUND;
	if (!view->domain || !view->domain->n_policy)
		return LINT_PASS;
	return lint_if(!view->named || !domain_policy_may(view->named, lint_view_who(view), view->cert->from));
}

enum lint_status lint_extension_policies_critical(const struct lint_view *view)
{
	if (!lint_view_has(view, NID_certificate_policies))
		return LINT_NA;
	return lint_if(lint_view_is_critical(view, NID_certificate_policies));
}

enum lint_status lint_extension_policies_root(const struct lint_view *view)
{
	return lint_if(lint_view_has(view, NID_certificate_policies));
}

static bool is_http(struct sti_span url)
{
	return url.n > 7 && (memcmp(url.p, "http://", 7) == 0 || memcmp(url.p, "https:/", 7) == 0);
}

enum lint_status lint_extension_crl(const struct lint_view *view)
{
	return lint_if(!is_http(lint_view_crl_url(view)));
}

enum lint_status lint_extension_crl_issuer(const struct lint_view *view)
{
	if (sk_DIST_POINT_num(view->crl) < 1)
		return LINT_NA;
	return lint_if(!sk_DIST_POINT_value(view->crl, 0)->CRLissuer);
}

/* The CRL of another place is one that verifiers of the domain do not have. */
enum lint_status lint_extension_crl_reachable(const struct lint_view *view)
{
	struct sti_span url = lint_view_crl_url(view);

	if (!is_http(url) || !view->domain || !view->domain->n_crl_url)
		return LINT_NA;
	for (size_t i = 0; i < view->domain->n_crl_url; i++)
		if (sti_span_equal(url, view->domain->crl_url[i]))
			return LINT_PASS;
	return LINT_FOUND;
}

enum lint_status lint_extension_crl_root(const struct lint_view *view)
{
	return lint_if(lint_view_has(view, NID_crl_distribution_points));
}

enum lint_status lint_extension_known(const struct lint_view *view)
{
	static const int known[] = {
		NID_subject_key_identifier, NID_key_usage,
		NID_basic_constraints,      NID_crl_distribution_points,
		NID_certificate_policies,   NID_authority_key_identifier,
	};
	int n = view->has_tnauthlist;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		n += lint_view_has(view, known[i]);
	return lint_if(X509_get_ext_count(view->cert->x509) > n);
}

enum lint_status lint_extension_tnauthlist(const struct lint_view *view)
{
	return lint_if(!view->spc.p || view->is_tnauthlist_critical);
}

enum lint_status lint_extension_tnauthlist_ca(const struct lint_view *view)
{
	return lint_if(view->has_tnauthlist);
}

static bool is_format(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

enum lint_status lint_extension_spc_format(const struct lint_view *view)
{
	for (size_t i = 0; i < view->spc.n; i++)
		if (!is_format(view->spc.p[i]))
			return LINT_FOUND;
	return view->spc.p ? LINT_PASS : LINT_NA;
}

enum lint_status lint_extension_spc_length(const struct lint_view *view)
{
	if (!view->spc.p || !view->domain || !view->domain->spc)
		return LINT_NA;
	return lint_if(view->spc.n != view->domain->spc);
}

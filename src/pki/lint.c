/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_extension.h"
#include "pki/lint_name.h"

#define V3 "ATIS-1000080.v003 6.4.1"
#define V4 "ATIS-1000080.v004 6.4.1"
#define V5 "ATIS-1000080.v005 6.4.1"
#define CP "certificate policy of the domain "

enum { SIGNER = LINT_SIGNER, MIDDLE = LINT_INTERMEDIATE, ROOT = LINT_ROOT, CA = MIDDLE | ROOT, ALL = CA | SIGNER };

static enum lint_status version_check(const struct lint_view *view)
{
	return lint_if(X509_get_version(view->cert->x509) != X509_VERSION_3);
}

static int bits_of(const ASN1_INTEGER *number)
{
	const uint8_t *p = ASN1_STRING_get0_data(number);
	int n = ASN1_STRING_length(number) * 8;

	for (int bit = 0x80; n > 0 && bit && !(p[0] & bit); bit >>= 1)
		n--;
	return n;
}

/* Since v005 64 bits of it come from a random generator; zlint asks that they be in use. */
static enum lint_status serial_check(const struct lint_view *view)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(view->cert->x509);

	return lint_if(ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER || bits_of(serial) == 0 ||
		       (view->version >= LINT_V5 && bits_of(serial) < 64));
}

/* With the octet that a set first bit needs before it. */
static enum lint_status serial_length_check(const struct lint_view *view)
{
	return lint_if(bits_of(X509_get0_serialNumber(view->cert->x509)) / 8 + 1 > 20);
}

/* A policy may let CAs have P-384 and sign with SHA-384; a root names no policy and may as well. */
static bool may_384(const struct lint_view *view)
{
	return view->kind == LINT_ROOT || (view->named && !(view->named->rules & DOMAIN_SHA256_ONLY));
}

static enum lint_status signature_check(const struct lint_view *view)
{
	int nid = X509_get_signature_nid(view->cert->x509);

	return lint_if(nid != NID_ecdsa_with_SHA256 && !(nid == NID_ecdsa_with_SHA384 && may_384(view)));
}

static enum lint_status key_check(const struct lint_view *view)
{
	enum cert_key key = view->cert->key;

	return lint_if(key != CERT_KEY_P256 && !(key == CERT_KEY_P384 && view->kind != LINT_SIGNER && may_384(view)));
}

static enum lint_status sha256_check(const struct lint_view *view)
{
	if (!view->named || !(view->named->rules & DOMAIN_SHA256_ONLY))
		return LINT_NA;
	return lint_if(X509_get_signature_nid(view->cert->x509) != NID_ecdsa_with_SHA256);
}

static enum lint_status sha384_check(const struct lint_view *view)
{
	int nid = X509_get_signature_nid(view->cert->x509);

	if (!view->named || (view->named->rules & DOMAIN_SHA256_ONLY))
		return LINT_NA;
	return lint_if(nid != NID_ecdsa_with_SHA256 && nid != NID_ecdsa_with_SHA384);
}

const struct lint lint_table[] = {
	{"e_atis_version", LINT_ERROR, SIGNER, LINT_V3, version_check, V3, "version 3"},
	{"e_atis_ca_version", LINT_ERROR, CA, LINT_V3, version_check, V3, "version 3"},
	{"e_atis_serial_number", LINT_ERROR, SIGNER, LINT_V3, serial_check, V5,
	 "a serial number over zero, since v005 of 64 bits"},
	{"e_atis_ca_serial_number", LINT_ERROR, CA, LINT_V3, serial_check, V5,
	 "a serial number over zero, since v005 of 64 bits"},
	{"e_serial_number_longer_than_20_octets", LINT_ERROR, ALL, LINT_NONE, serial_length_check, "RFC 5280 4.1.2.2",
	 "a serial number of at most 20 octets"},
	{"e_atis_signature_algorithm", LINT_ERROR, SIGNER, LINT_V3, signature_check, V3,
	 "signed with ecdsa-with-SHA256, or as its policy allows"},
	{"e_atis_ca_signature_algorithm", LINT_ERROR, CA, LINT_V3, signature_check, V3,
	 "signed with ecdsa-with-SHA256, or as its policy allows"},
	{"e_cp_1_1_key_size", LINT_ERROR, ALL, LINT_NONE, sha256_check, CP "6.1.5",
	 "signed with SHA-256, where its policy allows no other"},
	{"e_cp_1_4_key_size", LINT_ERROR, ALL, LINT_NONE, sha384_check, CP "6.1.5",
	 "signed with SHA-256 or SHA-384, where its policy allows both"},
	{"e_atis_subject_public_key", LINT_ERROR, SIGNER, LINT_V3, key_check, V3, "a P-256 key"},
	{"e_atis_ca_subject_public_key", LINT_ERROR, CA, LINT_V3, key_check, V3,
	 "a P-256 key; P-384 as its policy allows"},

	{"e_atis_subject", LINT_ERROR, SIGNER, LINT_V3, lint_name_subject, V3, "C and CN in the subject, since v004 O"},
	{"e_atis_ca_subject", LINT_ERROR, CA, LINT_V3, lint_name_subject, V3, "C and CN in the subject, since v004 O"},
	{"e_atis_issuer_dn", LINT_ERROR, SIGNER, LINT_V3, lint_name_issuer, V3, "C and CN in the issuer, since v004 O"},
	{"e_atis_ca_issuer_dn", LINT_ERROR, MIDDLE, LINT_V3, lint_name_issuer, V3,
	 "C and CN in the issuer, since v004 O"},
	{"e_atis_subject_cn", LINT_ERROR, SIGNER, LINT_V3, lint_name_signer, V4,
	 "SHAKEN in the common name, since v004 with a space and the SPC behind it"},
	{"e_atis_ca_subject_cn", LINT_ERROR, CA, LINT_V3, lint_name_ca, V4, "SHAKEN in the common name"},
	{"e_atis_subject_cn_root", LINT_ERROR, ROOT, LINT_V5, lint_name_root, V5,
	 "ROOT, in letters of any case, in the common name"},
	{"e_atis_subject_c_iso", LINT_ERROR, SIGNER, LINT_V5, lint_name_country, V5,
	 "one C, of two capital letters (ISO 3166-1)"},
	{"e_atis_subject_c_iso_ca", LINT_ERROR, CA, LINT_V5, lint_name_country, V5,
	 "one C, of two capital letters (ISO 3166-1)"},
	{"e_domain_subject_c", LINT_ERROR, ALL, LINT_NONE, lint_name_country_of_domain, CP "3.1",
	 "the country of the domain as C"},
	{"e_us_cp_ambiguous_identifier", LINT_ERROR, SIGNER, LINT_NONE, lint_name_exact, CP "3.1",
	 "a common name that is SHAKEN, a space, the SPC and nothing else"},
	{"e_us_cp_subject_sn", LINT_ERROR, SIGNER, LINT_NONE, lint_name_serial, CP "3.1",
	 "one serialNumber in the subject"},
	{"w_cp_1_3_subject_email", LINT_WARN, SIGNER, LINT_NONE, lint_name_email, CP "3.2",
	 "no e-mail address in the subject"},
	{"e_subject_attribute_max_length", LINT_ERROR, ALL, LINT_NONE, lint_name_length, "RFC 5280 A.1",
	 "at most 64 characters in CN, O, OU and serialNumber"},
	{"e_subject_dn_not_printable_characters", LINT_ERROR, ALL, LINT_NONE, lint_name_printable, "RFC 5280 4.1.2.6",
	 "no control character in the subject"},
	{"n_subject_dn_string_type", LINT_NOTICE, ALL, LINT_NONE, lint_name_string_type, "RFC 5280 4.1.2.4",
	 "PrintableString or UTF8String in the subject"},

	{"e_atis_basic_constraints", LINT_ERROR, ALL, LINT_V3, lint_extension_constraints, V3,
	 "BasicConstraints, critical"},
	{"e_atis_key_usage", LINT_ERROR, SIGNER, LINT_V3, lint_extension_usage_signer, V3,
	 "keyUsage, critical: digitalSignature and nothing else"},
	{"e_atis_ca_key_usage", LINT_ERROR, CA, LINT_V3, lint_extension_usage_ca, V3,
	 "keyUsage, critical: keyCertSign, besides at most digitalSignature and cRLSign"},
	{"e_atis_ext_key_usage_ca", LINT_ERROR, CA, LINT_V5, lint_extension_usage_single, V5,
	 "keyCertSign and nothing else"},
	{"e_us_cp_ca_key_usage_crl_sign", LINT_ERROR, CA, LINT_NONE, lint_extension_usage_crl, CP "4.9",
	 "no cRLSign: the STI-PA signs the CRL"},
	{"e_atis_subject_key_identifier", LINT_ERROR, SIGNER, LINT_V3, lint_extension_ski, V3, "subjectKeyIdentifier"},
	{"e_atis_ca_subject_key_identifier", LINT_ERROR, CA, LINT_V3, lint_extension_ski, V3, "subjectKeyIdentifier"},
	{"e_atis_subject_key_identifier_size", LINT_ERROR, SIGNER, LINT_V4, lint_extension_ski_size, V4,
	 "20 octets of subjectKeyIdentifier"},
	{"e_atis_subject_key_identifier_size_ca", LINT_ERROR, CA, LINT_V4, lint_extension_ski_size, V4,
	 "20 octets of subjectKeyIdentifier"},
	{"e_atis_authority_key_identifier", LINT_ERROR, SIGNER, LINT_V3, lint_extension_aki, V3,
	 "authorityKeyIdentifier"},
	{"e_atis_ca_authority_key_identifier", LINT_ERROR, MIDDLE, LINT_V3, lint_extension_aki, V3,
	 "authorityKeyIdentifier"},
	{"e_atis_root_authority_key_identifier", LINT_ERROR, ROOT, LINT_V3, lint_extension_aki_root, V3,
	 "its own subjectKeyIdentifier, where a root has an authorityKeyIdentifier"},
	{"e_atis_certificate_policies", LINT_ERROR, SIGNER, LINT_V3, lint_extension_policies, V3,
	 "one certificate policy, one of the domain's"},
	{"e_atis_ca_certificate_policies", LINT_ERROR, MIDDLE, LINT_V3, lint_extension_policies, V3,
	 "one certificate policy, one of the domain's"},
	{"n_atis_certificate_policy_critical", LINT_NOTICE, SIGNER, LINT_V3, lint_extension_policies_critical, V3,
	 "certificatePolicies, not critical"},
	{"n_atis_ca_certificate_policy_critical", LINT_NOTICE, MIDDLE, LINT_V3, lint_extension_policies_critical, V3,
	 "certificatePolicies, not critical"},
	{"e_atis_root_certificate_policies", LINT_ERROR, ROOT, LINT_V5, lint_extension_policies_root, V5,
	 "no certificatePolicies"},
	{"e_atis_crl_distribution", LINT_ERROR, SIGNER, LINT_V3, lint_extension_crl, V3,
	 "one distribution point, an HTTP URL"},
	{"e_atis_ca_crl_distribution", LINT_ERROR, MIDDLE, LINT_V3, lint_extension_crl, V4,
	 "one distribution point, an HTTP URL"},
	{"e_atis_ext_crl_distribution_struct", LINT_ERROR, SIGNER, LINT_V4, lint_extension_crl_issuer, V4,
	 "cRLIssuer in the distribution point"},
	{"e_atis_ext_crl_distribution_struct_ca", LINT_ERROR, MIDDLE, LINT_V4, lint_extension_crl_issuer, V4,
	 "cRLIssuer in the distribution point"},
	{"e_atis_ext_crl_distribution_root", LINT_ERROR, ROOT, LINT_V5, lint_extension_crl_root, V5,
	 "no cRLDistributionPoints"},
	{"e_atis_crl_distribution_not_reachable", LINT_ERROR, SIGNER, LINT_NONE, lint_extension_crl_reachable, V3,
	 "a CRL that the domain publishes"},
	{"e_atis_ca_crl_distribution_not_reachable", LINT_ERROR, MIDDLE, LINT_NONE, lint_extension_crl_reachable, V3,
	 "a CRL that the domain publishes"},
	{"e_atis_extension_unknown", LINT_ERROR, SIGNER, LINT_V5, lint_extension_known, V5,
	 "no extension that ATIS-1000080 does not name"},
	{"e_atis_ca_extension_unknown", LINT_ERROR, MIDDLE, LINT_V5, lint_extension_known, V5,
	 "no extension that ATIS-1000080 does not name"},
	{"e_atis_root_extension_unknown", LINT_ERROR, ROOT, LINT_V5, lint_extension_known, V5,
	 "no extension that ATIS-1000080 does not name"},
	{"e_atis_tn_auth_list", LINT_ERROR, SIGNER, LINT_V3, lint_extension_tnauthlist, V3,
	 "TNAuthList of one SPC, not critical"},
	{"e_atis_tn_auth_list_spc_format", LINT_ERROR, SIGNER, LINT_V5, lint_extension_spc_format, V5,
	 "digits and capital letters in the SPC"},
	{"n_domain_spc_length", LINT_NOTICE, SIGNER, LINT_NONE, lint_extension_spc_length, "numbering of the domain",
	 "an SPC of as many characters as the domain gives"},
	{"e_atis_tn_auth_list_ca", LINT_ERROR, CA, LINT_V5, lint_extension_tnauthlist_ca, V5, "no TNAuthList"},
	{.name = NULL},
};

enum lint_status lint_check(const struct lint *lint, const struct lint_view *view)
{
	if (!(lint->on & view->kind))
		return LINT_NA;
	if (view->version < lint->from)
		return LINT_NOT_EFFECTIVE;
	return lint->check(view);
}

const char *lint_level_text(enum lint_level level)
{
	static const char *const text[] = {[LINT_ERROR] = "error", [LINT_WARN] = "warn", [LINT_NOTICE] = "notice"};

	return (unsigned)level <= LINT_NOTICE ? text[level] : "unknown";
}

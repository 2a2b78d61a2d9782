/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cmd/inspect.h"
#include "crypto/digest.h"
#include "pki/chain.h"
#include "pki/profile.h"

/* id-pe-TNAuthList 1.3.6.1.5.5.7.1.26, RFC 8226 9 */
static const uint8_t tnauthlist_oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a};

enum { OID_TEXT = 128 };

static const char *const key_text[] = {[CERT_KEY_OTHER] = "other",
				       [CERT_KEY_P256] = "P-256",
				       [CERT_KEY_P384] = "P-384",
				       [CERT_KEY_P521] = "P-521",
				       [CERT_KEY_RSA] = "RSA"};

/* RFC 4514; only ASCII comes out of it. */
void inspect_put_name(struct report *report, const char *name, const X509_NAME *value)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	if (!bio || X509_NAME_print_ex(bio, value, 0, XN_FLAG_RFC2253) < 0) {
		report->out.error = STI_E_MEMORY;
	} else {
		n = BIO_get_mem_data(bio, &text);
		report_text(report, name, sti_span(text ? text : "", n > 0 ? (size_t)n : 0));
	}
	BIO_free(bio);
}

void inspect_put_serial(struct report *report, const char *name, const ASN1_INTEGER *serial)
{
	report_hex(report, name, sti_span(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)));
}

static void put_octets(struct report *report, const char *name, const ASN1_OCTET_STRING *octets)
{
	if (octets)
		report_hex(report, name, sti_span(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)));
}

static void put_key(struct report *report, const struct cert *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert->x509);
	char text[32];

	snprintf(text, sizeof(text), cert->key == CERT_KEY_RSA ? "%s %d" : "%s", key_text[cert->key],
		 key ? EVP_PKEY_get_bits(key) : 0);
	report_text(report, "key", sti_span_str(text));
}

static void put_usage(struct report *report, const struct cert *cert)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} row[] = {
		{KU_DIGITAL_SIGNATURE, "digitalSignature"},
		{KU_NON_REPUDIATION, "contentCommitment"},
		{KU_KEY_ENCIPHERMENT, "keyEncipherment"},
		{KU_DATA_ENCIPHERMENT, "dataEncipherment"},
		{KU_KEY_AGREEMENT, "keyAgreement"},
		{KU_KEY_CERT_SIGN, "keyCertSign"},
		{KU_CRL_SIGN, "cRLSign"},
	};
	uint32_t usage = X509_get_key_usage(cert->x509);

	if (X509_get_ext_by_NID(cert->x509, NID_key_usage, -1) < 0)
		return;
	report_open_list(report, "usage");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (usage & row[i].bit)
			report_text(report, NULL, sti_span_str(row[i].name));
	report_close_list(report);
}

static void put_entry(struct report *report, const struct sti_tn_entry *entry)
{
	static const char *const kind[] = {
		[STI_TN_ENTRY_SPC] = "spc", [STI_TN_ENTRY_RANGE] = "range", [STI_TN_ENTRY_ONE] = "one"};

	report_open(report, NULL);
	report_text(report, kind[entry->kind], entry->text);
	if (entry->kind == STI_TN_ENTRY_RANGE)
		report_int(report, "count", (int64_t)entry->count);
	report_close(report);
}

void inspect_put_tnauthlist(struct inspect *in, const struct sti_tnauthlist *list)
{
	report_open_list(&in->report, "tnauthlist");
	for (size_t i = 0; i < list->n && i < INSPECT_ENTRIES; i++)
		put_entry(&in->report, &list->entry[i]);
	report_close_list(&in->report);
	if (list->n > INSPECT_ENTRIES)
		inspect_note(in, "RFC 8226 9", "TNAuthList: %zu entries, the first %d are shown", list->n,
			     INSPECT_ENTRIES);
}

static void put_tnauthlist(struct inspect *in, const struct cert *cert)
{
	struct sti_tnauthlist *list;
	struct sti_span value, spc;
	enum sti_error error = cert_extension(cert, sti_span(tnauthlist_oid, sizeof(tnauthlist_oid)), &value);

	if (error == STI_E_NOT_FOUND)
		return;
	if (!error)
		error = sti_tnauthlist_parse(value, &list);
	if (error) {
		inspect_fault(in, "RFC 8226 9", "TNAuthList: %s", sti_error_text(error));
		return;
	}
	if (sti_tnauthlist_spc(list, &spc) == STI_OK)
		report_text(&in->report, "spc", spc);
	inspect_put_tnauthlist(in, list);
	sti_tnauthlist_free(list);
}

static void put_policies(struct inspect *in, const struct cert *cert)
{
	CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(cert->x509, NID_certificate_policies, NULL, NULL);
	char oid[OID_TEXT];

	if (!policies)
		return;
	report_open_list(&in->report, "policies");
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++)
		if (OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(policies, i)->policyid, 1) > 0)
			report_text(&in->report, NULL, sti_span_str(oid));
	report_close_list(&in->report);
	CERTIFICATEPOLICIES_free(policies);
}

void inspect_put_names(struct report *report, const char *name, const GENERAL_NAMES *names)
{
	report_open_list(report, name);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

		if (one->type == GEN_URI)
			report_text(report, NULL,
				    sti_span(ASN1_STRING_get0_data(one->d.uniformResourceIdentifier),
					     (size_t)ASN1_STRING_length(one->d.uniformResourceIdentifier)));
		else if (one->type == GEN_DIRNAME)
			inspect_put_name(report, NULL, one->d.directoryName);
	}
	report_close_list(report);
}

static void put_crl_points(struct inspect *in, const struct cert *cert)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(cert->x509, NID_crl_distribution_points, NULL, NULL);

	if (!points)
		return;
	report_open_list(&in->report, "crl_points");
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		report_open(&in->report, NULL);
		if (point->distpoint && point->distpoint->type == 0)
			inspect_put_names(&in->report, "url", point->distpoint->name.fullname);
		if (point->CRLissuer)
			inspect_put_names(&in->report, "issuer", point->CRLissuer);
		report_close(&in->report);
	}
	report_close_list(&in->report);
	CRL_DIST_POINTS_free(points);
}

static void put_subject_parts(struct inspect *in, const struct cert *cert)
{
	char country[LIMIT_CERT_NAME];
	size_t n = cert_subject(cert, NID_countryName, country);

	inspect_put_name(&in->report, "subject", X509_get_subject_name(cert->x509));
	inspect_put_name(&in->report, "issuer", X509_get_issuer_name(cert->x509));
	if (n)
		report_text(&in->report, "country", sti_span(country, n));
	inspect_put_serial(&in->report, "serial", X509_get0_serialNumber(cert->x509));
}

static void put_validity(struct inspect *in, const struct cert *cert)
{
	char text[REPORT_TIME];

	report_time(&in->report, "from", cert->from);
	report_time(&in->report, "until", cert->until);
	if (in->now > cert->until)
		inspect_note(in, "RFC 5280 4.1.2.5", "has expired, %s", report_time_text(cert->until, text));
	else if (in->now < cert->from)
		inspect_note(in, "RFC 5280 4.1.2.5", "is not valid before %s", report_time_text(cert->from, text));
}

static void put_digest(struct inspect *in, const struct cert *cert)
{
	uint8_t sha256[DIGEST_SHA256];

	if (digest_sha256(cert->der, sha256) == STI_OK)
		report_hex(&in->report, "sha256", sti_span(sha256, sizeof(sha256)));
}

void inspect_put_certificate(struct inspect *in, const char *name, const struct cert *cert)
{
	struct report *report = &in->report;

	report_open(report, name);
	put_subject_parts(in, cert);
	put_tnauthlist(in, cert);
	put_validity(in, cert);
	put_key(report, cert);
	report_bool(report, "ca", X509_check_ca(cert->x509) == 1);
	put_usage(report, cert);
	put_policies(in, cert);
	put_crl_points(in, cert);
	put_octets(report, "ski", X509_get0_subject_key_id(cert->x509));
	put_octets(report, "aki", X509_get0_authority_key_id(cert->x509));
	put_digest(in, cert);
	report_close(report);
	if (cert->key == CERT_KEY_OTHER)
		inspect_fault(in, "ATIS-1000080", "key: expected P-256, for a CA also P-384 or RSA 2048 to 4096");
	if (X509_get_extension_flags(cert->x509) & EXFLAG_INVALID)
		inspect_fault(in, "RFC 5280 4.2", "an extension cannot be read");
}

/* Lints are about STI certificates; for others they would say nothing true. */
static bool is_sti(const struct cert *cert)
{
	struct sti_span value;

	return X509_check_ca(cert->x509) == 1 ||
	       cert_extension(cert, sti_span(tnauthlist_oid, sizeof(tnauthlist_oid)), &value) != STI_E_NOT_FOUND;
}

static enum sti_error lint_one(struct inspect *in, const struct cert *cert, size_t i)
{
	struct lint_view view;
	char subject[40];
	enum sti_error error = lint_view_open(cert, NULL, LINT_NONE, &view);

	if (error)
		return error;
	snprintf(subject, sizeof(subject), "certificate %zu", i + 1);
	for (const struct lint *lint = lint_table; lint->name; lint++)
		if (lint_check(lint, &view) == LINT_FOUND)
			inspect_lint(in, lint, subject);
	lint_view_close(&view);
	return STI_OK;
}

/* What makes a verifier refuse a signer. */
static enum sti_error check_profile(struct inspect *in, const struct chain *chain)
{
	const struct cert *ca[LIMIT_ROOTS];
	enum profile profile;
	enum sti_error error;

	if (X509_check_ca(chain->cert[0].x509) == 1)
		return STI_OK;
	for (size_t i = 1; i < chain->n; i++)
		ca[i - 1] = &chain->cert[i];
	error = profile_check(&chain->cert[0], ca, chain->n - 1, &profile);
	if (error)
		return error;
	report_text(&in->report, "profile", sti_span_str(profile_row(profile)->name));
	if (profile != PROFILE_OK)
		inspect_fault(in, profile_row(profile)->clause, "%s: %s", profile_row(profile)->name,
			      profile_row(profile)->text);
	return STI_OK;
}

enum sti_error inspect_certificates(struct inspect *in)
{
	struct chain chain;
	enum sti_error error = chain_parse(in->bytes, LIMIT_ROOTS, &chain);

	if (error)
		return error;
	report_open_list(&in->report, "certificates");
	for (size_t i = 0; i < chain.n; i++)
		inspect_put_certificate(in, NULL, &chain.cert[i]);
	report_close_list(&in->report);
	error = check_profile(in, &chain);
	for (size_t i = 0; !error && i < chain.n; i++)
		if (is_sti(&chain.cert[i]))
			error = lint_one(in, &chain.cert[i], i);
	chain_free(&chain);
	return error;
}

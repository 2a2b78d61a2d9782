/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_name.h"

#include <strings.h>

static const X509_NAME *subject_of(const struct lint_view *view)
{
	return X509_get_subject_name(view->cert->x509);
}

static struct sti_span value_at(const X509_NAME *name, int at)
{
	const ASN1_STRING *string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));

	return sti_span(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static int type_at(const X509_NAME *name, int at)
{
	return ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

/* The first attribute of the kind; absent when there is none. */
static struct sti_span value_of(const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	return at < 0 ? (struct sti_span){0} : value_at(name, at);
}

static size_t count_of(const X509_NAME *name, int nid)
{
	size_t n = 0;

	for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;)
		n++;
	return n;
}

/* O is asked for since v004. */
static enum lint_status dn_check(const struct lint_view *view, const X509_NAME *name)
{
	return lint_if(count_of(name, NID_countryName) == 0 || count_of(name, NID_commonName) == 0 ||
		       (view->version >= LINT_V4 && count_of(name, NID_organizationName) == 0));
}

enum lint_status lint_name_subject(const struct lint_view *view)
{
	return dn_check(view, subject_of(view));
}

enum lint_status lint_name_issuer(const struct lint_view *view)
{
	return dn_check(view, X509_get_issuer_name(view->cert->x509));
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* The words stand in the text with nothing of a word right before or behind them. */
static bool has_words(struct sti_span text, struct sti_span words)
{
	for (size_t i = 0; i + words.n <= text.n; i++) {
		size_t end = i + words.n;

		if (sti_span_equal(sti_span(text.p + i, words.n), words) && (i == 0 || !is_word(text.p[i - 1])) &&
		    (end == text.n || !is_word(text.p[end])))
			return true;
	}
	return false;
}

static bool has_text(struct sti_span text, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= text.n; i++)
		if (strncasecmp((const char *)text.p + i, part, n) == 0)
			return true;
	return false;
}

/* "SHAKEN", a space, the SPC. */
static struct sti_span signer_name(struct sti_span spc, uint8_t out[LIMIT_CERT_NAME])
{
	static const uint8_t shaken[] = {'S', 'H', 'A', 'K', 'E', 'N', ' '};

	memcpy(out, shaken, sizeof(shaken));
	memcpy(out + sizeof(shaken), spc.p, spc.n); /* at most LIMIT_SPC */
	return sti_span(out, sizeof(shaken) + spc.n);
}

/* v003 asked for "SHAKEN" somewhere. */
enum lint_status lint_name_signer(const struct lint_view *view)
{
	struct sti_span name = value_of(subject_of(view), NID_commonName);
	uint8_t expected[LIMIT_CERT_NAME];

	if (view->version < LINT_V4)
		return lint_if(!has_words(name, sti_span_str("SHAKEN")));
	return lint_if(!view->spc.p || !has_words(name, signer_name(view->spc, expected)));
}

enum lint_status lint_name_ca(const struct lint_view *view)
{
	return lint_if(!has_words(value_of(subject_of(view), NID_commonName), sti_span_str("SHAKEN")));
}

enum lint_status lint_name_root(const struct lint_view *view)
{
	return lint_if(!has_text(value_of(subject_of(view), NID_commonName), "ROOT"));
}

enum lint_status lint_name_exact(const struct lint_view *view)
{
	uint8_t expected[LIMIT_CERT_NAME];

	if (!lint_view_has_rule(view, DOMAIN_EXACT_NAME))
		return LINT_NA;
	return lint_if(!view->spc.p ||
		       !sti_span_equal(value_of(subject_of(view), NID_commonName), signer_name(view->spc, expected)));
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

enum lint_status lint_name_country(const struct lint_view *view)
{
	struct sti_span country = value_of(subject_of(view), NID_countryName);

	return lint_if(count_of(subject_of(view), NID_countryName) != 1 || country.n != 2 ||
		       !is_capital(country.p[0]) || !is_capital(country.p[1]));
}

enum lint_status lint_name_country_of_domain(const struct lint_view *view)
{
	if (!lint_view_has_rule(view, DOMAIN_COUNTRY) || !view->domain->country.p)
		return LINT_NA;
	return lint_if(count_of(subject_of(view), NID_countryName) != 1 ||
		       !sti_span_equal(value_of(subject_of(view), NID_countryName), view->domain->country));
}

enum lint_status lint_name_serial(const struct lint_view *view)
{
	if (!lint_view_has_rule(view, DOMAIN_SUBJECT_SERIAL))
		return LINT_NA;
	return lint_if(count_of(subject_of(view), NID_serialNumber) != 1);
}

enum lint_status lint_name_email(const struct lint_view *view)
{
	if (!lint_view_has_rule(view, DOMAIN_NO_EMAIL))
		return LINT_NA;
	return lint_if(count_of(subject_of(view), NID_pkcs9_emailAddress) != 0);
}

/* In UTF-8, of which PrintableString is a part. */
static size_t characters(struct sti_span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		n += (value.p[i] & 0xc0) != 0x80;
	return n;
}

enum lint_status lint_name_length(const struct lint_view *view)
{
	static const struct {
		int nid;
		size_t max; /* RFC 5280 appendix A.1: ub-common-name and so on */
	} bound[] = {
		{NID_commonName, 64},
		{NID_organizationName, 64},
		{NID_organizationalUnitName, 64},
		{NID_serialNumber, 64},
	};
	bool found = false;

	for (size_t i = 0; i < sizeof(bound) / sizeof(bound[0]); i++)
		for (int at = -1; (at = X509_NAME_get_index_by_NID(subject_of(view), bound[i].nid, at)) >= 0;)
			found = found || characters(value_at(subject_of(view), at)) > bound[i].max;
	return lint_if(found);
}

static bool has_control(struct sti_span value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] == 0x7f)
			return true;
	return false;
}

/* In strings of more than one octet to a character a zero octet means nothing; lint_name_string_type
 * finds those. */
enum lint_status lint_name_printable(const struct lint_view *view)
{
	for (int at = 0; at < X509_NAME_entry_count(subject_of(view)); at++) {
		int type = type_at(subject_of(view), at);

		if (type != V_ASN1_BMPSTRING && type != V_ASN1_UNIVERSALSTRING &&
		    has_control(value_at(subject_of(view), at)))
			return LINT_FOUND;
	}
	return LINT_PASS;
}

/* RFC 5280 4.1.2.4; e-mail addresses and domain components are IA5String. */
enum lint_status lint_name_string_type(const struct lint_view *view)
{
	for (int at = 0; at < X509_NAME_entry_count(subject_of(view)); at++) {
		int type = type_at(subject_of(view), at);

		if (type != V_ASN1_PRINTABLESTRING && type != V_ASN1_UTF8STRING && type != V_ASN1_IA5STRING)
			return LINT_FOUND;
	}
	return LINT_PASS;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_list.h"

#include "base/mark.h"
#include "pki/cert.h"
#include "pki/crl_extension.h"
#include "pki/der.h"

/* ---- extensions, RFC 5280 5.2 ---- */

/* INTEGER (0..MAX) of at most 20 octets (5.2.3). */
static enum sti_error number_read(struct sti_span value, struct sti_span *out)
{
	struct mark mark;
	enum sti_error error = der_whole(value, DER_INTEGER, out);

	if (error || !crl_extension_is_integer(*out) || out->p[0] >= 0x80)
		return STI_E_CERT;
	return mark_set_octets(&mark, *out);
}

static enum sti_error crl_number_read(struct sti_span value, void *out)
{
	return number_read(value, &((struct crl_list *)out)->number);
}

static enum sti_error base_number_read(struct sti_span value, void *out)
{
	return number_read(value, &((struct crl_list *)out)->base_number);
}

/* One field of the scope. onlySomeReasons [3] and onlyContainsAttributeCerts [5] leave open what we must
 * know. The distribution point [0] is passed over: the operator says which CRL counts (standards.md 3.4). */
static enum sti_error scope_set(uint8_t tag, struct sti_span value, struct crl_list *list)
{
	bool attributes;
	enum sti_error error;

	switch (tag) {
	case 0xa0:
		return STI_OK;
	case 0x81:
		return crl_extension_boolean(value, &list->for_users);
	case 0x82:
		return crl_extension_boolean(value, &list->for_cas);
	case 0x84:
		return crl_extension_boolean(value, &list->is_indirect);
	case 0x85:
		error = crl_extension_boolean(value, &attributes);
		return error || !attributes ? error : STI_E_CERT;
	default:
		return STI_E_CERT;
	}
}

/* IssuingDistributionPoint, 5.2.5: fields in order, each at most once. */
static enum sti_error scope_read(struct sti_span value, void *out)
{
	struct crl_list *list = out;
	struct sti_span fields, field;
	uint8_t tag, last = 0;
	enum sti_error error = der_whole(value, DER_SEQUENCE, &fields);

	list->scope = value;
	while (!error && fields.n) {
		error = der_next(&fields, &tag, &field);
		if (error || (last && (tag & 0x1f) <= (last & 0x1f)))
			return STI_E_CERT;
		error = scope_set(tag, field, list);
		last = tag;
	}
	return !error && list->for_users && list->for_cas ? STI_E_CERT : error;
}

static const struct crl_extension known[] = {
	{18, NULL}, /* issuerAltName */
	{20, crl_number_read},
	{27, base_number_read}, /* deltaCRLIndicator */
	{28, scope_read},
	{35, NULL}, /* authorityKeyIdentifier: every key of the issuer is tried */
	{46, NULL}, /* freshestCRL */
};

/* [0] { Extensions } */
static enum sti_error extensions_parse(struct sti_span rest, struct crl_list *list)
{
	struct sti_span outer, extensions;
	enum sti_error error = der_whole(rest, DER_CONTEXT, &outer);

	if (!error)
		error = der_whole(outer, DER_SEQUENCE, &extensions);
	return error ? error : crl_extension_read(extensions, known, sizeof(known) / sizeof(known[0]), list);
}

/* ---- CertificateList, RFC 5280 5.1 ---- */

static enum sti_error time_parse(struct sti_span *rest, int64_t *out)
{
	bool is_utc = rest->n && rest->p[0] == DER_UTC_TIME;
	struct sti_span whole;
	enum sti_error error = der_element(rest, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, &whole);
	const uint8_t *at = whole.p;
	ASN1_TIME *time;

	if (error)
		return error;
	time = d2i_ASN1_TIME(NULL, &at, (long)whole.n);
	error = time ? cert_time(time, out) : STI_E_CERT;
	ASN1_TIME_free(time);
	return error;
}

static enum sti_error issuer_parse(struct sti_span *rest, struct crl_list *list)
{
	enum sti_error error = der_element(rest, DER_SEQUENCE, &list->issuer_der);
	const uint8_t *at = list->issuer_der.p;

	if (error)
		return error;
	list->issuer = d2i_X509_NAME(NULL, &at, (long)list->issuer_der.n);
	return list->issuer ? STI_OK : STI_E_CERT;
}

/* Version and signature algorithm; only version 2 has extensions. The algorithm must be the one that
 * stands outside, 5.1.1.2. */
static enum sti_error head_parse(struct sti_span *rest, struct crl_list *list, bool *is_v2)
{
	struct sti_span version, algorithm;
	enum sti_error error;

	*is_v2 = der_take(rest, DER_INTEGER, &version) == STI_OK;
	if (*is_v2 && !sti_span_equal(version, sti_span("\1", 1)))
		return STI_E_CERT;
	error = der_element(rest, DER_SEQUENCE, &algorithm);
	return error || sti_span_equal(algorithm, list->algorithm) ? error : STI_E_CERT;
}

static enum sti_error times_parse(struct sti_span *rest, struct crl_list *list)
{
	enum sti_error error = time_parse(rest, &list->this_update);

	if (!error)
		error = time_parse(rest, &list->next_update);
	return !error && list->next_update < list->this_update ? STI_E_CERT : error;
}

/* What is left: revokedCertificates (that it is there without an entry is wrong but real) and extensions. */
static enum sti_error tail_parse(struct sti_span rest, bool is_v2, struct crl_list *list)
{
	struct sti_span entries = {0};
	enum sti_error error = STI_OK;

	if (rest.n && rest.p[0] == DER_SEQUENCE)
		error = der_take(&rest, DER_SEQUENCE, &entries);
	if (!error && rest.n)
		error = is_v2 ? extensions_parse(rest, list) : STI_E_CERT;
	if (!error)
		error = revoked_parse(entries, list->issuer_der,
				      (list->base_number.p ? REVOKED_DELTA : 0u) |
					      (list->is_indirect ? REVOKED_INDIRECT : 0u),
				      &list->revoked);
	return error;
}

static enum sti_error tbs_parse(struct crl_list *list)
{
	struct sti_span rest;
	bool is_v2;
	enum sti_error error = der_whole(list->tbs, DER_SEQUENCE, &rest);

	if (!error)
		error = head_parse(&rest, list, &is_v2);
	if (!error)
		error = issuer_parse(&rest, list);
	if (!error)
		error = times_parse(&rest, list);
	return error ? error : tail_parse(rest, is_v2, list);
}

/* BIT STRING of whole octets. */
static enum sti_error signature_parse(struct sti_span rest, struct crl_list *list)
{
	struct sti_span bits;
	enum sti_error error = der_whole(rest, DER_BIT_STRING, &bits);

	if (error || bits.n < 2 || bits.p[0] != 0)
		return STI_E_CERT;
	list->signature = sti_span_from(bits, 1);
	return STI_OK;
}

static enum sti_error list_parse(struct sti_span der, struct crl_list *list)
{
	struct sti_span rest;
	enum sti_error error = der_whole(der, DER_SEQUENCE, &rest);

	if (!error)
		error = der_element(&rest, DER_SEQUENCE, &list->tbs);
	if (!error)
		error = der_element(&rest, DER_SEQUENCE, &list->algorithm);
	if (!error)
		error = signature_parse(rest, list);
	return error ? error : tbs_parse(list);
}

enum sti_error crl_list_parse(struct sti_span der, struct crl_list *out)
{
	enum sti_error error;

	*out = (struct crl_list){0};
	error = list_parse(der, out);
	if (error)
		crl_list_free(out);
	return error == STI_E_DER ? STI_E_CERT : error;
}

void crl_list_free(struct crl_list *list)
{
	revoked_free(&list->revoked);
	X509_NAME_free(list->issuer);
	*list = (struct crl_list){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue_crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/chain.h"
#include "pki/issuer.h"
#include "pki/pem.h"

/* 1950-01-01 and the last second of 9999: what ASN.1 times can say (RFC 5280 5.1.2.4). */
static const int64_t earliest = -631152000, latest = 253402300799;

struct work {
	const struct issue_crl *crl;
	X509_CRL *out;
	X509 *issuer;
	EVP_PKEY *key;
};

static bool is_time(int64_t seconds)
{
	return seconds >= earliest && seconds <= latest;
}

static bool general_name_push(GENERAL_NAMES *names, int type, void *value)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (!name)
		return false;
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	name->d.ptr = NULL; /* the caller's still */
	GENERAL_NAME_free(name);
	return false;
}

/* ---- entries ---- */

/* certificateIssuer, critical (RFC 5280 5.3.3). */
static enum sti_error issuer_write(const X509_NAME *issuer, X509_REVOKED *entry)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	X509_NAME *name = X509_NAME_dup(issuer);
	enum sti_error error = STI_E_MEMORY;

	if (names && name && general_name_push(names, GEN_DIRNAME, name)) {
		name = NULL;
		if (X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, X509V3_ADD_DEFAULT) == 1)
			error = STI_OK;
	}
	X509_NAME_free(name);
	GENERAL_NAMES_free(names);
	return error;
}

static enum sti_error date_write(int64_t date, X509_REVOKED *entry)
{
	ASN1_TIME *time;
	enum sti_error error = STI_E_MEMORY;

	if (!is_time(date))
		return STI_E_NUMBER;
	time = ASN1_TIME_set(NULL, (time_t)date);
	if (time && X509_REVOKED_set_revocationDate(entry, time) == 1)
		error = STI_OK;
	ASN1_TIME_free(time);
	return error;
}

/* before: issuer of the entry before. */
static enum sti_error entry_fill(const struct work *w, const X509 *cert, int64_t date, const X509_NAME *before,
				 X509_REVOKED *entry)
{
	const X509_NAME *issuer = X509_get_issuer_name(cert);
	bool differs = X509_NAME_cmp(issuer, before) != 0;
	enum sti_error error = date_write(date, entry);

	if (!error &&
	    X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(cert)) != 1)
		error = STI_E_MEMORY;
	if (error)
		return error;
	if (w->crl->indirect)
		return differs || !w->crl->inherit ? issuer_write(issuer, entry) : STI_OK;
	return differs ? STI_E_CERT : STI_OK;
}

/* *before: replaced by the issuer of this entry. */
static enum sti_error entry_write(const struct work *w, const struct issue_revoked *revoked, X509_NAME **before)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	struct chain chain = {0};
	enum sti_error error = entry ? chain_parse(revoked->cert, 1, &chain) : STI_E_MEMORY;

	if (!error)
		error = entry_fill(w, chain.cert[0].x509, revoked->date, *before, entry);
	if (!error && X509_NAME_set(before, X509_get_issuer_name(chain.cert[0].x509)) != 1)
		error = STI_E_MEMORY;
	if (!error && X509_CRL_add0_revoked(w->out, entry) == 1)
		entry = NULL;
	else if (!error)
		error = STI_E_MEMORY;
	X509_REVOKED_free(entry);
	chain_free(&chain);
	return error;
}

static enum sti_error entries_write(const struct work *w)
{
	X509_NAME *before = X509_NAME_dup(X509_get_subject_name(w->issuer));
	enum sti_error error = before ? STI_OK : STI_E_MEMORY;

	for (size_t i = 0; i < w->crl->n_revoked && !error; i++)
		error = entry_write(w, &w->crl->revoked[i], &before);
	X509_NAME_free(before);
	return error;
}

/* ---- extensions ---- */

static enum sti_error number_write(const struct work *w)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	enum sti_error error = STI_E_MEMORY;

	if (number && ASN1_INTEGER_set_int64(number, w->crl->number) == 1 &&
	    X509_CRL_add1_ext_i2d(w->out, NID_crl_number, number, 0, X509V3_ADD_DEFAULT) == 1)
		error = STI_OK;
	ASN1_INTEGER_free(number);
	return error;
}

static enum sti_error key_identifier_write(const struct work *w)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(w->issuer);
	AUTHORITY_KEYID *authority;
	enum sti_error error = STI_E_MEMORY;

	if (!identifier)
		return STI_OK;
	authority = AUTHORITY_KEYID_new();
	if (authority)
		authority->keyid = ASN1_OCTET_STRING_dup(identifier);
	if (authority && authority->keyid &&
	    X509_CRL_add1_ext_i2d(w->out, NID_authority_key_identifier, authority, 0, X509V3_ADD_DEFAULT) == 1)
		error = STI_OK;
	AUTHORITY_KEYID_free(authority);
	return error;
}

static enum sti_error url_write(const char *url, ISSUING_DIST_POINT *point)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	DIST_POINT_NAME *name = DIST_POINT_NAME_new();

	point->distpoint = name;
	if (name) {
		name->type = 0; /* fullName */
		name->name.fullname = GENERAL_NAMES_new();
	}
	if (text && name && name->name.fullname && ASN1_STRING_set(text, url, -1) == 1 &&
	    general_name_push(name->name.fullname, GEN_URI, text))
		return STI_OK;
	ASN1_IA5STRING_free(text);
	return STI_E_MEMORY;
}

/* IssuingDistributionPoint, critical (RFC 5280 5.2.5); none where it would be empty. */
static enum sti_error scope_write(const struct work *w)
{
	ISSUING_DIST_POINT *point;
	enum sti_error error = STI_OK;

	if (!w->crl->indirect && !w->crl->url)
		return STI_OK;
	point = ISSUING_DIST_POINT_new();
	if (!point)
		return STI_E_MEMORY;
	point->indirectCRL = w->crl->indirect ? 0xff : 0;
	if (w->crl->url)
		error = url_write(w->crl->url, point);
	if (!error && X509_CRL_add1_ext_i2d(w->out, NID_issuing_distribution_point, point, 1, X509V3_ADD_DEFAULT) != 1)
		error = STI_E_MEMORY;
	ISSUING_DIST_POINT_free(point);
	return error;
}

/* ---- all of it ---- */

static enum sti_error times_write(const struct work *w)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)w->crl->this_update);
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)w->crl->next_update);
	enum sti_error error = STI_E_MEMORY;

	if (from && until && X509_CRL_set1_lastUpdate(w->out, from) == 1 &&
	    X509_CRL_set1_nextUpdate(w->out, until) == 1)
		error = STI_OK;
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return error;
}

static enum sti_error head_write(const struct work *w)
{
	if (w->crl->number < 0 || !is_time(w->crl->this_update) || !is_time(w->crl->next_update) ||
	    w->crl->this_update > w->crl->next_update)
		return STI_E_NUMBER;
	if (X509_CRL_set_version(w->out, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(w->out, X509_get_subject_name(w->issuer)) != 1)
		return STI_E_MEMORY;
	return STI_OK;
}

static enum sti_error sign(const struct work *w)
{
	return X509_CRL_sign(w->out, w->key, EVP_sha256()) > 0 ? STI_OK : STI_E_KEY;
}

static enum sti_error fill(const struct work *w)
{
	enum sti_error (*const step[])(const struct work *) = {
		head_write, times_write, entries_write, key_identifier_write, number_write, scope_write, sign,
	};

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		enum sti_error error = step[i](w);

		if (error)
			return error;
	}
	return STI_OK;
}

static enum sti_error crl_write(const X509_CRL *crl, struct buf *out)
{
	uint8_t *der = NULL;
	int n = i2d_X509_CRL(crl, &der);
	enum sti_error error = STI_E_MEMORY;

	if (n > 0)
		error = pem_write("X509 CRL", sti_span(der, (size_t)n), out);
	OPENSSL_free(der);
	return error;
}

enum sti_error issue_crl(const struct issue_crl *crl, const struct issue_issuer *issuer, struct buf *out)
{
	struct work w = {.crl = crl};
	enum sti_error error;

	ERR_set_mark();
	w.out = X509_CRL_new();
	error = w.out ? issuer_parse(issuer, &w.issuer, &w.key) : STI_E_MEMORY;
	if (!error)
		error = fill(&w);
	if (!error)
		error = crl_write(w.out, out);
	EVP_PKEY_free(w.key);
	X509_free(w.issuer);
	X509_CRL_free(w.out);
	ERR_pop_to_mark();
	return error;
}

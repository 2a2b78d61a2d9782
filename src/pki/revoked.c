/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/revoked.h"

#include <stdlib.h>

#include "base/limits.h"
#include "pki/crl_extension.h"
#include "pki/der.h"

/* 16 octets: there may be LIMIT_CRL_ENTRIES of them. */
struct revoked_row {
	const uint8_t *serial; /* contents of the INTEGER, in the CRL */
	uint32_t n;
	uint16_t issuer; /* id */
	bool removed;
};

struct revoked_issuer {
	X509_NAME *name; /* owned */
	uint16_t id;
};

/* The list being read. */
struct work {
	struct revoked *revoked;
	unsigned kind;
	struct sti_span issuer; /* of the entry before, in DER: RFC 5280 5.3.3 */
	uint16_t id; /* of it */
};

/* What the extensions of one entry say. */
struct entry {
	struct sti_span issuer; /* Name in DER; absent: as before */
	bool removed;
};

/* ---- issuers ---- */

/* Where the name stands or would stand; compared as RFC 5280 7.1 says. */
static size_t issuer_place(const struct revoked *revoked, const X509_NAME *name, bool *found)
{
	size_t low = 0, high = revoked->n_issuer;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = X509_NAME_cmp(revoked->issuer[middle].name, name);

		if (order == 0)
			*found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static X509_NAME *name_parse(struct sti_span der)
{
	const uint8_t *at = der.p;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.n);

	if (name && at == der.p + der.n && X509_NAME_entry_count(name) > 0)
		return name;
	X509_NAME_free(name);
	return NULL;
}

/* Takes the name over, also when it fails. */
static enum sti_error issuer_add(X509_NAME *name, struct revoked *revoked, uint16_t *id)
{
	bool found;
	size_t at = issuer_place(revoked, name, &found);
	struct revoked_issuer *place = &revoked->issuer[at];

	*id = found ? place->id : (uint16_t)revoked->n_issuer;
	if (found || revoked->n_issuer == LIMIT_CRL_ISSUERS) {
		X509_NAME_free(name);
		return found ? STI_OK : STI_E_LIMIT;
	}
	memmove(place + 1, place, (revoked->n_issuer - at) * sizeof(*place));
	*place = (struct revoked_issuer){name, *id};
	revoked->n_issuer++;
	return STI_OK;
}

/* Mostly it is the one of the entry before, octet for octet. */
static enum sti_error issuer_set(struct sti_span der, struct work *w)
{
	X509_NAME *name;

	if (sti_span_equal(der, w->issuer))
		return STI_OK;
	name = name_parse(der);
	if (!name)
		return STI_E_CERT;
	w->issuer = der;
	return issuer_add(name, w->revoked, &w->id);
}

/* ---- entries ---- */

static enum sti_error reason_read(struct sti_span value, void *out)
{
	enum { REMOVE_FROM_CRL = 8 }; /* RFC 5280 5.3.1 */
	struct entry *entry = out;
	struct sti_span reason;
	enum sti_error error = der_whole(value, DER_ENUMERATED, &reason);

	if (error || !crl_extension_is_integer(reason))
		return STI_E_DER;
	entry->removed = reason.n == 1 && reason.p[0] == REMOVE_FROM_CRL;
	return STI_OK;
}

/* GeneralNames with exactly one directoryName [4]: whose it is must be beyond doubt. */
static enum sti_error issuer_read(struct sti_span value, void *out)
{
	enum { DIRECTORY_NAME = DER_CONTEXT | 4 };
	struct entry *entry = out;
	struct sti_span names, name;
	enum sti_error error = der_whole(value, DER_SEQUENCE, &names);
	uint8_t tag;

	while (!error && names.n) {
		error = der_next(&names, &tag, &name);
		if (error || tag != DIRECTORY_NAME)
			continue;
		if (entry->issuer.p)
			return STI_E_CERT;
		entry->issuer = name;
	}
	return error || entry->issuer.p ? error : STI_E_CERT;
}

static const struct crl_extension known[] = {
	{21, reason_read},
	{23, NULL}, /* holdInstructionCode: on hold is revoked */
	{24, NULL}, /* invalidityDate */
	{29, issuer_read},
};

static enum sti_error extensions_parse(struct sti_span rest, struct work *w, struct entry *out)
{
	struct sti_span extensions;
	enum sti_error error = der_whole(rest, DER_SEQUENCE, &extensions);

	if (!error)
		error = crl_extension_read(extensions, known, sizeof(known) / sizeof(known[0]), out);
	if (!error && out->issuer.p)
		error = w->kind & REVOKED_INDIRECT ? issuer_set(out->issuer, w) : STI_E_CERT;
	if (!error && out->removed && (w->kind & REVOKED_DELTA) == 0)
		error = STI_E_CERT;
	return error;
}

/* SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }. Revoked is
 * revoked, whatever the date. */
static enum sti_error entry_parse(struct sti_span *list, struct work *w, struct revoked_row *out)
{
	struct sti_span rest, serial, date;
	struct entry entry = {0};
	enum sti_error error = der_take(list, DER_SEQUENCE, &rest);
	uint8_t tag = 0;

	if (!error)
		error = der_take(&rest, DER_INTEGER, &serial);
	if (!error)
		error = der_next(&rest, &tag, &date);
	if (error || !crl_extension_is_integer(serial) || (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME))
		return STI_E_DER;
	if (rest.n)
		error = extensions_parse(rest, w, &entry);
	*out = (struct revoked_row){serial.p, (uint32_t)serial.n, w->id, entry.removed};
	return error;
}

static enum sti_error count(struct sti_span list, size_t *n)
{
	struct sti_span entry;

	for (*n = 0; list.n; (*n)++)
		if (der_take(&list, DER_SEQUENCE, &entry))
			return STI_E_DER;
	return *n > LIMIT_CRL_ENTRIES ? STI_E_LIMIT : STI_OK;
}

static int row_compare(const void *left, const void *right)
{
	const struct revoked_row *a = left, *b = right;
	int order;

	if (a->issuer != b->issuer)
		return a->issuer < b->issuer ? -1 : 1;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	order = memcmp(a->serial, b->serial, a->n);
	return order ? order : (int)a->removed - (int)b->removed;
}

static enum sti_error fill(struct sti_span list, struct work *w)
{
	struct revoked *revoked = w->revoked;
	enum sti_error error = STI_OK;

	for (size_t i = 0; i < revoked->n && !error; i++)
		error = entry_parse(&list, w, &revoked->row[i]);
	if (!error && revoked->n)
		qsort(revoked->row, revoked->n, sizeof(*revoked->row), row_compare);
	return error;
}

static enum sti_error rows_make(struct sti_span list, struct revoked *out)
{
	enum sti_error error = count(list, &out->n);

	if (error)
		return error;
	out->issuer = calloc(LIMIT_CRL_ISSUERS, sizeof(*out->issuer));
	out->row = calloc(out->n + 1, sizeof(*out->row));
	return out->issuer && out->row ? STI_OK : STI_E_MEMORY;
}

enum sti_error revoked_parse(struct sti_span list, struct sti_span issuer, unsigned kind, struct revoked *out)
{
	struct work w = {.revoked = out, .kind = kind};
	enum sti_error error;

	*out = (struct revoked){0};
	error = rows_make(list, out);
	if (!error)
		error = issuer_set(issuer, &w);
	if (!error)
		error = fill(list, &w);
	if (error)
		revoked_free(out);
	return error;
}

void revoked_free(struct revoked *revoked)
{
	for (size_t i = 0; i < revoked->n_issuer; i++)
		X509_NAME_free(revoked->issuer[i].name);
	free(revoked->issuer);
	free(revoked->row);
	*revoked = (struct revoked){0};
}

/* ---- looking up ---- */

/* The first row that is not below; one that lists stands before one that takes back. */
static enum revoked_state row_find(const struct revoked *revoked, const struct revoked_row *key)
{
	size_t low = 0, high = revoked->n;
	const struct revoked_row *row;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row_compare(&revoked->row[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	row = &revoked->row[low];
	if (low == revoked->n || row->issuer != key->issuer ||
	    !sti_span_equal(sti_span(row->serial, row->n), sti_span(key->serial, key->n)))
		return REVOKED_NOT_LISTED;
	return row->removed ? REVOKED_REMOVED : REVOKED_LISTED;
}

enum revoked_state revoked_find(const struct revoked *revoked, const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	uint8_t memory[LIMIT_CERT_BODY], *end = memory; /* a serial number fits its certificate */
	struct sti_span number;
	bool found;
	size_t at = issuer_place(revoked, issuer, &found);
	int n = found ? i2d_ASN1_INTEGER(serial, NULL) : 0;

	if (n <= 0 || (size_t)n > sizeof(memory))
		return REVOKED_NOT_LISTED;
	n = i2d_ASN1_INTEGER(serial, &end);
	if (der_whole(sti_span(memory, (size_t)n), DER_INTEGER, &number))
		return REVOKED_NOT_LISTED;
	return row_find(revoked, &(struct revoked_row){number.p, (uint32_t)number.n, revoked->issuer[at].id, false});
}

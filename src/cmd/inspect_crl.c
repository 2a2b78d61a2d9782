/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/limits.h"
#include "cmd/inspect.h"
#include "pki/cert.h"
#include "pki/crl.h"

static void put_number(struct report *report, const X509_CRL *crl)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);

	if (number)
		inspect_put_serial(report, "number", number);
	else
		report_text(report, "number", sti_span(NULL, 0));
	ASN1_INTEGER_free(number);
}

static void put_times(struct inspect *in, const struct crl *crl)
{
	char text[REPORT_TIME];

	report_time(&in->report, "this_update", crl_this_update(crl));
	report_time(&in->report, "next_update", crl_next_update(crl));
	if (crl_next_update(crl) < in->now)
		inspect_note(in, "RFC 5280 5.1.2.5", "the next one was due, %s",
			     report_time_text(crl_next_update(crl), text));
	if (crl_this_update(crl) > in->now)
		inspect_note(in, "RFC 5280 5.1.2.4", "was issued in time to come, %s",
			     report_time_text(crl_this_update(crl), text));
	if (!crl_has_number(crl))
		inspect_fault(in, "RFC 5280 5.2.3", "no crlNumber");
}

static void put_point(struct report *report, const X509_CRL *crl)
{
	ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);

	if (point && point->distpoint && point->distpoint->type == 0)
		inspect_put_names(report, "url", point->distpoint->name.fullname);
	ISSUING_DIST_POINT_free(point);
}

static const X509_NAME *directory_name(const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_DIRNAME)
			return sk_GENERAL_NAME_value(names, i)->d.directoryName;
	return NULL;
}

static void put_entry(struct report *report, const X509_REVOKED *entry, const X509_NAME *issuer)
{
	int64_t seconds;

	report_open(report, NULL);
	inspect_put_name(report, "issuer", issuer);
	inspect_put_serial(report, "serial", X509_REVOKED_get0_serialNumber(entry));
	if (cert_time(X509_REVOKED_get0_revocationDate(entry), &seconds) == STI_OK)
		report_time(report, "revoked", seconds);
	report_close(report);
}

/* certificateIssuer is inherited from entry to entry; before the first it is the CRL's issuer
 * (RFC 5280 5.3.3). */
static void put_entries(struct inspect *in, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
	const X509_NAME *issuer = X509_CRL_get_issuer(crl);
	GENERAL_NAMES *kept = NULL;
	int n = entries ? sk_X509_REVOKED_num(entries) : 0;

	report_int(&in->report, "count", n);
	report_open_list(&in->report, "revoked");
	for (int i = 0; i < n && i < INSPECT_ENTRIES; i++) {
		const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
		GENERAL_NAMES *names = X509_REVOKED_get_ext_d2i(entry, NID_certificate_issuer, NULL, NULL);

		if (names && directory_name(names)) {
			GENERAL_NAMES_free(kept);
			kept = names;
			issuer = directory_name(names);
		} else {
			GENERAL_NAMES_free(names);
		}
		put_entry(&in->report, entry, issuer);
	}
	report_close_list(&in->report);
	GENERAL_NAMES_free(kept);
	if (n > INSPECT_ENTRIES)
		inspect_note(in, "RFC 5280 5.3", "%d entries, the first %d are shown", n, INSPECT_ENTRIES);
}

enum sti_error inspect_crl(struct inspect *in)
{
	struct crl *crl;
	X509_CRL *x509;
	const uint8_t *at;
	enum sti_error error = crl_parse(in->bytes, &crl);

	if (error)
		return error;
	at = crl_der(crl).p;
	x509 = d2i_X509_CRL(NULL, &at, (long)crl_der(crl).n);
	if (x509) {
		inspect_put_name(&in->report, "issuer", X509_CRL_get_issuer(x509));
		put_number(&in->report, x509);
		put_times(in, crl);
		report_bool(&in->report, "indirect", crl_is_indirect(crl));
		put_point(&in->report, x509);
		put_entries(in, x509);
	}
	X509_CRL_free(x509);
	crl_unref(crl);
	return x509 ? STI_OK : STI_E_MEMORY;
}

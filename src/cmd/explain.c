/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/uuid.h"
#include "cmd/report.h"

static void put(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct buf *out, const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	buf_put_str(out, line);
}

static void put_value(struct buf *out, const char *name, struct sti_span value)
{
	buf_put_str(out, name);
	buf_put_byte(out, ' ');
	if (value.p)
		report_put_visible(out, value);
	else
		buf_put_str(out, "missing");
}

static void put_more(struct buf *out, const char *name, struct sti_span value)
{
	buf_put_str(out, ", ");
	put_value(out, name, value);
}

/* --- what was found --- */

typedef void explain_part(const struct explain *e, bool ok, struct buf *out);

static void found_form(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_passport *p = e->result->passport;

	if (e->form_error)
		buf_put_str(out, sti_error_text(e->form_error));
	else if (!ok && p && p->signature_error)
		buf_put_str(out, "a signature that is not 64 octets in base64url");
	else if (p)
		put(out, "three parts, %zu octets", p->token.n);
}

static void found_parameters(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	if (e->is_bare) {
		buf_put_str(out, "no header, so none");
		return;
	}
	put_value(out, "ppt", e->identity.ppt);
	put_more(out, "alg", e->identity.alg);
	if (e->result->passport)
		put_more(out, "alg of the PASSporT", e->result->passport->alg);
}

static void found_info(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	if (e->is_bare)
		buf_put_str(out, "no header, so none");
	else
		put_value(out, "info", e->identity.info);
}

static struct sti_span url_of(const struct explain *e)
{
	return e->identity.info.p ? e->identity.info : e->result->passport->x5u;
}

static void found_url(const struct explain *e, bool ok, struct buf *out)
{
	put_value(out, "URL", url_of(e));
	if (!ok && e->fetch_error)
		put(out, ": %s", sti_error_text(e->fetch_error));
}

static void found_certificate(const struct explain *e, bool ok, struct buf *out)
{
	if (!ok && e->fetch_error)
		buf_put_str(out, sti_error_text(e->fetch_error));
	else
		put_value(out, "the certificate of", sti_credential_subject(e->result->credential));
}

static void found_header(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_passport *p = e->result->passport;

	(void)ok;
	put_value(out, "typ", p->typ);
	put_more(out, "alg", p->alg);
	put_more(out, "ppt", p->ppt);
	put_more(out, "x5u", p->x5u);
}

static void found_x5u(const struct explain *e, bool ok, struct buf *out)
{
	put_value(out, "x5u", e->result->passport->x5u);
	if (!ok)
		put_more(out, "info", e->identity.info);
}

static void found_typ(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	put_value(out, "typ", e->result->passport->typ);
}

static void found_alg(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	put_value(out, "alg", e->result->passport->alg);
}

static void found_ppt(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	put_value(out, "ppt", e->result->passport->ppt);
}

static void found_claims(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_passport *p = e->result->passport;

	if (!ok)
		put(out, "%s: %s", p->claims_at, sti_error_text(p->claims_error));
	else
		put(out, "all, with %zu called numbers and %zu URIs", p->n_dest_tn, p->n_dest_uri);
}

static void put_time(struct buf *out, int64_t seconds)
{
	char text[REPORT_TIME];

	put(out, "%lld, %s", (long long)seconds, report_time_text(seconds, text));
}

static void found_iat(const struct explain *e, bool ok, struct buf *out)
{
	int64_t age = e->request->now - e->result->passport->iat;

	(void)ok;
	buf_put_str(out, "iat ");
	put_time(out, e->result->passport->iat);
	put(out, age < 0 ? ", %lld s ahead" : ", %lld s ago", (long long)(age < 0 ? -age : age));
}

static void found_numbers(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_passport *p = e->result->passport;

	(void)ok;
	if (p->orig_uri.p)
		put_value(out, "orig", p->orig_uri);
	else
		put_value(out, "orig", p->orig_tn);
	for (size_t i = 0; i < p->n_dest_tn; i++)
		put_more(out, "dest", p->dest_tn[i]);
	if (!e->request->orig.n)
		buf_put_str(out, "; not compared, signalling is not known");
}

static void found_trust(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_credential *c = e->result->credential;
	char from[REPORT_TIME], until[REPORT_TIME];

	put_value(out, "SPC", sti_credential_spc(c));
	put_more(out, "country", sti_credential_country(c));
	put(out, ", valid from %s to %s: %s", report_time_text(sti_credential_from(c), from),
	    report_time_text(sti_credential_until(c), until),
	    sti_trust_text(sti_credential_trust(c, e->request->crls, e->request->now)));
	if (!ok && sti_credential_trust(c, e->request->crls, e->request->now) == STI_TRUST_OK)
		buf_put_str(out, " now, but not at iat");
}

static void found_signature(const struct explain *e, bool ok, struct buf *out)
{
	buf_put_str(out, ok ? "verifies" : "does not verify");
	buf_put_str(out, " with the key of the certificate with SHA-256 ");
	buf_put_hex(out, sti_span(sti_credential_sha256(e->result->credential), 32));
}

static void found_attest(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_passport *p = e->result->passport;

	(void)ok;
	put_value(out, "attest", p->attest);
	put_more(out, "origid", p->origid);
	if (p->origid.p && !uuid_is(p->origid))
		buf_put_str(out, ", which is no UUID");
}

/* --- what was expected, where the call says more than the table --- */

static void expected_iat(const struct explain *e, bool ok, struct buf *out)
{
	const struct sti_verify_policy *policy = e->request->policy;

	(void)ok;
	put(out, "an iat from %lld to %lld: at most %lld s old, clocks at most %lld s apart",
	    (long long)(e->request->now - policy->freshness - policy->skew),
	    (long long)(e->request->now + policy->skew), (long long)policy->freshness, (long long)policy->skew);
}

static void expected_numbers(const struct explain *e, bool ok, struct buf *out)
{
	(void)ok;
	if (!e->request->orig.n) {
		buf_put_str(out, "the numbers of signalling");
		return;
	}
	put(out, "orig %s", e->request->orig.text);
	for (size_t i = 0; i < e->request->n_dest; i++)
		put(out, ", dest %s", e->request->dest[i].text);
}

static const struct {
	explain_part *found;
	explain_part *expected; /* NULL: the case's own */
} part[STI_CASE_COUNT] = {
	[STI_CASE_E4] = {found_form, NULL},
	[STI_CASE_E5] = {found_parameters, NULL},
	[STI_CASE_E6] = {found_info, NULL},
	[STI_CASE_E7] = {found_url, NULL},
	[STI_CASE_E8] = {found_certificate, NULL},
	[STI_CASE_E9] = {found_header, NULL},
	[STI_CASE_E10] = {found_x5u, NULL},
	[STI_CASE_E11] = {found_typ, NULL},
	[STI_CASE_E12] = {found_alg, NULL},
	[STI_CASE_E13] = {found_ppt, NULL},
	[STI_CASE_E14] = {found_claims, NULL},
	[STI_CASE_E15] = {found_iat, expected_iat},
	[STI_CASE_E16] = {found_numbers, expected_numbers},
	[STI_CASE_E17] = {found_trust, NULL},
	[STI_CASE_E18] = {found_signature, NULL},
	[STI_CASE_E19] = {found_attest, NULL},
};

void explain_found(const struct explain *explain, const struct sti_check *check, struct buf *out)
{
	if (part[check->c].found)
		part[check->c].found(explain, check->ok, out);
}

void explain_expected(const struct explain *explain, const struct sti_check *check, struct buf *out)
{
	if (part[check->c].expected)
		part[check->c].expected(explain, check->ok, out);
	else
		buf_put_str(out, sti_case_row(check->c)->expected);
}

/* --- which value it was --- */

/* What keeps the value from being read; STI_OK: nothing. */
static enum sti_error read_value(struct sti_span value, struct sti_identity *identity)
{
	struct sti_passport *passport;
	enum sti_error error = sti_identity_parse(value, identity);

	if (error)
		return error;
	error = sti_passport_parse(identity->token, &passport);
	if (!error)
		sti_passport_free(passport);
	return error;
}

/* The value with the PASSporT that decided; where none could be read, the first. */
void explain_begin(struct explain *explain, const struct sti_verify_result *result,
		   const struct sti_verify_request *request, const struct sti_span *value, size_t n)
{
	*explain = (struct explain){.result = result, .request = request};
	for (size_t i = 0; i < n; i++) {
		enum sti_error error = read_value(value[i], &explain->identity);

		if (!result->passport) {
			explain->form_error = error;
			return;
		}
		if (!error && sti_span_equal(explain->identity.token, result->passport->token)) {
			explain->is_bare = result->decided == STI_SOURCE_OOB;
			return;
		}
	}
	explain->identity = (struct sti_identity){0};
	explain->is_bare = true;
}

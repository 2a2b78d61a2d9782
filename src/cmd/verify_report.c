/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/verify_report.h"

#include <stdio.h>

#include "base/limits.h"
#include "cmd/report.h"

static void put_numbers(struct report *report, const struct sti_passport *p)
{
	report_open(report, "orig");
	report_text(report, p->orig_uri.p ? "uri" : "tn", p->orig_uri.p ? p->orig_uri : p->orig_tn);
	report_close(report);
	report_open(report, "dest");
	report_open_list(report, "tn");
	for (size_t i = 0; i < p->n_dest_tn; i++)
		report_text(report, NULL, p->dest_tn[i]);
	report_close_list(report);
	report_close(report);
}

static void put_passport(struct report *report, const struct sti_passport *p)
{
	if (!p) {
		report_null(report, "passport");
		return;
	}
	report_open(report, "passport");
	report_text(report, "alg", p->alg);
	report_text(report, "ppt", p->ppt);
	report_text(report, "typ", p->typ);
	report_text(report, "x5u", p->x5u);
	report_text(report, "attest", p->attest);
	report_text(report, "origid", p->origid);
	report_int(report, "iat", p->iat);
	put_numbers(report, p);
	report_close(report);
}

static void put_certificate(struct report *report, const struct explain *explain)
{
	const struct sti_credential *c = explain->result->credential;
	enum sti_trust trust;

	if (!c) {
		report_null(report, "certificate");
		return;
	}
	trust = sti_credential_trust(c, explain->request->crls, explain->request->now);
	report_open(report, "certificate");
	report_text(report, "spc", sti_credential_spc(c));
	report_text(report, "country", sti_credential_country(c));
	report_text(report, "subject", sti_credential_subject(c));
	report_text(report, "trust", sti_span_str(sti_trust_text(trust)));
	report_bool(report, "revoked", trust == STI_TRUST_REVOKED);
	report_time(report, "from", sti_credential_from(c));
	report_time(report, "until", sti_credential_until(c));
	report_hex(report, "sha256", sti_span(sti_credential_sha256(c), 32));
	report_close(report);
}

typedef void teller(const struct explain *explain, const struct sti_check *check, struct buf *out);

static void put_told(struct report *report, const char *name, teller *tell, const struct explain *explain,
		     const struct sti_check *check)
{
	struct buf line = buf_own(LIMIT_BODY);

	tell(explain, check, &line);
	if (buf_error(&line))
		report->out.error = buf_error(&line);
	report_text(report, name, buf_span(&line));
	buf_free(&line);
}

static void put_check(struct report *report, const struct explain *explain, const struct sti_check *check)
{
	const struct sti_case_row *row = sti_case_row(check->c);

	report_open(report, NULL);
	report_text(report, "name", sti_span_str(row->check));
	report_bool(report, "ok", check->ok);
	report_text(report, "clause", sti_span_str(row->clause));
	report_text(report, "case", sti_span_str(row->name));
	put_told(report, "found", explain_found, explain, check);
	put_told(report, "expected", explain_expected, explain, check);
	report_close(report);
}

static void put_reason(struct report *report, const struct sti_case_row *row)
{
	if (!row->name) {
		report_null(report, "code");
		report_null(report, "reason");
		report_null(report, "case");
		return;
	}
	report_int(report, "code", row->code);
	report_text(report, "reason", sti_span_str(row->phrase));
	report_text(report, "case", sti_span_str(row->name));
}

static void put_json(struct report *report, const struct explain *explain)
{
	const struct sti_verify_result *result = explain->result;

	report_text(report, "verdict", sti_span_str(sti_verstat_text(result->verstat)));
	put_reason(report, sti_case_row(result->c));
	report_open_list(report, "checks");
	for (size_t i = 0; i < result->n_check; i++)
		put_check(report, explain, &result->check[i]);
	report_close_list(report);
	put_passport(report, result->passport);
	put_certificate(report, explain);
}

static void put_lines(struct report *report, const struct explain *explain, const struct sti_check *check)
{
	const struct sti_case_row *row = sti_case_row(check->c);
	char line[128];

	snprintf(line, sizeof(line), "%-4s %-12s %s\n", check->ok ? "ok" : "NO", row->check, row->clause);
	buf_put_str(&report->out, line);
	buf_put_str(&report->out, "     found        ");
	explain_found(explain, check, &report->out);
	buf_put_str(&report->out, "\n     expected     ");
	explain_expected(explain, check, &report->out);
	buf_put_byte(&report->out, '\n');
}

static void put_verdict(struct report *report, const struct sti_verify_result *result)
{
	const struct sti_case_row *row = sti_case_row(result->c);
	char line[256];

	buf_put_str(&report->out, sti_verstat_text(result->verstat));
	if (row->name) {
		snprintf(line, sizeof(line), " — %s: %d %s: %s", row->name, row->code, row->phrase, row->what);
		buf_put_str(&report->out, line);
	}
	buf_put_byte(&report->out, '\n');
}

static void put_people(struct report *report, const struct explain *explain)
{
	const struct sti_verify_result *result = explain->result;

	for (size_t i = 0; i < result->n_check; i++)
		put_lines(report, explain, &result->check[i]);
	put_verdict(report, result);
}

bool verify_report(const struct explain *explain, bool as_json)
{
	struct report report;

	report_begin(&report, as_json, LIMIT_HTTP_REPLY);
	if (as_json)
		put_json(&report, explain);
	else
		put_people(&report, explain);
	return report_end(&report);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inspect.h"

#include <stdarg.h>
#include <stdio.h>

static void add_finding(struct inspect *in, const struct inspect_finding *given, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
static void add_finding(struct inspect *in, const struct inspect_finding *given, const char *format, va_list arguments)
{
	struct inspect_finding *finding = &in->finding[in->n_finding];

	if (in->n_finding == INSPECT_FINDINGS)
		return;
	in->n_finding++;
	*finding = *given;
	vsnprintf(finding->what, sizeof(finding->what), format, arguments);
}

void inspect_fault(struct inspect *in, const char *clause, const char *format, ...)
{
	va_list arguments;

	in->n_error++;
	va_start(arguments, format);
	add_finding(in, &(struct inspect_finding){.level = "error", .clause = clause}, format, arguments);
	va_end(arguments);
}

void inspect_note(struct inspect *in, const char *clause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(in, &(struct inspect_finding){.level = "note", .clause = clause}, format, arguments);
	va_end(arguments);
}

static void add_lint(struct inspect *in, const struct lint *lint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void add_lint(struct inspect *in, const struct lint *lint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(in,
		    &(struct inspect_finding){
			    .level = lint_level_text(lint->level), .lint = lint->name, .clause = lint->clause},
		    format, arguments);
	va_end(arguments);
}

void inspect_lint(struct inspect *in, const struct lint *lint, const char *subject)
{
	add_lint(in, lint, "%s: expected %s", subject, lint->what);
}

void inspect_put_jws(struct inspect *in, const struct jws *jws, bool with_payload)
{
	struct report *report = &in->report;

	report_json(report, "header", jws->header, json_root(jws->header));
	if (with_payload && jws->payload)
		report_json(report, "payload", jws->payload, json_root(jws->payload));
	if (jws->payload_error)
		inspect_fault(in, "RFC 7519 7.2", "payload: %s", sti_error_text(jws->payload_error));
	if (jws->signature_error)
		inspect_fault(in, "RFC 7518 3.4", "signature: not 64 octets in base64url");
	else
		report_hex(report, "signature", sti_span(jws->signature, sizeof(jws->signature)));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "cmd/fetch.h"
#include "cmd/inspect.h"
#include "cmd/option.h"

struct inspect_options {
	int64_t now;
	bool json;
};

/* A document may be as large as the input; JSON of a certificate is longer than its DER. */
enum { REPORT_MAX = 4 * LIMIT_INSPECT };

static const struct json_limits wide = {.depth = 8, .members = 250000, .nodes = 500000, .string = LIMIT_INSPECT};

/* Deployed servers answer with the token as a member of an object (standards.md 4.1, 4.2). */
static const char *const wrapping[] = {"caList", "cpsMapping", "token"};

/* --- what is it --- */

static bool has_text(struct sti_span text, const char *part)
{
	return text.n && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* PEM and JWK by their text, DER by its structure. Before all else: nothing of it is ever shown. */
static bool is_private_key(const struct inspect *in)
{
	const uint8_t *at = in->bytes.p;
	EVP_PKEY *key = NULL;
	bool found;

	if (has_text(in->bytes, "PRIVATE KEY-----") || (has_text(in->bytes, "\"kty\"") && has_text(in->bytes, "\"d\"")))
		return true;
	if (in->bytes.n && in->bytes.n <= LIMIT_KEY)
		key = d2i_AutoPrivateKey(NULL, &at, (long)in->bytes.n);
	found = key != NULL;
	EVP_PKEY_free(key);
	return found;
}

static bool is_certificate(const struct inspect *in)
{
	const uint8_t *at = in->bytes.p;
	X509 *x509 = NULL;
	bool found;

	if (has_text(in->bytes, "-----BEGIN CERTIFICATE-----"))
		return true;
	if (in->bytes.n && in->bytes.n <= LIMIT_CERT_BODY)
		x509 = d2i_X509(NULL, &at, (long)in->bytes.n);
	found = x509 != NULL;
	X509_free(x509);
	return found;
}

static bool is_crl(const struct inspect *in)
{
	const uint8_t *at = in->bytes.p;
	X509_CRL *crl = NULL;
	bool found;

	if (has_text(in->bytes, "-----BEGIN X509 CRL-----"))
		return true;
	if (in->bytes.n)
		crl = d2i_X509_CRL(NULL, &at, (long)in->bytes.n);
	found = crl != NULL;
	X509_CRL_free(crl);
	return found;
}

static bool has_prefix(struct sti_span text, const char *prefix)
{
	return sti_span_is_nocase(sti_span_first(text, strlen(prefix)), prefix);
}

static bool is_token_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
	       c == '.';
}

/* How much of it could be a compact JWS, and how many dots stand in that. */
static size_t token_length(struct sti_span text, size_t *dots)
{
	size_t n = 0;

	*dots = 0;
	for (; n < text.n && is_token_byte(text.p[n]); n++)
		*dots += text.p[n] == '.' ? 1 : 0;
	return n;
}

/* A header line, or a token with parameters behind it (RFC 8224 4). */
static bool is_identity(const struct inspect *in)
{
	size_t dots;
	size_t n = token_length(in->text, &dots);

	if (has_prefix(in->text, "Identity:") || has_prefix(in->text, "y:"))
		return true;
	return n && dots == 2 && n < in->text.n && memchr(in->text.p + n, ';', in->text.n - n) != NULL;
}

static const struct json_node *payload_member(const struct inspect *in, const char *name)
{
	return in->jws.payload ? json_member(in->jws.payload, json_root(in->jws.payload), name) : NULL;
}

static bool is_ca_list(const struct inspect *in)
{
	return payload_member(in, "trustList") || (in->wrapping && strcmp(in->wrapping, "caList") == 0);
}

static bool is_mapping(const struct inspect *in)
{
	return payload_member(in, "cpsMapping") || (in->wrapping && strcmp(in->wrapping, "cpsMapping") == 0);
}

static bool is_spc_token(const struct inspect *in)
{
	return payload_member(in, "atc") || (in->wrapping && strcmp(in->wrapping, "token") == 0);
}

/* Any other compact JWS: what it lacks of a PASSporT is told. */
static bool is_passport(const struct inspect *in)
{
	size_t dots;

	return in->token.n && token_length(in->token, &dots) == in->token.n && dots == 2;
}

static enum sti_error refuse_key(struct inspect *in)
{
	(void)in;
	return STI_E_DENIED;
}

/* The first that it looks like is what it is. */
static const struct kind {
	const char *name;
	bool (*looks_like)(const struct inspect *in);
	inspect_tell *tell;
	const char *clause;
} kind[] = {
	{"private key", is_private_key, refuse_key, "private keys are not shown"},
	{"certificate", is_certificate, inspect_certificates, "RFC 5280 4, RFC 7468 5"},
	{"crl", is_crl, inspect_crl, "RFC 5280 5, RFC 7468 6"},
	{"identity", is_identity, inspect_identity, "RFC 8224 4"},
	{"ca-list", is_ca_list, inspect_ca_list, "ATIS-1000084"},
	{"cps-mapping", is_mapping, inspect_mapping, "ATIS-1000096"},
	{"spc-token", is_spc_token, inspect_spc_token, "RFC 9448 5"},
	{"passport", is_passport, inspect_passport, "RFC 8225, RFC 7515 7.1"},
};

enum { KINDS = sizeof(kind) / sizeof(kind[0]) };

static const struct kind *recognize(const struct inspect *in)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kind[i].looks_like(in))
			return &kind[i];
	return NULL;
}

/* --- taking it apart --- */

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct sti_span trim(struct sti_span text)
{
	while (text.n && is_white(text.p[0]))
		text = sti_span_from(text, 1);
	while (text.n && is_white(text.p[text.n - 1]))
		text.n--;
	return text;
}

static void unwrap(struct inspect *in)
{
	if (in->text.n == 0 || in->text.p[0] != '{' || json_parse(in->text, &wide, &in->wrapper))
		return;
	for (size_t i = 0; i < sizeof(wrapping) / sizeof(wrapping[0]); i++) {
		const struct json_node *node = json_member(in->wrapper, json_root(in->wrapper), wrapping[i]);

		if (node && json_string(node, &in->token)) {
			in->wrapping = wrapping[i];
			return;
		}
	}
}

static void take_apart(struct inspect *in)
{
	size_t dots;

	in->text = trim(in->bytes);
	in->token = in->text;
	unwrap(in);
	in->jws_error = STI_E_JWS;
	if (token_length(in->token, &dots) == in->token.n && dots == 2)
		in->jws_error = jws_parse(in->token, &wide, &in->jws);
}

/* --- telling --- */

static void put_findings(struct inspect *in)
{
	struct report *report = &in->report;

	report_open_list(report, "findings");
	for (size_t i = 0; i < in->n_finding; i++) {
		report_open(report, NULL);
		report_text(report, "level", sti_span_str(in->finding[i].level));
		if (in->finding[i].lint)
			report_text(report, "lint", sti_span_str(in->finding[i].lint));
		report_text(report, "what", sti_span_str(in->finding[i].what));
		report_text(report, "clause", sti_span_str(in->finding[i].clause));
		report_close(report);
	}
	report_close_list(report);
}

static void print_findings(const struct inspect *in)
{
	for (size_t i = 0; i < in->n_finding; i++) {
		const struct inspect_finding *finding = &in->finding[i];

		if (finding->lint)
			printf("lint %-9s %s: %s (%s)\n", finding->level, finding->lint, finding->what,
			       finding->clause);
		else
			printf("%-14s %s (%s)\n", strcmp(finding->level, "error") == 0 ? "WRONG" : finding->level,
			       finding->what, finding->clause);
	}
	if (in->n_error == 0)
		puts("nothing is wrong with its form");
}

static int finish(struct inspect *in)
{
	if (in->report.as_json) {
		put_findings(in);
		report_bool(&in->report, "ok", in->n_error == 0);
	}
	if (!report_end(&in->report))
		return complain(STATUS_SYSTEM, "standard output cannot be written");
	if (!in->report.as_json)
		print_findings(in);
	if (fflush(stdout))
		return complain(STATUS_SYSTEM, "standard output cannot be written");
	return in->n_error ? STATUS_NO : STATUS_GOOD;
}

static int tell(struct inspect *in, const char *file, bool as_json)
{
	const struct kind *what = recognize(in);
	enum sti_error error;

	if (!what)
		return complain(STATUS_USAGE,
				"%s: not a PASSporT, Identity, ca-list, cps-mapping, SPC token, certificate or CRL",
				file);
	report_begin(&in->report, as_json, REPORT_MAX);
	report_text(&in->report, "kind", sti_span_str(what->name));
	if (in->wrapping)
		report_text(&in->report, "wrapping", sti_span_str(in->wrapping));
	error = what->tell(in);
	if (!error)
		return finish(in);
	buf_free(&in->report.out);
	return complain(status_of(error), "%s: %s: %s (%s)", file, what->name, sti_error_text(error), what->clause);
}

static int inspect(const struct inspect_options *options, const char *file)
{
	const char *path = strcmp(file, "-") == 0 ? "/dev/stdin" : file;
	struct inspect *in = calloc(1, sizeof(*in));
	struct buf bytes = buf_own(LIMIT_INSPECT);
	enum sti_error error = in ? fetch_file(path, &bytes) : STI_E_MEMORY;
	int status;

	if (!error) {
		in->bytes = buf_span(&bytes);
		in->now = options->now >= 0 ? options->now : clock_now();
		take_apart(in);
		status = tell(in, file, options->json);
		jws_free(&in->jws);
		json_free(in->wrapper);
	} else {
		status = complain(status_of(error), "%s: %s", file, error_why(error));
	}
	buf_free(&bytes);
	free(in);
	return status;
}

int command_inspect(int argc, char **argv)
{
	struct inspect_options options = {.now = -1};
	const struct option_row row[] = {
		{"--json", NULL, OPTION_FLAG, &options.json, "one JSON document"},
		{"--now", "SECONDS", OPTION_NUMBER, &options.now, "what has expired, as of then; seconds of the epoch"},
	};
	int rest, status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (rest != 1)
		return complain(STATUS_USAGE, "inspect takes one file or -");
	return inspect(&options, argv[1]);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sti/identity.h>
#include <sti/verify.h>
#include <unistd.h>

#include "app/clock.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "cmd/fetch.h"
#include "cmd/option.h"
#include "json/writer.h"
#include "store/file.h"

enum { ROOTS_MAX = 4 * 1024 * 1024 };

struct verify_options {
	struct option_list trust;
	struct option_list permit;
	const char *cert;
	const char *fetch_ca;
	const char *orig;
	const char *dest;
	int64_t now;
	bool json;
	bool help;
};

/* What the command holds while it judges. */
struct verify_session {
	const struct verify_options *options;
	int64_t now;
	struct sti_verify_policy policy;
	struct sti_roots *roots;
	struct sti_credential *credential[LIMIT_IDENTITIES]; /* the machine looks at them to its end */
	size_t n_credential;
	struct sti_verify *machine;
	struct sti_tn dest[LIMIT_DEST];
	struct sti_verify_request request;
	struct buf text;
	struct sti_span identity[LIMIT_IDENTITIES];
};

static const char *why(enum sti_error error)
{
	return error == STI_E_IO ? strerror(errno) : sti_error_text(error);
}

static int read_files(const struct option_list *files, struct buf *out)
{
	for (size_t i = 0; i < files->n; i++) {
		struct buf one;
		enum sti_error error = file_read(files->text[i], ROOTS_MAX, &one);

		if (error)
			return complain(status_of(error), "%s: %s", files->text[i], why(error));
		buf_put(out, buf_span(&one));
		buf_put_str(out, "\n");
		buf_free(&one);
	}
	return STATUS_GOOD;
}

static int load_roots(struct verify_session *s)
{
	struct buf pem = buf_own(ROOTS_MAX);
	int status = read_files(&s->options->trust, &pem);
	enum sti_error error = STI_OK;

	if (!status && s->options->trust.n) {
		error = sti_roots_parse(buf_span(&pem), &s->roots);
		if (error)
			status = complain(status_of(error), "--trust: %s, expected PEM roots (RFC 5280 6.1)",
					  sti_error_text(error));
	}
	buf_free(&pem);
	return status;
}

/* The file given serves every URL. */
static int load_cert(struct verify_session *s)
{
	struct buf pem;
	enum sti_error error;

	if (!s->options->cert)
		return STATUS_GOOD;
	error = file_read(s->options->cert, LIMIT_CERT_BODY, &pem);
	if (error)
		return complain(status_of(error), "%s: %s", s->options->cert, why(error));
	error = sti_credential_parse(buf_span(&pem), s->roots, s->now, &s->credential[0]);
	buf_free(&pem);
	if (error)
		return complain(status_of(error), "%s: %s", s->options->cert, sti_error_text(error));
	s->n_credential = 1;
	return STATUS_GOOD;
}

/* RFC 3261 7.3.1: a line that begins with a blank belongs to the one before. */
static void unfold(struct buf *text)
{
	for (size_t i = 0; i + 1 < text->n; i++)
		if (text->p[i] == '\n' && (text->p[i + 1] == ' ' || text->p[i + 1] == '\t'))
			text->p[i] = ' ';
	for (size_t i = 0; i + 1 < text->n; i++)
		if (text->p[i] == '\r' && text->p[i + 1] == ' ')
			text->p[i] = ' ';
}

/* "-", the name of a file, or the value itself. */
static int read_input(struct verify_session *s, const char *argument)
{
	bool from_file = argument && (strcmp(argument, "-") == 0 || access(argument, F_OK) == 0);
	const char *path = !argument || strcmp(argument, "-") == 0 ? "/dev/stdin" : argument;
	enum sti_error error;

	if (argument && !from_file) {
		buf_put_str(&s->text, argument);
		error = buf_error(&s->text);
	} else {
		error = fetch_file(path, &s->text);
	}
	unfold(&s->text);
	return error ? complain(status_of(error), "%s: %s", from_file ? path : "input", why(error)) : STATUS_GOOD;
}

static int split_line(struct verify_session *s, struct sti_span line)
{
	struct sti_span value;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = sti_span_trim(line);
	while (line.n && sti_identity_next(&line, &value)) {
		if (s->request.n_identity == LIMIT_IDENTITIES)
			return complain(STATUS_USAGE, "more than %d Identity values", LIMIT_IDENTITIES);
		s->identity[s->request.n_identity++] = value;
	}
	return STATUS_GOOD;
}

/* Lines that do not begin with a blank are header lines of their own. */
static int split_input(struct verify_session *s)
{
	struct sti_span rest = buf_span(&s->text);
	struct sti_span line;
	int status = STATUS_GOOD;

	while (!status && sti_span_cut(&rest, '\n', &line))
		status = split_line(s, line);
	if (status)
		return status;
	if (s->request.n_identity == 0)
		return complain(STATUS_USAGE, "no Identity value to judge (RFC 8224 4)");
	s->request.identity = s->identity;
	return STATUS_GOOD;
}

static int read_number(const char *name, struct sti_span text, struct sti_tn *out)
{
	if (sti_tn_canonical(text, NULL, out) == STI_OK)
		return STATUS_GOOD;
	return complain(STATUS_USAGE, "%s: not a telephone number (RFC 8224 8.3)", name);
}

static int read_numbers(struct verify_session *s)
{
	struct sti_span rest = sti_span_str(s->options->dest);
	struct sti_span part;
	int status = STATUS_GOOD;

	if (!s->options->orig != !s->options->dest)
		return complain(STATUS_USAGE, "--orig and --dest go together");
	if (s->options->orig)
		status = read_number("--orig", sti_span_str(s->options->orig), &s->request.orig);
	while (!status && sti_span_cut(&rest, ',', &part)) {
		if (s->request.n_dest == LIMIT_DEST)
			return complain(STATUS_USAGE, "--dest: more than %d numbers", LIMIT_DEST);
		status = read_number("--dest", part, &s->dest[s->request.n_dest++]);
	}
	s->request.dest = s->dest;
	return status;
}

/* A token without parameters did not come in a header: it is judged like one from the store. */
static bool is_bare(const struct verify_session *s)
{
	struct sti_identity identity;

	return s->request.n_identity == 1 && sti_identity_parse(s->identity[0], &identity) == STI_OK &&
	       !identity.info.p && !identity.ppt.p && !identity.alg.p;
}

/* Each URL is asked for by the machine once. */
static enum sti_error fetch_credential(struct verify_session *s, struct sti_span url, struct sti_credential **out)
{
	struct buf body = buf_own(LIMIT_CERT_BODY);
	struct fetch_policy policy = {
		.permit = s->options->permit.text,
		.n_permit = s->options->permit.n,
		.ca_file = s->options->fetch_ca,
	};
	enum sti_error error = fetch_url(&policy, url, LIMIT_CERT_BODY, &body);

	if (!error)
		error = sti_credential_parse(buf_span(&body), s->roots, s->now, out);
	buf_free(&body);
	if (error)
		complain(STATUS_GOOD, "certificate: %s", sti_error_text(error));
	return error;
}

static void give_credential(struct verify_session *s, struct sti_span url)
{
	struct sti_credential **to = &s->credential[s->options->cert ? 0 : s->n_credential];
	enum sti_error error = STI_OK;

	if (!s->options->cert)
		error = fetch_credential(s, url, to);
	if (!error && !s->options->cert)
		s->n_credential++;
	sti_verify_give_cert(s->machine, url, error ? NULL : *to, error);
}

static enum sti_error run(struct verify_session *s)
{
	bool bare = is_bare(s);
	struct sti_want_detail detail;
	enum sti_want want;
	enum sti_error error;

	s->request.policy = &s->policy;
	s->request.now = s->now;
	s->request.time = -1;
	s->request.ask_oob = bare;
	if (bare)
		s->request.n_identity = 0;
	error = sti_verify_start(&s->request, &s->machine);
	while (!error && (want = sti_verify_next(s->machine, &detail)) < STI_WANT_ANSWERS) {
		if (want == STI_WANT_OOB)
			error = sti_verify_give_oob(s->machine, s->identity, 1);
		else
			give_credential(s, detail.url);
	}
	return error;
}

static void put_text(struct buf *out, const char *name, struct sti_span text)
{
	json_put_name(out, name);
	if (text.p)
		json_put_string(out, text);
	else
		buf_put_str(out, "null");
}

static void put_numbers(struct buf *out, const struct sti_passport *p)
{
	json_put_name(out, "orig");
	buf_put_str(out, "{");
	put_text(out, p->orig_uri.p ? "uri" : "tn", p->orig_uri.p ? p->orig_uri : p->orig_tn);
	buf_put_str(out, "}");
	json_put_name(out, "dest");
	buf_put_str(out, "{");
	json_put_name(out, "tn");
	buf_put_str(out, "[");
	for (size_t i = 0; i < p->n_dest_tn; i++) {
		json_put_comma(out);
		json_put_string(out, p->dest_tn[i]);
	}
	buf_put_str(out, "]}");
}

static void put_passport(struct buf *out, const struct sti_passport *p)
{
	json_put_name(out, "passport");
	if (!p) {
		buf_put_str(out, "null");
		return;
	}
	buf_put_str(out, "{");
	put_text(out, "alg", p->alg);
	put_text(out, "ppt", p->ppt);
	put_text(out, "typ", p->typ);
	put_text(out, "x5u", p->x5u);
	put_text(out, "attest", p->attest);
	put_text(out, "origid", p->origid);
	json_put_name(out, "iat");
	buf_put_int(out, p->iat);
	put_numbers(out, p);
	buf_put_str(out, "}");
}

static void put_certificate(struct buf *out, const struct sti_credential *credential, int64_t now)
{
	json_put_name(out, "certificate");
	if (!credential) {
		buf_put_str(out, "null");
		return;
	}
	buf_put_str(out, "{");
	put_text(out, "spc", sti_credential_spc(credential));
	put_text(out, "country", sti_credential_country(credential));
	put_text(out, "subject", sti_credential_subject(credential));
	put_text(out, "trust", sti_span_str(sti_trust_text(sti_credential_trust(credential, NULL, now))));
	json_put_name(out, "sha256");
	buf_put_str(out, "\"");
	buf_put_hex(out, sti_span(sti_credential_sha256(credential), 32));
	buf_put_str(out, "\"}");
}

static void put_checks(struct buf *out, const struct sti_verify_result *result)
{
	json_put_name(out, "checks");
	buf_put_str(out, "[");
	for (size_t i = 0; i < result->n_check; i++) {
		const struct sti_case_row *row = sti_case_row(result->check[i].c);

		json_put_comma(out);
		buf_put_str(out, "{");
		put_text(out, "name", sti_span_str(row->check));
		json_put_name(out, "ok");
		buf_put_str(out, result->check[i].ok ? "true" : "false");
		put_text(out, "clause", sti_span_str(row->clause));
		put_text(out, "case", sti_span_str(row->name));
		buf_put_str(out, "}");
	}
	buf_put_str(out, "]");
}

static void put_reason(struct buf *out, const struct sti_case_row *row)
{
	json_put_name(out, "code");
	if (row->name)
		buf_put_int(out, row->code);
	else
		buf_put_str(out, "null");
	put_text(out, "reason", row->name ? sti_span_str(row->phrase) : sti_span(NULL, 0));
	put_text(out, "case", sti_span_str(row->name));
}

static void print_json(const struct sti_verify_result *result, int64_t now)
{
	struct buf out = buf_own(LIMIT_BODY);

	buf_put_str(&out, "{");
	put_text(&out, "verdict", sti_span_str(sti_verstat_text(result->verstat)));
	put_reason(&out, sti_case_row(result->c));
	put_checks(&out, result);
	put_passport(&out, result->passport);
	put_certificate(&out, result->credential, now);
	buf_put_str(&out, "}\n");
	fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

static void print_text(const struct sti_verify_result *result)
{
	const struct sti_case_row *row = sti_case_row(result->c);

	for (size_t i = 0; i < result->n_check; i++) {
		const struct sti_case_row *check = sti_case_row(result->check[i].c);

		printf("%-4s %-12s %s\n", result->check[i].ok ? "ok" : "NO", check->check, check->clause);
	}
	printf("%s", sti_verstat_text(result->verstat));
	if (row->name)
		printf(" — %s: %d %s: %s", row->name, row->code, row->phrase, row->what);
	printf("\n");
}

static int tell(const struct verify_session *s)
{
	const struct sti_verify_result *result = sti_verify_result(s->machine);

	if (s->options->json)
		print_json(result, s->now);
	else
		print_text(result);
	return result->verstat == STI_VERSTAT_PASSED ? STATUS_GOOD : STATUS_NO;
}

static int verify(struct verify_session *s, const char *argument)
{
	enum sti_error error;
	int status = load_roots(s);

	if (!status)
		status = load_cert(s);
	if (!status)
		status = read_input(s, argument);
	if (!status)
		status = split_input(s);
	if (!status)
		status = read_numbers(s);
	if (status)
		return status;
	error = run(s);
	return error ? complain(status_of(error), "cannot judge: %s", sti_error_text(error)) : tell(s);
}

int command_verify(int argc, char **argv)
{
	struct verify_options options = {.now = -1};
	struct verify_session session = {
		.options = &options,
		.policy = {.freshness = LIMIT_FRESHNESS_S, .skew = 5, .prefer = STI_PREFER_INBAND},
		.text = buf_own(LIMIT_IDENTITY * LIMIT_IDENTITIES),
	};
	const struct option_row row[] = {
		{"--trust", "FILE", OPTION_LIST, &options.trust,
		 "PEM roots of the trusted STI-CAs; may stand several times"},
		{"--cert", "FILE", OPTION_TEXT, &options.cert, "the signer's chain, instead of fetching x5u"},
		{"--orig", "TN", OPTION_TEXT, &options.orig,
		 "calling number of signalling; without it numbers are not compared"},
		{"--dest", "TN[,TN]", OPTION_TEXT, &options.dest, "called numbers of signalling"},
		{"--now", "SECONDS", OPTION_NUMBER, &options.now, "judge as of then, seconds of the epoch"},
		{"--permit", "HOST:PORT", OPTION_LIST, &options.permit,
		 "let this one through the gate for certificates"},
		{"--fetch-ca", "FILE", OPTION_TEXT, &options.fetch_ca,
		 "who vouches for certificate repositories; default the system's"},
		{"--json", NULL, OPTION_FLAG, &options.json, "one JSON document"},
		{"--help", NULL, OPTION_FLAG, &options.help, "this"},
	};
	int rest;
	int status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest))
		return STATUS_USAGE;
	if (options.help) {
		option_help(row, sizeof(row) / sizeof(row[0]));
		return STATUS_GOOD;
	}
	if (rest > 1)
		return complain(STATUS_USAGE, "verify takes one Identity value, file or -");
	session.now = options.now >= 0 ? options.now : clock_now();
	status = verify(&session, rest ? argv[1] : NULL);
	sti_verify_free(session.machine);
	for (size_t i = 0; i < session.n_credential; i++)
		sti_credential_free(session.credential[i]);
	sti_roots_free(session.roots);
	buf_free(&session.text);
	return status;
}

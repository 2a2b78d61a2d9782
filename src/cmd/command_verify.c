/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sti/identity.h>
#include <sti/verify.h>
#include <unistd.h>

#include "app/clock.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "cmd/crl_option.h"
#include "cmd/fetch.h"
#include "cmd/identity_input.h"
#include "cmd/option.h"
#include "cmd/verify_report.h"
#include "store/file.h"

enum { ROOTS_MAX = 4 * 1024 * 1024 };

struct verify_options {
	struct option_list trust;
	struct crl_option crl;
	struct option_list permit;
	const char *cert;
	const char *fetch_ca;
	const char *orig;
	const char *dest;
	int64_t now;
	bool json;
};

/* What the command holds while it judges. */
struct verify_session {
	const struct verify_options *options;
	int64_t now;
	struct sti_verify_policy policy;
	struct sti_roots *roots;
	struct sti_crls *crls;
	struct sti_credential *credential[LIMIT_IDENTITIES]; /* the machine looks at them to its end */
	size_t n_credential;
	struct sti_verify *machine;
	struct sti_tn dest[LIMIT_DEST];
	struct sti_verify_request request;
	struct identity_input input;
	enum sti_error fetch_error; /* of the last certificate that was asked for */
};

static int read_files(const struct option_list *files, struct buf *out)
{
	for (size_t i = 0; i < files->n; i++) {
		struct buf one;
		enum sti_error error = file_read(files->text[i], ROOTS_MAX, &one);

		if (error)
			return complain(status_of(error), "%s: %s", files->text[i], error_why(error));
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
		return complain(status_of(error), "%s: %s", s->options->cert, error_why(error));
	error = sti_credential_parse(buf_span(&pem), s->roots, s->now, &s->credential[0]);
	buf_free(&pem);
	if (error)
		return complain(status_of(error), "%s: %s", s->options->cert, sti_error_text(error));
	s->n_credential = 1;
	return STATUS_GOOD;
}

/* "-", the name of a file, or the value itself. */
static enum sti_error read_text(const char *argument, const char *path, struct buf *out)
{
	if (path)
		return fetch_file(path, out);
	buf_put_str(out, argument);
	return buf_error(out);
}

static int read_input(struct verify_session *s, const char *argument)
{
	bool is_stdin = !argument || strcmp(argument, "-") == 0;
	const char *path = is_stdin ? "/dev/stdin" : access(argument, F_OK) == 0 ? argument : NULL;
	struct buf text = buf_own(LIMIT_IDENTITY * LIMIT_IDENTITIES);
	enum sti_error error = read_text(argument, path, &text);
	int status = STATUS_GOOD;

	if (error)
		status = complain(status_of(error), "%s: %s", path && !is_stdin ? path : "input", error_why(error));
	if (!status)
		error = identity_input_split(buf_span(&text), &s->input);
	buf_free(&text);
	if (!status && error)
		status = error == STI_E_LIMIT ? complain(STATUS_USAGE, "more than %d Identity values", LIMIT_IDENTITIES)
					      : complain(status_of(error), "input: %s", sti_error_text(error));
	if (!status && s->input.n == 0)
		status = complain(STATUS_USAGE, "no Identity value to judge (RFC 8224 4)");
	s->request.identity = s->input.value;
	s->request.n_identity = s->input.n;
	return status;
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

	return s->input.n == 1 && sti_identity_parse(s->input.value[0], &identity) == STI_OK && !identity.info.p &&
	       !identity.ppt.p && !identity.alg.p;
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
	s->fetch_error = error;
	sti_verify_give_cert(s->machine, url, error ? NULL : *to, error);
}

static enum sti_error run(struct verify_session *s)
{
	bool bare = is_bare(s);
	struct sti_want_detail detail;
	enum sti_want want;
	enum sti_error error;

	s->request.policy = &s->policy;
	s->request.crls = s->crls;
	s->request.now = s->now;
	s->request.time = -1;
	s->request.ask_oob = bare;
	if (bare)
		s->request.n_identity = 0;
	error = sti_verify_start(&s->request, &s->machine);
	while (!error && (want = sti_verify_next(s->machine, &detail)) < STI_WANT_ANSWERS) {
		if (want == STI_WANT_OOB)
			error = sti_verify_give_oob(s->machine, s->input.value, 1);
		else
			give_credential(s, detail.url);
	}
	return error;
}

static int tell(const struct verify_session *s)
{
	const struct sti_verify_result *result = sti_verify_result(s->machine);
	struct explain explain;

	explain_begin(&explain, result, &s->request, s->input.value, s->input.n);
	explain.fetch_error = s->fetch_error;
	if (!verify_report(&explain, s->options->json))
		return complain(STATUS_SYSTEM, "standard output cannot be written");
	return result->verstat == STI_VERSTAT_PASSED ? STATUS_GOOD : STATUS_NO;
}

static int verify(struct verify_session *s, const char *argument)
{
	enum sti_error error;
	int status = load_roots(s);

	if (!status)
		status = crl_option_load(&s->options->crl, s->now, 0, false, &s->crls);
	if (!status)
		status = load_cert(s);
	if (!status)
		status = read_input(s, argument);
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
	};
	const struct option_row row[] = {
		{"--trust", "FILE", OPTION_LIST, &options.trust,
		 "PEM roots of the trusted STI-CAs; may stand several times"},
		{"--crl", "FILE", OPTION_LIST, &options.crl.crl, "a CRL, PEM or DER; may stand several times"},
		{"--crl-anchor", "FILE", OPTION_LIST, &options.crl.anchor,
		 "PEM with the CRL issuer's certificate: one for each --crl, or one for all"},
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
	};
	int rest;
	int status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (rest > 1)
		return complain(STATUS_USAGE, "verify takes one Identity value, file or -");
	session.now = options.now >= 0 ? options.now : clock_now();
	status = verify(&session, rest ? argv[1] : NULL);
	sti_verify_free(session.machine);
	for (size_t i = 0; i < session.n_credential; i++)
		sti_credential_free(session.credential[i]);
	sti_crls_free(session.crls);
	sti_roots_free(session.roots);
	identity_input_free(&session.input);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "cmd/cert_file.h"
#include "cmd/cert_report.h"
#include "cmd/command.h"
#include "cmd/crl_option.h"
#include "cmd/option.h"
#include "pki/roots.h"
#include "store/file.h"

enum { DOMAIN_MAX = 64 * 1024 };

struct cert_options {
	struct option_list root;
	struct option_list intermediate;
	struct crl_option crl;
	const char *domain;
	int64_t at; /* -1: now */
	bool no_time;
	bool json;
};

static int add_files(const struct option_list *files, struct chain *all)
{
	int status = STATUS_GOOD;

	for (size_t i = 0; i < files->n && !status; i++)
		status = cert_file_add(files->text[i], all);
	return status;
}

/* One that is no CA (a real one has version 1) vouches for nobody, which is told; the others still do. */
static enum sti_error take_root(const struct cert *root, struct roots_entry *entry, size_t *n)
{
	struct sti_roots *alone;
	char name[LIMIT_CERT_NAME];
	enum sti_error error;

	entry[*n] = (struct roots_entry){root, INT64_MAX};
	error = roots_make(&entry[*n], 1, true, &alone);
	if (error == STI_E_CERT || error == STI_E_KEY) {
		complain(STATUS_USAGE, "--root %.*s: left out, expected a self-signed CA (RFC 5280 6.1)",
			 (int)cert_subject(root, NID_commonName, name), name);
		return STI_OK;
	}
	if (error)
		return error;
	sti_roots_free(alone);
	(*n)++;
	return STI_OK;
}

static int make_roots(struct cert_check *check)
{
	struct roots_entry *entry = calloc(check->root.n + 1, sizeof(*entry));
	enum sti_error error = entry ? STI_OK : STI_E_MEMORY;
	size_t n = 0;

	for (size_t i = 0; !error && i < check->root.n; i++)
		error = take_root(&check->root.cert[i], entry, &n);
	if (!error)
		error = roots_make(entry, n, true, &check->roots);
	free(entry);
	return error ? complain(status_of(error), "--root: %s", error_why(error)) : STATUS_GOOD;
}

static int read_one(const char *path, size_t max, struct buf *out)
{
	enum sti_error error = file_read(path, max, out);

	return error ? complain(status_of(error), "%s: %s", path, error_why(error)) : STATUS_GOOD;
}

static int load_domain(const struct cert_options *options, struct cert_check *check)
{
	const char *expected;
	struct buf text;
	enum sti_error error;
	int status;

	if (!options->domain)
		return STATUS_GOOD;
	status = read_one(options->domain, DOMAIN_MAX, &text);
	if (status)
		return status;
	error = domain_file_parse(buf_span(&text), &check->domain, &expected);
	buf_free(&text);
	if (error)
		return complain(status_of(error), "%s: %s", options->domain, expected ? expected : error_why(error));
	return STATUS_GOOD;
}

static int load(const struct cert_options *options, struct cert_check *check)
{
	int status = add_files(&options->root, &check->root);

	if (!status)
		status = add_files(&options->intermediate, &check->intermediate);
	if (!status)
		status = make_roots(check);
	if (!status)
		status =
			crl_option_load(&options->crl, check->now, check->any_time ? INT32_MAX : 0, true, &check->crls);
	return status ? status : load_domain(options, check);
}

static void unload(struct cert_check *check)
{
	domain_file_free(check->domain);
	sti_crls_free(check->crls);
	sti_roots_free(check->roots);
	chain_free(&check->intermediate);
	chain_free(&check->root);
}

static int print(struct buf *line)
{
	enum sti_error error = buf_error(line);

	if (!error && line->n && fwrite(line->p, 1, line->n, stdout) != line->n)
		error = STI_E_IO;
	return error ? complain(status_of(error), "output: %s", error_why(error)) : STATUS_GOOD;
}

static int print_one(const struct cert_check *check, const struct cert_options *options, const char *path,
		     const struct chain *file, size_t i)
{
	struct buf line = buf_own(CERT_REPORT_MAX);
	struct cert_answer answer;
	enum sti_error error = cert_check_judge(check, file, i, &answer);
	int status;

	if (error)
		return complain(status_of(error), "%s: %s", path, error_why(error));
	cert_report_put(path, &answer, options->json, &line);
	status = print(&line);
	if (!status && !cert_answer_is_good(&answer))
		status = STATUS_NO;
	cert_answer_free(&answer);
	buf_free(&line);
	return status;
}

static int print_unread(const struct cert_options *options, const char *path, enum sti_error error)
{
	struct buf line = buf_own(CERT_REPORT_MAX);
	int status = complain(STATUS_USAGE, "%s: %s", path, cert_file_why(error));

	cert_report_put_unread(path, options->json, &line);
	if (print(&line))
		status = STATUS_SYSTEM;
	buf_free(&line);
	return status;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int check_file(const struct cert_check *check, const struct cert_options *options, const char *path)
{
	struct chain file;
	size_t n_bad;
	enum sti_error error = cert_file_read(path, &file, &n_bad);
	int status = STATUS_GOOD;

	if (error == STI_E_MEMORY)
		return complain(STATUS_SYSTEM, "%s: %s", path, error_why(error));
	if (error)
		return print_unread(options, path, error);
	for (size_t i = 0; i < file.n; i++)
		status = worse(status, print_one(check, options, path, &file, i));
	for (size_t i = 0; i < n_bad; i++)
		status = worse(status, print_unread(options, path, STI_E_CERT));
	chain_free(&file);
	return status;
}

static int check_all(const struct cert_options *options, char **path, int n)
{
	struct cert_check check = {
		.now = options->at >= 0 ? options->at : clock_now(),
		.any_time = options->no_time,
	};
	int status = load(options, &check);
	bool loaded = !status;

	for (int i = 0; loaded && i < n && status < STATUS_SYSTEM; i++)
		status = worse(status, check_file(&check, options, path[i]));
	unload(&check);
	if (fflush(stdout))
		status = complain(STATUS_SYSTEM, "output: %s", strerror(errno));
	return status;
}

static int check(int argc, char **argv)
{
	struct cert_options options = {.at = -1};
	const struct option_row row[] = {
		{"--root", "FILE", OPTION_LIST, &options.root, "roots of the trusted STI-CAs; may stand several times"},
		{"--intermediate", "FILE", OPTION_LIST, &options.intermediate,
		 "CAs between them; may stand several times"},
		{"--crl", "FILE", OPTION_LIST, &options.crl.crl, "a CRL, PEM or DER; may stand several times"},
		{"--crl-anchor", "FILE", OPTION_LIST, &options.crl.anchor,
		 "PEM with the CRL issuer's certificate: one for each --crl, or one for all"},
		{"--domain", "FILE", OPTION_TEXT, &options.domain, "the trust domain: its policies, CRL and country"},
		{"--at", "SECONDS", OPTION_NUMBER, &options.at, "judge as of then, seconds of the epoch"},
		{"--no-time", NULL, OPTION_FLAG, &options.no_time, "dates do not matter"},
		{"--json", NULL, OPTION_FLAG, &options.json, "a JSON object on each line"},
	};
	int rest, status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (!rest)
		return complain(STATUS_USAGE, "cert check takes files with certificates");
	if (options.at >= 0 && options.no_time)
		return complain(STATUS_USAGE, "--at and --no-time exclude each other");
	return check_all(&options, argv + 1, rest);
}

int command_cert(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "check") == 0) {
		argv[1] = argv[0]; /* whose help is named in complaints */
		return check(argc - 1, argv + 1);
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return check(argc, argv);
	return complain(STATUS_USAGE, "cert takes `check`");
}

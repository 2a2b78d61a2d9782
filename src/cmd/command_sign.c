/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>
#include <sti/sign.h>
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "cmd/command.h"
#include "cmd/option.h"
#include "store/file.h"

struct sign_options {
	const char *key;
	const char *x5u;
	const char *attest;
	const char *orig;
	const char *dest;
	const char *div;
	const char *origid;
	int64_t iat;
};

struct sign_input {
	struct sti_sign_request request;
	struct sti_tn dest[LIMIT_DEST];
	struct sti_tn div;
	char origid[UUID_TEXT + 1];
};

static bool read_tn(const char *name, struct sti_span text, struct sti_tn *out)
{
	if (sti_tn_canonical(text, NULL, out) == STI_OK)
		return true;
	complain(STATUS_USAGE, "%s: not a telephone number, expected 1 to 15 of 0-9 # * (RFC 8224 8.3)", name);
	return false;
}

static bool read_dest(const char *text, struct sign_input *in)
{
	struct sti_span rest = sti_span_str(text);
	struct sti_span part;

	while (sti_span_cut(&rest, ',', &part)) {
		if (in->request.n_dest == LIMIT_DEST) {
			complain(STATUS_USAGE, "--dest: more than %d numbers", LIMIT_DEST);
			return false;
		}
		if (!read_tn("--dest", part, &in->dest[in->request.n_dest++]))
			return false;
	}
	in->request.dest = in->dest;
	return true;
}

static bool make_origid(const struct sign_options *options, struct sign_input *in)
{
	uint8_t random[16];

	if (options->origid) {
		in->request.origid = sti_span_str(options->origid);
		return true;
	}
	if (RAND_bytes(random, sizeof(random)) != 1) {
		complain(STATUS_SYSTEM, "no random numbers");
		return false;
	}
	uuid_write(random, in->origid);
	in->request.origid = sti_span_str(in->origid);
	return true;
}

static bool read_input(const struct sign_options *options, struct sign_input *in)
{
	if (!options->key || !options->x5u || !options->orig || !options->dest || (!options->attest && !options->div)) {
		complain(STATUS_USAGE, "sign needs --key, --x5u, --attest, --orig and --dest");
		return false;
	}
	if (options->attest && strlen(options->attest) != 1) {
		complain(STATUS_USAGE, "--attest: expected A, B or C (RFC 8588 4)");
		return false;
	}
	if (options->attest)
		in->request.attest = options->attest[0];
	in->request.iat = options->iat >= 0 ? options->iat : clock_now();
	if (!read_tn("--orig", sti_span_str(options->orig), &in->request.orig) || !read_dest(options->dest, in))
		return false;
	if (options->div) {
		if (!read_tn("--div", sti_span_str(options->div), &in->div))
			return false;
		in->request.div = &in->div;
	}
	return make_origid(options, in);
}

static int load_key(const char *path, struct sti_key **key)
{
	struct buf pem = buf_own(LIMIT_CERT_BODY);
	const char *why = "";
	enum sti_error error = file_read_secret(path, LIMIT_CERT_BODY, &pem, &why);

	if (error == STI_E_DENIED) {
		buf_free(&pem);
		return complain(STATUS_USAGE, "%s: %s", path, why);
	}
	if (!error)
		error = sti_key_parse(buf_span(&pem), key);
	buf_free(&pem);
	if (error)
		return complain(status_of(error), "%s: %s, expected a P-256 private key in PEM (RFC 7518 3.4)", path,
				error == STI_E_IO ? "cannot be read" : sti_error_text(error));
	return STATUS_GOOD;
}

static int sign(const struct sign_options *options, const struct sign_input *in)
{
	char identity[STI_IDENTITY_MAX];
	struct sti_key *key;
	size_t n;
	enum sti_error error;
	int status = load_key(options->key, &key);

	if (status)
		return status;
	error = sti_sign(key, sti_span_str(options->x5u), &in->request, identity, &n);
	sti_key_free(key);
	if (error)
		return complain(status_of(error),
				"cannot sign: %s (RFC 8588 4: attest A, B or C, origid a UUID; x5u https)",
				sti_error_text(error));
	printf("%.*s\n", (int)n, identity);
	return STATUS_GOOD;
}

int command_sign(int argc, char **argv)
{
	struct sign_options options = {.iat = -1};
	struct sign_input in = {0};
	const struct option_row row[] = {
		{"--key", "FILE", OPTION_TEXT, &options.key, "private key, P-256, PEM; readable by its owner alone"},
		{"--x5u", "URL", OPTION_TEXT, &options.x5u, "where the certificate is served"},
		{"--attest", "A|B|C", OPTION_TEXT, &options.attest, "full, partial or gateway attestation"},
		{"--orig", "TN", OPTION_TEXT, &options.orig, "calling number"},
		{"--dest", "TN[,TN]", OPTION_TEXT, &options.dest, "called numbers"},
		{"--div", "TN", OPTION_TEXT, &options.div, "makes a div PASSporT: the number called before (RFC 8946)"},
		{"--iat", "SECONDS", OPTION_NUMBER, &options.iat,
		 "time of the call, seconds of the epoch; default now"},
		{"--origid", "UUID", OPTION_TEXT, &options.origid, "default a new one"},
	};
	int rest, status;

	if (!option_read(argc, argv, row, sizeof(row) / sizeof(row[0]), &rest, &status))
		return status;
	if (rest)
		return complain(STATUS_USAGE, "sign takes options only");
	return read_input(&options, &in) ? sign(&options, &in) : STATUS_USAGE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/crl_option.h"

#include "base/limits.h"
#include "cmd/command.h"
#include "store/file.h"

static const char *anchor_of(const struct crl_option *option, size_t i)
{
	return option->anchor.text[option->anchor.n == 1 ? 0 : i];
}

static int read_one(const char *path, size_t max, struct buf *out)
{
	enum sti_error error = file_read(path, max, out);

	return error ? complain(status_of(error), "%s: %s", path, error_why(error)) : STATUS_GOOD;
}

/* Why sti_crls_create would not have a CRL under its anchor. */
static const char *why(enum sti_error error)
{
	switch (error) {
	case STI_E_NOT_FOUND:
		return "no certificate of its issuer in the anchor, or none that the anchor vouches for";
	case STI_E_TIMEOUT:
		return "its issuer's certificate is outside its validity";
	default:
		return error_why(error);
	}
}

static int create(const struct crl_option *option, const struct sti_crl_source *source, int64_t now,
		  struct sti_crls **out)
{
	size_t at = 0;
	enum sti_error error = sti_crls_create(source, option->crl.n, now, out, &at);

	if (!error)
		return STATUS_GOOD;
	return complain(status_of(error), "%s: %s, expected a CRL signed under %s (RFC 5280 6.3.3)",
			option->crl.text[at], why(error), anchor_of(option, at));
}

int crl_option_load(const struct crl_option *option, int64_t now, int64_t grace, bool hard, struct sti_crls **out)
{
	struct buf crl[OPTION_LIST_MAX] = {0}, anchor[OPTION_LIST_MAX] = {0};
	struct sti_crl_source source[OPTION_LIST_MAX];
	size_t n = option->crl.n;
	int status = STATUS_GOOD;

	*out = NULL;
	if (option->anchor.n != n && (option->anchor.n != 1 || !n))
		return complain(STATUS_USAGE, "--crl-anchor: expected one for each --crl, or one for all");
	for (size_t i = 0; i < n && !status; i++) {
		status = read_one(option->crl.text[i], LIMIT_CRL, &crl[i]);
		if (!status)
			status = read_one(anchor_of(option, i), LIMIT_ANCHOR_BODY, &anchor[i]);
		source[i] = (struct sti_crl_source){buf_span(&crl[i]), buf_span(&anchor[i]), {0}, grace, hard};
	}
	if (!status && n)
		status = create(option, source, now, out);
	for (size_t i = 0; i < n; i++) {
		buf_free(&crl[i]);
		buf_free(&anchor[i]);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cert_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "pki/der.h"
#include "store/file.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

/* From the first line that begins so to the end of the text; absent when there is none. */
static struct sti_span line_find(struct sti_span text, const char *start)
{
	size_t n = strlen(start);

	while (text.n >= n) {
		struct sti_span rest = text, line;

		if (memcmp(text.p, start, n) == 0)
			return text;
		if (!sti_span_cut(&rest, '\n', &line))
			break;
		text = rest;
	}
	return (struct sti_span){0};
}

/* One block with its boundaries, taken off *rest; false behind the last. */
static bool block_next(struct sti_span *rest, struct sti_span *block)
{
	struct sti_span begin = line_find(*rest, "-----BEGIN "), end, line;

	if (!begin.p)
		return false;
	end = line_find(begin, "-----END ");
	*rest = end.p ? end : sti_span_from(begin, begin.n);
	if (end.p)
		sti_span_cut(rest, '\n', &line);
	*block = sti_span_first(begin, begin.n - rest->n);
	return true;
}

static enum sti_error take(struct chain *all, struct chain *one)
{
	struct cert *cert;

	if (all->n == LIMIT_ROOTS) {
		chain_free(one);
		return STI_E_LIMIT;
	}
	cert = realloc(all->cert, (all->n + 1) * sizeof(*cert));
	if (!cert) {
		chain_free(one);
		return STI_E_MEMORY;
	}
	all->cert = cert;
	all->cert[all->n++] = one->cert[0];
	one->n = 0; /* its certificate has moved */
	chain_free(one);
	return STI_OK;
}

static enum sti_error add(struct sti_span body, struct chain *all, size_t *n_bad)
{
	struct chain one;
	enum sti_error error = chain_parse(body, 1, &one);

	if (!error)
		return take(all, &one);
	if (error == STI_E_MEMORY || error == STI_E_PEM)
		return error;
	(*n_bad)++;
	return STI_OK;
}

static enum sti_error parse(struct sti_span text, struct chain *out, size_t *n_bad)
{
	struct sti_span block;
	enum sti_error error = STI_OK;

	if (text.n && text.p[0] == DER_SEQUENCE)
		return add(text, out, n_bad);
	while (!error && block_next(&text, &block))
		error = add(block, out, n_bad);
	return error || out->n + *n_bad ? error : STI_E_PEM;
}

enum sti_error cert_file_read(const char *path, struct chain *out, size_t *n_bad)
{
	struct buf text;
	enum sti_error error = file_read(path, FILE_MAX, &text);

	*out = (struct chain){0};
	*n_bad = 0;
	if (error)
		return error;
	error = parse(buf_span(&text), out, n_bad);
	buf_free(&text);
	if (error)
		chain_free(out);
	return error;
}

static enum sti_error append(struct chain *more, struct chain *all)
{
	struct cert *cert = realloc(all->cert, (all->n + more->n) * sizeof(*cert));

	if (!cert)
		return STI_E_MEMORY;
	all->cert = cert;
	memcpy(all->cert + all->n, more->cert, more->n * sizeof(*cert));
	all->n += more->n;
	more->n = 0; /* they have moved */
	return STI_OK;
}

int cert_file_add(const char *path, struct chain *all)
{
	struct chain more;
	size_t n_bad;
	enum sti_error error = cert_file_read(path, &more, &n_bad);

	if (!error && n_bad)
		error = STI_E_CERT;
	if (!error)
		error = append(&more, all);
	if (error)
		complain(STATUS_USAGE, "%s: %s", path, cert_file_why(error));
	chain_free(&more);
	return status_of(error);
}

const char *cert_file_why(enum sti_error error)
{
	switch (error) {
	case STI_E_IO:
		return strerror(errno);
	case STI_E_PEM:
		return "expected certificates, PEM or DER, and nothing else (RFC 7468 5)";
	default:
		return sti_error_text(error);
	}
}

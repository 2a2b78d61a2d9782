/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pem.h"

#include <openssl/crypto.h>

#include "base/base64.h"

enum { LINE = 64 };

static bool line_next(struct sti_span *rest, struct sti_span *line)
{
	if (!sti_span_cut(rest, '\n', line))
		return false;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* -----BEGIN label----- or -----END label-----: the label. */
static bool boundary_parse(struct sti_span line, const char *word, struct sti_span *label)
{
	struct sti_span begin = sti_span_str(word), end = sti_span_str("-----");

	if (line.n < begin.n + end.n || !sti_span_equal(sti_span_first(line, begin.n), begin) ||
	    !sti_span_equal(sti_span_from(line, line.n - end.n), end))
		return false;
	*label = sti_span(line.p + begin.n, line.n - begin.n - end.n);
	return label->n > 0;
}

/* The lines up to END, joined. */
static enum sti_error body_parse(struct sti_span *rest, struct sti_span label, struct buf *base64)
{
	struct sti_span line, end;

	while (line_next(rest, &line)) {
		if (boundary_parse(line, "-----END ", &end))
			return sti_span_equal(label, end) && base64->n ? STI_OK : STI_E_PEM;
		if (line.n == 0)
			return STI_E_PEM;
		buf_put(base64, line);
		if (buf_error(base64))
			return buf_error(base64);
	}
	return STI_E_PEM;
}

/* What is in it may be a private key. */
static void wipe(struct buf *b)
{
	OPENSSL_cleanse(b->p, b->n);
	buf_free(b);
}

static enum sti_error block_parse(struct sti_span *rest, struct sti_span label, struct buf *der)
{
	struct buf base64 = buf_own(der->max / 3 * 4 + 4);
	enum sti_error error = body_parse(rest, label, &base64);

	der->n = 0;
	if (!error)
		error = base64_decode(der, buf_span(&base64));
	wipe(&base64);
	return error == STI_E_BASE64 ? STI_E_PEM : error;
}

enum sti_error pem_next(struct sti_span *rest, struct sti_span *label, struct buf *der)
{
	struct sti_span line = {0};

	while (line.n == 0)
		if (!line_next(rest, &line))
			return STI_E_NOT_FOUND;
	if (!boundary_parse(line, "-----BEGIN ", label))
		return STI_E_PEM;
	return block_parse(rest, *label, der);
}

static void boundary_write(const char *word, const char *label, struct buf *out)
{
	buf_put_str(out, word);
	buf_put_str(out, label);
	buf_put_str(out, "-----\n");
}

enum sti_error pem_write(const char *label, struct sti_span der, struct buf *out)
{
	boundary_write("-----BEGIN ", label, out);
	for (; der.n; der = sti_span_from(der, LINE / 4 * 3)) {
		base64_encode(out, sti_span_first(der, LINE / 4 * 3));
		buf_put_byte(out, '\n');
	}
	boundary_write("-----END ", label, out);
	return buf_error(out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
#include "api/retrieval.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct retrieval *a, const struct retrieval *b)
{
	if (a->n != b->n || a->wait_ms != b->wait_ms ||
	    !sti_span_equal(sti_span(a->call, a->n_call), sti_span(b->call, b->n_call)))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!sti_tn_equal(&a->pair[i].orig, &b->pair[i].orig) ||
		    !sti_tn_equal(&a->pair[i].dest, &b->pair[i].dest))
			return false;
	return true;
}

static void try_query(struct sti_span body)
{
	struct retrieval first, again;
	struct buf out = buf_own(1 << 16);

	if (retrieval_parse_query(body, &first) == STI_OK) {
		if (first.wait_ms < 0 || first.wait_ms > LIMIT_WAIT_MS || first.n == 0)
			abort();
		retrieval_write_query(&out, &first);
		if (buf_error(&out) || retrieval_parse_query(buf_span(&out), &again) || !same(&first, &again))
			abort();
	}
	buf_free(&out);
}

/* dest "/" orig "?" query */
static void try_get(struct sti_span path)
{
	struct sti_span dest, orig;
	struct retrieval out;

	if (!sti_span_cut(&path, '/', &dest) || !sti_span_cut(&path, '?', &orig))
		return;
	if (retrieval_parse_get(dest, orig, path, &out) == STI_OK &&
	    (out.n != 1 || out.wait_ms < 0 || out.wait_ms > LIMIT_WAIT_MS || out.n_call > LIMIT_CALL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_query(sti_span(data, size));
	try_get(sti_span(data, size));
	return 0;
}

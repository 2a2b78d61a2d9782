/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: json */
#include "json/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf canonical(const struct json *doc)
{
	struct buf out = buf_own(1 << 20);

	if (json_put_canonical(&out, doc, json_root(doc)) != STI_OK)
		abort();
	return out;
}

/* What can be read can be written, read again, and written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_limits limits = json_limits_default;
	struct json *doc, *again;
	struct buf first, second;

	if (json_parse(sti_span(data, size), &limits, &doc) != STI_OK)
		return 0;
	first = canonical(doc);
	limits.string *= 6; /* an escape for each octet */
	if (json_parse(buf_span(&first), &limits, &again) != STI_OK)
		abort();
	second = canonical(again);
	if (!sti_span_equal(buf_span(&first), buf_span(&second)))
		abort();
	buf_free(&second);
	buf_free(&first);
	json_free(again);
	json_free(doc);
	return 0;
}

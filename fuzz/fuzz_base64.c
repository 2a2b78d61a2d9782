/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base */
#include "base/base64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One text for one value: what decodes is written the same way again. */
static void check_url(struct sti_span text)
{
	size_t n = base64url_decoded_size(text.n);
	uint8_t *bytes = malloc(n + 1);
	struct buf again = buf_own(2 * text.n + 4);

	if (!bytes)
		abort();
	if (base64url_decode(text, bytes) == STI_OK) {
		base64url_encode(&again, sti_span(bytes, n));
		if (buf_error(&again) || !sti_span_equal(buf_span(&again), text))
			abort();
	}
	buf_free(&again);
	free(bytes);
}

static void check_standard(struct sti_span text)
{
	struct buf bytes = buf_own(text.n), again = buf_own(2 * text.n + 4);

	if (base64_decode(&bytes, text) == STI_OK) {
		base64_encode(&again, buf_span(&bytes));
		if (buf_error(&again) || !sti_span_equal(buf_span(&again), text))
			abort();
	}
	buf_free(&again);
	buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_url(sti_span(data, size));
	check_standard(sti_span(data, size));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include "pki/pem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A block that was read is read again from what we write of it. */
static void again(struct sti_span der)
{
	struct buf text = buf_own(1 << 20), second = buf_own(1 << 20);
	struct sti_span rest, label;

	if (pem_write("X", der, &text))
		abort();
	rest = buf_span(&text);
	if (pem_next(&rest, &label, &second) || !sti_span_equal(buf_span(&second), der))
		abort();
	buf_free(&text);
	buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sti_span rest = sti_span(p, n), label;
	struct buf der = buf_own(1 << 16);

	while (pem_next(&rest, &label, &der) == STI_OK)
		again(buf_span(&der));
	buf_free(&der);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base */
#include "base/mark.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What is a mark is written as it was read. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t memory[200];
	struct buf again = buf_lend(memory, sizeof(memory));
	struct mark mark;

	if (mark_parse(sti_span(p, n), &mark))
		return 0;
	mark_write(&mark, &again);
	if (buf_error(&again) || !sti_span_equal(buf_span(&again), sti_span(p, n)))
		abort();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/copy.h"

#include <stdlib.h>

enum sti_error copy_make(struct sti_span from, struct sti_span *out)
{
	uint8_t *p = malloc(from.n ? from.n : 1);

	if (p && from.n)
		memcpy(p, from.p, from.n);
	*out = sti_span(p, p ? from.n : 0);
	return p ? STI_OK : STI_E_MEMORY;
}

void copy_free(struct sti_span copy)
{
	free((void *)(uintptr_t)copy.p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base */
#include "base/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An address is in the range of itself; a range holds its own first address. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sti_span text = sti_span(data, size);
	struct address address;
	struct address_range range;

	if (address_parse(text, &address) == STI_OK)
		if (address_range_parse(text, &range) || range.bits != 128 || !address_is_in(&address, &range))
			abort();
	if (address_range_parse(text, &range) == STI_OK)
		if (range.bits > 128 || !address_is_in(&range.first, &range))
			abort();
	return 0;
}

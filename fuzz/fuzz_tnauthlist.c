/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include <sti/tnauthlist.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Every entry points into what was given and keeps its promises. */
static void look(const struct sti_tnauthlist *list, const uint8_t *p, size_t n)
{
	struct sti_span spc;

	for (size_t i = 0; i < list->n; i++) {
		const struct sti_tn_entry *entry = &list->entry[i];

		if (entry->text.n == 0 || entry->text.p < p || entry->text.p + entry->text.n > p + n)
			abort();
		if ((entry->kind == STI_TN_ENTRY_RANGE) != (entry->count >= 2))
			abort();
	}
	if (sti_tnauthlist_spc(list, &spc) == STI_OK && spc.n == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sti_tnauthlist *list;

	if (sti_tnauthlist_parse(sti_span(p, n), &list) == STI_OK) {
		look(list, p, n);
		sti_tnauthlist_free(list);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: passport */
#include <sti/tn.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes out is canonical: reading it again changes nothing. */
static void try_plan(struct sti_span text, const struct sti_tn_plan *plan)
{
	struct sti_tn once, twice;

	if (sti_tn_canonical(text, plan, &once))
		return;
	if (once.n == 0 || once.n > STI_TN_MAX || once.text[once.n] != '\0')
		abort();
	if (sti_tn_canonical(sti_tn_span(&once), NULL, &twice) || !sti_tn_equal(&once, &twice))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sti_tn_plan uk = {"44", "0", "00", 9, 10};

	try_plan(sti_span(data, size), NULL);
	try_plan(sti_span(data, size), &sti_tn_plan_nanp);
	try_plan(sti_span(data, size), &uk);
	return 0;
}

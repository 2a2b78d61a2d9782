/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include "pki/constraints.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Every rule keeps its promises, and every octet of it is there to be read. */
static void look(const struct constraints *constraints)
{
	volatile uint8_t sum = 0;

	if (constraints->n == 0 || constraints->n > LIMIT_CONSTRAINTS)
		abort();
	for (size_t i = 0; i < constraints->n; i++) {
		const struct constraint *rule = &constraints->rule[i];

		if (rule->claim.n == 0 || (rule->kind == CONSTRAINT_PERMIT) != (rule->n_value > 0))
			abort();
		sum = (uint8_t)(sum + rule->claim.p[rule->claim.n - 1]);
		for (size_t k = 0; k < rule->n_value; k++)
			for (size_t m = 0; m < rule->value[k].n; m++)
				sum = (uint8_t)(sum + rule->value[k].p[m]);
	}
}

/* The first octet says which of the two extensions the rest is, or where it is cut into both. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sti_span all = sti_span(p, n), plain = {0}, enhanced = {0};
	struct constraints *constraints;

	if (n == 0)
		return 0;
	all = sti_span_from(all, 1);
	if (p[0] == 0)
		plain = all;
	else if (p[0] == 1)
		enhanced = all;
	else {
		plain = sti_span_first(all, p[0]);
		enhanced = sti_span_from(all, p[0]);
	}
	if (constraints_parse(plain, enhanced, &constraints) == STI_OK) {
		if (plain.p || enhanced.p)
			look(constraints);
		constraints_free(constraints);
	}
	return 0;
}

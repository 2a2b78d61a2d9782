/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: passport */
#include <sti/identity.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_inside(struct sti_span part, struct sti_span whole)
{
	if (part.p && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void try_value(struct sti_span value)
{
	struct sti_identity identity;

	if (sti_identity_parse(value, &identity))
		return;
	if (identity.token.n == 0)
		abort();
	assert_inside(identity.token, value);
	assert_inside(identity.info, value);
	assert_inside(identity.alg, value);
	assert_inside(identity.ppt, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sti_span line = sti_span(data, size), rest = line, value;

	try_value(line);
	while (sti_identity_next(&rest, &value)) {
		assert_inside(value, line);
		try_value(value);
	}
	return 0;
}

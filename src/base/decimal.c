/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

enum sti_error decimal_parse(struct sti_span text, int64_t max, int64_t *out)
{
	int64_t value = 0;

	if (text.n == 0)
		return STI_E_NUMBER;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return STI_E_NUMBER;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text.p[i] - '0', &value))
			return STI_E_NUMBER;
	}
	if (value > max)
		return STI_E_NUMBER;
	*out = value;
	return STI_OK;
}

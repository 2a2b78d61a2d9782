/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

static int value_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum sti_error hex_decode(struct sti_span text, uint8_t *out, size_t n)
{
	if (text.n != 2 * n)
		return STI_E_NUMBER;
	for (size_t i = 0; i < n; i++) {
		int high = value_of(text.p[2 * i]);
		int low = value_of(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return STI_E_NUMBER;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return STI_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/der.h"

/* Long form: up to four octets, the first not zero, and only where the short form cannot say it. */
static bool long_length(struct sti_span *rest, size_t octets, size_t *length)
{
	uint32_t value = 0;

	if (octets == 0 || octets > 4 || rest->n < octets || rest->p[0] == 0)
		return false;
	for (size_t i = 0; i < octets; i++)
		value = value << 8 | rest->p[i];
	*rest = sti_span_from(*rest, octets);
	*length = value;
	return value >= 0x80;
}

static bool length_next(struct sti_span *rest, size_t *length)
{
	uint8_t first;

	if (rest->n == 0)
		return false;
	first = rest->p[0];
	*rest = sti_span_from(*rest, 1);
	*length = first;
	return first < 0x80 || long_length(rest, first & 0x7fu, length);
}

enum sti_error der_next(struct sti_span *rest, uint8_t *tag, struct sti_span *value)
{
	struct sti_span at = *rest;
	size_t length;

	if (at.n == 0 || (at.p[0] & 0x1f) == 0x1f)
		return STI_E_DER;
	*tag = at.p[0];
	at = sti_span_from(at, 1);
	if (!length_next(&at, &length) || length > at.n)
		return STI_E_DER;
	*value = sti_span_first(at, length);
	*rest = sti_span_from(at, length);
	return STI_OK;
}

enum sti_error der_take(struct sti_span *rest, uint8_t tag, struct sti_span *value)
{
	struct sti_span at = *rest;
	uint8_t found;
	enum sti_error error = der_next(&at, &found, value);

	if (error)
		return error;
	if (found != tag)
		return STI_E_DER;
	*rest = at;
	return STI_OK;
}

enum sti_error der_element(struct sti_span *rest, uint8_t tag, struct sti_span *whole)
{
	const struct sti_span before = *rest;
	struct sti_span value;
	enum sti_error error = der_take(rest, tag, &value);

	if (!error)
		*whole = sti_span_first(before, before.n - rest->n);
	return error;
}

enum sti_error der_whole(struct sti_span der, uint8_t tag, struct sti_span *value)
{
	enum sti_error error = der_take(&der, tag, value);

	return error || der.n == 0 ? error : STI_E_DER;
}

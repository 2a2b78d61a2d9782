/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/es256.h"

enum { HALF = STI_SIGNATURE / 2, TAG_INTEGER = 2, TAG_SEQUENCE = 0x30 };

/* n, the order of P-256: SP 800-186 3.2.1.3. */
static const uint8_t order[HALF] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static bool half_in_range(const uint8_t half[HALF])
{
	static const uint8_t zero[HALF];

	return memcmp(half, zero, HALF) != 0 && memcmp(half, order, HALF) < 0;
}

bool es256_in_range(const uint8_t signature[STI_SIGNATURE])
{
	return half_in_range(signature) && half_in_range(signature + HALF);
}

/* The shortest INTEGER: no leading zeros but the one that keeps it from being negative. */
static size_t put_integer(const uint8_t half[HALF], uint8_t *der)
{
	size_t skip = 0, zero, n;

	while (skip < HALF - 1 && half[skip] == 0)
		skip++;
	zero = half[skip] >> 7;
	n = HALF - skip;
	der[0] = TAG_INTEGER;
	der[1] = (uint8_t)(zero + n);
	der[2] = 0;
	memcpy(der + 2 + zero, half + skip, n);
	return 2 + zero + n;
}

size_t es256_to_der(const uint8_t signature[STI_SIGNATURE], uint8_t der[ES256_DER_MAX])
{
	size_t n = 2;

	n += put_integer(signature, der + n);
	n += put_integer(signature + HALF, der + n);
	der[0] = TAG_SEQUENCE;
	der[1] = (uint8_t)(n - 2);
	return n;
}

/* Takes one element off *rest. All lengths here are below 128, so a long form is never shortest. */
static bool take_element(struct sti_span *rest, uint8_t tag, struct sti_span *value)
{
	if (rest->n < 2 || rest->p[0] != tag || rest->p[1] > 127 || rest->p[1] > rest->n - 2)
		return false;
	*value = sti_span(rest->p + 2, rest->p[1]);
	*rest = sti_span_from(*rest, 2 + value->n);
	return true;
}

static bool take_half(struct sti_span *rest, uint8_t half[HALF])
{
	struct sti_span value;

	if (!take_element(rest, TAG_INTEGER, &value) || value.n == 0 || value.p[0] > 127)
		return false;
	if (value.n > 1 && value.p[0] == 0) {
		value = sti_span_from(value, 1);
		if (value.p[0] < 128)
			return false;
	}
	if (value.n > HALF)
		return false;
	memset(half, 0, HALF - value.n);
	memcpy(half + HALF - value.n, value.p, value.n);
	return true;
}

enum sti_error es256_from_der(struct sti_span der, uint8_t signature[STI_SIGNATURE])
{
	struct sti_span inside;

	if (!take_element(&der, TAG_SEQUENCE, &inside) || der.n != 0)
		return STI_E_DER;
	if (!take_half(&inside, signature) || !take_half(&inside, signature + HALF) || inside.n != 0)
		return STI_E_DER;
	return STI_OK;
}

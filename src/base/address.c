/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>

#include "base/decimal.h"

enum { V4_IN_V6 = 96 };

enum sti_error address_parse(struct sti_span text, struct address *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char copy[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(copy) || sti_span_find(text, '\0') < text.n)
		return STI_E_NUMBER;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	memcpy(out->octet, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, copy, out->octet + sizeof(mapped)) == 1)
		return STI_OK;
	return inet_pton(AF_INET6, copy, out->octet) == 1 ? STI_OK : STI_E_NUMBER;
}

enum sti_error address_range_parse(struct sti_span text, struct address_range *out)
{
	size_t slash = sti_span_find(text, '/');
	struct sti_span host = sti_span_first(text, slash);
	bool is_v4 = sti_span_find(host, ':') == host.n;
	int64_t bits = is_v4 ? 32 : 128;

	if (address_parse(host, &out->first))
		return STI_E_NUMBER;
	if (slash < text.n && decimal_parse(sti_span_from(text, slash + 1), bits, &bits))
		return STI_E_NUMBER;
	out->bits = (unsigned)bits + (is_v4 ? V4_IN_V6 : 0);
	return STI_OK;
}

bool address_is_in(const struct address *address, const struct address_range *range)
{
	unsigned whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (memcmp(address->octet, range->first.octet, whole) != 0)
		return false;
	return rest == 0 || ((address->octet[whole] ^ range->first.octet[whole]) >> (8 - rest)) == 0;
}

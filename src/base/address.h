/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <sti/error.h>
#include <sti/span.h>

/* An IP address in 16 octets: IPv4 as ::ffff:a.b.c.d, so that both kinds compare alike. */
struct address {
	uint8_t octet[16];
};

struct address_range {
	struct address first;
	unsigned bits; /* of the 128 that must be equal */
};

/* "192.0.2.1", "2001:db8::1"; STI_E_NUMBER for anything else. */
enum sti_error address_parse(struct sti_span text, struct address *out);

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
enum sti_error address_range_parse(struct sti_span text, struct address_range *out);

bool address_is_in(const struct address *address, const struct address_range *range);

#endif

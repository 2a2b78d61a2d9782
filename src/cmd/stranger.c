/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/stranger.h"

#include <string.h>
#include <sti/credential.h>

#include "base/address.h"

enum { IPV6_NET = 8 }; /* octets of a /64 */

void stranger_init(struct stranger *stranger, struct allowance *allowance, const struct http_peer *peer)
{
	static const struct address_range v4 = {{{[10] = 0xff, [11] = 0xff}}, 96};
	struct address address;

	*stranger = (struct stranger){.allowance = allowance};
	if (address_parse(peer->address, &address))
		return;
	memcpy(stranger->name, address.octet, address_is_in(&address, &v4) ? sizeof(stranger->name) : IPV6_NET);
}

static struct sti_span name_of(const struct stranger *stranger)
{
	return sti_span(stranger->name, sizeof(stranger->name));
}

static bool is_in_vain(const struct credential_lease *lease, int64_t now)
{
	return !lease || sti_credential_trust(credential_lease_of(lease), NULL, now) == STI_TRUST_NO_PATH;
}

bool stranger_may_fetch(const struct stranger *stranger, int64_t now)
{
	return allowance_is_left(stranger->allowance, name_of(stranger), now);
}

void stranger_note_fetched(struct stranger *stranger, const struct credential_lease *lease, int64_t now)
{
	if (is_in_vain(lease, now))
		allowance_take(stranger->allowance, name_of(stranger), now);
}

void stranger_note_wrong(struct stranger *stranger, const struct credential_lease *lease, int64_t now)
{
	if (!is_in_vain(lease, now))
		allowance_take(stranger->allowance, name_of(stranger), now);
}

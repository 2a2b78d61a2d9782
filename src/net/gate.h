/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_GATE_H
#define NET_GATE_H

#include <sys/socket.h>

#include "base/url.h"

/*
 * The one gate for every URL that a stranger can name (threats.md 1.4): form, port, and the address
 * that is really connected to. What the operator names himself is let through by "host:port".
 */
struct gate {
	const char *const *permit; /* "localhost:8443", "cps.example.net:443": any address behind it is allowed */
	size_t n_permit;
};

/* Form and port: 443 or 8443, or a permitted host:port (then an IP literal too). STI_E_URL or STI_E_DENIED. */
enum sti_error gate_check_url(const struct gate *gate, struct sti_span text, struct url *out);

bool gate_is_permitted(const struct gate *gate, const struct url *url);

/* False for every special range of the IANA registries (loopback, private, link-local, CGNAT,
 * multicast, …), v4 addresses mapped or translated into v6 unwrapped and judged as v4. */
bool gate_address_is_public(const struct sockaddr *address);

#endif

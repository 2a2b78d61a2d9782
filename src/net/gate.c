/* SPDX-License-Identifier: Apache-2.0 */
#include "net/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/decimal.h"

enum { PORT_HTTPS = 443, PORT_HTTPS_ALT = 8443 };

struct prefix {
	const char *what; /* the registry's own name for it */
	uint8_t bits;
	uint8_t octet[16];
};

/* IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast. */
static const struct prefix special_v4[] = {
	{"this network", 8, {0}},
	{"private use", 8, {10}},
	{"shared address space (CGNAT)", 10, {100, 64}},
	{"loopback", 8, {127}},
	{"link local (metadata services)", 16, {169, 254}},
	{"private use", 12, {172, 16}},
	{"IETF protocol assignments", 24, {192, 0, 0}},
	{"TEST-NET-1", 24, {192, 0, 2}},
	{"AS112-v4", 24, {192, 31, 196}},
	{"AMT", 24, {192, 52, 193}},
	{"deprecated 6to4 relay anycast", 24, {192, 88, 99}},
	{"private use", 16, {192, 168}},
	{"direct delegation AS112", 24, {192, 175, 48}},
	{"benchmarking", 15, {198, 18}},
	{"TEST-NET-2", 24, {198, 51, 100}},
	{"TEST-NET-3", 24, {203, 0, 113}},
	{"multicast", 4, {224}},
	{"reserved, and limited broadcast", 4, {240}},
};

/* IANA IPv6 Special-Purpose Address Registry, inside 2000::/3; outside of it nothing is global. */
static const struct prefix special_v6[] = {
	{"IETF protocol assignments (Teredo, ORCHID)", 23, {0x20, 0x01, 0x00}},
	{"documentation", 32, {0x20, 0x01, 0x0d, 0xb8}},
	{"6to4", 16, {0x20, 0x02}},
	{"direct delegation AS112", 48, {0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}},
	{"documentation", 20, {0x3f, 0xff, 0x00}},
};

static const struct prefix global_v6 = {"global unicast", 3, {0x20}};

/* The last four octets are an IPv4 address, and that is what will be reached. */
static const struct prefix v4_in_v6[] = {
	{"IPv4-mapped, RFC 4291 2.5.5.2", 96, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
	{"IPv4-translated, RFC 7915", 96, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}},
	{"NAT64, RFC 6052 2.1", 96, {0x00, 0x64, 0xff, 0x9b}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool prefix_holds(const struct prefix *prefix, const uint8_t *address)
{
	size_t whole = prefix->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (prefix->bits % 8));

	if (memcmp(prefix->octet, address, whole) != 0)
		return false;
	return prefix->bits % 8 == 0 || ((prefix->octet[whole] ^ address[whole]) & mask) == 0;
}

static bool any_holds(const struct prefix *prefix, size_t n, const uint8_t *address)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_holds(&prefix[i], address))
			return true;
	return false;
}

static bool v4_is_public(const uint8_t address[4])
{
	return !any_holds(special_v4, COUNT(special_v4), address);
}

static bool v6_is_public(const uint8_t address[16])
{
	if (any_holds(v4_in_v6, COUNT(v4_in_v6), address))
		return v4_is_public(address + 12);
	return prefix_holds(&global_v6, address) && !any_holds(special_v6, COUNT(special_v6), address);
}

bool gate_address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return v4_is_public((const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr);
	if (address->sa_family == AF_INET6)
		return v6_is_public(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
	return false;
}

static bool nocase_equal(struct sti_span a, struct sti_span b)
{
	return a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

/* "host:port", "192.0.2.1:port", "[2001:db8::1]:port" */
static bool permit_covers(const char *permit, const struct url *url)
{
	const char *colon = strrchr(permit, ':');
	struct sti_span host;
	int64_t port;

	if (!colon || decimal_parse(sti_span_str(colon + 1), UINT16_MAX, &port) || port != url->port)
		return false;
	host = sti_span(permit, (size_t)(colon - permit));
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = sti_span(host.p + 1, host.n - 2);
	return nocase_equal(host, url->host);
}

bool gate_is_permitted(const struct gate *gate, const struct url *url)
{
	for (size_t i = 0; gate && i < gate->n_permit; i++)
		if (permit_covers(gate->permit[i], url))
			return true;
	return false;
}

enum sti_error gate_check_url(const struct gate *gate, struct sti_span text, struct url *out)
{
	struct url url;
	enum sti_error error = url_parse_own(text, &url);

	if (error)
		return error;
	if (sti_span_find(text, '?') < text.n)
		return STI_E_URL;
	if (!gate_is_permitted(gate, &url)) {
		if (url.is_literal)
			return STI_E_URL;
		if (url.port != PORT_HTTPS && url.port != PORT_HTTPS_ALT)
			return STI_E_DENIED;
	}
	*out = url;
	return STI_OK;
}

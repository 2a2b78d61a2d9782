/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listen_address.h"

#include <sys/un.h>

#include "base/address.h"
#include "base/decimal.h"

/* The host without brackets, the port without its colon; brackets if and only if it is IPv6. */
static bool split(struct sti_span text, struct sti_span *host, struct sti_span *port)
{
	bool bracketed = text.n && text.p[0] == '[';
	size_t end = sti_span_find(text, bracketed ? ']' : ':');

	*host = bracketed ? sti_span_from(sti_span_first(text, end), 1) : sti_span_first(text, end);
	text = sti_span_from(text, bracketed ? end + 1 : end);
	*port = sti_span_from(text, 1);
	return text.n > 1 && text.p[0] == ':' && bracketed == (sti_span_find(*host, ':') < host->n);
}

bool listen_address_is_unix(struct sti_span text)
{
	return sti_span_is(sti_span_first(text, 5), "unix:");
}

bool listen_address_check(struct sti_span text)
{
	struct sti_span host, port;
	struct address address;
	int64_t number;

	if (listen_address_is_unix(text))
		return text.n > 5 && text.n - 5 < sizeof(((struct sockaddr_un *)NULL)->sun_path);
	if (!split(text, &host, &port) || address_parse(host, &address) != STI_OK)
		return false;
	return (port.n == 1 || port.p[0] != '0') && decimal_parse(port, UINT16_MAX, &number) == STI_OK;
}

bool listen_address_is_loopback(struct sti_span text)
{
	static const char *const loopback[] = {"127.0.0.0/8", "::1"};
	struct address_range range;
	struct sti_span host, port;
	struct address address;

	if (listen_address_is_unix(text) || !split(text, &host, &port) || address_parse(host, &address) != STI_OK)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (address_range_parse(sti_span_str(loopback[i]), &range) == STI_OK && address_is_in(&address, &range))
			return true;
	return false;
}

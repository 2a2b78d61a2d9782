/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <sti/error.h>
#include <sti/span.h>

/*
 * An absolute https URL as strict as a stranger's must be: scheme https (any case), a DNS name as
 * host (no IP literal, no all-digit last label), port absent or 1..65535 without leading zero, no
 * userinfo, query, fragment, backslash, control or non-ASCII byte. Points into the text.
 */
struct url {
	struct sti_span text;
	struct sti_span host; /* without brackets */
	uint16_t port; /* 443 when absent */
	struct sti_span path; /* with its leading slash; without query; "/" when absent */
	bool is_literal; /* the host is an IP address; only url_parse_own gives such */
};

/* STI_E_URL, or STI_E_LIMIT over 512 octets. */
enum sti_error url_parse(struct sti_span text, struct url *out);

/* The operator's own URLs: an IP literal may be the host, a query may follow. Still https only. */
enum sti_error url_parse_own(struct sti_span text, struct url *out);

/* The same for what is asked over a Unix socket, where http is as good as https. */
enum sti_error url_parse_unix(struct sti_span text, struct url *out);

/* Whether `host` is its host; letters without case (RFC 4343). */
bool url_is_at(const struct url *url, struct sti_span host);

#endif

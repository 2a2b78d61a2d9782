/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/x5u.h"
#include "base/limits.h"

static const char scheme[] = "https://";

enum { SCHEME = sizeof(scheme) - 1 };

/* RFC 3986 2: visible ASCII; what delimits a URI in text is no part of it (appendix C). */
static bool is_url_byte(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"' && c != '\\';
}

enum sti_error x5u_check(struct sti_span url)
{
	if (url.n <= SCHEME || url.n > LIMIT_X5U)
		return STI_E_URL;
	if (!sti_span_is_nocase(sti_span_first(url, SCHEME), scheme) || url.p[SCHEME] == '/')
		return STI_E_URL;
	for (size_t i = 0; i < url.n; i++)
		if (!is_url_byte(url.p[i]))
			return STI_E_URL;
	return STI_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/accept.h"

static bool is_refused(struct sti_span parameters)
{
	struct sti_span part;

	while (sti_span_cut(&parameters, ';', &part)) {
		part = sti_span_trim(part);
		if (sti_span_is_nocase(part, "q=0") || sti_span_is_nocase(part, "q=0.0") ||
		    sti_span_is_nocase(part, "q=0.00") || sti_span_is_nocase(part, "q=0.000"))
			return true;
	}
	return false;
}

static bool covers_json(struct sti_span range)
{
	return sti_span_is_nocase(range, "*/*") || sti_span_is_nocase(range, "application/*") ||
	       sti_span_is_nocase(range, "application/json");
}

bool accept_json(struct sti_span accept)
{
	struct sti_span item;

	if (!accept.p)
		return true;
	while (sti_span_cut(&accept, ',', &item)) {
		size_t end = sti_span_find(item, ';');

		if (covers_json(sti_span_trim(sti_span_first(item, end))) && !is_refused(sti_span_from(item, end + 1)))
			return true;
	}
	return false;
}

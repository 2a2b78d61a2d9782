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

/* How closely a range fits application/json; 0: not at all. */
static unsigned fit(struct sti_span range)
{
	static const char *const covering[] = {"*/*", "application/*", "application/json"};
	unsigned n = sizeof(covering) / sizeof(covering[0]);

	while (n > 0 && !sti_span_is_nocase(range, covering[n - 1]))
		n--;
	return n;
}

bool accept_json(struct sti_span accept)
{
	struct sti_span item;
	unsigned best = 0;
	bool good = !accept.p;

	while (sti_span_cut(&accept, ',', &item)) {
		size_t end = sti_span_find(item, ';');
		unsigned n = fit(sti_span_trim(sti_span_first(item, end)));

		if (n <= best)
			continue;
		best = n;
		good = !is_refused(sti_span_from(item, end + 1));
	}
	return good;
}

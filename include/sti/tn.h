/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_TN_H
#define STI_TN_H

#include <sti/error.h>
#include <sti/span.h>

STI_BEGIN

enum { STI_TN_MAX = 15 };

/* A canonical telephone number, RFC 8224 8.3: 1 to 15 of 0-9 # *, no leading +. A value. */
struct sti_tn {
	uint8_t n;
	char text[STI_TN_MAX + 1]; /* with a NUL */
};

/* How numbers are dialled where we stand; what a leading + does not settle. */
struct sti_tn_plan {
	const char *country_code;         /* "1" */
	const char *trunk_prefix;         /* what a national number begins with, dropped: "0" in most of Europe, "" in NANP */
	const char *international_prefix; /* "011" in NANP, "00" in most of Europe */
	unsigned national_min;            /* digits of a national number: country_code is put before */
	unsigned national_max;
};

extern STI_API const struct sti_tn_plan sti_tn_plan_nanp;

/* Any dialled or signalled spelling: + and visual separators dropped, tel: and sip: not read here.
 * STI_E_TN for anything that is not ASCII digits, # or * after that, for nothing left and for more
 * than 15. plan may be NULL: then only the spelling is cleaned. */
STI_API enum sti_error sti_tn_canonical(struct sti_span text, const struct sti_tn_plan *plan, struct sti_tn *out);

static inline struct sti_span sti_tn_span(const struct sti_tn *tn)
{
	return sti_span(tn->text, tn->n);
}

STI_API bool sti_tn_equal(const struct sti_tn *a, const struct sti_tn *b);

STI_END

#endif

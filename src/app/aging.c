/* SPDX-License-Identifier: Apache-2.0 */
#include "app/aging.h"

enum { LIST_STEPS = 4, CRL_STEPS = 2 };

static const struct aging_step list_step[LIST_STEPS] = {
	{50, false, false, LOG_SOURCE_AGING, 2, "list.half"},
	{75, false, false, LOG_SOURCE_AGING, 2, "list.three_quarters"},
	{90, false, true, LOG_SOURCE_AGING, 3, "list.nine_tenths"},
	{100, false, true, LOG_SOURCE_EXPIRED, 3, "list.over"},
};

static const struct aging_step crl_step[CRL_STEPS] = {
	{0, false, true, LOG_SOURCE_AGING, 2, "crl.stale"},
	{0, true, true, LOG_SOURCE_EXPIRED, 3, "crl.over"},
};

static unsigned count(const struct aging *aging)
{
	return aging->is_crl ? CRL_STEPS : LIST_STEPS;
}

const struct aging_step *aging_step(const struct aging *aging, unsigned step)
{
	if (step == AGING_YOUNG || step > count(aging))
		return NULL;
	return aging->is_crl ? &crl_step[step - 1] : &list_step[step - 1];
}

/* A list is over on its exp, a CRL after its nextUpdate. */
static int64_t begins(const struct aging *aging, const struct aging_step *step)
{
	int64_t life = aging->until - aging->from;

	if (aging->is_crl)
		return aging->until + (step->has_grace ? aging->grace : 0) + 1;
	return aging->from + life / 100 * step->percent + life % 100 * step->percent / 100;
}

unsigned aging_reached(const struct aging *aging, bool is_failing, int64_t now)
{
	unsigned reached = AGING_YOUNG;

	for (unsigned i = 1; i <= count(aging); i++) {
		const struct aging_step *step = aging_step(aging, i);

		if (now >= begins(aging, step) && (step->is_always || is_failing))
			reached = i;
	}
	return reached;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/timekeeper.h"

#include "base/limits.h"

_Static_assert((int)TIMEKEEPER_LEEWAY_S == (int)LIMIT_SKEW_S, "whose clock may be ahead of ours, may sign lists too");

void timekeeper_open(struct timekeeper *timekeeper, int64_t floor, int64_t wall_s, int64_t steady_ms)
{
	*timekeeper = (struct timekeeper){floor, wall_s, steady_ms, true};
}

void timekeeper_raise(struct timekeeper *timekeeper, int64_t known)
{
	if (known > timekeeper->floor)
		timekeeper->floor = known;
}

/* b - a, or the end of the range on that side: a clock may say anything. */
static int64_t difference(int64_t a, int64_t b)
{
	int64_t out;

	if (__builtin_sub_overflow(b, a, &out))
		return b < a ? INT64_MIN : INT64_MAX;
	return out;
}

enum timekeeper_news timekeeper_look(struct timekeeper *timekeeper, int64_t wall_s, int64_t steady_ms, int64_t *jump_s)
{
	bool was_right = timekeeper->is_right;
	int64_t passed = difference(timekeeper->steady_ms, steady_ms) / 1000;

	*jump_s = difference(passed, difference(timekeeper->wall_s, wall_s));
	timekeeper->wall_s = wall_s;
	timekeeper->steady_ms = steady_ms;
	timekeeper->is_right = difference(timekeeper->floor, wall_s) >= -TIMEKEEPER_LEEWAY_S;
	if (was_right != timekeeper->is_right)
		return was_right ? TIMEKEEPER_BEHIND : TIMEKEEPER_RIGHT;
	return *jump_s > TIMEKEEPER_JUMP_S || *jump_s < -TIMEKEEPER_JUMP_S ? TIMEKEEPER_JUMPED : TIMEKEEPER_NOTHING;
}

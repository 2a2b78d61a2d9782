/* SPDX-License-Identifier: Apache-2.0 */
#include "app/clock.h"

#include <time.h>

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static int64_t milliseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return milliseconds(CLOCK_MONOTONIC);
}

int64_t clock_steady_ms(void)
{
	return milliseconds(CLOCK_BOOTTIME);
}

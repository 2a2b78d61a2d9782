/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include <stdint.h>

/* The one place where the program looks at a clock; everything below takes time as an argument. */

/* Seconds of the epoch. */
int64_t clock_now(void);

/* Milliseconds that only go forward, from any start. */
int64_t clock_mono_ms(void);

/* The same, but it goes on while the machine is suspended: what the wall clock is held against (I6). */
int64_t clock_steady_ms(void);

#endif

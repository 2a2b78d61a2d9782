/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include <stdint.h>

/* The one place where the program looks at a clock; everything below takes time as an argument. */

/* Seconds of the epoch. */
int64_t clock_now(void);

/* Milliseconds that only go forward, from any start. */
int64_t clock_mono_ms(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_DATE_H
#define NET_DATE_H

#include <stdint.h>

enum { DATE_TEXT = 29 };

/* IMF-fixdate of RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. Seconds of the epoch,
 * in the years 0 to 9999; outside of them the epoch is written. */
void date_write(int64_t seconds, char out[DATE_TEXT + 1]);

#endif

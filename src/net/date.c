/* SPDX-License-Identifier: Apache-2.0 */
#include "net/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Not strftime: its names follow the locale. */
void date_write(int64_t seconds, char out[DATE_TEXT + 1])
{
	static const char day[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)seconds;
	struct tm tm;
	int n = -1;

	if (gmtime_r(&t, &tm) && tm.tm_year >= -1900 && tm.tm_year <= 9999 - 1900)
		n = snprintf(out, DATE_TEXT + 1, "%s, %02d %s %04d %02d:%02d:%02d GMT", day[tm.tm_wday], tm.tm_mday,
			     month[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (n != DATE_TEXT)
		memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", DATE_TEXT + 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_POSTING_H
#define API_POSTING_H

#include "base/buf.h"
#include "role/place.h"

/* The CPS's answer to POST /cps/company/{OCN} (standards.md 10, status plan). */

/* HTTP status of what place decided; compat_400: one deployed CPS answers 400 for every PASSporT
 * that does not verify, and its clients expect that. */
int posting_status(const struct place_result *result, bool compat_400);

/* {"code":403,"message":"…"}: our words only, nothing of the request. */
void posting_write(struct buf *out, int status, const char *message);
const char *posting_message(const struct place_result *result);

#endif

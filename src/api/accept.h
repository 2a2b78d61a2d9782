/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

#include <sti/span.h>

/* RFC 9110 12.5.1: may the answer be application/json? An absent header says yes; q=0 says no;
 * the most specific range has the say. */
bool accept_json(struct sti_span accept);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PASSPORT_X5U_H
#define PASSPORT_X5U_H

#include <sti/error.h>
#include <sti/span.h>

/* The form of a certificate URL, before anybody thinks of fetching it: https with a host, at most
 * LIMIT_X5U octets, and none that could end the <…> of an Identity header, a quoted string or a
 * line. STI_E_URL. Whether the address may be reached is the business of the gate in net/. */
enum sti_error x5u_check(struct sti_span url);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROLE_CLAIMS_H
#define ROLE_CLAIMS_H

#include <sti/passport.h>

#include "pki/constraints.h"

/* Whether the certificate lets its holder claim what the PASSporT claims (RFC 8226 8, RFC 9118 3,
 * threats.md B12). A permitted value is compared with a string octet by octet, and with any other claim
 * as its JSON was written. constraints may be NULL: everything is allowed. */
bool claims_are_allowed(const struct constraints *constraints, const struct sti_passport *passport);

#endif

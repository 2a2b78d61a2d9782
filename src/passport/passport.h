/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PASSPORT_PASSPORT_H
#define PASSPORT_PASSPORT_H

#include <sti/passport.h>

/* A claim of the payload by its exact name: *text is a string without its escapes, and everything else as
 * its JSON was written (RFC 8225 9 leaves one way); owned by the PASSporT. False: there is none. */
bool passport_claim(const struct sti_passport *passport, struct sti_span name, struct sti_span *text);

#endif

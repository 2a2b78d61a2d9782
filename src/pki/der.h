/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_DER_H
#define PKI_DER_H

#include <sti/error.h>
#include <sti/span.h>

/* Tags that we read ourselves; the rest is OpenSSL's. */
enum { DER_INTEGER = 0x02, DER_IA5STRING = 0x16, DER_SEQUENCE = 0x30, DER_CONTEXT = 0xa0 };
enum { DER_BOOLEAN = 0x01, DER_BIT_STRING = 0x03, DER_OCTET_STRING = 0x04, DER_OID = 0x06, DER_ENUMERATED = 0x0a };
enum { DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18 };

/* Takes one element off *rest: one-octet tag, definite and minimal length (X.690 10.1), all of it
 * there. STI_E_DER otherwise, and then *rest is as it was. */
enum sti_error der_next(struct sti_span *rest, uint8_t *tag, struct sti_span *value);

/* The same for an element that must have this tag. */
enum sti_error der_take(struct sti_span *rest, uint8_t tag, struct sti_span *value);

/* The same; *whole is all of the element, its tag and length too. */
enum sti_error der_element(struct sti_span *rest, uint8_t tag, struct sti_span *whole);

/* The same for an element behind which there must be nothing. */
enum sti_error der_whole(struct sti_span der, uint8_t tag, struct sti_span *value);

#endif

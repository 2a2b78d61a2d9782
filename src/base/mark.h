/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MARK_H
#define BASE_MARK_H

#include "base/buf.h"

/*
 * A high-water mark: how far a source of signed things (list, CRL) has got, so that an older one is
 * known when it comes again (threats.md F4, F5, E20). A value.
 */
enum { MARK_NUMBER = 20, MARK_SHA256 = 32 }; /* RFC 5280 5.2.3: crlNumber has up to 20 octets */

struct mark {
	uint8_t number[MARK_NUMBER]; /* sequence or crlNumber, big-endian */
	int64_t time; /* seconds of the epoch: when it was issued or, where it does not say, accepted */
	uint8_t sha256[MARK_SHA256]; /* of the octets as kept */
};

void mark_set_number(struct mark *mark, int64_t number); /* 0 or more */

/* STI_E_LIMIT for more than 20 octets; leading zeros are dropped. */
enum sti_error mark_set_octets(struct mark *mark, struct sti_span number);

/* Below, at or above zero as a's number is below, at or above b's. */
int mark_compare(const struct mark *a, const struct mark *b);

/* One line of text with a version in front; what is not exactly that is STI_E_NUMBER. */
void mark_write(const struct mark *mark, struct buf *out);
enum sti_error mark_parse(struct sti_span text, struct mark *out);

#endif

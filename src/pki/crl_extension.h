/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CRL_EXTENSION_H
#define PKI_CRL_EXTENSION_H

#include <sti/error.h>
#include <sti/span.h>

/* One that we know; all of them are 2.5.29.x (id-ce). */
struct crl_extension {
	uint8_t x;
	enum sti_error (*read)(struct sti_span value, void *out); /* NULL: changes nothing for us */
};

/* The Extensions of a CRL or of one of its entries (RFC 5280 5.2, 5.3): the contents of their SEQUENCE.
 * Gives each known one to its reader. STI_E_CERT for none at all, for one that stands twice, and for one
 * that is critical and not known; STI_E_DER; STI_E_LIMIT; what a reader says. */
enum sti_error crl_extension_read(struct sti_span extensions, const struct crl_extension *known, size_t n, void *out);

/* The contents of a BOOLEAN. A FALSE that is written out is no DER where it is the default, but real. */
enum sti_error crl_extension_boolean(struct sti_span value, bool *out);

/* The contents of an INTEGER: not empty, and as short as it can be (X.690 8.3.2). */
bool crl_extension_is_integer(struct sti_span value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_SPKI_H
#define PKI_SPKI_H

#include "pki/cert.h"

/* SubjectPublicKeyInfo (RFC 5280 4.1.2.7) as octets, looked at before anything is calculated: a decoder
 * forgets how the curve and point were written. All spans point into the certificate. */
struct spki {
	struct sti_span algorithm; /* octets of the OID, at least one */
	struct sti_span parameters; /* whole elements behind it */
	struct sti_span key; /* of the BIT STRING, whole octets */
};

/* In a certificate, DER. STI_E_CERT. */
enum sti_error spki_find(struct sti_span cert, struct spki *out);

/* CERT_KEY_OTHER for everything that is refused by kind, size or spelling. */
enum cert_key spki_key(const struct spki *spki);

#endif

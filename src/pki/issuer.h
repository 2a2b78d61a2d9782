/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ISSUER_H
#define PKI_ISSUER_H

#include <openssl/x509.h>

#include "pki/issue.h"

/* The first block of a PEM text: a public key, or a private one. *out is the caller's, also after an
 * error. STI_E_PEM, STI_E_KEY. */
enum sti_error issuer_key_parse(struct sti_span pem, EVP_PKEY **out);

/* Both for OpenSSL; they are the caller's, also after an error (NULL then, or not). STI_E_PEM, STI_E_CERT;
 * STI_E_KEY for no key, or one that is not the certificate's. */
enum sti_error issuer_parse(const struct issue_issuer *issuer, X509 **cert, EVP_PKEY **key);

#endif

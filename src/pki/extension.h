/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_EXTENSION_H
#define PKI_EXTENSION_H

#include <openssl/x509.h>

#include "pki/issue.h"

/* Gives `cert`, which has its names and key, the extensions of its kind: standards.md 3.2.
 * issuer == cert: self-signed. Errors as issue_cert. */
enum sti_error extension_add(const struct issue_subject *subject, X509 *cert, X509 *issuer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include <openssl/x509.h>

#include "pki/issue.h"

/* Appends C, O and CN, in this order; a part that is NULL is left out. STI_E_CERT for a part that
 * is empty, too long for its attribute or not UTF-8. */
enum sti_error name_write(const struct issue_name *name, X509_NAME *out);

#endif

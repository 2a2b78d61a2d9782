/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include "base/buf.h"

/*
 * PEM of RFC 7468, strictly: between the blocks only empty lines, in the blocks only base64 of the
 * standard alphabet, lines ended by LF or CRLF, END as BEGIN. No headers, no text, no blanks.
 */

/* Takes one block off *rest; its octets replace what is in *der. STI_E_NOT_FOUND when only empty
 * lines are left; STI_E_PEM; what der (STI_E_LIMIT, STI_E_MEMORY) says. */
enum sti_error pem_next(struct sti_span *rest, struct sti_span *label, struct buf *der);

/* Appends one block, 64 letters to a line. */
enum sti_error pem_write(const char *label, struct sti_span der, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include <sti/error.h>
#include <sti/span.h>

/* The same octets in memory of their own, ended by copy_free. Of nothing: there, and empty. STI_E_MEMORY, and
 * then *out is absent. */
enum sti_error copy_make(struct sti_span from, struct sti_span *out);

/* Absent is fine. */
void copy_free(struct sti_span copy);

#endif

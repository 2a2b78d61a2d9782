/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <sti/error.h>
#include <sti/span.h>

/* Digits only (no sign, no blank, at least one), 0 .. max. */
enum sti_error decimal_parse(struct sti_span text, int64_t max, int64_t *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <sti/error.h>
#include <sti/span.h>

/* Exactly n octets from 2n hex digits of either case; STI_E_NUMBER otherwise. */
enum sti_error hex_decode(struct sti_span text, uint8_t *out, size_t n);

#endif

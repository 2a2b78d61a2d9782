/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_MAPPING_H
#define TRUST_MAPPING_H

#include "trust/list.h"

/* The body of a cpsMapping: OCN (or CIC) -> URL of a CPS, out-of-band seed 6. Immutable; references
 * are counted across threads. */
struct mapping;

/* The body of a list that is good. Keys of exactly four of [A-Z0-9], or "0-" and an SPC (RFC 9888); values URLs as
 * url_parse has them. What is neither is
 * dropped by itself and counted (threats.md F26). STI_E_CLAIM_VALUE when it is no object of strings;
 * STI_E_LIMIT over 200,000 entries. */
enum sti_error mapping_read(const struct list *list, struct mapping **out);
struct mapping *mapping_ref(struct mapping *mapping);
void mapping_unref(struct mapping *mapping);

/* LIST_EMPTY when every entry was dropped, else LIST_GOOD: a publisher whose providers have no CPS
 * has an empty one. The keeper asks before such a list replaces another. */
enum list_verdict mapping_judge(const struct mapping *mapping);

size_t mapping_count(const struct mapping *mapping);
size_t mapping_dropped(const struct mapping *mapping);

/* STI_E_NOT_FOUND; *url is owned by the mapping. */
enum sti_error mapping_find(const struct mapping *mapping, struct sti_span ocn, struct sti_span *url);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_TNAUTHLIST_H
#define STI_TNAUTHLIST_H

#include <sti/error.h>
#include <sti/span.h>

STI_BEGIN

/* RFC 8226 9, module with EXPLICIT TAGS; extension id-pe-TNAuthList 1.3.6.1.5.5.7.1.26. */
enum sti_tn_entry_kind { STI_TN_ENTRY_SPC, STI_TN_ENTRY_RANGE, STI_TN_ENTRY_ONE };

struct sti_tn_entry {
	enum sti_tn_entry_kind kind;
	struct sti_span text; /* the SPC, the first number, the number; points into the DER */
	uint64_t count;       /* of a range: numbers in it, 2 or more */
};

struct sti_tnauthlist {
	const struct sti_tn_entry *entry; /* owned by the list */
	size_t n;
};

/* Strict DER of the whole extension value, nothing behind it. *out is the caller's. The DER must
 * outlive it. STI_E_TNAUTHLIST for everything malformed; STI_E_LIMIT over 10,000 entries. */
STI_API enum sti_error sti_tnauthlist_parse(struct sti_span der, struct sti_tnauthlist **out);
STI_API void sti_tnauthlist_free(struct sti_tnauthlist *list);

/* What ATIS-1000080 wants of a signer: exactly one SPC, no numbers. STI_OK and *spc, or
 * STI_E_TNAUTHLIST. */
STI_API enum sti_error sti_tnauthlist_spc(const struct sti_tnauthlist *list, struct sti_span *spc);

STI_END

#endif

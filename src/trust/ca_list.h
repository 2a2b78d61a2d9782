/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_CA_LIST_H
#define TRUST_CA_LIST_H

#include "pki/cert.h"
#include "trust/list.h"

/* Why an entry of a trusted STI-CA list is set aside while the others count (threats.md F10, F13, F14). */
enum ca_fault {
	CA_FAULT_NONE,
	CA_FAULT_TEXT, /* neither base64 (RFC 4648 4) of DER nor PEM */
	CA_FAULT_CERT, /* not a certificate */
	CA_FAULT_KEY, /* not a key that a CA may have here */
	CA_FAULT_ROOT, /* not self-signed, or no CA */
	CA_FAULT_TIME, /* past its validity */
	CA_FAULT_TWICE, /* stands there already; no alarm */
	CA_FAULTS
};

const char *ca_fault_text(enum ca_fault fault);

struct ca_list_entry {
	enum ca_fault fault;
	struct cert cert; /* owned; empty with a fault other than KEY, ROOT, TIME, TWICE */
};

struct ca_list {
	struct ca_list_entry *entry; /* in the order of the list */
	size_t n;
	size_t n_good;
};

/* The body of a CA list that is good. Entries are base64 DER as the seed says, or PEM as deployed lists
 * have them; each is judged by itself. A country is not asked for: that is a matter of federation (F10).
 * STI_E_LIMIT over 512 roots; STI_E_CLAIM_VALUE when it is no array of strings. */
enum sti_error ca_list_read(const struct list *list, int64_t now, struct ca_list *out);
void ca_list_free(struct ca_list *list);

/* LIST_EMPTY when no entry of it is good (F14), else LIST_GOOD: what list_judge cannot see. The keeper
 * asks before such a list replaces another. */
enum list_verdict ca_list_judge(const struct ca_list *list);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_VERDICT_H
#define CMD_LAB_VERDICT_H

#include <sti/error.h>
#include <sti/span.h>

/* The answer of a STI-VS, as a CSCF reads it. */
enum { LAB_WORD = 32 };

struct lab_verdict {
	char verstat[LAB_WORD];
	char code[LAB_WORD]; /* "E16"; empty without one */
	char source[LAB_WORD]; /* "in-band", "out-of-band"; empty when no PASSporT decided */
	char attest[LAB_WORD];
	char why[128]; /* reasondesc; empty without one */
	size_t n_passports; /* that came out of band */
	bool is_same; /* the first of them is, octet for octet, the one expected */
};

/* expected: the token that the calling side has signed; absent: none. */
enum sti_error lab_verdict_parse(struct sti_span body, struct sti_span expected, struct lab_verdict *out);

/* The Identity of a STI-AS's answer, copied into out of `size` octets with a NUL. */
enum sti_error lab_identity_parse(struct sti_span body, char *out, size_t size);

#endif

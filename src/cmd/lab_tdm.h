/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_TDM_H
#define CMD_LAB_TDM_H

#include <sti/tn.h>

/*
 * A TDM leg: a process of its own that is given one line on its standard input and gives one line on
 * its standard output, `calling called nature`, as an ISUP IAM would carry them: digits and nature of
 * address. Nothing else can cross it: no header, no object in memory.
 */
enum { LAB_IAM_LINE = 64 };

struct lab_iam {
	char line[LAB_IAM_LINE]; /* without the newline */
};

/* Gateway in: canonical numbers of country code 1 as national numbers. Gateway out: back again.
 * False when they cannot be said so. */
bool lab_iam_write(const struct sti_tn *calling, const struct sti_tn *called, struct lab_iam *out);
bool lab_iam_read(const struct lab_iam *iam, struct sti_tn *calling, struct sti_tn *called);

/* Starts a leg for this one call and sends the line through it. False after a complaint. */
bool lab_tdm_carry(const struct lab_iam *in, struct lab_iam *out);

/* What runs in that process, `sidetone lab tdm`; its exit status. */
int lab_tdm_run(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_VERDICT_H
#define STI_VERDICT_H

#include <sti/export.h>
#include <stddef.h>

STI_BEGIN

/* What we believe of a call. What went wrong with the input or the machine: see sti/error.h. */
enum sti_verstat { STI_VERSTAT_NONE, STI_VERSTAT_PASSED, STI_VERSTAT_FAILED };

/* The verification cases of ATIS-1000082, in their order of evaluation (standards.md 5.3).
 * E1 and E2 are about the request and never get as far as a verdict. */
enum sti_case {
	STI_CASE_NONE, /* nothing is wrong */
	STI_CASE_E1, STI_CASE_E2, STI_CASE_E3, STI_CASE_E4, STI_CASE_E5, STI_CASE_E6, STI_CASE_E7,
	STI_CASE_E8, STI_CASE_E9, STI_CASE_E10, STI_CASE_E11, STI_CASE_E12, STI_CASE_E13, STI_CASE_E14,
	STI_CASE_E15, STI_CASE_E16, STI_CASE_E17, STI_CASE_E18, STI_CASE_E19,
	STI_CASE_COUNT
};

/* One row for each case: codes, phrases, verstat and documentation all come from here. */
struct sti_case_row {
	const char *name;   /* "E17"; NULL for STI_CASE_NONE */
	int code;           /* of the Reason header: 403, 436, 437, 438; 400 for E1 and E2; 0 for none */
	const char *phrase; /* "Unsupported Credential" */
	enum sti_verstat verstat;
	const char *check;  /* short name of the check that found it: "signature" */
	const char *clause; /* of the standard */
	const char *what;   /* one line for people: what is wrong */
	const char *expected; /* what it looks for */
};

STI_API const struct sti_case_row *sti_case_row(enum sti_case c);

/* "TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation" */
STI_API const char *sti_verstat_text(enum sti_verstat verstat);

STI_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CERT_CHECK_H
#define CMD_CERT_CHECK_H

#include "app/domain_file.h"
#include "pki/crls.h"
#include "pki/lint.h"
#include "pki/path.h"

/* What certificates are held against, for all of them. */
struct cert_check {
	struct chain root, intermediate;
	struct sti_roots *roots;
	struct sti_crls *crls; /* NULL: nothing is revoked */
	struct domain_file *domain; /* NULL: none is known */
	int64_t now; /* seconds of the epoch */
	bool any_time; /* dates do not matter */
};

/* What we think of one. Borrows the certificates. */
struct cert_answer {
	const char *chain; /* "ok", or why there is no path */
	const char *profile; /* "ok", or why a verifier refuses it besides */
	const char *clause; /* of the profile */
	struct sti_tnauthlist *list; /* NULL: none that can be read; owned */
	const struct cert *named; /* whose C is its country: the root, else itself */
	struct lint_view view; /* owned */
};

/* The i-th of a file; the others of the file may be its issuers. STI_E_MEMORY. */
enum sti_error cert_check_judge(const struct cert_check *check, const struct chain *file, size_t i,
				struct cert_answer *out);
void cert_answer_free(struct cert_answer *answer);

bool cert_answer_is_good(const struct cert_answer *answer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include <sti/identity.h>
#include <sti/verify.h>

#include "base/buf.h"

/* What each check of a verification found, and what it looked for: from the PASSporT, its credential and
 * signalling, as the check saw them. */
struct explain {
	const struct sti_verify_result *result;
	const struct sti_verify_request *request;
	struct sti_identity identity; /* parameters of the value that decided; all absent for a bare token */
	bool is_bare;
	enum sti_error form_error; /* why the value or its token could not be read */
	enum sti_error fetch_error; /* why there is no credential */
};

/* values: that the machine was given, in band or as if they came out of band. */
void explain_begin(struct explain *explain, const struct sti_verify_result *result,
		   const struct sti_verify_request *request, const struct sti_span *value, size_t n);

/* Appends one line each, with what strangers wrote made visible. */
void explain_found(const struct explain *explain, const struct sti_check *check, struct buf *out);
void explain_expected(const struct explain *explain, const struct sti_check *check, struct buf *out);

#endif

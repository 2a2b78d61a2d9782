/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_VERIFICATION_H
#define API_VERIFICATION_H

#include <sti/verify.h>

#include "api/request_error.h"
#include "base/limits.h"

/* POST {prefix}/verification of ATIS-1000082. */
struct verification_request {
	struct sti_tn from;
	struct sti_tn to[LIMIT_DEST];
	size_t n_to;
	int64_t time;
	struct sti_span identity[LIMIT_IDENTITIES]; /* none: asked without one; owned by text */
	size_t n_identity;
	uint8_t *text; /* owned */
};

/* Reads orig, dest and iat as other names of from, to and time, as one deployed client writes them.
 * identity may be missing or empty. Ends with verification_request_free whatever is returned. */
enum request_error verification_request_parse(struct sti_span body, const struct sti_tn_plan *plan,
					      struct verification_request *out, const char **variable);
void verification_request_free(struct verification_request *request);

/* Besides verstat and the reason members: `case`, `source` ("in-band", "out-of-band"), `attest` and
 * `origid` of the PASSporT that decided, and `passports` that came out of band. Additions of ours
 * (the seed wants the PASSporTs in the answer, the standard has no member for them). */
void verification_response_write(struct buf *out, const struct sti_verify_result *result, bool reasoncode_number);

const char *verification_source_text(enum sti_source source);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SIGNING_H
#define API_SIGNING_H

#include <sti/tn.h>

#include "api/request_error.h"
#include "base/limits.h"
#include "base/uuid.h"

/* POST {prefix}/signing of ATIS-1000082. A value, without pointers into the body. */
struct signing_request {
	char attest;
	struct sti_tn orig;
	struct sti_tn dest[LIMIT_DEST];
	size_t n_dest;
	int64_t iat;
	char origid[UUID_TEXT];
};

/* Numbers are made canonical by `plan`. *variable names the parameter that is missing or wrong. */
enum request_error signing_request_parse(struct sti_span body, const struct sti_tn_plan *plan,
					 struct signing_request *out, const char **variable);

void signing_response_write(struct buf *out, struct sti_span identity);

#endif

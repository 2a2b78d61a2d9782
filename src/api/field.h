/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_FIELD_H
#define API_FIELD_H

#include <sti/tn.h>

#include "api/request_error.h"
#include "base/buf.h"
#include "json/reader.h"

/* Members that both requests of ATIS-1000082 are made of. */

/* The object behind the one member of the body, {"signingRequest":{…}}. *doc is the caller's. */
enum request_error field_open(struct sti_span body, const char *name, struct json **doc,
			      const struct json_node **request);

/* The first of two names that is there (a dialect may call it otherwise); NULL when neither is. */
const struct json_node *field_either(const struct json *doc, const struct json_node *request, const char *name,
				     const char *other);

/* {"tn":"…"} */
enum request_error field_tn(const struct json *doc, const struct json_node *node, const struct sti_tn_plan *plan,
			    struct sti_tn *out);

/* {"tn":["…", …]} */
enum request_error field_tns(const struct json *doc, const struct json_node *node, const struct sti_tn_plan *plan,
			     struct sti_tn *out, size_t max, size_t *n);

/* Seconds of the epoch, an exact integer. */
enum request_error field_time(const struct json_node *node, int64_t *out);

/* The same, as members of a request that we make. */
void field_put_tn(struct buf *out, const char *name, const struct sti_tn *tn);
void field_put_tns(struct buf *out, const char *name, const struct sti_tn *tn, size_t n);

#endif

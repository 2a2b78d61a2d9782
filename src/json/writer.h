/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include "base/buf.h"
#include "json/reader.h"

/* Canonical JSON of RFC 8225 9: no white space, only the escapes that JSON demands, `/` as it is. */
void json_put_string(struct buf *out, struct sti_span text);

/* "name": for the caller to put the value behind it; a comma first unless just after { or [. */
void json_put_name(struct buf *out, const char *name);

/* "name":"text"; null where the text is absent. A comma first as above. */
void json_put_member(struct buf *out, const char *name, struct sti_span text);

/* A comma unless just after { or [ or at the very start; before an element of an array. */
void json_put_comma(struct buf *out);

/* The whole (sub)document again, members ordered by code point, recursively. */
enum sti_error json_put_canonical(struct buf *out, const struct json *doc, const struct json_node *node);

#endif

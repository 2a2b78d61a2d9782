/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include "json/reader.h"

/* The members of an object by code point of their names (in UTF-8 that is the order of the octets).
 * *out has object->count entries and is the caller's to free. STI_E_MEMORY. */
enum sti_error members_sort(const struct json *doc, const struct json_node *object, const struct json_node ***out);

/* STI_E_JSON_TWICE when one name stands twice (RFC 8725 2.4). No hashing, so no name can be crafted
 * to collide (threats.md B14). */
enum sti_error members_unique(const struct json *doc, const struct json_node *object);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <sti/error.h>
#include <sti/span.h>

/*
 * Strict JSON (RFC 8259), read without recursion into an immutable flat array of nodes.
 * Refused besides what the RFC refuses: a member name twice in one object, also when only equal
 * after unescaping (RFC 8725 2.4); BOM; invalid UTF-8; lone surrogates; U+0000 in a string;
 * noncharacters; more than the limits of base/limits.h (STI_E_LIMIT).
 * `text` must outlive the document: strings without escapes point into it.
 */
enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
	enum json_type type;
	struct sti_span name; /* of the member, unescaped; absent in arrays and at the root */
	struct sti_span text; /* string: unescaped UTF-8; everything else: as written */
	uint32_t count; /* members or elements directly inside */
	uint32_t end; /* index of the first node after this one and all inside it */
};

/* What may be larger than in a PASSporT, where the document is ours or is a list. */
struct json_limits {
	uint32_t depth;
	uint32_t members; /* in one object or array */
	uint32_t nodes; /* in the document */
	uint32_t string; /* octets of one string or number, as written */
	bool grammar_only; /* let in what RFC 8259 lets in: names twice, U+0000, noncharacters */
};

extern const struct json_limits json_limits_default;

struct json;

/* *out is owned by the caller (json_free); untouched on failure. */
enum sti_error json_parse(struct sti_span text, const struct json_limits *limits, struct json **out);
void json_free(struct json *doc);

const struct json_node *json_root(const struct json *doc);

/* NULL when `object` is no object or has no such member. */
const struct json_node *json_member(const struct json *doc, const struct json_node *object, const char *name);

/* Walks the elements or members: NULL at the end. */
const struct json_node *json_first(const struct json *doc, const struct json_node *parent);
const struct json_node *json_next(const struct json *doc, const struct json_node *parent,
				  const struct json_node *child);

/*
 * The number exactly, never by way of a double: STI_E_NUMBER for fractions, exponents, -0 and
 * what is outside int64; STI_E_CLAIM_VALUE when the node is no number.
 */
enum sti_error json_integer(const struct json_node *node, int64_t *out);

/* True when the node is a string; *out as in json_node.text. */
bool json_string(const struct json_node *node, struct sti_span *out);

#endif

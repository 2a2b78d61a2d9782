/* SPDX-License-Identifier: Apache-2.0 */
#include "json/reader.h"

#include <stdlib.h>

#include "base/limits.h"
#include "json/members.h"
#include "json/utf8.h"

const struct json_limits json_limits_default = {
	.depth = LIMIT_JSON_DEPTH,
	.members = LIMIT_JSON_MEMBERS,
	.nodes = LIMIT_JSON_NODES,
	.string = LIMIT_JSON_STRING,
};

struct json {
	struct json_node *node;
	uint32_t n;
	uint32_t capacity;
	uint8_t *unescaped; /* the strings that had escapes */
};

#define NONE UINT32_MAX

/* The way back from an open container is kept in its `end`, which nobody needs before it is
 * closed: no recursion and no stack. */
struct reader {
	struct sti_span text;
	size_t at;
	const struct json_limits *limits;
	struct json *doc;
	size_t n_unescaped;
	uint32_t open; /* innermost container, or NONE */
	uint32_t depth;
};

/* 0 at the end: a NUL is not allowed anywhere either. */
static uint8_t peek(const struct reader *r)
{
	return r->at < r->text.n ? r->text.p[r->at] : 0;
}

static bool take(struct reader *r, uint8_t byte)
{
	if (r->at == r->text.n || r->text.p[r->at] != byte)
		return false;
	r->at++;
	return true;
}

static void skip_blanks(struct reader *r)
{
	uint8_t c = peek(r);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		r->at++;
		c = peek(r);
	}
}

static bool grow(struct json *doc)
{
	size_t capacity = doc->capacity ? (size_t)doc->capacity * 2 : 32;
	struct json_node *node;

	if (capacity > UINT32_MAX)
		return false;
	node = reallocarray(doc->node, capacity, sizeof(*node));
	if (!node)
		return false;
	doc->node = node;
	doc->capacity = (uint32_t)capacity;
	return true;
}

static enum sti_error add_node(struct reader *r, enum json_type type, struct sti_span name, struct sti_span text)
{
	struct json *doc = r->doc;

	if (doc->n == r->limits->nodes)
		return STI_E_LIMIT;
	if (r->open != NONE && doc->node[r->open].count == r->limits->members)
		return STI_E_LIMIT;
	if (doc->n == doc->capacity && !grow(doc))
		return STI_E_MEMORY;
	doc->node[doc->n] = (struct json_node){.type = type, .name = name, .text = text, .end = doc->n + 1};
	doc->n++;
	if (r->open != NONE)
		doc->node[r->open].count++;
	return STI_OK;
}

static enum sti_error open_container(struct reader *r, enum json_type type, struct sti_span name)
{
	enum sti_error error;

	if (r->depth == r->limits->depth)
		return STI_E_LIMIT;
	error = add_node(r, type, name, sti_span(r->text.p + r->at, 0));
	if (error)
		return error;
	r->at++;
	r->depth++;
	r->doc->node[r->doc->n - 1].end = r->open;
	r->open = r->doc->n - 1;
	return STI_OK;
}

static enum sti_error close_container(struct reader *r)
{
	struct json_node *node = r->doc->node + r->open;

	r->open = node->end;
	r->depth--;
	node->end = r->doc->n;
	node->text.n = (size_t)(r->text.p + r->at - node->text.p);
	if (node->type != JSON_OBJECT || r->limits->grammar_only)
		return STI_OK;
	return members_unique(r->doc, node);
}

/* RFC 8259 lets U+0000 and noncharacters in; we do not unless told so (threats.md B2). */
static bool may_stand(const struct reader *r, uint32_t code)
{
	return r->limits->grammar_only || (code != 0 && !utf8_is_noncharacter(code));
}

static enum sti_error skip_character(struct reader *r)
{
	uint32_t code = peek(r);
	size_t n = code < 0x80 ? r->at < r->text.n : utf8_read(sti_span_from(r->text, r->at), &code);

	if (n == 0 || code < 0x20 || !may_stand(r, code))
		return STI_E_JSON;
	r->at += n;
	return STI_OK;
}

/* Finds the closing quote; an escape is only stepped over here. */
static enum sti_error skip_string(struct reader *r, bool *escapes)
{
	for (uint8_t c = peek(r); c != '"'; c = peek(r)) {
		if (c == '\\') {
			*escapes = true;
			r->at++;
		}
		if (skip_character(r) != STI_OK)
			return STI_E_JSON;
	}
	return STI_OK;
}

/* Four hex digits of either case; false for anything else. */
static bool take_hex(struct sti_span *rest, uint32_t *code)
{
	if (rest->n < 4)
		return false;
	*code = 0;
	for (size_t i = 0; i < 4; i++) {
		uint8_t c = rest->p[i];
		uint8_t letter = (uint8_t)(c | 0x20);

		if (c >= '0' && c <= '9')
			*code = *code << 4 | (uint32_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*code = *code << 4 | (uint32_t)(letter - 'a' + 10);
		else
			return false;
	}
	*rest = sti_span_from(*rest, 4);
	return true;
}

/* What follows \u: a character of the basic plane or both halves of a pair (RFC 8259 7). */
static bool take_unicode(struct sti_span *rest, uint32_t *code)
{
	uint32_t low;

	if (!take_hex(rest, code) || (*code >= 0xdc00 && *code <= 0xdfff))
		return false;
	if (*code < 0xd800 || *code > 0xdbff)
		return true;
	if (rest->n < 2 || rest->p[0] != '\\' || rest->p[1] != 'u')
		return false;
	*rest = sti_span_from(*rest, 2);
	if (!take_hex(rest, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static bool take_escape(struct sti_span *rest, uint32_t *code)
{
	static const char letter[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
	uint8_t c = rest->p[0];
	const char *at = c ? strchr(letter, c) : NULL;

	*rest = sti_span_from(*rest, 1);
	if (c == 'u')
		return take_unicode(rest, code);
	if (at)
		*code = (uint8_t)meaning[at - letter];
	return at != NULL;
}

/* No string grows by unescaping, so the rest of the text is room enough for all that follow. */
static bool reserve_unescaped(struct reader *r, struct sti_span first)
{
	if (!r->doc->unescaped)
		r->doc->unescaped = malloc((size_t)(r->text.p + r->text.n - first.p));
	return r->doc->unescaped != NULL;
}

static enum sti_error unescape(struct reader *r, struct sti_span *string)
{
	struct sti_span rest = *string;
	uint8_t *out;
	size_t n = 0;

	if (!reserve_unescaped(r, *string))
		return STI_E_MEMORY;
	out = r->doc->unescaped + r->n_unescaped;
	while (rest.n) {
		uint32_t code;

		if (rest.p[0] != '\\') {
			out[n++] = rest.p[0];
			rest = sti_span_from(rest, 1);
			continue;
		}
		rest = sti_span_from(rest, 1);
		if (!take_escape(&rest, &code) || !may_stand(r, code))
			return STI_E_JSON;
		n += utf8_write(code, out + n);
	}
	r->n_unescaped += n;
	*string = sti_span(out, n);
	return STI_OK;
}

static enum sti_error read_string(struct reader *r, struct sti_span *out)
{
	bool escapes = false;
	size_t start = r->at + 1;

	if (!take(r, '"') || skip_string(r, &escapes) != STI_OK)
		return STI_E_JSON;
	*out = sti_span(r->text.p + start, r->at - start);
	r->at++;
	if (out->n > r->limits->string)
		return STI_E_LIMIT;
	return escapes ? unescape(r, out) : STI_OK;
}

static enum sti_error add_string(struct reader *r, struct sti_span name)
{
	struct sti_span text;
	enum sti_error error = read_string(r, &text);

	return error ? error : add_node(r, JSON_STRING, name, text);
}

static enum sti_error add_word(struct reader *r, const char *word, enum json_type type, struct sti_span name)
{
	struct sti_span text = sti_span_first(sti_span_from(r->text, r->at), strlen(word));

	if (!sti_span_is(text, word))
		return STI_E_JSON;
	r->at += text.n;
	return add_node(r, type, name, text);
}

static bool skip_digits(struct reader *r)
{
	size_t start = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at > start;
}

/* RFC 8259 6: no leading zero, a digit on both sides of the point, a digit in the exponent. */
static bool skip_number(struct reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !skip_digits(r))
		return false;
	if (take(r, '.') && !skip_digits(r))
		return false;
	if (!take(r, 'e') && !take(r, 'E'))
		return true;
	if (!take(r, '+'))
		take(r, '-');
	return skip_digits(r);
}

static enum sti_error add_number(struct reader *r, struct sti_span name)
{
	size_t start = r->at;

	if (!skip_number(r))
		return STI_E_JSON;
	if (r->at - start > r->limits->string)
		return STI_E_LIMIT;
	return add_node(r, JSON_NUMBER, name, sti_span(r->text.p + start, r->at - start));
}

static enum sti_error read_value(struct reader *r, struct sti_span name)
{
	skip_blanks(r);
	switch (peek(r)) {
	case '{':
		return open_container(r, JSON_OBJECT, name);
	case '[':
		return open_container(r, JSON_ARRAY, name);
	case '"':
		return add_string(r, name);
	case 't':
		return add_word(r, "true", JSON_TRUE, name);
	case 'f':
		return add_word(r, "false", JSON_FALSE, name);
	case 'n':
		return add_word(r, "null", JSON_NULL, name);
	default:
		return add_number(r, name);
	}
}

static enum sti_error read_member(struct reader *r)
{
	struct sti_span name;
	enum sti_error error;

	skip_blanks(r);
	error = read_string(r, &name);
	if (error)
		return error;
	skip_blanks(r);
	return take(r, ':') ? read_value(r, name) : STI_E_JSON;
}

/* One element or member of the innermost container, or its end. */
static enum sti_error read_inside(struct reader *r)
{
	const struct json_node *in = r->doc->node + r->open;

	skip_blanks(r);
	if (take(r, in->type == JSON_OBJECT ? '}' : ']'))
		return close_container(r);
	if (in->count > 0 && !take(r, ','))
		return STI_E_JSON;
	return in->type == JSON_OBJECT ? read_member(r) : read_value(r, sti_span(NULL, 0));
}

static enum sti_error read_document(struct reader *r)
{
	enum sti_error error = read_value(r, sti_span(NULL, 0));

	while (!error && r->open != NONE)
		error = read_inside(r);
	skip_blanks(r);
	if (!error && r->at != r->text.n)
		error = STI_E_JSON;
	return error;
}

enum sti_error json_parse(struct sti_span text, const struct json_limits *limits, struct json **out)
{
	struct reader r = {.text = text, .limits = limits, .open = NONE};
	enum sti_error error;

	r.doc = calloc(1, sizeof(*r.doc));
	if (!r.doc)
		return STI_E_MEMORY;
	error = read_document(&r);
	if (error)
		json_free(r.doc);
	else
		*out = r.doc;
	return error;
}

void json_free(struct json *doc)
{
	if (!doc)
		return;
	free(doc->node);
	free(doc->unescaped);
	free(doc);
}

const struct json_node *json_root(const struct json *doc)
{
	return doc->node;
}

const struct json_node *json_first(const struct json *doc, const struct json_node *parent)
{
	(void)doc;
	return parent->count ? parent + 1 : NULL;
}

const struct json_node *json_next(const struct json *doc, const struct json_node *parent, const struct json_node *child)
{
	return child->end < parent->end ? doc->node + child->end : NULL;
}

const struct json_node *json_member(const struct json *doc, const struct json_node *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *at = json_first(doc, object); at; at = json_next(doc, object, at))
		if (sti_span_is(at->name, name))
			return at;
	return NULL;
}

/* "-0" is an integer of JSON, but no time and no count; two spellings of one value invite trouble. */
static bool is_integer(struct sti_span text)
{
	size_t sign = text.n && text.p[0] == '-';

	for (size_t i = sign; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n <= LIMIT_JSON_NUMBER && !(sign && text.p[1] == '0');
}

enum sti_error json_integer(const struct json_node *node, int64_t *out)
{
	int64_t value = 0;
	bool negative;

	if (!node || node->type != JSON_NUMBER)
		return STI_E_CLAIM_VALUE;
	if (!is_integer(node->text))
		return STI_E_NUMBER;
	negative = node->text.p[0] == '-';
	for (size_t i = negative; i < node->text.n; i++) {
		int digit = node->text.p[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return STI_E_NUMBER;
	}
	*out = value;
	return STI_OK;
}

bool json_string(const struct json_node *node, struct sti_span *out)
{
	if (!node || node->type != JSON_STRING)
		return false;
	*out = node->text;
	return true;
}

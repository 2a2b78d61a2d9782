/* SPDX-License-Identifier: Apache-2.0 */
#include "json/writer.h"

#include <stdlib.h>

#include "json/members.h"

/* The two-letter escapes of RFC 8259 7, but not the needless one for `/`. */
static const char short_escape[0x60] = {
	['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
};

static bool needs_escape(uint8_t c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void put_escape(struct buf *out, uint8_t c)
{
	if (short_escape[c]) {
		buf_put_byte(out, '\\');
		buf_put_byte(out, (uint8_t)short_escape[c]);
		return;
	}
	buf_put_str(out, "\\u00");
	buf_put_hex(out, sti_span(&c, 1));
}

void json_put_string(struct buf *out, struct sti_span text)
{
	size_t start = 0;

	buf_put_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (!needs_escape(text.p[i]))
			continue;
		buf_put(out, sti_span(text.p + start, i - start));
		put_escape(out, text.p[i]);
		start = i + 1;
	}
	buf_put(out, sti_span_from(text, start));
	buf_put_byte(out, '"');
}

void json_put_comma(struct buf *out)
{
	struct sti_span so_far = buf_span(out);
	uint8_t last = so_far.n ? so_far.p[so_far.n - 1] : '{';

	if (last != '{' && last != '[')
		buf_put_byte(out, ',');
}

static void put_name(struct buf *out, struct sti_span name)
{
	json_put_comma(out);
	json_put_string(out, name);
	buf_put_byte(out, ':');
}

void json_put_name(struct buf *out, const char *name)
{
	put_name(out, sti_span_str(name));
}

void json_put_member(struct buf *out, const char *name, struct sti_span text)
{
	json_put_name(out, name);
	if (text.p)
		json_put_string(out, text);
	else
		buf_put_str(out, "null");
}

static enum sti_error put_object(struct buf *out, const struct json *doc, const struct json_node *object)
{
	const struct json_node **member;
	enum sti_error error = members_sort(doc, object, &member);

	if (error)
		return error;
	buf_put_byte(out, '{');
	for (uint32_t i = 0; i < object->count && !error; i++) {
		put_name(out, member[i]->name);
		error = json_put_canonical(out, doc, member[i]);
	}
	buf_put_byte(out, '}');
	free(member);
	return error;
}

static enum sti_error put_array(struct buf *out, const struct json *doc, const struct json_node *array)
{
	enum sti_error error = STI_OK;

	buf_put_byte(out, '[');
	for (const struct json_node *at = json_first(doc, array); at && !error; at = json_next(doc, array, at)) {
		json_put_comma(out);
		error = json_put_canonical(out, doc, at);
	}
	buf_put_byte(out, ']');
	return error;
}

/* As deep as the reader let the document be. */
enum sti_error json_put_canonical(struct buf *out, const struct json *doc, const struct json_node *node)
{
	enum sti_error error = STI_OK;

	if (node->type == JSON_OBJECT)
		error = put_object(out, doc, node);
	else if (node->type == JSON_ARRAY)
		error = put_array(out, doc, node);
	else if (node->type == JSON_STRING)
		json_put_string(out, node->text);
	else
		buf_put(out, node->text);
	return error ? error : buf_error(out);
}

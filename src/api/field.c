/* SPDX-License-Identifier: Apache-2.0 */
#include "api/field.h"

#include "base/limits.h"
#include "json/writer.h"

/* As for a PASSporT, but that one string may hold several Identity values. */
static const struct json_limits limits = {
	.depth = LIMIT_JSON_DEPTH, .members = LIMIT_JSON_MEMBERS, .nodes = LIMIT_JSON_NODES, .string = LIMIT_BODY};

static const int64_t time_max = (int64_t)1 << 53; /* RFC 8259 6: what every reader reads alike */

enum request_error field_open(struct sti_span body, const char *name, struct json **doc,
			      const struct json_node **request)
{
	enum sti_error error;

	if (body.n == 0)
		return REQUEST_NO_BODY;
	error = json_parse(body, &limits, doc);
	if (error)
		return error == STI_E_MEMORY ? REQUEST_INTERNAL : REQUEST_SYNTAX;
	*request = json_member(*doc, json_root(*doc), name);
	if (*request && (*request)->type == JSON_OBJECT)
		return REQUEST_OK;
	json_free(*doc);
	*doc = NULL;
	return *request ? REQUEST_VALUE : REQUEST_MISSING;
}

const struct json_node *field_either(const struct json *doc, const struct json_node *request, const char *name,
				     const char *other)
{
	const struct json_node *node = json_member(doc, request, name);

	return node ? node : json_member(doc, request, other);
}

static enum request_error read_tn(const struct json_node *node, const struct sti_tn_plan *plan, struct sti_tn *out)
{
	struct sti_span text;

	if (!json_string(node, &text) || sti_tn_canonical(text, plan, out))
		return REQUEST_VALUE;
	return REQUEST_OK;
}

enum request_error field_tn(const struct json *doc, const struct json_node *node, const struct sti_tn_plan *plan,
			    struct sti_tn *out)
{
	const struct json_node *tn;

	if (!node)
		return REQUEST_MISSING;
	if (node->type != JSON_OBJECT)
		return REQUEST_VALUE;
	tn = json_member(doc, node, "tn");
	return tn ? read_tn(tn, plan, out) : REQUEST_MISSING;
}

enum request_error field_tns(const struct json *doc, const struct json_node *node, const struct sti_tn_plan *plan,
			     struct sti_tn *out, size_t max, size_t *n)
{
	const struct json_node *array;

	*n = 0;
	if (!node)
		return REQUEST_MISSING;
	array = json_member(doc, node, "tn");
	if (!array)
		return node->type == JSON_OBJECT ? REQUEST_MISSING : REQUEST_VALUE;
	if (array->type != JSON_ARRAY || array->count == 0 || array->count > max)
		return REQUEST_VALUE;
	for (const struct json_node *tn = json_first(doc, array); tn; tn = json_next(doc, array, tn))
		if (read_tn(tn, plan, &out[(*n)++]))
			return REQUEST_VALUE;
	return REQUEST_OK;
}

enum request_error field_time(const struct json_node *node, int64_t *out)
{
	if (!node)
		return REQUEST_MISSING;
	if (json_integer(node, out) || *out < 0 || *out > time_max)
		return REQUEST_VALUE;
	return REQUEST_OK;
}

void field_put_tn(struct buf *out, const char *name, const struct sti_tn *tn)
{
	json_put_name(out, name);
	buf_put_byte(out, '{');
	json_put_member(out, "tn", sti_tn_span(tn));
	buf_put_byte(out, '}');
}

void field_put_tns(struct buf *out, const char *name, const struct sti_tn *tn, size_t n)
{
	json_put_name(out, name);
	buf_put_str(out, "{\"tn\":[");
	for (size_t i = 0; i < n; i++) {
		json_put_comma(out);
		json_put_string(out, sti_tn_span(&tn[i]));
	}
	buf_put_str(out, "]}");
}

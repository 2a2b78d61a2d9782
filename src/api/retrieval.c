/* SPDX-License-Identifier: Apache-2.0 */
#include "api/retrieval.h"

#include "base/decimal.h"
#include "json/reader.h"
#include "json/writer.h"

static enum sti_error set_call(struct retrieval *out, struct sti_span call)
{
	if (call.n > sizeof(out->call))
		return STI_E_LIMIT;
	if (call.n)
		memcpy(out->call, call.p, call.n);
	out->n_call = call.n;
	return STI_OK;
}

static void set_wait(struct retrieval *out, int64_t wait_ms)
{
	out->wait_ms = wait_ms < LIMIT_WAIT_MS ? wait_ms : LIMIT_WAIT_MS;
}

/* What is asked for must be canonical already: the key is the number itself, not one of its spellings. */
static enum sti_error read_tn(struct sti_span text, struct sti_tn *out)
{
	if (sti_tn_canonical(text, NULL, out) || !sti_span_equal(text, sti_tn_span(out)))
		return STI_E_TN;
	return STI_OK;
}

static enum sti_error read_parameter(struct sti_span name, struct sti_span value, struct retrieval *out)
{
	int64_t wait_ms;

	if (sti_span_is(name, "call"))
		return set_call(out, value);
	if (!sti_span_is(name, "wait"))
		return STI_OK;
	if (decimal_parse(value, INT32_MAX, &wait_ms))
		return STI_E_NUMBER;
	set_wait(out, wait_ms);
	return STI_OK;
}

enum sti_error retrieval_parse_get(struct sti_span dest, struct sti_span orig, struct sti_span query,
				   struct retrieval *out)
{
	struct sti_span part;

	*out = (struct retrieval){.n = 1};
	if (read_tn(dest, &out->pair[0].dest) || read_tn(orig, &out->pair[0].orig))
		return STI_E_TN;
	while (sti_span_cut(&query, '&', &part)) {
		size_t at = sti_span_find(part, '=');
		enum sti_error error = read_parameter(sti_span_first(part, at), sti_span_from(part, at + 1), out);

		if (error)
			return error;
	}
	return STI_OK;
}

static enum sti_error read_number(const struct json *doc, const struct json_node *pair, const char *name,
				  struct sti_tn *out)
{
	const struct json_node *node = json_member(doc, pair, name);
	struct sti_span text;

	return node && json_string(node, &text) ? read_tn(text, out) : STI_E_CLAIM_MISSING;
}

static enum sti_error read_pairs(const struct json *doc, const struct json_node *pairs, struct retrieval *out)
{
	if (!pairs || pairs->type != JSON_ARRAY || pairs->count == 0)
		return STI_E_CLAIM_MISSING;
	if (pairs->count > RETRIEVAL_PAIRS)
		return STI_E_LIMIT;
	for (const struct json_node *pair = json_first(doc, pairs); pair; pair = json_next(doc, pairs, pair)) {
		struct retrieval_pair *to = &out->pair[out->n++];

		if (read_number(doc, pair, "dest", &to->dest) || read_number(doc, pair, "orig", &to->orig))
			return STI_E_TN;
	}
	return STI_OK;
}

static enum sti_error read_rest(const struct json *doc, struct retrieval *out)
{
	const struct json_node *call = json_member(doc, json_root(doc), "call");
	const struct json_node *wait = json_member(doc, json_root(doc), "wait");
	struct sti_span text;
	int64_t wait_ms = 0;

	if (wait && (json_integer(wait, &wait_ms) || wait_ms < 0))
		return STI_E_NUMBER;
	set_wait(out, wait_ms);
	if (!call)
		return STI_OK;
	return json_string(call, &text) ? set_call(out, text) : STI_E_CLAIM_VALUE;
}

enum sti_error retrieval_parse_query(struct sti_span body, struct retrieval *out)
{
	struct json *doc;
	enum sti_error error = json_parse(body, &json_limits_default, &doc);

	*out = (struct retrieval){0};
	if (error)
		return error;
	error = read_pairs(doc, json_member(doc, json_root(doc), "pairs"), out);
	if (!error)
		error = read_rest(doc, out);
	json_free(doc);
	return error;
}

static void put_pair(struct buf *out, const struct retrieval_pair *pair)
{
	buf_put_str(out, "{");
	json_put_member(out, "dest", sti_tn_span(&pair->dest));
	json_put_member(out, "orig", sti_tn_span(&pair->orig));
	buf_put_str(out, "}");
}

void retrieval_write_query(struct buf *out, const struct retrieval *retrieval)
{
	buf_put_str(out, "{");
	json_put_member(out, "call", sti_span(retrieval->call, retrieval->n_call));
	json_put_name(out, "pairs");
	buf_put_str(out, "[");
	for (size_t i = 0; i < retrieval->n; i++) {
		json_put_comma(out);
		put_pair(out, &retrieval->pair[i]);
	}
	buf_put_str(out, "]");
	json_put_name(out, "wait");
	buf_put_int(out, retrieval->wait_ms);
	buf_put_str(out, "}");
}

void retrieval_write_answer(struct buf *out, struct sti_span tokens, const struct retrieval_pair *hit)
{
	struct sti_span token;

	buf_put_str(out, "{");
	json_put_name(out, "pair");
	put_pair(out, hit);
	json_put_name(out, "passports");
	buf_put_str(out, "[");
	while (sti_span_cut(&tokens, '\n', &token)) {
		json_put_comma(out);
		json_put_string(out, token);
	}
	buf_put_str(out, "]}");
}

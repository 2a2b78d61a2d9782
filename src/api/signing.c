/* SPDX-License-Identifier: Apache-2.0 */
#include "api/signing.h"

#include "api/field.h"
#include "json/writer.h"

static enum request_error read_attest(const struct json_node *node, char *out)
{
	struct sti_span text;

	if (!node)
		return REQUEST_MISSING;
	if (!json_string(node, &text) || text.n != 1 || text.p[0] < 'A' || text.p[0] > 'C')
		return REQUEST_VALUE;
	*out = (char)text.p[0];
	return REQUEST_OK;
}

static enum request_error read_origid(const struct json_node *node, char out[UUID_TEXT])
{
	struct sti_span text;

	if (!node)
		return REQUEST_MISSING;
	if (!json_string(node, &text) || !uuid_is(text))
		return REQUEST_VALUE;
	memcpy(out, text.p, UUID_TEXT);
	return REQUEST_OK;
}

static enum request_error read_request(const struct json *doc, const struct json_node *request,
				       const struct sti_tn_plan *plan, struct signing_request *out,
				       const char **variable)
{
	enum request_error error;

	*variable = "attest";
	error = read_attest(json_member(doc, request, *variable), &out->attest);
	if (error)
		return error;
	*variable = "orig";
	error = field_tn(doc, json_member(doc, request, *variable), plan, &out->orig);
	if (error)
		return error;
	*variable = "dest";
	error = field_tns(doc, json_member(doc, request, *variable), plan, out->dest, LIMIT_DEST, &out->n_dest);
	if (error)
		return error;
	*variable = "iat";
	error = field_time(json_member(doc, request, *variable), &out->iat);
	if (error)
		return error;
	*variable = "origid";
	return read_origid(json_member(doc, request, *variable), out->origid);
}

enum request_error signing_request_parse(struct sti_span body, const struct sti_tn_plan *plan,
					 struct signing_request *out, const char **variable)
{
	const struct json_node *request;
	struct json *doc;
	enum request_error error;

	*variable = "signingRequest";
	error = field_open(body, *variable, &doc, &request);
	if (error)
		return error;
	error = read_request(doc, request, plan, out, variable);
	json_free(doc);
	return error;
}

void signing_response_write(struct buf *out, struct sti_span identity)
{
	buf_put_str(out, "{\"signingResponse\":{");
	json_put_member(out, "identity", identity);
	buf_put_str(out, "}}");
}

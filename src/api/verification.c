/* SPDX-License-Identifier: Apache-2.0 */
#include "api/verification.h"

#include <sti/identity.h>
#include <stdlib.h>

#include "api/field.h"
#include "json/writer.h"

/* One header value, or several with commas between (RFC 3261 7.3.1). */
static enum request_error split_identity(struct verification_request *out, struct sti_span rest)
{
	struct sti_span value;

	while (sti_identity_next(&rest, &value)) {
		if (out->n_identity == LIMIT_IDENTITIES)
			return REQUEST_VALUE;
		out->identity[out->n_identity++] = value;
	}
	return REQUEST_OK;
}

static enum request_error read_identity(const struct json_node *node, struct verification_request *out)
{
	struct sti_span text;

	if (!node)
		return REQUEST_OK;
	if (!json_string(node, &text))
		return REQUEST_VALUE;
	if (sti_span_trim(text).n == 0)
		return REQUEST_OK;
	out->text = malloc(text.n);
	if (!out->text)
		return REQUEST_INTERNAL;
	memcpy(out->text, text.p, text.n);
	return split_identity(out, sti_span(out->text, text.n));
}

static enum request_error read_request(const struct json *doc, const struct json_node *request,
				       const struct sti_tn_plan *plan, struct verification_request *out,
				       const char **variable)
{
	enum request_error error;

	*variable = "from";
	error = field_tn(doc, field_either(doc, request, *variable, "orig"), plan, &out->from);
	if (error)
		return error;
	*variable = "to";
	error = field_tns(doc, field_either(doc, request, *variable, "dest"), plan, out->to, LIMIT_DEST, &out->n_to);
	if (error)
		return error;
	*variable = "time";
	error = field_time(field_either(doc, request, *variable, "iat"), &out->time);
	if (error)
		return error;
	*variable = "identity";
	return read_identity(json_member(doc, request, *variable), out);
}

enum request_error verification_request_parse(struct sti_span body, const struct sti_tn_plan *plan,
					      struct verification_request *out, const char **variable)
{
	const struct json_node *request;
	struct json *doc;
	enum request_error error;

	*out = (struct verification_request){0};
	*variable = "verificationRequest";
	error = field_open(body, *variable, &doc, &request);
	if (error)
		return error;
	error = read_request(doc, request, plan, out, variable);
	json_free(doc);
	return error;
}

void verification_request_free(struct verification_request *request)
{
	free(request->text);
	request->text = NULL;
}

const char *verification_source_text(enum sti_source source)
{
	static const char *const text[] = {
		[STI_SOURCE_NONE] = "none",
		[STI_SOURCE_INBAND] = "in-band",
		[STI_SOURCE_OOB] = "out-of-band",
	};

	return text[source];
}

static void put_text(struct buf *out, const char *name, struct sti_span text)
{
	if (!text.p)
		return;
	json_put_name(out, name);
	json_put_string(out, text);
}

static void put_code(struct buf *out, int code, bool number)
{
	json_put_name(out, "reasoncode");
	if (!number)
		buf_put_byte(out, '"');
	buf_put_int(out, code);
	if (!number)
		buf_put_byte(out, '"');
}

static void put_reason(struct buf *out, enum sti_case c, bool number)
{
	const struct sti_case_row *row = sti_case_row(c);

	if (c == STI_CASE_NONE)
		return;
	put_code(out, row->code, number);
	put_text(out, "reasontext", sti_span_str(row->phrase));
	put_text(out, "reasondesc", sti_span_str(row->what));
	put_text(out, "case", sti_span_str(row->name));
}

static void put_passports(struct buf *out, const struct sti_verify_result *result)
{
	if (result->n_oob == 0)
		return;
	json_put_name(out, "passports");
	buf_put_byte(out, '[');
	for (size_t i = 0; i < result->n_oob; i++) {
		json_put_comma(out);
		json_put_string(out, result->oob[i]);
	}
	buf_put_byte(out, ']');
}

void verification_response_write(struct buf *out, const struct sti_verify_result *result, bool reasoncode_number)
{
	buf_put_str(out, "{\"verificationResponse\":{");
	put_text(out, "verstat", sti_span_str(sti_verstat_text(result->verstat)));
	put_reason(out, result->c, reasoncode_number);
	if (result->decided != STI_SOURCE_NONE)
		put_text(out, "source", sti_span_str(verification_source_text(result->decided)));
	if (result->passport && result->verstat == STI_VERSTAT_PASSED) {
		put_text(out, "attest", result->passport->attest);
		put_text(out, "origid", result->passport->origid);
	}
	put_passports(out, result);
	buf_put_str(out, "}}");
}

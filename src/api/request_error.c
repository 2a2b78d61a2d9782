/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request_error.h"

#include "json/writer.h"

static const struct {
	const char *id;
	int status;
	const char *kind;
	const char *text;
} row[REQUEST_ERROR_COUNT] = {
	[REQUEST_OK] = {"", 200, "", ""},
	[REQUEST_NO_BODY] = {"SVC4000", 400, "serviceException", "Error: Missing request body."},
	[REQUEST_MISSING] = {"SVC4001", 400, "serviceException", "Error: Missing mandatory parameter '%1'."},
	[REQUEST_NOT_ACCEPTABLE] = {"SVC4002", 406, "serviceException",
				    "Error: Requested response body type is not supported, only '%1' is."},
	[REQUEST_NOT_FOUND] = {"SVC4003", 404, "serviceException", "Error: Requested resource was not found."},
	[REQUEST_MEDIA_TYPE] = {"SVC4004", 415, "serviceException",
				"Error: Unsupported request body type, expected '%1'."},
	[REQUEST_VALUE] = {"SVC4005", 400, "serviceException", "Error: Invalid value received for parameter '%1'."},
	[REQUEST_SYNTAX] = {"SVC4006", 400, "serviceException", "Error: Failed to parse received message body."},
	[REQUEST_NO_LENGTH] = {"SVC4007", 411, "serviceException", "Error: Missing mandatory Content-Length header."},
	[REQUEST_METHOD] = {"POL4050", 405, "policyException", "Error: Method not allowed."},
	[REQUEST_INTERNAL] = {"POL5000", 500, "policyException", "Error: Internal error."},
	[REQUEST_CLIENT] = {"POL4010", 401, "policyException", "Error: The client is not known here."},
	[REQUEST_NUMBER] = {"POL4030", 403, "policyException", "Error: Not permitted for parameter '%1'."},
	[REQUEST_BUSY] = {"POL5030", 503, "policyException", "Error: Too busy, try again later."},
};

int request_error_status(enum request_error error)
{
	return row[error].status;
}

const char *request_error_id(enum request_error error)
{
	return row[error].id;
}

enum request_error request_error_of_status(int status)
{
	static const enum request_error own[] = {REQUEST_NOT_ACCEPTABLE, REQUEST_NOT_FOUND, REQUEST_MEDIA_TYPE,
						 REQUEST_NO_LENGTH,      REQUEST_METHOD,    REQUEST_BUSY};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (row[own[i]].status == status)
			return own[i];
	return status < 500 ? REQUEST_SYNTAX : REQUEST_INTERNAL;
}

void request_error_write(struct buf *out, enum request_error error, const char *variable)
{
	buf_put_str(out, "{\"requestError\":{");
	json_put_name(out, row[error].kind);
	buf_put_str(out, "{");
	json_put_member(out, "messageId", sti_span_str(row[error].id));
	json_put_member(out, "text", sti_span_str(row[error].text));
	json_put_name(out, "variables");
	buf_put_str(out, "[");
	if (variable && strstr(row[error].text, "%1"))
		json_put_string(out, sti_span_str(variable));
	buf_put_str(out, "]}}}");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/posting.h"

#include "json/writer.h"

/* Malformed is 400, what cannot be believed 403, what could not be judged in time 503. */
static const int status_of_case[STI_CASE_COUNT] = {
	[STI_CASE_NONE] = 201, [STI_CASE_E4] = 400,  [STI_CASE_E7] = 400,  [STI_CASE_E8] = 503,  [STI_CASE_E9] = 400,
	[STI_CASE_E11] = 400,  [STI_CASE_E12] = 400, [STI_CASE_E13] = 400, [STI_CASE_E14] = 400, [STI_CASE_E15] = 403,
	[STI_CASE_E17] = 403,  [STI_CASE_E18] = 403, [STI_CASE_E19] = 400,
};

int posting_status(const struct place_result *result, bool compat_400)
{
	int status;

	if (result->outcome == PLACE_GOOD)
		return 201;
	if (result->outcome != PLACE_REFUSED)
		return 400;
	status = status_of_case[result->c] ? status_of_case[result->c] : 400;
	return status == 403 && compat_400 ? 400 : status;
}

const char *posting_message(const struct place_result *result)
{
	switch (result->outcome) {
	case PLACE_GOOD:
		return "Message published";
	case PLACE_MALFORMED:
		return "expected 1 to 16 PASSporTs of one call, newline between";
	case PLACE_TYPE:
		return "this type of PASSporT is not accepted here";
	case PLACE_REFUSED:
		break;
	}
	return sti_case_row(result->c)->what;
}

void posting_write(struct buf *out, int status, const char *message)
{
	buf_put_str(out, "{");
	json_put_name(out, "code");
	buf_put_int(out, status);
	json_put_member(out, "message", sti_span_str(message));
	buf_put_str(out, "}");
}

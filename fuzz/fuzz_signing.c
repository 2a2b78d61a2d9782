/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
#include "api/signing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tn(const struct sti_tn *tn)
{
	struct sti_tn again;

	if (sti_tn_canonical(sti_tn_span(tn), NULL, &again) || !sti_tn_equal(tn, &again))
		abort();
}

/* What is let through is exactly what sti_sign takes (threats.md A21). */
static void check(const struct signing_request *request)
{
	if (request->attest < 'A' || request->attest > 'C' || request->iat < 0 || request->iat > LIMIT_IAT)
		abort();
	if (request->n_dest == 0 || request->n_dest > LIMIT_DEST || !uuid_is(sti_span(request->origid, UUID_TEXT)))
		abort();
	check_tn(&request->orig);
	for (size_t i = 0; i < request->n_dest; i++)
		check_tn(&request->dest[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signing_request request;
	const char *variable = NULL;
	enum request_error error = signing_request_parse(sti_span(data, size), &sti_tn_plan_nanp, &request, &variable);
	struct buf out = buf_own(4096);

	if (!variable)
		abort();
	if (error)
		request_error_write(&out, error, variable);
	else
		check(&request);
	buf_free(&out);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
#include "api/verification.h"

#include <stdlib.h>

#include "json/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without a credential nothing passes and nothing is said to lie, and the answer is strict JSON but
 * for texts of the request that are not. */
static void answer(struct sti_verify *v)
{
	const struct sti_verify_result *result = sti_verify_result(v);
	struct buf out = buf_own(1 << 20);
	struct json *doc;

	if (result->verstat != STI_VERSTAT_NONE)
		abort();
	verification_response_write(&out, result, false);
	if (buf_error(&out) || json_parse(buf_span(&out), &json_limits_default, &doc))
		abort();
	json_free(doc);
	buf_free(&out);
}

static void verify(const struct verification_request *request)
{
	static const struct sti_verify_policy policy = {.freshness = 60, .skew = 5};
	struct sti_verify_request question = {
		.policy = &policy,
		.now = request->time,
		.time = request->time,
		.orig = request->from,
		.dest = request->to,
		.n_dest = request->n_to,
		.identity = request->identity,
		.n_identity = request->n_identity,
		.ask_oob = true,
	};
	struct sti_want_detail detail;
	struct sti_verify *v;
	enum sti_want want;
	unsigned turns = 0;

	if (sti_verify_start(&question, &v))
		abort();
	while ((want = sti_verify_next(v, &detail)) < STI_WANT_ANSWERS) {
		if (++turns > LIMIT_IDENTITIES + 1)
			abort();
		if (want == STI_WANT_OOB)
			(void)sti_verify_give_oob(v, NULL, 0);
		else
			sti_verify_give_cert(v, detail.url, NULL, STI_E_NETWORK);
	}
	if (want != STI_WANT_NOTHING)
		abort();
	answer(v);
	sti_verify_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verification_request request;
	const char *variable = NULL;

	if (verification_request_parse(sti_span(data, size), &sti_tn_plan_nanp, &request, &variable) == REQUEST_OK)
		verify(&request);
	if (!variable)
		abort();
	verification_request_free(&request);
	return 0;
}

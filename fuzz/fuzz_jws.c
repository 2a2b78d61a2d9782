/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: jose */
#include "jose/jws.h"

#include <stdlib.h>

#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct sti_span token)
{
	struct jws jws;

	if (jws_parse(token, &json_limits_default, &jws) == STI_OK) {
		if (json_root(jws.header)->type != JSON_OBJECT ||
		    (jws.payload == NULL) != (jws.payload_error != STI_OK))
			abort();
		if (!jws.signature_error && jws.signing_input.n + 1 + 86 != token.n)
			abort();
	}
	jws_free(&jws);
}

/* The input as header and payload, cut at the first newline, so that base64 is no hurdle. */
static void check_wrapped(struct sti_span text)
{
	static const uint8_t signature[STI_SIGNATURE];
	struct buf token = buf_own(4 * text.n + 256);
	struct sti_span header = {0};

	if (sti_span_cut(&text, '\n', &header)) {
		base64url_encode(&token, header);
		buf_put_byte(&token, '.');
		base64url_encode(&token, text);
		buf_put_byte(&token, '.');
		base64url_encode(&token, sti_span(signature, sizeof(signature)));
		check(buf_span(&token));
	}
	buf_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(sti_span(data, size));
	check_wrapped(sti_span(data, size));
	return 0;
}

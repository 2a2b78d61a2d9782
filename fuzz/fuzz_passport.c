/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: passport */
#include <sti/passport.h>

#include <stdlib.h>

#include "base/base64.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_token(struct sti_span token)
{
	struct sti_passport *p = NULL;
	const char *at = NULL;

	if (sti_passport_parse(token, &p))
		return;
	if (p->n_dest_tn + p->n_dest_uri > LIMIT_DEST || p->iat < -1 || p->iat > LIMIT_IAT)
		abort();
	if ((p->claims_error != STI_OK) != (p->claims_at != NULL))
		abort();
	if ((sti_passport_check(p, &at) != STI_OK) != (at != NULL))
		abort();
	sti_passport_free(p);
}

/* header "\n" payload: past base64url and into the claims, where chance alone never comes. */
static void try_texts(struct sti_span texts)
{
	static const uint8_t signature[STI_SIGNATURE];
	struct buf token = buf_own(2 * LIMIT_JWS);
	struct sti_span header;

	if (sti_span_cut(&texts, '\n', &header) && texts.p) {
		base64url_encode(&token, header);
		buf_put_byte(&token, '.');
		base64url_encode(&token, texts);
		buf_put_byte(&token, '.');
		base64url_encode(&token, sti_span(signature, sizeof(signature)));
		try_token(buf_span(&token));
	}
	buf_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_token(sti_span(data, size));
	try_texts(sti_span(data, size));
	return 0;
}

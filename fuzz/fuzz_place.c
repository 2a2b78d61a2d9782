/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: role */
#include "role/place.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without a credential nothing is ever stored (threats.md C8). */
static void try_body(struct sti_span body)
{
	static const struct place_policy policy = {.freshness = 60, .skew = 5};
	struct place *place;
	struct sti_span url;
	unsigned turns = 0;

	if (place_start(body, &policy, 129600, &place))
		abort();
	while (place_next(place, &url) == PLACE_WANT_CERT) {
		if (++turns > LIMIT_PASSPORTS || url.n == 0)
			abort();
		place_give(place, url, NULL, STI_E_NETWORK);
	}
	if (place_next(place, &url) != PLACE_WANT_NOTHING)
		abort();
	if (place_result(place)->outcome == PLACE_GOOD || place_result(place)->n_item > 0)
		abort();
	place_free(place);
}

static void put_token(struct buf *out, struct sti_span header, struct sti_span payload)
{
	static const uint8_t signature[STI_SIGNATURE] = {1};

	base64url_encode(out, header);
	buf_put_byte(out, '.');
	base64url_encode(out, payload);
	buf_put_byte(out, '.');
	base64url_encode(out, sti_span(signature, sizeof(signature)));
	buf_put_byte(out, '\n');
}

/* Lines in pairs, header and payload: as far as the claims, where chance alone never comes. */
static void try_texts(struct sti_span texts)
{
	struct buf body = buf_own(LIMIT_BODY);
	struct sti_span header, payload;

	while (sti_span_cut(&texts, '\n', &header) && sti_span_cut(&texts, '\n', &payload))
		put_token(&body, header, payload);
	if (!buf_error(&body))
		try_body(buf_span(&body));
	buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_body(sti_span(data, size));
	try_texts(sti_span(data, size));
	return 0;
}

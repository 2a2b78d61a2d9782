/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/list_write.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/limits.h"
#include "jose/jws.h"
#include "json/writer.h"

static void put_number(struct buf *out, const char *name, int64_t number)
{
	json_put_name(out, name);
	buf_put_int(out, number);
}

static enum sti_error sign(const struct sti_key *key, const struct list_claims *claims, const char *typ,
			   const struct buf *payload, struct buf *out)
{
	uint8_t memory[LIMIT_JWS_HEADER];
	struct buf header = buf_lend(memory, sizeof(memory));

	buf_put_byte(&header, '{');
	json_put_member(&header, "alg", sti_span_str("ES256"));
	json_put_member(&header, "typ", sti_span_str(typ));
	json_put_member(&header, "x5u", claims->x5u);
	buf_put_byte(&header, '}');
	if (buf_error(&header) || buf_error(payload))
		return buf_error(&header) ? buf_error(&header) : buf_error(payload);
	return jws_sign(key, buf_span(&header), buf_span(payload), out);
}

static void put_root(struct buf *out, struct sti_span der)
{
	json_put_comma(out);
	buf_put_byte(out, '"');
	base64_encode(out, der);
	buf_put_byte(out, '"');
}

enum sti_error list_write_ca(const struct sti_key *key, const struct list_claims *claims, const struct sti_span *der,
			     size_t n, struct buf *out)
{
	struct buf payload = buf_own(LIMIT_CA_LIST);
	enum sti_error error;

	buf_put_byte(&payload, '{');
	put_number(&payload, "exp", claims->exp);
	put_number(&payload, "sequence", claims->sequence);
	json_put_name(&payload, "trustList");
	buf_put_byte(&payload, '[');
	for (size_t i = 0; i < n; i++)
		put_root(&payload, der[i]);
	buf_put_byte(&payload, ']');
	put_number(&payload, "version", 1);
	buf_put_byte(&payload, '}');
	error = sign(key, claims, "jwt", &payload, out);
	buf_free(&payload);
	return error;
}

static int compare(const void *a, const void *b)
{
	return sti_span_compare(((const struct list_cps *)a)->ocn, ((const struct list_cps *)b)->ocn);
}

/* Members by code point of their names (RFC 8225 9). */
static enum sti_error sort(const struct list_cps *cps, size_t n, struct list_cps **out)
{
	struct list_cps *sorted = calloc(n ? n : 1, sizeof(*sorted));

	if (!sorted)
		return STI_E_MEMORY;
	if (n)
		memcpy(sorted, cps, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 1; i < n; i++)
		if (sti_span_equal(sorted[i - 1].ocn, sorted[i].ocn)) {
			free(sorted);
			return STI_E_JSON_TWICE;
		}
	*out = sorted;
	return STI_OK;
}

static void put_mapping(struct buf *out, const struct list_claims *claims, const struct list_cps *cps, size_t n)
{
	buf_put_byte(out, '{');
	json_put_name(out, "cpsMapping");
	buf_put_byte(out, '{');
	for (size_t i = 0; i < n; i++) {
		json_put_comma(out);
		json_put_string(out, cps[i].ocn);
		buf_put_byte(out, ':');
		json_put_string(out, cps[i].url);
	}
	buf_put_byte(out, '}');
	put_number(out, "exp", claims->exp);
	put_number(out, "sequence", claims->sequence);
	json_put_member(out, "version", sti_span_str("1.0"));
	buf_put_byte(out, '}');
}

enum sti_error list_write_mapping(const struct sti_key *key, const struct list_claims *claims,
				  const struct list_cps *cps, size_t n, struct buf *out)
{
	struct buf payload = buf_own(LIMIT_MAPPING_LIST);
	struct list_cps *sorted;
	enum sti_error error = sort(cps, n, &sorted);

	if (error)
		return error;
	put_mapping(&payload, claims, sorted, n);
	error = sign(key, claims, "JWT", &payload, out);
	buf_free(&payload);
	free(sorted);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/sign.h>

#include <sti/identity.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "jose/jws.h"
#include "json/writer.h"
#include "passport/x5u.h"

enum {
	HEADER_MAX = LIMIT_X5U + 64, /* alg, ppt, typ and the URL */
	PAYLOAD_MAX = LIMIT_DEST * 18 + 256, /* "…", for each number, and the other claims */
};

/* The numbers of dest in the order they are written in. */
struct order {
	const struct sti_tn *tn[LIMIT_DEST];
	size_t n;
};

/* A number is a plain struct that any caller may have filled: only what is canonical already is
 * written, so nothing of a number can end up as JSON of its own (threats.md A21). */
static bool is_canonical(const struct sti_tn *tn)
{
	struct sti_tn again;

	return tn->n <= STI_TN_MAX && sti_tn_canonical(sti_tn_span(tn), NULL, &again) == STI_OK &&
	       sti_tn_equal(tn, &again);
}

static bool all_canonical(const struct sti_sign_request *request)
{
	for (size_t i = 0; i < request->n_dest; i++)
		if (!is_canonical(&request->dest[i]))
			return false;
	return is_canonical(&request->orig) && (!request->div || is_canonical(request->div));
}

static bool is_attest(char attest)
{
	return attest == 'A' || attest == 'B' || attest == 'C';
}

static enum sti_error check_request(const struct sti_sign_request *request)
{
	if (request->n_dest == 0)
		return STI_E_CLAIM_MISSING;
	if (request->n_dest > LIMIT_DEST)
		return STI_E_LIMIT;
	if (!all_canonical(request))
		return STI_E_TN;
	if (request->iat < 0 || request->iat > LIMIT_IAT)
		return STI_E_CLAIM_VALUE;
	if (!request->div && (!is_attest(request->attest) || !uuid_is(request->origid)))
		return STI_E_CLAIM_VALUE;
	return STI_OK;
}

/* Shorter first where one begins the other: strcmp's order, which is the lexicographic one. */
static int compare(const struct sti_tn *a, const struct sti_tn *b)
{
	int c = memcmp(a->text, b->text, a->n < b->n ? a->n : b->n);

	return c ? c : a->n - b->n;
}

static void insert(struct order *order, const struct sti_tn *tn)
{
	size_t at = order->n;

	while (at > 0 && compare(order->tn[at - 1], tn) > 0)
		at--;
	if (at > 0 && sti_tn_equal(order->tn[at - 1], tn))
		return;
	memmove(&order->tn[at + 1], &order->tn[at], (order->n - at) * sizeof(order->tn[0]));
	order->tn[at] = tn;
	order->n++;
}

static void put_tn(struct buf *out, const char *claim, const struct sti_tn *tn)
{
	json_put_name(out, claim);
	buf_put_byte(out, '{');
	json_put_member(out, "tn", sti_tn_span(tn));
	buf_put_byte(out, '}');
}

/* RFC 8225 5.2.1: the entries of an array in lexicographic order. */
static void put_dest(struct buf *out, const struct sti_sign_request *request)
{
	struct order order = {0};

	for (size_t i = 0; i < request->n_dest; i++)
		insert(&order, &request->dest[i]);
	json_put_name(out, "dest");
	buf_put_byte(out, '{');
	json_put_name(out, "tn");
	buf_put_byte(out, '[');
	for (size_t i = 0; i < order.n; i++) {
		json_put_comma(out);
		json_put_string(out, sti_tn_span(order.tn[i]));
	}
	buf_put_str(out, "]}");
}

/* Members by code point, RFC 8225 9: attest, dest, div, iat, orig, origid. */
static void put_payload(struct buf *out, const struct sti_sign_request *request)
{
	buf_put_byte(out, '{');
	if (!request->div)
		json_put_member(out, "attest", sti_span(&request->attest, 1));
	put_dest(out, request);
	if (request->div)
		put_tn(out, "div", request->div);
	json_put_name(out, "iat");
	buf_put_int(out, request->iat);
	put_tn(out, "orig", &request->orig);
	if (!request->div)
		json_put_member(out, "origid", request->origid);
	buf_put_byte(out, '}');
}

static void put_header(struct buf *out, struct sti_span x5u, struct sti_span ppt)
{
	buf_put_byte(out, '{');
	json_put_member(out, "alg", sti_span_str("ES256"));
	json_put_member(out, "ppt", ppt);
	json_put_member(out, "typ", sti_span_str("passport"));
	json_put_member(out, "x5u", x5u);
	buf_put_byte(out, '}');
}

static enum sti_error put_token(const struct sti_key *key, struct sti_span x5u, struct sti_span ppt,
				const struct sti_sign_request *request, struct buf *out)
{
	uint8_t header_bytes[HEADER_MAX], payload_bytes[PAYLOAD_MAX];
	struct buf header = buf_lend(header_bytes, sizeof(header_bytes));
	struct buf payload = buf_lend(payload_bytes, sizeof(payload_bytes));

	put_header(&header, x5u, ppt);
	put_payload(&payload, request);
	if (buf_error(&header) || buf_error(&payload))
		return STI_E_LIMIT;
	return jws_sign(key, buf_span(&header), buf_span(&payload), out);
}

enum sti_error sti_sign(const struct sti_key *key, struct sti_span x5u, const struct sti_sign_request *request,
			char out[STI_IDENTITY_MAX], size_t *n)
{
	uint8_t bytes[LIMIT_JWS];
	struct buf token = buf_lend(bytes, sizeof(bytes));
	struct sti_span ppt = sti_span_str(request->div ? "div" : "shaken");
	enum sti_error error = check_request(request);

	if (!error)
		error = x5u_check(x5u);
	if (!error)
		error = put_token(key, x5u, ppt, request, &token);
	if (!error)
		error = sti_identity_write(buf_span(&token), x5u, ppt, out, STI_IDENTITY_MAX, n);
	return error;
}

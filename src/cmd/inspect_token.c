/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/tnauthlist.h>

#include "base/base64.h"
#include "base/limits.h"
#include "cmd/inspect.h"

/* The SPC token: an authority token of RFC 9447 and 9448. */

static const char clause[] = "RFC 9448 5";
static const char clause_atc[] = "RFC 9448 5.4";

static const struct json_node *claim(const struct inspect *in, const struct json_node *object, const char *name)
{
	return json_member(in->jws.payload, object, name);
}

static void check_header(struct inspect *in)
{
	const struct json *header = in->jws.header;
	struct sti_span alg = {NULL, 0}, typ = {NULL, 0};

	json_string(json_member(header, json_root(header), "alg"), &alg);
	json_string(json_member(header, json_root(header), "typ"), &typ);
	if (!sti_span_is(alg, "ES256"))
		inspect_fault(in, clause, "alg: expected ES256");
	if (!sti_span_is_nocase(typ, "JWT"))
		inspect_fault(in, clause, "typ: expected JWT");
	if (!json_member(header, json_root(header), "x5u") && !json_member(header, json_root(header), "x5c"))
		inspect_fault(in, clause, "expected x5u or x5c in the header");
}

static void check_claims(struct inspect *in)
{
	const struct json_node *root = json_root(in->jws.payload);
	const struct json_node *exp = claim(in, root, "exp");
	struct sti_span jti;
	int64_t until;
	char text[REPORT_TIME];

	if (!exp || json_integer(exp, &until))
		inspect_fault(in, clause, "exp: expected a whole number of seconds");
	else if (until <= in->now)
		inspect_note(in, "RFC 7519 4.1.4", "has expired, %s", report_time_text(until, text));
	if (!json_string(claim(in, root, "jti"), &jti) || jti.n == 0)
		inspect_fault(in, clause, "jti: expected a text that is used once");
}

/* Deployed servers write the standard alphabet where the RFC says base64url: the octets count. */
static enum sti_error decode(struct inspect *in, struct sti_span value, struct buf *out)
{
	size_t n = base64url_decoded_size(value.n);
	uint8_t *room = buf_extend(out, n);

	if (!room)
		return STI_E_MEMORY;
	if (base64url_decode(value, room) == STI_OK)
		return STI_OK;
	out->n = 0;
	inspect_note(in, clause_atc, "tkvalue is not base64url");
	return base64_decode(out, value);
}

static void put_entries(struct inspect *in, const struct sti_tnauthlist *list)
{
	struct sti_span spc;

	if (sti_tnauthlist_spc(list, &spc) == STI_OK)
		report_text(&in->report, "spc", spc);
	inspect_put_tnauthlist(in, list);
}

static void check_value(struct inspect *in, const struct json_node *atc)
{
	struct buf der = buf_own(LIMIT_JWS);
	struct sti_tnauthlist *list;
	struct sti_span value;
	enum sti_error error = STI_E_CLAIM_MISSING;

	if (json_string(claim(in, atc, "tkvalue"), &value))
		error = decode(in, value, &der);
	if (!error)
		error = sti_tnauthlist_parse(buf_span(&der), &list);
	if (error) {
		inspect_fault(in, clause_atc, "tkvalue: %s, expected a TNAuthList", sti_error_text(error));
	} else {
		put_entries(in, list);
		sti_tnauthlist_free(list);
	}
	buf_free(&der);
}

/* "SHA256 AA:BB:…" */
static bool is_fingerprint(struct sti_span text)
{
	static const char prefix[] = "SHA256 ";
	struct sti_span hex = sti_span_from(text, sizeof(prefix) - 1);

	if (!sti_span_is(sti_span_first(text, sizeof(prefix) - 1), prefix) || hex.n != 32 * 3 - 1)
		return false;
	for (size_t i = 0; i < hex.n; i++)
		if (i % 3 == 2 ? hex.p[i] != ':' : !memchr("0123456789ABCDEF", hex.p[i], 16))
			return false;
	return true;
}

static void check_atc(struct inspect *in)
{
	const struct json_node *atc = claim(in, json_root(in->jws.payload), "atc");
	const struct json_node *ca;
	struct sti_span text;

	if (!atc || atc->type != JSON_OBJECT) {
		inspect_fault(in, clause_atc, "atc: expected an object");
		return;
	}
	if (!json_string(claim(in, atc, "tktype"), &text) || !sti_span_is_nocase(text, "TNAuthList"))
		inspect_fault(in, clause_atc, "tktype: expected TNAuthList");
	if (!json_string(claim(in, atc, "fingerprint"), &text) || !is_fingerprint(text))
		inspect_fault(in, clause_atc, "fingerprint: expected SHA256 and 32 pairs of hex digits with : between");
	ca = claim(in, atc, "ca");
	if (ca && ca->type != JSON_TRUE && ca->type != JSON_FALSE)
		inspect_fault(in, clause_atc, "ca: expected true or false");
	check_value(in, atc);
}

enum sti_error inspect_spc_token(struct inspect *in)
{
	if (in->jws_error || in->jws.payload_error)
		return in->jws_error ? in->jws_error : in->jws.payload_error;
	inspect_put_jws(in, &in->jws, true);
	check_header(in);
	check_claims(in);
	check_atc(in);
	return STI_OK;
}

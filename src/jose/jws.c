/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/jws.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/limits.h"

/* The three parts as text. */
struct parts {
	struct sti_span header;
	struct sti_span payload;
	struct sti_span signature;
};

/* Exactly two dots and nothing empty: RFC 7515 7.1, and no compact form of RFC 8225 7. */
static enum sti_error split(struct sti_span token, struct parts *out)
{
	struct sti_span rest = token;

	if (!sti_span_cut(&rest, '.', &out->header) || !sti_span_cut(&rest, '.', &out->payload) || !rest.p)
		return STI_E_JWS;
	out->signature = rest;
	if (out->header.n == 0 || out->payload.n == 0 || sti_span_find(rest, '.') != rest.n)
		return STI_E_JWS;
	return STI_OK;
}

/* The signature is refused by its length, before any arithmetic (threats.md A7); but what the header
 * says of alg comes first in the order of the cases. */
static enum sti_error decode_signature(struct sti_span text, uint8_t signature[STI_SIGNATURE])
{
	return text.n == LIMIT_JWS_SIGNATURE ? base64url_decode(text, signature) : STI_E_JWS;
}

static enum sti_error decode(const struct parts *parts, struct jws *out)
{
	size_t n_header = base64url_decoded_size(parts->header.n);
	size_t n_payload = base64url_decoded_size(parts->payload.n);
	enum sti_error error;

	if (parts->header.n > LIMIT_JWS_HEADER)
		return STI_E_LIMIT;
	out->owned = malloc(n_header + n_payload + 1);
	if (!out->owned)
		return STI_E_MEMORY;
	out->header_text = sti_span(out->owned, n_header);
	out->payload_text = sti_span(out->owned + n_header, n_payload);
	error = base64url_decode(parts->header, out->owned);
	if (!error)
		error = base64url_decode(parts->payload, out->owned + n_header);
	out->signature_error = decode_signature(parts->signature, out->signature);
	return error;
}

/* crit and b64 (RFC 7797) would change what is signed; keys named by the token itself are never
 * used (RFC 8725 3.10). x5c, kid and x5t only describe the key, and are not looked at. */
static enum sti_error check_header(const struct json *header)
{
	static const char *const refused[] = {"crit", "b64", "jwk", "jku"};

	if (json_root(header)->type != JSON_OBJECT)
		return STI_E_JSON;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (json_member(header, json_root(header), refused[i]))
			return STI_E_HEADER;
	return STI_OK;
}

static enum sti_error read_header(struct jws *out)
{
	enum sti_error error = json_parse(out->header_text, &json_limits_default, &out->header);

	return error ? error : check_header(out->header);
}

static enum sti_error read_payload(const struct json_limits *limits, struct jws *out)
{
	out->payload_error = json_parse(out->payload_text, limits, &out->payload);
	return out->payload_error == STI_E_MEMORY ? STI_E_MEMORY : STI_OK;
}

static enum sti_error take_apart(struct sti_span token, const struct json_limits *limits, struct jws *out)
{
	struct parts parts;
	enum sti_error error = split(token, &parts);

	if (!error)
		error = decode(&parts, out);
	if (!error)
		error = read_header(out);
	if (!error)
		error = read_payload(limits, out);
	if (error)
		return error;
	out->token = token;
	out->signing_input = sti_span_first(token, parts.header.n + 1 + parts.payload.n);
	return STI_OK;
}

enum sti_error jws_parse(struct sti_span token, const struct json_limits *payload_limits, struct jws *out)
{
	enum sti_error error;

	*out = (struct jws){0};
	error = take_apart(token, payload_limits, out);
	if (error)
		jws_free(out);
	return error;
}

void jws_free(struct jws *jws)
{
	json_free(jws->header);
	json_free(jws->payload);
	free(jws->owned);
	*jws = (struct jws){0};
}

enum sti_error jws_verify(const struct jws *jws, const struct sti_public_key *key)
{
	if (jws->signature_error)
		return jws->signature_error;
	return sti_public_key_verify(key, jws->signing_input, jws->signature);
}

enum sti_error jws_sign(const struct sti_key *key, struct sti_span header, struct sti_span payload, struct buf *out)
{
	size_t start = buf_span(out).n;
	uint8_t signature[STI_SIGNATURE];
	enum sti_error error;

	base64url_encode(out, header);
	buf_put_byte(out, '.');
	base64url_encode(out, payload);
	if (buf_error(out))
		return buf_error(out);
	error = sti_key_sign(key, sti_span_from(buf_span(out), start), signature);
	if (error)
		return error;
	buf_put_byte(out, '.');
	base64url_encode(out, sti_span(signature, sizeof(signature)));
	return buf_error(out);
}

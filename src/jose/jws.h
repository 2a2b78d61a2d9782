/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOSE_JWS_H
#define JOSE_JWS_H

#include <sti/key.h>

#include "base/buf.h"
#include "json/reader.h"

/*
 * A compact JWS (RFC 7515 7.1), taken apart but not believed. The spans point into the token,
 * which must outlive the jws; the decoded parts and their JSON are owned.
 * alg is not looked at here: ES256 is the one function there is, and the caller compares.
 */
struct jws {
	struct sti_span token;
	struct sti_span signing_input; /* header "." payload as received; what is signed */
	struct sti_span header_text; /* decoded octets */
	struct sti_span payload_text;
	struct json *header; /* always an object */
	struct json *payload; /* NULL when the payload is not strict JSON; payload_error says why */
	enum sti_error payload_error;
	uint8_t signature[STI_SIGNATURE];
	enum sti_error signature_error; /* the third part is not 64 octets in base64url: never verifies */
	uint8_t *owned;
};

/* STI_E_JWS, STI_E_BASE64, STI_E_LIMIT, STI_E_JSON*, or STI_E_HEADER for crit, b64, jwk and jku
 * (RFC 7515 4.1.11; key material in the header is never used). */
enum sti_error jws_parse(struct sti_span token, const struct json_limits *payload_limits, struct jws *out);
void jws_free(struct jws *jws);

/* Over the received octets, never over a copy that was written again. signature_error where there is
 * one. */
enum sti_error jws_verify(const struct jws *jws, const struct sti_public_key *key);

/* header and payload are JSON texts; writes the compact form. */
enum sti_error jws_sign(const struct sti_key *key, struct sti_span header, struct sti_span payload, struct buf *out);

#endif

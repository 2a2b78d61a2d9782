/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "support/key_pair.h"
#include "support/vectors.h"

#define HEADER "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/a.pem\"}"
#define PAYLOAD                                                                                                        \
	"{\"attest\":\"A\",\"dest\":{\"tn\":[\"12025550101\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12025550100\"},"  \
	"\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}"

struct fixture {
	struct key_pair pair;
	struct sti_key *key;
	struct sti_public_key *public_key;
	struct buf token; /* of HEADER and PAYLOAD */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->pair = key_pair_make();
	assert_int_equal(sti_key_parse(f->pair.private_pem, &f->key), STI_OK);
	assert_int_equal(sti_public_key_parse(f->pair.public_pem, &f->public_key), STI_OK);
	f->token = buf_own(LIMIT_JWS);
	assert_int_equal(jws_sign(f->key, sti_span_str(HEADER), sti_span_str(PAYLOAD), &f->token), STI_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	buf_free(&f->token);
	sti_key_free(f->key);
	sti_public_key_free(f->public_key);
	key_pair_free(&f->pair);
	free(f);
	return 0;
}

/* Parses and verifies a copy of exact size: what was wrong first. */
static enum sti_error judge(const struct fixture *f, struct sti_span token)
{
	struct sti_span copy = vectors_copy(token);
	struct jws jws;
	enum sti_error error = jws_parse(copy, &json_limits_default, &jws);

	if (!error)
		error = jws.payload_error;
	if (!error)
		error = jws_verify(&jws, f->public_key);
	jws_free(&jws);
	vectors_free(copy);
	return error;
}

static enum sti_error judge_signed(const struct fixture *f, const char *header, const char *payload)
{
	struct buf token = buf_own(4 * LIMIT_JWS);
	enum sti_error error;

	assert_int_equal(jws_sign(f->key, sti_span_str(header), sti_span_str(payload), &token), STI_OK);
	error = judge(f, buf_span(&token));
	buf_free(&token);
	return error;
}

/* header "." payload "." signature, each as octets. */
static enum sti_error judge_made(const struct fixture *f, struct sti_span header, struct sti_span payload,
				 struct sti_span signature)
{
	struct buf token = buf_own(4 * LIMIT_JWS);
	enum sti_error error;

	base64url_encode(&token, header);
	buf_put_byte(&token, '.');
	base64url_encode(&token, payload);
	buf_put_byte(&token, '.');
	base64url_encode(&token, signature);
	assert_int_equal(buf_error(&token), STI_OK);
	error = judge(f, buf_span(&token));
	buf_free(&token);
	return error;
}

static void test_what_was_signed_comes_apart_again(void **state)
{
	struct fixture *f = *state;
	struct jws jws;

	assert_int_equal(jws_parse(buf_span(&f->token), &json_limits_default, &jws), STI_OK);
	assert_true(sti_span_is(jws.header_text, HEADER));
	assert_true(sti_span_is(jws.payload_text, PAYLOAD));
	assert_true(sti_span_equal(jws.token, buf_span(&f->token)));
	assert_int_equal(jws.signing_input.n + 1 + LIMIT_JWS_SIGNATURE, f->token.n);
	assert_true(sti_span_is(json_member(jws.header, json_root(jws.header), "ppt")->text, "shaken"));
	assert_true(sti_span_is(json_member(jws.payload, json_root(jws.payload), "attest")->text, "A"));
	assert_int_equal(jws_verify(&jws, f->public_key), STI_OK);
	jws_free(&jws);
	jws_free(&jws);
}

/* RFC 7515 A.3: its JSON has CR LF and blanks in it, which are part of what is signed. */
static void test_B10_the_es256_example_of_rfc_7515(void **state)
{
	static const char token[] =
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y"
		"b290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	struct fixture *f = *state;
	struct sti_span der = vectors_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200047fcdce2770f6c45d4183cb"
					  "ee6fdb4b7b580733357be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9eeb9f4b3"
					  "695d6ea90b24ad8a4623288588e5ad");

	sti_public_key_free(f->public_key);
	assert_int_equal(sti_public_key_parse(der, &f->public_key), STI_OK);
	assert_int_equal(judge(f, sti_span_str(token)), STI_OK);
	vectors_free(der);
}

static void test_B10_order_blanks_and_unknown_claims(void **state)
{
	assert_int_equal(judge_signed(*state, " {\"x5u\" : \"a\",\r\n\"alg\":\"ES256\"}\n",
				      "\t{\"sph\":1,\"iat\":2 , \"a\":[]} "),
			 STI_OK);
}

static void test_every_letter_of_the_signed_part_counts(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i + LIMIT_JWS_SIGNATURE + 1 < f->token.n; i++) {
		uint8_t was = f->token.p[i];

		f->token.p[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(judge(f, buf_span(&f->token)), STI_OK);
		f->token.p[i] = was;
	}
}

static void test_A1_alg_none_and_nothing_for_a_signature(void **state)
{
	static const char *const rows[] = {"{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"NONE\"}",
					   "{\"alg\":\"nOnE\"}", "{\"alg\":\"\"}",     "{}"};
	struct fixture *f = *state;
	const uint8_t zeros[STI_SIGNATURE] = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sti_span header = sti_span_str(rows[i]), payload = sti_span_str(PAYLOAD);

		assert_int_equal(judge_made(f, header, payload, sti_span(NULL, 0)), STI_E_JWS);
		assert_int_equal(judge_made(f, header, payload, sti_span(zeros, STI_SIGNATURE)), STI_E_SIGNATURE);
	}
}

/* The MAC of the signing input under every form of the public key that an attacker has. */
static void test_A2_hs256_under_the_public_key(void **state)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	struct fixture *f = *state;
	const struct sti_span keys[] = {f->pair.public_pem, sti_span(sti_public_key_id(f->public_key), DIGEST_SHA256)};
	struct buf input = buf_own(LIMIT_JWS);

	base64url_encode(&input, sti_span_str(header));
	buf_put_byte(&input, '.');
	base64url_encode(&input, sti_span_str(PAYLOAD));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		uint8_t mac[STI_SIGNATURE] = {0};

		assert_int_equal(digest_keyed(keys[i], buf_span(&input), mac), STI_OK);
		assert_int_equal(
			judge_made(f, sti_span_str(header), sti_span_str(PAYLOAD), sti_span(mac, DIGEST_SHA256)),
			STI_E_JWS);
		memcpy(mac + DIGEST_SHA256, mac, DIGEST_SHA256);
		assert_int_equal(
			judge_made(f, sti_span_str(header), sti_span_str(PAYLOAD), sti_span(mac, STI_SIGNATURE)),
			STI_E_SIGNATURE);
	}
	buf_free(&input);
}

/* No alg leads anywhere else: a signature is ES256 or wrong. */
static void test_A3_alg_is_not_dispatched_on(void **state)
{
	static const char *const rows[] = {"\"RS256\"", "\"PS256\"",     "\"ES384\"",   "\"ES512\"",
					   "\"EdDSA\"", "\"ES256K\"",    "[\"ES256\"]", "256",
					   "null",      "{\"a\":\"b\"}", "true"};
	struct fixture *f = *state;
	uint8_t signature[STI_SIGNATURE];

	memset(signature, 0x55, sizeof(signature));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char header[64];

		snprintf(header, sizeof(header), "{\"alg\":%s}", rows[i]);
		assert_int_equal(
			judge_made(f, sti_span_str(header), sti_span_str(PAYLOAD), sti_span(signature, STI_SIGNATURE)),
			STI_E_SIGNATURE);
	}
}

static void test_A5_A6_header_members(void **state)
{
	static const struct {
		const char *member;
		enum sti_error error;
	} rows[] = {
		{"\"jwk\":{\"kty\":\"EC\"}", STI_E_HEADER},
		{"\"jku\":\"https://cert.example.org/keys\"", STI_E_HEADER},
		{"\"j\\u0077k\":{}", STI_E_HEADER},
		{"\"crit\":[\"exp\"]", STI_E_HEADER},
		{"\"crit\":[]", STI_E_HEADER},
		{"\"crit\":null", STI_E_HEADER},
		{"\"b64\":false", STI_E_HEADER},
		{"\"b64\":true", STI_E_HEADER},
		{"\"x5c\":[\"AAAA\"]", STI_OK},
		{"\"kid\":\"k\"", STI_OK},
		{"\"x5t\":\"t\"", STI_OK},
		{"\"alg\":\"ES256\"", STI_E_JSON_TWICE},
		{"\"\\u0061lg\":\"none\"", STI_E_JSON_TWICE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char header[128];

		snprintf(header, sizeof(header), "{\"alg\":\"ES256\",%s}", rows[i].member);
		if (judge_signed(*state, header, PAYLOAD) != rows[i].error)
			fail_msg("%s", header);
	}
}

static void test_a_header_that_is_no_object(void **state)
{
	static const char *const rows[] = {"[]", "\"crit\"", "1", "null", "", "{", "{}{}", "\xef\xbb\xbf{}"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum sti_error error = judge_signed(*state, rows[i], PAYLOAD);

		assert_int_equal(error, *rows[i] ? STI_E_JSON : STI_E_JWS);
	}
}

static void check_signature_length(const struct fixture *f, size_t n, enum sti_error expected)
{
	uint8_t signature[128];

	memset(signature, 0x11, sizeof(signature));
	assert_int_equal(judge_made(f, sti_span_str(HEADER), sti_span_str(PAYLOAD), sti_span(signature, n)), expected);
}

static void test_A7_signature_of_0_1_63_65_70_72_96_128_octets(void **state)
{
	for (size_t n = 0; n <= 128; n++)
		check_signature_length(*state, n, n == STI_SIGNATURE ? STI_E_SIGNATURE : STI_E_JWS);
}

static void test_A8_wycheproof_psychic_signature(void **state)
{
	struct fixture *f = *state;
	const uint8_t zeros[STI_SIGNATURE] = {0};

	assert_int_equal(judge_made(f, sti_span_str(HEADER), sti_span_str(PAYLOAD), sti_span(zeros, sizeof(zeros))),
			 STI_E_SIGNATURE);
}

static bool in_alphabet(unsigned c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* First, inner and last letter of each part. */
static void test_A11_every_octet_in_every_kind_of_place(void **state)
{
	struct fixture *f = *state;
	struct sti_span token = buf_span(&f->token);
	size_t dot = sti_span_find(token, '.'), dot2 = token.n - LIMIT_JWS_SIGNATURE - 1;
	const size_t places[] = {0, 1, dot - 1, dot + 1, dot + 20, dot2 - 1, dot2 + 1, dot2 + 40, token.n - 1};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		uint8_t was = f->token.p[places[i]];

		for (unsigned c = 0; c < 256; c++) {
			enum sti_error error;

			f->token.p[places[i]] = (uint8_t)c;
			error = judge(f, token);
			if ((error == STI_OK) != (c == was) ||
			    (!in_alphabet(c) && error != (c == '.' ? STI_E_JWS : STI_E_BASE64)))
				fail_msg("octet %02x at %zu: %s", c, places[i], sti_error_text(error));
		}
		f->token.p[places[i]] = was;
	}
}

static void test_A11_blanks_and_padding_around(void **state)
{
	static const char *const tails[] = {"=", "==", " ", "\n", "\r\n", "\t", "A", "."};
	struct fixture *f = *state;
	size_t n = f->token.n;

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		buf_put_str(&f->token, tails[i]);
		assert_int_equal(judge(f, buf_span(&f->token)), STI_E_JWS);
		f->token.n = n;
	}
}

/* The signature's last letter holds two bits that must be zero: of 64 letters one is right, and
 * none of the others decodes. */
static void test_A12_another_last_letter_for_the_same_octets(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct fixture *f = *state;
	uint8_t *last = f->token.p + f->token.n - 1, was = *last;
	size_t at = (size_t)(strchr(alphabet, was) - alphabet), spelt_so = 0;

	for (size_t i = 0; i < 64; i++) {
		enum sti_error error;

		*last = (uint8_t)alphabet[i];
		error = judge(f, buf_span(&f->token));
		assert_int_equal(error, i == at ? STI_OK : i % 16 ? STI_E_BASE64 : STI_E_SIGNATURE);
		spelt_so += error == STI_OK;
	}
	assert_int_equal(spelt_so, 1);
}

static void test_A13_A15_not_three_parts(void **state)
{
	static const char *const rows[] = {
		"",
		".",
		"..",
		"...",
		"e30",
		"e30.e30",
		"e30.e30.",
		".e30.e30",
		"e30.e30.e30.e30",
		"....",
		"e30.e30.e30.",
		"e30..AAAA",
		"{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"AAAA\"}",
		"eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", /* JWE, RFC 7516 7.1 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (judge(*state, sti_span_str(rows[i])) != STI_E_JWS)
			fail_msg("%s", rows[i]);
	assert_int_equal(judge(*state, sti_span_str("{\"a.b.c\":1}")), STI_E_BASE64);
	assert_int_equal(judge(*state, sti_span(NULL, 0)), STI_E_JWS);
}

/* header "." "." signature, RFC 8225 7: SHAKEN is full form only. */
static void test_A14_compact_form(void **state)
{
	struct fixture *f = *state;
	struct sti_span token = buf_span(&f->token), signature = sti_span_from(token, token.n - LIMIT_JWS_SIGNATURE);
	struct buf compact = buf_own(LIMIT_JWS);

	buf_put(&compact, sti_span_first(token, sti_span_find(token, '.')));
	buf_put_str(&compact, "..");
	buf_put(&compact, signature);
	assert_int_equal(judge(f, buf_span(&compact)), STI_E_JWS);
	assert_int_equal(judge(f, sti_span_from(buf_span(&compact), sti_span_find(token, '.'))), STI_E_JWS);
	buf_free(&compact);
}

static void test_A13_a_dot_or_a_blank_before_and_behind(void **state)
{
	static const char *const heads[] = {".", " ", "\n", "Identity: "};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct buf token = buf_own(LIMIT_JWS);

		buf_put_str(&token, heads[i]);
		buf_put(&token, buf_span(&f->token));
		assert_int_equal(judge(f, buf_span(&token)), *heads[i] == '.' ? STI_E_JWS : STI_E_BASE64);
		buf_free(&token);
	}
}

static void test_a_token_cut_short_anywhere(void **state)
{
	struct fixture *f = *state;

	for (size_t n = 0; n < f->token.n; n++)
		assert_int_equal(judge(f, sti_span_first(buf_span(&f->token), n)), STI_E_JWS);
}

static void test_A17_signed_by_somebody_else(void **state)
{
	struct fixture *f = *state;
	struct key_pair other = key_pair_make();

	sti_public_key_free(f->public_key);
	assert_int_equal(sti_public_key_parse(other.public_pem, &f->public_key), STI_OK);
	assert_int_equal(judge(f, buf_span(&f->token)), STI_E_SIGNATURE);
	key_pair_free(&other);
}

static void test_a_header_over_2_KiB(void **state)
{
	char header[LIMIT_JWS_HEADER];

	memset(header, ' ', sizeof(header));
	memcpy(header, "{\"alg\":\"ES256\"}", 15);
	header[LIMIT_JWS_HEADER / 4 * 3] = '\0';
	assert_int_equal(judge_signed(*state, header, PAYLOAD), STI_OK);
	header[LIMIT_JWS_HEADER / 4 * 3] = ' ';
	header[LIMIT_JWS_HEADER / 4 * 3 + 1] = '\0';
	assert_int_equal(judge_signed(*state, header, PAYLOAD), STI_E_LIMIT);
}

/* The signature of such a payload is judged all the same. */
static void test_B3_a_payload_that_is_not_json(void **state)
{
	struct fixture *f = *state;
	struct buf token = buf_own(LIMIT_JWS);
	struct jws jws;

	assert_int_equal(jws_sign(f->key, sti_span_str(HEADER), sti_span_str("{'iat':1}"), &token), STI_OK);
	assert_int_equal(jws_parse(buf_span(&token), &json_limits_default, &jws), STI_OK);
	assert_null(jws.payload);
	assert_int_equal(jws.payload_error, STI_E_JSON);
	assert_int_equal(jws_verify(&jws, f->public_key), STI_OK);
	jws_free(&jws);
	buf_free(&token);
}

static void test_sign_behind_what_stands_in_the_buffer(void **state)
{
	struct fixture *f = *state;
	struct buf out = buf_own(LIMIT_JWS);

	buf_put_str(&out, "Identity: ");
	assert_int_equal(jws_sign(f->key, sti_span_str(HEADER), sti_span_str(PAYLOAD), &out), STI_OK);
	assert_int_equal(judge(f, sti_span_from(buf_span(&out), 10)), STI_OK);
	buf_free(&out);
}

static void test_sign_with_too_little_room(void **state)
{
	struct fixture *f = *state;

	for (size_t room = 0; room <= f->token.n; room++) {
		uint8_t *memory = malloc(room ? room : 1);
		struct buf out = buf_lend(memory, room);

		assert_int_equal(jws_sign(f->key, sti_span_str(HEADER), sti_span_str(PAYLOAD), &out),
				 room < f->token.n ? STI_E_LIMIT : STI_OK);
		free(memory);
	}
}

/* True when it looks like something with claims in it: an object with members, rightly signed. */
static bool has_claims(const struct fixture *f, struct sti_span payload, enum sti_error *error)
{
	struct buf token = buf_own(1 << 20);
	struct jws jws;
	bool claims;

	assert_int_equal(jws_sign(f->key, sti_span_str(HEADER), payload, &token), STI_OK);
	*error = jws_parse(buf_span(&token), &json_limits_default, &jws);
	claims = !*error && !jws.payload_error && json_member(jws.payload, json_root(jws.payload), "orig") &&
		 json_member(jws.payload, json_root(jws.payload), "dest") &&
		 json_member(jws.payload, json_root(jws.payload), "iat");
	if (!*error)
		*error = jws.payload_error;
	jws_free(&jws);
	buf_free(&token);
	return claims;
}

static void test_B3_B4_jsontestsuite_as_signed_payloads(void **state)
{
	struct vectors_list files;
	size_t refused = 0, n_files = 0, n_refused = 0;

	if (!vectors_present())
		return;
	files = vectors_list("jsontestsuite/test_parsing", "");
	for (size_t i = 0; i < files.n; i++) {
		struct sti_span payload = vectors_read(files.name[i]);
		enum sti_error error;

		refused += !has_claims(*state, payload, &error);
		if (strstr(files.name[i], "/n_")) {
			n_files++;
			n_refused += error != STI_OK;
		}
		vectors_free(payload);
	}
	vectors_count("jsontestsuite signed: without claims", refused, files.n);
	vectors_count("jsontestsuite n_ signed: refused as JSON", n_refused, n_files);
	vectors_list_free(&files);
}

#define KEYED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYED(test_what_was_signed_comes_apart_again),
		KEYED(test_B10_the_es256_example_of_rfc_7515),
		KEYED(test_B10_order_blanks_and_unknown_claims),
		KEYED(test_every_letter_of_the_signed_part_counts),
		KEYED(test_A1_alg_none_and_nothing_for_a_signature),
		KEYED(test_A2_hs256_under_the_public_key),
		KEYED(test_A3_alg_is_not_dispatched_on),
		KEYED(test_A5_A6_header_members),
		KEYED(test_a_header_that_is_no_object),
		KEYED(test_A7_signature_of_0_1_63_65_70_72_96_128_octets),
		KEYED(test_A8_wycheproof_psychic_signature),
		KEYED(test_A11_every_octet_in_every_kind_of_place),
		KEYED(test_A11_blanks_and_padding_around),
		KEYED(test_A12_another_last_letter_for_the_same_octets),
		KEYED(test_A13_A15_not_three_parts),
		KEYED(test_A14_compact_form),
		KEYED(test_A13_a_dot_or_a_blank_before_and_behind),
		KEYED(test_a_token_cut_short_anywhere),
		KEYED(test_A17_signed_by_somebody_else),
		KEYED(test_a_header_over_2_KiB),
		KEYED(test_B3_a_payload_that_is_not_json),
		KEYED(test_sign_behind_what_stands_in_the_buffer),
		KEYED(test_sign_with_too_little_room),
		KEYED(test_B3_B4_jsontestsuite_as_signed_payloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

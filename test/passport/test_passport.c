/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/passport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base64.h"
#include "base/limits.h"
#include "jose/jws.h"
#include "support/key_pair.h"
#include "support/value.h"
#include "support/vectors.h"

#define HEADER "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://cr.example.com/a.pem\"}"
#define UUID   "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
#define PAYLOAD(attest, dest, iat, orig, origid)                                                                       \
	"{\"attest\":" attest ",\"dest\":" dest ",\"iat\":" iat ",\"orig\":" orig ",\"origid\":" origid "}"
#define DEST "{\"tn\":[\"12025550101\"]}"
#define ORIG "{\"tn\":\"12025550100\"}"
#define GOOD PAYLOAD("\"A\"", DEST, "1700000000", ORIG, "\"" UUID "\"")

struct keys {
	struct sti_key *key;
	struct sti_public_key *public_key;
};

static int make_keys(void **state)
{
	static const char failed[] = "the keys that OpenSSL made";
	struct keys *keys = calloc(1, sizeof(*keys));
	struct key_pair pair = key_pair_make();

	if (sti_key_parse(pair.private_pem, &keys->key) || sti_public_key_parse(pair.public_pem, &keys->public_key))
		print_error("%s\n", failed);
	key_pair_free(&pair);
	*state = keys;
	return keys->public_key ? 0 : -1;
}

static int free_keys(void **state)
{
	struct keys *keys = *state;

	sti_key_free(keys->key);
	sti_public_key_free(keys->public_key);
	free(keys);
	return 0;
}

/* A correctly signed token in memory of exact size. */
static struct sti_span sign_spans(void **state, struct sti_span header, struct sti_span payload)
{
	const struct keys *keys = *state;
	struct buf out = buf_own(4 * 1024 * 1024);
	struct sti_span token;

	assert_int_equal(jws_sign(keys->key, header, payload, &out), STI_OK);
	assert_int_equal(buf_error(&out), STI_OK);
	token = vectors_copy(buf_span(&out));
	buf_free(&out);
	return token;
}

static struct sti_passport *parse_signed(void **state, const char *header, const char *payload)
{
	struct sti_span token = sign_spans(state, sti_span_str(header), sti_span_str(payload));
	struct sti_passport *passport = NULL;
	enum sti_error error = sti_passport_parse(token, &passport);

	vectors_free(token);
	if (error)
		fail_msg("%s %s: error %d", header, payload, (int)error);
	return passport;
}

static void assert_name(const char *what, const char *at, const char *expected)
{
	if (expected ? !at || strcmp(at, expected) != 0 : at != NULL)
		fail_msg("%s: at %s, not %s", what, at ? at : "nothing", expected ? expected : "nothing");
}

static void assert_error(const char *what, enum sti_error error, enum sti_error expected)
{
	if (error != expected)
		fail_msg("%s: %s, not %s", what, sti_error_text(error), sti_error_text(expected));
}

static void test_members_of_a_shaken_passport(void **state)
{
	const struct keys *keys = *state;
	struct sti_passport *p = parse_signed(state, HEADER, GOOD);
	const char *at = "old";

	assert_true(sti_span_is(p->alg, "ES256"));
	assert_true(sti_span_is(p->typ, "passport"));
	assert_true(sti_span_is(p->ppt, "shaken"));
	assert_true(sti_span_is(p->x5u, "https://cr.example.com/a.pem"));
	assert_int_equal(p->iat, 1700000000);
	assert_true(sti_span_is(p->orig_tn, "12025550100"));
	assert_null(p->orig_uri.p);
	assert_int_equal(p->n_dest_tn, 1);
	assert_true(sti_span_is(p->dest_tn[0], "12025550101"));
	assert_int_equal(p->n_dest_uri, 0);
	assert_true(sti_span_is(p->attest, "A"));
	assert_true(sti_span_is(p->origid, UUID));
	assert_null(p->div_tn.p);
	assert_int_equal(sti_passport_check(p, &at), STI_OK);
	assert_null(at);
	assert_int_equal(sti_passport_verify(p, keys->public_key), STI_OK);
	sti_passport_free(p);
}

static void test_A17_key_of_somebody_else(void **state)
{
	void *other;
	struct sti_passport *p = parse_signed(state, HEADER, GOOD);

	assert_int_equal(make_keys(&other), 0);
	assert_int_equal(sti_passport_verify(p, ((struct keys *)other)->public_key), STI_E_SIGNATURE);
	free_keys(&other);
	sti_passport_free(p);
}

/* Whatever alg says, the signature below it is a right one of ES256. */
static void test_A1_A3_alg_that_is_not_es256(void **state)
{
	static const struct {
		const char *header;
		enum sti_error check;
	} row[] = {
		{"{\"alg\":\"none\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":\"None\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":\"\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":\"es256\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":\"HS256\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":\"ES256K\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":[\"ES256\"],\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":256,\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":null,\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"alg\":{},\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE},
		{"{\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_MISSING},
	};
	const struct keys *keys = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_passport *p = parse_signed(state, row[i].header, GOOD);
		const char *at;

		assert_error(row[i].header, sti_passport_check(p, &at), row[i].check);
		assert_name(row[i].header, at, "alg");
		assert_error(row[i].header, sti_passport_verify(p, keys->public_key), STI_E_SIGNATURE);
		sti_passport_free(p);
	}
}

static void test_B11_header_members_out_of_profile(void **state)
{
	static const struct {
		const char *header;
		enum sti_error check;
		const char *at;
	} row[] = {
		{"{\"alg\":\"ES256\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_MISSING, "typ"},
		{"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE, "typ"},
		{"{\"alg\":\"ES256\",\"typ\":1,\"x5u\":\"https://a.example.com\"}", STI_E_CLAIM_VALUE, "typ"},
		{"{\"alg\":\"ES256\",\"typ\":\"passport\"}", STI_E_CLAIM_MISSING, "x5u"},
		{"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":[]}", STI_E_CLAIM_VALUE, "x5u"},
		{"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"http://a.example.com\"}", STI_E_URL, "x5u"},
		{"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com/\\r\\nX: y\"}", STI_E_URL,
		 "x5u"},
		{"{\"alg\":\"ES256\",\"ppt\":5,\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}",
		 STI_E_CLAIM_VALUE, "ppt"},
		{"{\"alg\":\"ES256\",\"ppt\":\"\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_OK,
		 NULL},
		{"{\"alg\":\"ES256\",\"ppt\":\"new\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\"}", STI_OK,
		 NULL},
		{"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://a.example.com\",\"x5c\":[]}", STI_OK, NULL},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_passport *p = parse_signed(state, row[i].header, GOOD);
		const char *at;

		assert_error(row[i].header, sti_passport_check(p, &at), row[i].check);
		assert_name(row[i].header, at, row[i].at);
		sti_passport_free(p);
	}
}

struct claims_row {
	const char *payload;
	enum sti_error error;
	const char *at;
};

static void check_claims(void **state, const char *header, const struct claims_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sti_passport *p = parse_signed(state, header, row[i].payload);
		const char *at;

		assert_error(row[i].payload, p->claims_error, row[i].error);
		assert_name(row[i].payload, p->claims_at, row[i].at);
		assert_error(row[i].payload, sti_passport_check(p, &at), row[i].error);
		assert_name(row[i].payload, at, row[i].at);
		sti_passport_free(p);
	}
}

#define CLAIMS(header, row) check_claims(state, header, row, sizeof(row) / sizeof((row)[0]))

static void test_B6_claim_missing(void **state)
{
	static const struct claims_row row[] = {
		{"{}", STI_E_CLAIM_MISSING, "orig"},
		{"[]", STI_E_CLAIM_MISSING, "orig"},
		{"\"orig\"", STI_E_CLAIM_MISSING, "orig"},
		{"{\"attest\":\"A\",\"dest\":" DEST ",\"iat\":1,\"origid\":\"" UUID "\"}", STI_E_CLAIM_MISSING, "orig"},
		{"{\"attest\":\"A\",\"iat\":1,\"orig\":" ORIG ",\"origid\":\"" UUID "\"}", STI_E_CLAIM_MISSING, "dest"},
		{"{\"attest\":\"A\",\"dest\":" DEST ",\"orig\":" ORIG ",\"origid\":\"" UUID "\"}", STI_E_CLAIM_MISSING,
		 "iat"},
		{"{\"dest\":" DEST ",\"iat\":1,\"orig\":" ORIG ",\"origid\":\"" UUID "\"}", STI_E_CLAIM_MISSING,
		 "attest"},
		{"{\"attest\":\"A\",\"dest\":" DEST ",\"iat\":1,\"orig\":" ORIG "}", STI_E_CLAIM_MISSING, "origid"},
		{"{\"attest\":\"A\",\"dest\":1,\"iat\":\"1\",\"orig\":1}", STI_E_CLAIM_MISSING,
		 "origid"}, /* comes first */
	};

	CLAIMS(HEADER, row);
}

#define WITH_ORIG(orig) PAYLOAD("\"A\"", DEST, "1700000000", orig, "\"" UUID "\"")
#define WITH_DEST(dest) PAYLOAD("\"A\"", dest, "1700000000", ORIG, "\"" UUID "\"")

static void test_B6_claim_of_wrong_type(void **state)
{
	static const struct claims_row row[] = {
		{WITH_ORIG("\"12025550100\""), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("[\"12025550100\"]"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("null"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":[\"12025550100\"]}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":12025550100}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"12025550100\",\"uri\":5}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"12025550100\",\"uri\":\"sip:a@example.com\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"uri\":\"\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"uri\":\"sip:alice@example.com\"}"), STI_OK, NULL},
		{WITH_ORIG("\"{\\\"tn\\\":\\\"12025550100\\\"}\""), STI_E_CLAIM_VALUE, "orig"}, /* libstirshaken */
		{WITH_DEST("\"12025550101\""), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("[\"12025550101\"]"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":[]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":\"12025550101\"}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":[12025550101]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":[\"12025550101\",null]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":[[\"12025550101\"]]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":{\"0\":\"12025550101\"}}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"uri\":[\"\"]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"uri\":\"sip:bob@example.com\"}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"uri\":[\"sip:bob@example.com\"]}"), STI_OK, NULL},
		{WITH_DEST("{\"tn\":[\"12025550101\",\"12025550102\"],\"uri\":[\"sip:b@example.com\"]}"), STI_OK, NULL},
		{PAYLOAD("1", DEST, "1", ORIG, "\"" UUID "\""), STI_E_CLAIM_VALUE, "attest"},
		{PAYLOAD("[\"A\"]", DEST, "1", ORIG, "\"" UUID "\""), STI_E_CLAIM_VALUE, "attest"},
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "13131313"), STI_E_CLAIM_VALUE, "origid"},
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "null"), STI_E_CLAIM_VALUE, "origid"},
		{PAYLOAD("1", "1", "1", "1", "1"), STI_E_CLAIM_VALUE, "orig"}, /* comes first */
	};

	CLAIMS(HEADER, row);
}

static void test_dest_keeps_both_lists(void **state)
{
	struct sti_passport *p = parse_signed(
		state, HEADER, WITH_DEST("{\"uri\":[\"sip:b@example.com\"],\"tn\":[\"12025550101\",\"12025550102\"]}"));

	assert_int_equal(p->n_dest_tn, 2);
	assert_true(sti_span_is(p->dest_tn[1], "12025550102"));
	assert_int_equal(p->n_dest_uri, 1);
	assert_true(sti_span_is(p->dest_uri[0], "sip:b@example.com"));
	sti_passport_free(p);
}

/* n numbers in tn and m addresses in uri. */
static struct sti_passport *parse_crowd(void **state, int n, int m)
{
	struct buf text = buf_own(64 * 1024);
	struct sti_passport *p;

	buf_put_str(&text, "{\"attest\":\"A\",\"dest\":{\"tn\":[");
	for (int i = 0; i < n; i++)
		buf_put_str(&text, i ? ",\"12025550101\"" : "\"12025550101\"");
	buf_put_str(&text, "],\"uri\":[");
	for (int i = 0; i < m; i++)
		buf_put_str(&text, i ? ",\"sip:b\"" : "\"sip:b\"");
	buf_put_str(&text, "]},\"iat\":1,\"orig\":" ORIG ",\"origid\":\"" UUID "\"}");
	buf_put_byte(&text, '\0');
	assert_int_equal(buf_error(&text), STI_OK);
	p = parse_signed(state, HEADER, (const char *)text.p);
	buf_free(&text);
	return p;
}

static void test_as_many_dest_as_the_limit_and_one_more(void **state)
{
	static const struct {
		int tn, uri;
		enum sti_error error;
	} row[] = {
		{LIMIT_DEST, 0, STI_OK},
		{0, LIMIT_DEST, STI_OK},
		{LIMIT_DEST - 1, 1, STI_OK},
		{LIMIT_DEST + 1, 0, STI_E_LIMIT},
		{0, LIMIT_DEST + 1, STI_E_LIMIT},
		{LIMIT_DEST, 1, STI_E_LIMIT},
		{LIMIT_JSON_MEMBERS, LIMIT_JSON_MEMBERS, STI_E_LIMIT},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_passport *p = parse_crowd(state, row[i].tn, row[i].uri);

		assert_error("dest", p->claims_error, row[i].error);
		assert_true(p->n_dest_tn + p->n_dest_uri <= LIMIT_DEST);
		for (size_t j = 0; j < p->n_dest_uri; j++)
			assert_true(sti_span_is(p->dest_uri[j], "sip:b"));
		sti_passport_free(p);
	}
}

static void test_B5_I5_iat_that_is_no_exact_time(void **state)
{
	static const struct {
		const char *text;
		int64_t iat; /* -1: refused */
	} row[] = {
		{"0", 0},
		{"1", 1},
		{"1000000000", 1000000000},
		{"1700000000", 1700000000},
		{"2147483647", INT32_MAX},
		{"2147483648", INT64_C(2147483648)},
		{"4294967296", INT64_C(4294967296)},
		{"9007199254740992", INT64_C(9007199254740992)},
		{"9007199254740993", -1},
		{"9223372036854775807", -1},
		{"9223372036854775808", -1},
		{"18446744073709551616", -1},
		{"18446744075409551616", -1}, /* 2^64 + 1700000000 */
		{"-1", -1},
		{"-0", -1},
		{"1e9", -1},
		{"1.5e9", -1},
		{"1700000000.0", -1},
		{"1700000000.5", -1},
		{"1e400", -1},
		{"\"1700000000\"", -1}, /* RFC 8224 and 8816 print it so */
		{"null", -1},
		{"true", -1},
		{"[1700000000]", -1},
		{"{}", -1},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char payload[512];
		struct sti_passport *p;

		assert_in_range(snprintf(payload, sizeof(payload), PAYLOAD("\"A\"", DEST, "%s", ORIG, "\"" UUID "\""),
					 row[i].text),
				1, sizeof(payload) - 1);
		p = parse_signed(state, HEADER, payload);
		if (p->iat != row[i].iat)
			fail_msg("iat %s: %lld", row[i].text, (long long)p->iat);
		assert_error(row[i].text, p->claims_error, row[i].iat < 0 ? STI_E_CLAIM_VALUE : STI_OK);
		assert_name(row[i].text, p->claims_at, row[i].iat < 0 ? "iat" : NULL);
		sti_passport_free(p);
	}
}

static void test_B5_iat_of_400_digits(void **state)
{
	char payload[1024], digits[401];
	struct sti_passport *p;

	memset(digits, '1', 400);
	digits[400] = '\0';
	assert_in_range(snprintf(payload, sizeof(payload), PAYLOAD("\"A\"", DEST, "%s", ORIG, "\"" UUID "\""), digits),
			1, sizeof(payload) - 1);
	p = parse_signed(state, HEADER, payload);
	assert_true(p->claims_error != STI_OK);
	assert_int_equal(p->iat, -1);
	sti_passport_free(p);
}

static void test_B7_attest_that_is_not_a_b_or_c(void **state)
{
	static const char *const attest[] = {"a", "D", "", "AA", " A", "A\\u0020", "\\u0410"};
	char payload[512];

	for (size_t i = 0; i < sizeof(attest) / sizeof(attest[0]); i++) {
		struct sti_passport *p;
		const char *at;

		assert_in_range(snprintf(payload, sizeof(payload), PAYLOAD("\"%s\"", DEST, "1", ORIG, "\"" UUID "\""),
					 attest[i]),
				1, sizeof(payload) - 1);
		p = parse_signed(state, HEADER, payload);
		assert_error(payload, p->claims_error, STI_OK); /* case E19 is judged after the signature */
		assert_non_null(p->attest.p);
		assert_error(payload, sti_passport_check(p, &at), STI_E_CLAIM_VALUE);
		assert_name(payload, at, "attest");
		sti_passport_free(p);
	}
}

static void test_B7_attest_of_4_kB(void **state)
{
	char payload[5000], attest[4001];
	struct sti_passport *p;

	memset(attest, 'A', 4000);
	attest[4000] = '\0';
	assert_in_range(snprintf(payload, sizeof(payload), PAYLOAD("\"%s\"", DEST, "1", ORIG, "\"" UUID "\""), attest),
			1, sizeof(payload) - 1);
	p = parse_signed(state, HEADER, payload);
	assert_error("attest of 4 kB", sti_passport_check(p, NULL), STI_E_CLAIM_VALUE);
	sti_passport_free(p);
}

static void test_B8_origid_that_is_no_uuid(void **state)
{
	static const struct claims_row row[] = {
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "\"123456\""), STI_OK, NULL},
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "\"\""), STI_OK, NULL},
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "\"0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D\""), STI_OK, NULL},
		{PAYLOAD("\"A\"", DEST, "1", ORIG, "\"{0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}\""), STI_OK, NULL},
		{PAYLOAD("\"A\"", DEST, "1", ORIG,
			 "\"0123456789012345678901234567890123456789012345678901234567890123\""),
		 STI_OK, NULL},
		{PAYLOAD("\"A\"", DEST, "1", ORIG,
			 "\"01234567890123456789012345678901234567890123456789012345678901234\""),
		 STI_E_LIMIT, "origid"},
	};

	CLAIMS(HEADER, row);
}

static void test_B9_numbers_as_spelt_in_claims(void **state)
{
	static const struct claims_row row[] = {
		{WITH_ORIG("{\"tn\":\"+1 (202) 555-0100\"}"), STI_OK, NULL},
		{WITH_ORIG("{\"tn\":\"1001\"}"), STI_OK, NULL},
		{WITH_ORIG("{\"tn\":\"*67\"}"), STI_OK, NULL},
		{WITH_ORIG("{\"tn\":\"\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"+\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"12025550100;tgrp=a\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"%312025550100\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"\\uff112025550100\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"1234567890123456\"}"), STI_E_CLAIM_VALUE, "orig"},
		{WITH_ORIG("{\"tn\":\"\\u0031\\u0032025550100\"}"), STI_OK, NULL}, /* JSON's own escape of 12 */
		{WITH_DEST("{\"tn\":[\"12025550101\",\"\"]}"), STI_E_CLAIM_VALUE, "dest"},
		{WITH_DEST("{\"tn\":[\"1234567890123456\"]}"), STI_E_CLAIM_VALUE, "dest"},
	};

	CLAIMS(HEADER, row);
}

static void test_B10_order_space_and_claims_of_others(void **state)
{
	static const char *const payload[] = {
		"{\"origid\":\"" UUID "\",\"orig\":" ORIG ",\"iat\":1,\"dest\":" DEST ",\"attest\":\"A\"}",
		"{ \"attest\" : \"A\",\r\n\t\"dest\":" DEST ",\"iat\":1,\"orig\":" ORIG ",\"origid\":\"" UUID "\" }\n",
		"{\"attest\":\"A\",\"dest\":" DEST
		",\"iat\":1,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"00\"}],\"orig\":" ORIG ",\"origid\":\"" UUID
		"\",\"rcd\":{\"nam\":\"\"},\"sph\":\"psap-callback\"}",
		"{\"attest\":\"A\",\"dest\":" DEST ",\"div\":5,\"iat\":1,\"orig\":" ORIG ",\"origid\":\"" UUID "\"}",
		"{\"attest\":\"A\",\"dest\":" DEST
		",\"iat\":1,\"orig\":{\"tn\":\"12025550100\",\"x\":1},\"origid\":\"" UUID "\"}",
	};
	const struct keys *keys = *state;

	for (size_t i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
		struct sti_passport *p = parse_signed(state, HEADER, payload[i]);

		assert_error(payload[i], sti_passport_check(p, NULL), STI_OK);
		assert_error(payload[i], sti_passport_verify(p, keys->public_key), STI_OK);
		sti_passport_free(p);
	}
}

static void test_B1_claim_twice(void **state)
{
	static const struct claims_row row[] = {
		{"{\"iat\":1,\"iat\":1}", STI_E_JSON_TWICE, "payload"},
		{"{\"iat\":1,\"\\u0069at\":1}", STI_E_JSON_TWICE, "payload"},
		{WITH_ORIG("{\"tn\":\"12025550100\",\"tn\":\"12025550199\"}"), STI_E_JSON_TWICE, "payload"},
		{"{", STI_E_JSON, "payload"},
		{GOOD " x", STI_E_JSON, "payload"},
		{" ", STI_E_JSON, "payload"},
	};

	CLAIMS(HEADER, row);
}

#define HEADER_OF(ppt)                                                                                                 \
	"{\"alg\":\"ES256\",\"ppt\":\"" ppt "\",\"typ\":\"passport\",\"x5u\":\"https://cr.example.com/a.pem\"}"
#define BASE(extra) "{\"dest\":" DEST ",\"iat\":1,\"orig\":" ORIG extra "}"

static void test_B11_attest_is_demanded_of_shaken_only(void **state)
{
	static const char *const header[] = {
		HEADER_OF("rcd"),
		HEADER_OF("not-known-yet"),
		"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://cr.example.com/a.pem\"}",
	};
	static const struct claims_row row[] = {
		{BASE(""), STI_OK, NULL},
		{BASE(",\"attest\":5,\"origid\":{}"), STI_OK, NULL},
		{"{\"dest\":" DEST ",\"iat\":1}", STI_E_CLAIM_MISSING, "orig"},
	};

	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		CLAIMS(header[i], row);
}

static void test_div_claim(void **state)
{
	static const struct claims_row row[] = {
		{BASE(",\"div\":{\"tn\":\"12025550102\"}"), STI_OK, NULL},
		{BASE(",\"div\":{\"hi\":\"1.2.1\",\"tn\":\"12025550102\"}"), STI_OK, NULL},
		{BASE(",\"div\":{\"uri\":\"sip:bob@example.com\"}"), STI_OK, NULL},
		{BASE(",\"div\":\"12025550102\""), STI_E_CLAIM_VALUE, "div"},
		{BASE(",\"div\":{}"), STI_E_CLAIM_VALUE, "div"},
		{BASE(",\"div\":{\"tn\":[\"12025550102\"]}"), STI_E_CLAIM_VALUE, "div"},
		{BASE(",\"div\":{\"tn\":\"\"}"), STI_E_CLAIM_VALUE, "div"},
		{BASE(",\"div\":{\"tn\":\"x\"}"), STI_E_CLAIM_VALUE, "div"},
	};
	struct sti_passport *p = parse_signed(state, HEADER_OF("div"), row[0].payload);

	assert_true(sti_span_is(p->div_tn, "12025550102"));
	sti_passport_free(p);
	CLAIMS(HEADER_OF("div"), row);
}

/* What the type's own RFC demands is missed by the check, not by the reading: others are carried. */
static void test_claim_of_a_type_that_is_only_carried(void **state)
{
	static const struct {
		const char *header, *payload, *at;
	} row[] = {
		{HEADER_OF("div"), BASE(""), "div"},
		{HEADER_OF("div-o"), BASE(",\"div\":{\"tn\":\"12025550102\"}"), "opt"},
		{HEADER_OF("rph"), BASE(""), "rph"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_passport *p = parse_signed(state, row[i].header, row[i].payload);
		const char *at;

		assert_error(row[i].header, p->claims_error, STI_OK);
		assert_error(row[i].header, sti_passport_check(p, &at), STI_E_CLAIM_MISSING);
		assert_name(row[i].header, at, row[i].at);
		sti_passport_free(p);
	}
}

/* Not read at all, or read without a signature that could ever verify. */
static void assert_refused(struct sti_span bytes)
{
	struct sti_span copy = vectors_copy(bytes);
	struct sti_passport *p = NULL;

	if (sti_passport_parse(copy, &p) == STI_OK && (!p->signature_error || sti_passport_check(p, NULL) == STI_OK))
		fail_msg("accepted: %.*s", (int)bytes.n, (const char *)bytes.p);
	sti_passport_free(p);
	vectors_free(copy);
}

static void test_A13_dots_and_blanks(void **state)
{
	static const char *const form[] = {"%s%s%s",    "%s.%s%s",   "%s%s.%s",      ".%s.%s.%s",
					   "%s.%s.%s.", "%s..%s.%s", "%s.%s..%s",    " %s.%s.%s",
					   "%s.%s.%s ", "%s. %s.%s", "%s.%s.%s\n",   "\t%s.%s.%s",
					   "%s;%s;%s",  "%s,%s,%s",  "\"%s.%s.%s\"", "%s.%s.%s.%s"};
	struct sti_span token = sign_spans(state, sti_span_str(HEADER), sti_span_str(GOOD));
	struct sti_span rest = token, part[3];
	char text[3][1024], whole[3072];

	for (size_t i = 0; i < 3; i++) {
		assert_true(sti_span_cut(&rest, '.', &part[i]) && part[i].n < sizeof(text[i]));
		memcpy(text[i], part[i].p, part[i].n);
		text[i][part[i].n] = '\0';
	}
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		int n = snprintf(whole, sizeof(whole), form[i], text[0], text[1], text[2], text[2]);
#pragma GCC diagnostic pop
		assert_refused(sti_span(whole, (size_t)n));
	}
	assert_refused(sti_span("", 0));
	assert_refused(sti_span("..", 2));
	assert_refused(sti_span(token.p, token.n - part[2].n));
	vectors_free(token);
}

static void test_A14_compact_form(void **state)
{
	struct sti_span token = sign_spans(state, sti_span_str(HEADER), sti_span_str(GOOD));
	uint8_t compact[2 + LIMIT_JWS_SIGNATURE];
	struct sti_passport *p = NULL;

	memcpy(compact, "..", 2);
	memcpy(compact + 2, token.p + token.n - LIMIT_JWS_SIGNATURE, LIMIT_JWS_SIGNATURE);
	assert_int_equal(sti_passport_parse(sti_span(compact, sizeof(compact)), &p), STI_E_JWS);
	vectors_free(token);
}

static void test_A15_json_serialisation_and_jwe(void **state)
{
	static const char *const text[] = {
		"{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"e30\"}",
		"{\"payload\":\"e30\",\"signatures\":[{\"protected\":\"e30\",\"signature\":\"e30\"}]}",
		"e30.e30.e30.e30.e30",
		"e30....e30",
	};
	struct sti_passport *p = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_refused(sti_span_str(text[i]));
	assert_int_equal(sti_passport_parse(sti_span_str("e30.e30.e30.e30.e30"), &p), STI_E_JWS);
}

static void test_every_cut_of_a_good_token(void **state)
{
	struct sti_span token = sign_spans(state, sti_span_str(HEADER), sti_span_str(GOOD));

	for (size_t n = 0; n < token.n; n++)
		assert_refused(sti_span_first(token, n));
	vectors_free(token);
}

static void test_every_octet_changed(void **state)
{
	const struct keys *keys = *state;
	struct sti_span token = sign_spans(state, sti_span_str(HEADER), sti_span_str(GOOD));
	uint8_t *bytes = malloc(token.n);

	for (size_t i = 0; i < token.n; i++) {
		struct sti_passport *p = NULL;

		memcpy(bytes, token.p, token.n);
		bytes[i] = bytes[i] == 'A' ? 'B' : 'A';
		if (sti_passport_parse(sti_span(bytes, token.n), &p) == STI_OK)
			assert_int_equal(sti_passport_verify(p, keys->public_key), STI_E_SIGNATURE);
		sti_passport_free(p);
	}
	free(bytes);
	vectors_free(token);
}

static void test_token_longer_than_the_limit(void **state)
{
	uint8_t *bytes = malloc(LIMIT_JWS + 1);
	struct sti_passport *p = NULL;

	(void)state;
	memset(bytes, 'a', LIMIT_JWS + 1);
	assert_int_equal(sti_passport_parse(sti_span(bytes, LIMIT_JWS + 1), &p), STI_E_LIMIT);
	assert_true(sti_passport_parse(sti_span(bytes, LIMIT_JWS), &p) != STI_OK);
	free(bytes);
}

/* 1 when such a payload passes as a PASSporT, however right its signature. */
static size_t passes_as_payload(void **state, const char *header, struct sti_span payload)
{
	struct sti_span token = sign_spans(state, sti_span_str(header), payload);
	struct sti_passport *p = NULL;
	enum sti_error error = sti_passport_parse(token, &p);

	if (!error)
		error = sti_passport_check(p, NULL);
	sti_passport_free(p);
	vectors_free(token);
	return error == STI_OK;
}

static void test_B1_B2_B3_B4_jsontestsuite_as_signed_payload(void **state)
{
	static const char *const folder[] = {"jsontestsuite/test_parsing", "jsontestsuite/test_transform"};
	size_t refused = 0, n = 0;

	if (!vectors_present())
		return;
	for (size_t f = 0; f < sizeof(folder) / sizeof(folder[0]); f++) {
		struct vectors_list list = vectors_list(folder[f], "");

		for (size_t i = 0; i < list.n; i++, n++) {
			struct sti_span payload = vectors_read(list.name[i]);

			refused += !passes_as_payload(state, HEADER, payload) &&
				   !passes_as_payload(state, HEADER_OF("rcd"), payload);
			vectors_free(payload);
		}
		vectors_list_free(&list);
	}
	vectors_count("jsontestsuite as signed payload, refused", refused, n);
}

/* The texts in `expected` of vectors/passports, in terms of this interface; the freshness and the
 * trust of each are judged above this room. */
static const struct vector {
	const char *id;
	enum sti_error claims;
	enum sti_error check;
	const char *at;
} vectors[] = {
	{"rfc8225-appendix-A", STI_OK, STI_OK, NULL},
	{"rfc8946-div", STI_OK, STI_OK, NULL},
	{"rfc8946-div-o-inner", STI_OK, STI_OK, NULL},
	{"rfc8946-div-o", STI_E_CLAIM_VALUE, STI_E_CLAIM_VALUE, "dest"},
	{"rfc8224-full-form", STI_E_CLAIM_VALUE, STI_E_CLAIM_VALUE, "iat"},
	{"rfc8443-rph", STI_E_JSON, STI_E_JSON, "payload"},
	{"rfc8816-sec9", STI_E_CLAIM_VALUE, STI_E_CLAIM_VALUE, "iat"},
	{"atis1000096-sec5.3", STI_OK, STI_OK, NULL},
	{"libstirshaken-ref-jwt", STI_E_CLAIM_VALUE, STI_E_URL, "x5u"},
	{"libstirshaken-ref-identity", STI_E_CLAIM_VALUE, STI_E_URL, "x5u"},
	{"libstirshaken-spc-token", STI_E_CLAIM_MISSING, STI_E_CLAIM_VALUE, "typ"},
	{"freeswitch-404", STI_OK, STI_E_URL, "x5u"},
	{"freeswitch-8080", STI_OK, STI_E_URL, "x5u"},
	{"cgrates-valid", STI_OK, STI_OK, NULL},
	{"cgrates-path-x5u", STI_OK, STI_E_URL, "x5u"},
	{"yeti-empty-tn", STI_E_CLAIM_VALUE, STI_E_CLAIM_VALUE, "orig"},
	{"rfc7515-A.3", STI_E_CLAIM_MISSING, STI_E_CLAIM_MISSING, "typ"},
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static const struct vector *find_vector(const char *id)
{
	for (size_t i = 0; i < VECTORS; i++)
		if (strcmp(vectors[i].id, id) == 0)
			return &vectors[i];
	fail_msg("%s: no row", id);
	return NULL;
}

static bool signature_is_as_told(const struct value *v, const struct sti_passport *p)
{
	const char *told = value_text(v, "signature");
	struct sti_public_key *key = NULL;
	struct sti_span pem;
	enum sti_error error;

	if (strcmp(told, "no-key") == 0)
		return true;
	pem = key_pair_public_of(sti_span_str(value_text(v, "public_key_pem")));
	assert_error(told, sti_public_key_parse(pem, &key), STI_OK);
	error = sti_passport_verify(p, key);
	sti_public_key_free(key);
	vectors_free(pem);
	return error == (strcmp(told, "valid") == 0 ? STI_OK : STI_E_SIGNATURE);
}

/* Two tables must agree: the words of the vectors say only whether a verifier takes it. */
static bool words_agree(const char *expected, enum sti_error check)
{
	bool accept = strncmp(expected, "accept", 6) == 0 || strncmp(expected, "parse ok", 8) == 0 ||
		      strcmp(expected, "signature-valid, profile warning") == 0 ||
		      strcmp(expected, "signature-invalid") == 0;

	return accept == (check == STI_OK);
}

static bool vector_is_as_told(const struct value *v)
{
	const struct vector *row = find_vector(value_text(v, "id"));
	struct sti_passport *p = NULL;
	const char *at;
	bool good;

	assert_error(row->id, sti_passport_parse(sti_span_str(value_text(v, "token")), &p), STI_OK);
	assert_error(row->id, p->claims_error, row->claims);
	assert_error(row->id, sti_passport_check(p, &at), row->check);
	assert_name(row->id, at, row->at);
	good = signature_is_as_told(v, p) && words_agree(value_text(v, "expected"), row->check);
	sti_passport_free(p);
	return good;
}

static void test_tokens_of_others(void **state)
{
	struct value *root;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	root = value_read("passports/passports.json");
	for (size_t i = 0; i < value_count(root); i++)
		good += vector_is_as_told(value_at(root, i));
	vectors_count("passports, signature and verdict", good, VECTORS);
	assert_int_equal(value_count(root), VECTORS);
	value_free(root);
}

static struct sti_passport *parse_vector(const struct value *root, const char *id)
{
	struct sti_passport *p = NULL;

	for (size_t i = 0; i < value_count(root); i++)
		if (strcmp(value_text(value_at(root, i), "id"), id) == 0)
			assert_error(id, sti_passport_parse(sti_span_str(value_text(value_at(root, i), "token")), &p),
				     STI_OK);
	assert_non_null(p);
	return p;
}

/* Two tokens that say the same: what tells a duplicate is the signing input, not the token. */
static void test_A10_pair_of_others_has_one_signing_input(void **state)
{
	struct sti_passport *a, *b;
	struct value *root;

	(void)state;
	if (!vectors_present())
		return;
	root = value_read("passports/passports.json");
	a = parse_vector(root, "libstirshaken-ref-jwt");
	b = parse_vector(root, "libstirshaken-ref-identity");
	assert_true(sti_span_equal(a->signing_input, b->signing_input));
	assert_false(sti_span_equal(a->token, b->token));
	sti_passport_free(a);
	sti_passport_free(b);
	value_free(root);
}

static void test_B12_claims_by_name(void **state)
{
	static const struct {
		const char *payload, *name, *text; /* NULL: there is none */
	} rows[] = {
		{GOOD, "attest", "A"},
		{GOOD, "iat", "1700000000"},
		{GOOD, "dest", DEST},
		{GOOD, "tn", NULL},
		{GOOD, "Attest", NULL},
		{GOOD, "", NULL},
		{"{\"a\":\"\\u0041\",\"\\u0062\":[ 1 ]}", "a", "A"},
		{"{\"a\":\"\\u0041\",\"\\u0062\":[ 1 ]}", "b", "[ 1 ]"},
		{"[\"a\"]", "a", NULL},
		{"no JSON", "a", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_passport *p = parse_signed(state, HEADER, rows[i].payload);
		struct sti_span text;
		bool found = passport_claim(p, sti_span_str(rows[i].name), &text);

		if (found != (rows[i].text != NULL) || (found && !sti_span_is(text, rows[i].text)))
			fail_msg("row %zu", i);
		sti_passport_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_of_a_shaken_passport),
		cmocka_unit_test(test_A17_key_of_somebody_else),
		cmocka_unit_test(test_A1_A3_alg_that_is_not_es256),
		cmocka_unit_test(test_B11_header_members_out_of_profile),
		cmocka_unit_test(test_B6_claim_missing),
		cmocka_unit_test(test_B6_claim_of_wrong_type),
		cmocka_unit_test(test_dest_keeps_both_lists),
		cmocka_unit_test(test_as_many_dest_as_the_limit_and_one_more),
		cmocka_unit_test(test_B5_I5_iat_that_is_no_exact_time),
		cmocka_unit_test(test_B5_iat_of_400_digits),
		cmocka_unit_test(test_B7_attest_that_is_not_a_b_or_c),
		cmocka_unit_test(test_B7_attest_of_4_kB),
		cmocka_unit_test(test_B8_origid_that_is_no_uuid),
		cmocka_unit_test(test_B9_numbers_as_spelt_in_claims),
		cmocka_unit_test(test_B10_order_space_and_claims_of_others),
		cmocka_unit_test(test_B1_claim_twice),
		cmocka_unit_test(test_B11_attest_is_demanded_of_shaken_only),
		cmocka_unit_test(test_div_claim),
		cmocka_unit_test(test_claim_of_a_type_that_is_only_carried),
		cmocka_unit_test(test_A13_dots_and_blanks),
		cmocka_unit_test(test_A14_compact_form),
		cmocka_unit_test(test_A15_json_serialisation_and_jwe),
		cmocka_unit_test(test_every_cut_of_a_good_token),
		cmocka_unit_test(test_every_octet_changed),
		cmocka_unit_test(test_token_longer_than_the_limit),
		cmocka_unit_test(test_B1_B2_B3_B4_jsontestsuite_as_signed_payload),
		cmocka_unit_test(test_tokens_of_others),
		cmocka_unit_test(test_A10_pair_of_others_has_one_signing_input),
		cmocka_unit_test(test_B12_claims_by_name),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/sign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sti/identity.h>
#include <sti/passport.h>

#include "base/base64.h"
#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"
#include "support/key_pair.h"
#include "support/value.h"
#include "support/vectors.h"

#define URL  "https://cr.example.com/a.pem"
#define UUID "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

struct keys {
	struct sti_key *key;
	struct sti_public_key *public_key;
};

static int make_keys(void **state)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	struct key_pair pair = key_pair_make();
	bool good = !sti_key_parse(pair.private_pem, &keys->key) &&
		    !sti_public_key_parse(pair.public_pem, &keys->public_key);

	key_pair_free(&pair);
	*state = keys;
	return good ? 0 : -1;
}

static int free_keys(void **state)
{
	struct keys *keys = *state;

	sti_key_free(keys->key);
	sti_public_key_free(keys->public_key);
	free(keys);
	return 0;
}

static struct sti_tn tn(const char *text)
{
	struct sti_tn out = {0};

	assert_int_equal(sti_tn_canonical(sti_span_str(text), NULL, &out), STI_OK);
	return out;
}

/* A signed Identity value taken apart again; the value is freed with it. */
struct signed_call {
	char value[STI_IDENTITY_MAX];
	struct sti_identity identity;
	struct sti_passport *passport;
};

static struct signed_call *sign_call(void **state, const char *x5u, const struct sti_sign_request *request)
{
	const struct keys *keys = *state;
	struct signed_call *call = calloc(1, sizeof(*call));
	size_t n = 0;

	assert_int_equal(sti_sign(keys->key, sti_span_str(x5u), request, call->value, &n), STI_OK);
	assert_int_equal(sti_identity_parse(sti_span(call->value, n), &call->identity), STI_OK);
	assert_int_equal(sti_passport_parse(call->identity.token, &call->passport), STI_OK);
	assert_int_equal(sti_passport_check(call->passport, NULL), STI_OK);
	assert_int_equal(sti_passport_verify(call->passport, keys->public_key), STI_OK);
	return call;
}

static void free_call(struct signed_call *call)
{
	sti_passport_free(call->passport);
	free(call);
}

/* The octets behind the i-th part of a token. */
static struct sti_span decode_part(struct sti_span token, size_t i)
{
	struct sti_span part = {0};
	uint8_t *bytes;

	for (size_t at = 0; at <= i; at++)
		assert_true(sti_span_cut(&token, '.', &part));
	bytes = malloc(base64url_decoded_size(part.n) + 1);
	assert_int_equal(base64url_decode(part, bytes), STI_OK);
	return sti_span(bytes, base64url_decoded_size(part.n));
}

static void assert_part(struct sti_span token, size_t i, const char *expected)
{
	struct sti_span text = decode_part(token, i);

	if (!sti_span_is(text, expected))
		fail_msg("%.*s is not %s", (int)text.n, (const char *)text.p, expected);
	vectors_free(text);
}

static void test_rfc8588_8_canonical_shaken(void **state)
{
	struct sti_tn dest = tn("12025550101");
	struct sti_sign_request request = {
		.orig = tn("12025550100"),
		.dest = &dest,
		.n_dest = 1,
		.iat = 1700000000,
		.attest = 'B',
		.origid = sti_span_str(UUID),
	};
	struct signed_call *call = sign_call(state, URL, &request);

	assert_part(call->identity.token, 0,
		    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}");
	assert_part(call->identity.token, 1,
		    "{\"attest\":\"B\",\"dest\":{\"tn\":[\"12025550101\"]},\"iat\":1700000000,"
		    "\"orig\":{\"tn\":\"12025550100\"},\"origid\":\"" UUID "\"}");
	assert_true(sti_span_is(call->identity.info, URL));
	assert_true(sti_span_is(call->identity.alg, "ES256"));
	assert_true(sti_span_is(call->identity.ppt, "shaken"));
	free_call(call);
}

static void test_rfc8946_3_canonical_div(void **state)
{
	struct sti_tn dest = tn("12025550102"), div = tn("12025550101");
	struct sti_sign_request request = {
		.orig = tn("12025550100"),
		.dest = &dest,
		.n_dest = 1,
		.iat = 0,
		.div = &div,
	};
	struct signed_call *call = sign_call(state, URL, &request);

	assert_part(call->identity.token, 0,
		    "{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}");
	assert_part(call->identity.token, 1,
		    "{\"dest\":{\"tn\":[\"12025550102\"]},\"div\":{\"tn\":\"12025550101\"},\"iat\":0,"
		    "\"orig\":{\"tn\":\"12025550100\"}}");
	assert_true(sti_span_is(call->identity.ppt, "div"));
	free_call(call);
}

static void test_rfc8225_5_2_1_dest_sorted_and_each_once(void **state)
{
	const struct sti_tn dest[] = {tn("442079460958"), tn("911"),        tn("12025550102"), tn("12025550101"),
				      tn("12025550102"),  tn("1202555010"), tn("*67"),         tn("911")};
	struct sti_sign_request request = {
		.orig = tn("12025550100"),
		.dest = dest,
		.n_dest = sizeof(dest) / sizeof(dest[0]),
		.iat = 1,
		.attest = 'A',
		.origid = sti_span_str(UUID),
	};
	struct signed_call *call = sign_call(state, URL, &request);

	assert_part(call->identity.token, 1,
		    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"*67\",\"1202555010\",\"12025550101\",\"12025550102\","
		    "\"442079460958\",\"911\"]},\"iat\":1,\"orig\":{\"tn\":\"12025550100\"},\"origid\":\"" UUID "\"}");
	free_call(call);
}

static void test_A10_signed_twice_is_one_signing_input(void **state)
{
	struct sti_tn dest = tn("12025550101");
	struct sti_sign_request request = {
		.orig = tn("12025550100"),
		.dest = &dest,
		.n_dest = 1,
		.iat = 1700000000,
		.attest = 'A',
		.origid = sti_span_str(UUID),
	};
	struct signed_call *a = sign_call(state, URL, &request);
	struct signed_call *b = sign_call(state, URL, &request);

	assert_true(sti_span_equal(a->passport->signing_input, b->passport->signing_input));
	free_call(a);
	free_call(b);
}

static void test_largest_request_fits(void **state)
{
	struct sti_tn dest[LIMIT_DEST];
	char url[LIMIT_X5U + 1] = "https://";
	struct sti_sign_request request = {
		.orig = tn("123456789012345"),
		.dest = dest,
		.n_dest = LIMIT_DEST,
		.iat = LIMIT_IAT,
		.attest = 'C',
		.origid = sti_span_str(UUID),
	};
	struct signed_call *call;

	memset(url + 8, 'a', LIMIT_X5U - 8);
	for (size_t i = 0; i < LIMIT_DEST; i++) {
		dest[i] = tn("123456789012300");
		dest[i].text[13] = (char)('0' + i / 10);
		dest[i].text[14] = (char)('0' + i % 10);
	}
	call = sign_call(state, url, &request);
	assert_int_equal(call->passport->n_dest_tn, LIMIT_DEST);
	assert_int_equal(call->passport->iat, LIMIT_IAT);
	free_call(call);
}

static struct sti_tn raw_tn(const char *text, uint8_t n)
{
	struct sti_tn out = {.n = n};

	memcpy(out.text, text, strnlen(text, sizeof(out.text)));
	return out;
}

static void test_A21_numbers_that_are_not_canonical(void **state)
{
	const struct sti_tn bad[] = {
		raw_tn("", 0),         raw_tn("1\",\"x\":\"", 9), raw_tn("+12025550100", 12),
		raw_tn("1 2", 3),      raw_tn("1\\u0032", 7),     raw_tn("1\n2", 3),
		raw_tn("\xff\xfe", 2), raw_tn("12", 3),           raw_tn("123456789012345", 16),
		raw_tn("1", 255),
	};
	const struct keys *keys = *state;
	struct sti_tn good = tn("12025550101");
	char out[STI_IDENTITY_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sti_sign_request request = {
			.orig = bad[i],
			.dest = &good,
			.n_dest = 1,
			.attest = 'A',
			.origid = sti_span_str(UUID),
		};

		assert_int_equal(sti_sign(keys->key, sti_span_str(URL), &request, out, &n), STI_E_TN);
		request.orig = good;
		request.dest = &bad[i];
		assert_int_equal(sti_sign(keys->key, sti_span_str(URL), &request, out, &n), STI_E_TN);
		request.dest = &good;
		request.div = &bad[i];
		assert_int_equal(sti_sign(keys->key, sti_span_str(URL), &request, out, &n), STI_E_TN);
	}
}

static void test_A21_claims_that_are_refused(void **state)
{
	const struct keys *keys = *state;
	const struct sti_tn orig = tn("12025550100"), dest = tn("12025550101");
	const struct {
		const char *x5u;
		struct sti_sign_request request;
		enum sti_error error;
	} row[] = {
		{URL, {orig, &dest, 0, 1, 'A', sti_span_str(UUID), NULL}, STI_E_CLAIM_MISSING},
		{URL, {orig, &dest, LIMIT_DEST + 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_LIMIT},
		{URL, {orig, &dest, 1, -1, 'A', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, LIMIT_IAT + 1, 'A', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'a', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'D', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, '\0', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, '"', sti_span_str(UUID), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'A', sti_span_str(""), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'A', sti_span_str("\",\"x\":\""), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'A', sti_span_str("{" UUID "}"), NULL}, STI_E_CLAIM_VALUE},
		{URL, {orig, &dest, 1, 1, 'A', {NULL, 0}, NULL}, STI_E_CLAIM_VALUE},
		{"", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
		{"http://cr.example.com/a.pem", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
		{URL ">;ppt=div", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
		{URL "\",\"x\":\"", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
		{URL "\r\n", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
		{URL "\xc3\xa9", {orig, &dest, 1, 1, 'A', sti_span_str(UUID), NULL}, STI_E_URL},
	};
	char out[STI_IDENTITY_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		enum sti_error error = sti_sign(keys->key, sti_span_str(row[i].x5u), &row[i].request, out, &n);

		if (error != row[i].error)
			fail_msg("row %zu: %s", i, sti_error_text(error));
	}
}

/* A small generator of our own: the same cases in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return *seed >> 8;
}

static struct sti_tn random_tn(uint32_t *seed)
{
	static const char bytes[] = "0123456789#*+\"\\,:{}[] \n\x01\x7f\xc3\xa9";
	struct sti_tn out = {.n = (uint8_t)(1 + next_random(seed) % STI_TN_MAX)};
	size_t alphabet = next_random(seed) % 8 ? 12 : sizeof(bytes) - 1;

	for (size_t i = 0; i < out.n; i++)
		out.text[i] = bytes[next_random(seed) % alphabet];
	return out;
}

static size_t members_of(const struct json *doc, const char *name)
{
	return json_member(doc, json_root(doc), name)->count;
}

/* What another JSON library finds in the payload is what was asked for, and nothing besides. */
static void assert_exactly_ours(struct sti_span token, const struct sti_sign_request *request)
{
	struct sti_span text = decode_part(token, 1);
	struct value *root = value_parse(text);
	struct json *doc = NULL;

	assert_non_null(root);
	assert_int_equal(json_parse(text, &json_limits_default, &doc), STI_OK);
	assert_int_equal(json_root(doc)->count, 5);
	assert_int_equal(members_of(doc, "orig"), 1);
	assert_int_equal(members_of(doc, "dest"), 1);
	assert_true(sti_span_is(sti_tn_span(&request->orig), value_text(value_member(root, "orig"), "tn")));
	assert_in_range(value_count(value_member(value_member(root, "dest"), "tn")), 1, request->n_dest);
	assert_int_equal(value_number(root, "iat"), request->iat);
	assert_string_equal(value_text(root, "attest"), "A");
	assert_string_equal(value_text(root, "origid"), UUID);
	json_free(doc);
	value_free(root);
	vectors_free(text);
}

static void test_A21_decode_of_sign_has_exactly_our_keys(void **state)
{
	const struct keys *keys = *state;
	uint32_t seed = 1;
	size_t made = 0, refused = 0;

	for (int i = 0; i < 2000; i++) {
		struct sti_tn dest[2] = {random_tn(&seed), random_tn(&seed)};
		struct sti_sign_request request = {
			.orig = random_tn(&seed),
			.dest = dest,
			.n_dest = 2,
			.iat = (int64_t)next_random(&seed),
			.attest = 'A',
			.origid = sti_span_str(UUID),
		};
		struct sti_identity identity;
		char out[STI_IDENTITY_MAX];
		size_t n;

		if (sti_sign(keys->key, sti_span_str(URL), &request, out, &n)) {
			refused++;
			continue;
		}
		assert_int_equal(sti_identity_parse(sti_span(out, n), &identity), STI_OK);
		assert_exactly_ours(identity.token, &request);
		made++;
	}
	assert_true(made > 500 && refused > 100);
}

/* RFC 8225 9 over the seed's own example: its octets come back, 487 of them. */
static void put_part_again(struct buf *out, struct sti_span token, size_t i)
{
	struct sti_span text = decode_part(token, i);
	struct buf canonical = buf_own(LIMIT_JWS);
	struct json *doc = NULL;

	assert_int_equal(json_parse(text, &json_limits_default, &doc), STI_OK);
	assert_int_equal(json_put_canonical(&canonical, doc, json_root(doc)), STI_OK);
	base64url_encode(out, buf_span(&canonical));
	buf_put_byte(out, '.');
	json_free(doc);
	buf_free(&canonical);
	vectors_free(text);
}

static const char *find_token(const struct value *root, const char *id)
{
	for (size_t i = 0; i < value_count(root); i++)
		if (strcmp(value_text(value_at(root, i), "id"), id) == 0)
			return value_text(value_at(root, i), "token");
	fail_msg("%s: not there", id);
	return NULL;
}

static void test_seeds_example_written_again(void **state)
{
	struct buf again = buf_own(LIMIT_JWS);
	struct sti_span token;
	struct value *root;

	(void)state;
	if (!vectors_present())
		return;
	root = value_read("passports/passports.json");
	token = sti_span_str(find_token(root, "atis1000096-sec5.3"));
	put_part_again(&again, token, 0);
	put_part_again(&again, token, 1);
	buf_put(&again, sti_span_from(token, token.n - LIMIT_JWS_SIGNATURE));
	assert_int_equal(again.n, 487);
	assert_true(sti_span_equal(buf_span(&again), token));
	buf_free(&again);
	value_free(root);
}

/* The same example by way of sti_sign: what is signed is the same to the octet. */
static void test_seeds_example_signed_by_us(void **state)
{
	struct sti_passport *seed = NULL;
	struct signed_call *call;
	struct sti_tn dest;
	struct sti_sign_request request = {.dest = &dest, .n_dest = 1};
	char x5u[LIMIT_X5U + 1] = {0};
	struct value *root;

	if (!vectors_present())
		return;
	root = value_read("passports/passports.json");
	assert_int_equal(sti_passport_parse(sti_span_str(find_token(root, "atis1000096-sec5.3")), &seed), STI_OK);
	assert_int_equal(sti_tn_canonical(seed->orig_tn, NULL, &request.orig), STI_OK);
	assert_int_equal(sti_tn_canonical(seed->dest_tn[0], NULL, &dest), STI_OK);
	request.iat = seed->iat;
	request.attest = (char)seed->attest.p[0];
	request.origid = seed->origid;
	memcpy(x5u, seed->x5u.p, seed->x5u.n);
	call = sign_call(state, x5u, &request);
	assert_true(sti_span_equal(call->passport->signing_input, seed->signing_input));
	assert_int_equal(call->passport->token.n, 487);
	free_call(call);
	sti_passport_free(seed);
	value_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8588_8_canonical_shaken),
		cmocka_unit_test(test_rfc8946_3_canonical_div),
		cmocka_unit_test(test_rfc8225_5_2_1_dest_sorted_and_each_once),
		cmocka_unit_test(test_A10_signed_twice_is_one_signing_input),
		cmocka_unit_test(test_largest_request_fits),
		cmocka_unit_test(test_A21_numbers_that_are_not_canonical),
		cmocka_unit_test(test_A21_claims_that_are_refused),
		cmocka_unit_test(test_A21_decode_of_sign_has_exactly_our_keys),
		cmocka_unit_test(test_seeds_example_written_again),
		cmocka_unit_test(test_seeds_example_signed_by_us),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}

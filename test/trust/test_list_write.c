/* SPDX-License-Identifier: Apache-2.0 */
#include "lists.h"

#include "support/alloc_sweep.h"
#include "support/value.h"
#include "trust/ca_list.h"
#include "trust/mapping.h"

#define X5U "https://sti-pa.com/download/v1/certificate/certificateId_1.crt"

static const struct list_claims claims = {{(const uint8_t *)X5U, sizeof(X5U) - 1}, 1, 1590000000};

static struct list *reread(const struct buf *token, enum list_kind kind)
{
	struct sti_span copy = vectors_copy(buf_span(token));
	struct list *list = list_of(copy, kind);

	vectors_free(copy);
	return list;
}

/* Octet by octet: white space and the order of members are what differ from the print. */
static void test_mapping_of_the_seed(void **state)
{
	const struct office *office = *state;
	const struct list_cps cps[] = {
		{sti_span_str("5678"), sti_span_str("https://example.com/cps/company/5678")},
		{sti_span_str("1234"), sti_span_str("https://example.com/cps/company/1234")},
	};
	static const char printed[] = "{\"version\": \"1.0\", \"sequence\": 1, \"exp\": 1590000000, \"cpsMapping\": {"
				      "\"1234\": \"https://example.com/cps/company/1234\","
				      "\"5678\": \"https://example.com/cps/company/5678\"}}";
	struct buf token = buf_own(1 << 16);
	struct value *ours, *seed = value_parse(sti_span_str(printed));
	struct list *list;

	assert_int_equal(list_write_mapping(office->key, &claims, cps, 2, &token), STI_OK);
	list = reread(&token, LIST_MAPPING);
	assert_true(sti_span_is(list->jws.header_text, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"" X5U "\"}"));
	assert_true(sti_span_is(list->jws.payload_text,
				"{\"cpsMapping\":{\"1234\":\"https://example.com/cps/company/1234\","
				"\"5678\":\"https://example.com/cps/company/5678\"},"
				"\"exp\":1590000000,\"sequence\":1,\"version\":\"1.0\"}"));
	ours = value_parse(list->jws.payload_text);
	assert_true(value_equal(ours, seed));
	value_free(ours);
	value_free(seed);
	list_free(list);
	buf_free(&token);
}

static void test_CA_list_in_the_fields_of_the_seed(void **state)
{
	const struct office *office = *state;
	const struct sti_span der[] = {sti_span("\x30\x00", 2), sti_span("\xfb\xff\xfe", 3)};
	struct buf token = buf_own(1 << 16);
	struct list *list;

	assert_int_equal(list_write_ca(office->key, &claims, der, 2, &token), STI_OK);
	list = reread(&token, LIST_CA);
	assert_true(sti_span_is(list->jws.header_text, "{\"alg\":\"ES256\",\"typ\":\"jwt\",\"x5u\":\"" X5U "\"}"));
	assert_true(sti_span_is(list->jws.payload_text,
				"{\"exp\":1590000000,\"sequence\":1,\"trustList\":[\"MAA=\",\"+//+\"],\"version\":1}"));
	list_free(list);
	buf_free(&token);
}

static void test_what_is_written_is_read_and_good(void **state)
{
	const struct office *office = *state;
	const struct list_claims good = {sti_span_str(PA_X5U), INT64_MAX, 2 * DAY};
	const struct list_cps cps = {sti_span_str("709J"), sti_span_str("https://cps.example/")};
	struct sti_span der = der_of(&office->root);
	struct buf ca = buf_own(1 << 16), mapping = buf_own(1 << 16);
	struct list *list;
	struct ca_list roots;
	struct mapping *map;

	assert_int_equal(list_write_ca(office->key, &good, &der, 1, &ca), STI_OK);
	list = reread(&ca, LIST_CA);
	assert_int_equal(list_judge(list, &office->source, &office->chain, NULL, NOON), LIST_GOOD);
	assert_int_equal(list->sequence, INT64_MAX);
	assert_int_equal(ca_list_read(list, NOON, &roots), STI_OK);
	assert_int_equal(roots.n_good, 1);
	assert_true(sti_span_equal(roots.entry[0].cert.der, der));
	ca_list_free(&roots);
	list_free(list);
	assert_int_equal(list_write_mapping(office->key, &good, &cps, 1, &mapping), STI_OK);
	list = reread(&mapping, LIST_MAPPING);
	assert_int_equal(list_judge(list, &office->source, &office->chain, NULL, NOON), LIST_GOOD);
	assert_int_equal(mapping_read(list, &map), STI_OK);
	assert_int_equal(mapping_count(map), 1);
	mapping_unref(map);
	list_free(list);
	buf_free(&mapping);
	buf_free(&ca);
	vectors_free(der);
}

static void test_empty_lists(void **state)
{
	const struct office *office = *state;
	struct buf token = buf_own(1 << 16);
	struct list *list;

	assert_int_equal(list_write_ca(office->key, &claims, NULL, 0, &token), STI_OK);
	list = reread(&token, LIST_CA);
	assert_true(sti_span_is(list->jws.payload_text,
				"{\"exp\":1590000000,\"sequence\":1,\"trustList\":[],\"version\":1}"));
	list_free(list);
	token.n = 0;
	assert_int_equal(list_write_mapping(office->key, &claims, NULL, 0, &token), STI_OK);
	list = reread(&token, LIST_MAPPING);
	assert_int_equal(list->body->count, 0);
	list_free(list);
	buf_free(&token);
}

static void test_one_OCN_twice(void **state)
{
	const struct office *office = *state;
	const struct list_cps cps[] = {
		{sti_span_str("1234"), sti_span_str("https://a.example/")},
		{sti_span_str("0001"), sti_span_str("https://a.example/")},
		{sti_span_str("1234"), sti_span_str("https://b.example/")},
	};
	struct buf token = buf_own(1 << 16);

	assert_int_equal(list_write_mapping(office->key, &claims, cps, 3, &token), STI_E_JSON_TWICE);
	assert_int_equal(token.n, 0);
	buf_free(&token);
}

static void test_longer_than_a_reader_takes(void **state)
{
	const struct office *office = *state;
	uint8_t *many = calloc(1, LIMIT_CA_LIST);
	struct sti_span der = sti_span(many, LIMIT_CA_LIST);
	struct list_claims long_x5u = claims;
	struct buf token = buf_own(2 * LIMIT_CA_LIST);

	assert_non_null(many);
	assert_int_equal(list_write_ca(office->key, &claims, &der, 1, &token), STI_E_LIMIT);
	long_x5u.x5u = sti_span(many, LIMIT_JWS_HEADER);
	assert_int_equal(list_write_ca(office->key, &long_x5u, NULL, 0, &token), STI_E_LIMIT);
	assert_int_equal(token.n, 0);
	buf_free(&token);
	free(many);
}

static bool attempt(void *context)
{
	const struct office *office = context;
	const struct list_cps cps = {sti_span_str("709J"), sti_span_str("https://cps.example/")};
	const struct sti_span der = sti_span("\x30\x00", 2);
	struct buf token = buf_own(1 << 16);
	enum sti_error error = list_write_mapping(office->key, &claims, &cps, 1, &token);

	if (!error)
		error = list_write_ca(office->key, &claims, &der, 1, &token);
	assert_true(error == STI_OK || alloc_sweep_failed());
	buf_free(&token);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	alloc_sweep("writing lists", attempt, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapping_of_the_seed),
		cmocka_unit_test(test_CA_list_in_the_fields_of_the_seed),
		cmocka_unit_test(test_what_is_written_is_read_and_good),
		cmocka_unit_test(test_empty_lists),
		cmocka_unit_test(test_one_OCN_twice),
		cmocka_unit_test(test_longer_than_a_reader_takes),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, office_setup, office_teardown);
}

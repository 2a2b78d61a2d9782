/* SPDX-License-Identifier: Apache-2.0 */
#include "role/claims.h"

#include "scene.h"

/* DER: one part of EnhancedJWTClaimConstraints each. */
#define INCLUDE_A     "3007a0053003160161" /* "a" */
#define EXCLUDE_A     "3007a2053003160161"
#define PERMIT_A_XY   "3013a111300f300d16016130080c01780c03797a7a" /* "a" is "x" or "yzz" */
#define PERMIT_A_1    "300ea10c300a300816016130030c0131" /* "a" is "1" */
#define PERMIT_ATTEST "3013a111300f300d160661747465737430030c0142" /* "attest" is "B" */

static const struct row {
	const char *constraints;
	const char *more; /* of the payload */
	bool allowed;
} rows[] = {
	{INCLUDE_A, ",\"a\":null", true},
	{INCLUDE_A, ",\"a\":{}", true},
	{INCLUDE_A, "", false},
	{INCLUDE_A, ",\"A\":1", false}, /* names are exact */
	{INCLUDE_A, ",\"b\":{\"a\":1}", false}, /* and of the payload itself */
	{INCLUDE_A, ",\"\\u0061\":1", true}, /* however they are written */
	{EXCLUDE_A, "", true},
	{EXCLUDE_A, ",\"a\":null", false},
	{EXCLUDE_A, ",\"\\u0061\":\"\"", false},
	{EXCLUDE_A, ",\"b\":{\"a\":1}", true},
	{PERMIT_A_XY, "", true}, /* only where it is there */
	{PERMIT_A_XY, ",\"a\":\"x\"", true},
	{PERMIT_A_XY, ",\"a\":\"yzz\"", true},
	{PERMIT_A_XY, ",\"a\":\"y\\u007az\"", true},
	{PERMIT_A_XY, ",\"a\":\"X\"", false},
	{PERMIT_A_XY, ",\"a\":\"yz\"", false},
	{PERMIT_A_XY, ",\"a\":\"\"", false},
	{PERMIT_A_XY, ",\"a\":null", false},
	{PERMIT_A_XY, ",\"a\":[\"x\"]", false}, /* a list is not its element */
	{PERMIT_A_XY, ",\"a\":[\"x\",\"bad\"]", false},
	{PERMIT_A_1, ",\"a\":1", true}, /* what is no string is compared as it is written */
	{PERMIT_A_1, ",\"a\":1.0", false},
	{PERMIT_A_1, ",\"a\":\"1\"", true},
	{PERMIT_ATTEST, "", false}, /* the call says A */
};

static void test_B12_constraints_against_claims(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span der = vectors_hex(rows[i].constraints), token;
		struct constraints *constraints;
		struct sti_passport *passport;
		struct call c = call_good();

		c.payload_more = rows[i].more;
		token = call_token(*state, &c);
		assert_int_equal(constraints_parse(sti_span(NULL, 0), der, &constraints), STI_OK);
		assert_int_equal(sti_passport_parse(token, &passport), STI_OK);
		if (claims_are_allowed(constraints, passport) != rows[i].allowed)
			fail_msg("row %zu", i);
		assert_true(claims_are_allowed(NULL, passport));
		sti_passport_free(passport);
		constraints_free(constraints);
		vectors_free(token);
		vectors_free(der);
	}
}

/* One rule broken is enough, and there is no way to keep two that contradict each other. */
static void test_B12_all_rules_count(void **state)
{
	struct sti_span include = vectors_hex(INCLUDE_A), exclude = vectors_hex(EXCLUDE_A);
	struct constraints *constraints;

	assert_int_equal(constraints_parse(include, exclude, &constraints), STI_OK);
	for (int there = 0; there < 2; there++) {
		struct call c = call_good();
		struct sti_passport *passport;
		struct sti_span token;

		c.payload_more = there ? ",\"a\":1" : "";
		token = call_token(*state, &c);
		assert_int_equal(sti_passport_parse(token, &passport), STI_OK);
		assert_false(claims_are_allowed(constraints, passport));
		sti_passport_free(passport);
		vectors_free(token);
	}
	constraints_free(constraints);
	vectors_free(include);
	vectors_free(exclude);
}

static int make(void **state)
{
	*state = scene_make();
	return 0;
}

static int unmake(void **state)
{
	scene_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_B12_constraints_against_claims),
		cmocka_unit_test(test_B12_all_rules_count),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}

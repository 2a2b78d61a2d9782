/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain.h"
#include "pki/constraints.h"

#include "support/alloc_sweep.h"
#include "world.h"

static enum sti_error parse(const char *plain, const char *enhanced, struct constraints **out)
{
	struct sti_span a = plain ? vectors_hex(plain) : (struct sti_span){0};
	struct sti_span b = enhanced ? vectors_hex(enhanced) : (struct sti_span){0};
	enum sti_error error = constraints_parse(a, b, out);

	vectors_free(a); /* nothing points into them */
	vectors_free(b);
	return error;
}

static void expect_rule(const struct constraint *rule, enum constraint_kind kind, const char *claim, size_t n)
{
	assert_int_equal(rule->kind, kind);
	assert_true(sti_span_is(rule->claim, claim));
	assert_int_equal(rule->n_value, n);
}

/* RFC 9118 appendix: include confidence, high or medium, and no priority. */
#define FIGURE                                                                                                         \
	"3040a00e300c160a636f6e666964656e6365a120301e301c160a636f6e666964656e6365300e0c04686967680c066d656469756da20c" \
	"300a16087072696f72697479"

static void expect_figure(const struct constraints *c)
{
	assert_int_equal(c->n, 3);
	expect_rule(&c->rule[0], CONSTRAINT_INCLUDE, "confidence", 0);
	expect_rule(&c->rule[1], CONSTRAINT_PERMIT, "confidence", 2);
	assert_true(sti_span_is(c->rule[1].value[0], "high"));
	assert_true(sti_span_is(c->rule[1].value[1], "medium"));
	expect_rule(&c->rule[2], CONSTRAINT_EXCLUDE, "priority", 0);
}

static void test_B12_example_of_RFC_9118(void **state)
{
	struct constraints *c;

	(void)state;
	assert_int_equal(parse(NULL, FIGURE, &c), STI_OK);
	expect_figure(c);
	constraints_free(c);
}

static void test_B12_certificate_of_RFC_9118(void **state)
{
	struct sti_span pem;
	struct constraints *c;
	struct chain chain;

	(void)state;
	if (!vectors_present())
		return;
	pem = vectors_read("passports/rfc9118_fig1_cert.pem");
	assert_int_equal(chain_parse(pem, 1, &chain), STI_OK);
	assert_int_equal(constraints_of(&chain.cert[0], &c), STI_OK);
	expect_figure(c);
	constraints_free(c);
	chain_free(&chain);
	vectors_free(pem);
}

static void test_B12_both_extensions_count(void **state)
{
	struct constraints *c;

	(void)state;
	assert_int_equal(parse("3007a0053003160161", "3007a2053003160162", &c), STI_OK);
	assert_int_equal(c->n, 2);
	expect_rule(&c->rule[0], CONSTRAINT_INCLUDE, "a", 0);
	expect_rule(&c->rule[1], CONSTRAINT_EXCLUDE, "b", 0);
	constraints_free(c);
}

static void test_B12_malformed(void **state)
{
	static const char *const rows[] = {
		"", /* nothing */
		"3000", /* no part */
		"3100", /* a SET */
		"3002a000", /* names without a list */
		"3004a0023000", /* an empty list */
		"3006a00430021600", /* a name of nothing */
		"3007a00530031601e9", /* not IA5 */
		"3007a005300c0c0161", /* cut off */
		"3007a0053003"
		"0c0161", /* UTF8String for a name */
		"3005a0031601"
		"61", /* the list left out: implicit tags */
		"3007a1053003160161", /* names where values belong */
		"3009a10730053003160161", /* a claim without values */
		"300ba1093007300516016130"
		"00", /* with an empty list of them */
		"300ea10c300a3008160161300316"
		"0178", /* a value that is IA5String */
		"3007a3053003160161", /* an unknown part */
		"300ea2053003160161a0053003160162", /* out of order */
		"300ea0053003160161a0053003160162", /* twice */
		"3007a0053003160161"
		"00", /* something behind */
		"30800000", /* not DER */
		"308107a0053003160161", /* a length longer than it need be */
		"3009a007300316016105"
		"00", /* behind the list */
		"3007800530031601"
		"61", /* a primitive tag */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct constraints *c = NULL;

		if (parse(NULL, rows[i], &c) != STI_E_CERT || c)
			fail_msg("row %zu", i);
	}
}

/* RFC 8226 8 has no mustExclude. */
static void test_B12_exclude_in_the_plain_one(void **state)
{
	struct constraints *c = NULL;

	(void)state;
	assert_int_equal(parse("3007a2053003160161", NULL, &c), STI_E_CERT);
	assert_int_equal(parse(NULL, "3007a2053003160161", &c), STI_OK);
	constraints_free(c);
}

/* n names, or one claim with n values. */
static enum sti_error parse_many(size_t n, bool values)
{
	struct buf list = buf_own(4096), whole = buf_own(4096);
	static const uint8_t claim[] = {0x16, 1, 'a'};
	const uint8_t tag = values ? V_ASN1_UTF8STRING : V_ASN1_IA5STRING;
	struct constraints *c = NULL;
	enum sti_error error;
	size_t depth = values ? 5 : 3;

	for (size_t i = 0; i < n; i++)
		buf_put(&list, sti_span((const uint8_t[]){tag, 1, 'b'}, 3));
	for (size_t i = 0; i < depth; i++) { /* the list, (its claim, the claims,) the part, all */
		uint8_t head[8], *at = head;
		bool is_part = i == depth - 2;

		ASN1_put_object(&at, 1, (int)list.n, is_part ? (values ? 1 : 0) : V_ASN1_SEQUENCE,
				is_part ? V_ASN1_CONTEXT_SPECIFIC : V_ASN1_UNIVERSAL);
		whole.n = 0;
		if (values && i == 0)
			buf_put(&whole, sti_span(claim, sizeof(claim)));
		buf_put(&whole, sti_span(head, (size_t)(at - head)));
		buf_put(&whole, buf_span(&list));
		list.n = 0;
		buf_put(&list, buf_span(&whole));
	}
	error = constraints_parse(sti_span(NULL, 0), buf_span(&list), &c);
	constraints_free(c);
	buf_free(&list);
	buf_free(&whole);
	return error;
}

static void test_as_many_as_the_limits_and_one_more(void **state)
{
	(void)state;
	assert_int_equal(parse_many(LIMIT_CONSTRAINTS, false), STI_OK);
	assert_int_equal(parse_many(LIMIT_CONSTRAINTS + 1, false), STI_E_LIMIT);
	assert_int_equal(parse_many(LIMIT_CONSTRAINT_VALUES, true), STI_OK);
	assert_int_equal(parse_many(LIMIT_CONSTRAINT_VALUES + 1, true), STI_E_LIMIT);
}

static void test_certificate_without_constraints(void **state)
{
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct constraints *c;
	struct cert cert;

	(void)state;
	assert_int_equal(cert_parse(der, &cert), STI_OK);
	assert_int_equal(constraints_of(&cert, &c), STI_OK);
	assert_null(c);
	cert_free(&cert);
	vectors_free(der);
	pair_free(&root);
}

static bool attempt(void *context)
{
	struct constraints *c = NULL;
	enum sti_error error = constraints_parse(sti_span(NULL, 0), *(const struct sti_span *)context, &c);

	assert_true(error == STI_OK || (error == STI_E_MEMORY && alloc_sweep_failed()));
	constraints_free(c);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct sti_span der = vectors_hex(FIGURE);

	(void)state;
	alloc_sweep("constraints", attempt, &der);
	vectors_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_B12_example_of_RFC_9118),
		cmocka_unit_test(test_B12_certificate_of_RFC_9118),
		cmocka_unit_test(test_B12_both_extensions_count),
		cmocka_unit_test(test_B12_malformed),
		cmocka_unit_test(test_B12_exclude_in_the_plain_one),
		cmocka_unit_test(test_as_many_as_the_limits_and_one_more),
		cmocka_unit_test(test_certificate_without_constraints),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/domain_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pki/domain_us.h"
#include "store/file.h"
#include "support/alloc_sweep.h"
#include "support/vectors.h"

static enum sti_error parse(struct sti_span text, struct domain_file **out, const char **why)
{
	struct sti_span exact = vectors_copy(text);
	enum sti_error error = domain_file_parse(exact, out, why);

	vectors_free(exact);
	return error;
}

static struct buf example_read(void)
{
	const char *source = getenv("STI_SOURCE");
	char *path = NULL;
	struct buf text;

	assert_true(asprintf(&path, "%s/examples/domain-us.json", source ? source : ".") > 0);
	assert_int_equal(file_read(path, 1 << 16, &text), STI_OK);
	free(path);
	return text;
}

static void policy_equal(const struct domain_policy *a, const struct domain_policy *b)
{
	assert_true(sti_span_equal(a->oid, b->oid));
	assert_int_equal(a->rules, b->rules);
	for (int who = 0; who < DOMAIN_WHO; who++) {
		assert_int_equal(a->term[who].from, b->term[who].from);
		assert_int_equal(a->term[who].until, b->term[who].until);
	}
}

/* The example is what the lints are tested with. */
static void test_the_example_of_the_united_states(void **state)
{
	const struct domain *found, *expected = domain_us();
	struct buf text = example_read();
	struct domain_file *file;
	const char *why;

	(void)state;
	assert_int_equal(parse(buf_span(&text), &file, &why), STI_OK);
	found = domain_file_domain(file);
	assert_true(sti_span_equal(found->country, expected->country));
	assert_int_equal(found->spc, expected->spc);
	assert_int_equal(found->n_crl_url, expected->n_crl_url);
	assert_true(sti_span_equal(found->crl_url[0], expected->crl_url[0]));
	assert_int_equal(found->n_policy, expected->n_policy);
	for (size_t i = 0; i < found->n_policy; i++)
		policy_equal(&found->policy[i], &expected->policy[i]);
	domain_file_free(file);
	buf_free(&text);
}

static void test_a_domain_that_says_nothing(void **state)
{
	struct domain_file *file;
	const char *why;

	(void)state;
	assert_int_equal(parse(sti_span_str("{}"), &file, &why), STI_OK);
	assert_null(domain_file_domain(file)->country.p);
	assert_int_equal(domain_file_domain(file)->n_policy, 0);
	domain_file_free(file);
	domain_file_free(NULL);
}

static void test_what_is_wrong_is_refused_and_named(void **state)
{
	static const struct {
		const char *text, *why;
	} row[] = {
		{"[]", "expected an object"},
		{"{\"contry\":\"US\"}", "a member that is not known"},
		{"{\"country\":\"USA\"}", "expected a country of two letters (ISO 3166-1)"},
		{"{\"country\":1}", "expected a country of two letters (ISO 3166-1)"},
		{"{\"spc_length\":0}", "expected the characters of an SPC, 1 to 8"},
		{"{\"spc_length\":9}", "expected the characters of an SPC, 1 to 8"},
		{"{\"spc_length\":\"4\"}", "expected the characters of an SPC, 1 to 8"},
		{"{\"crl_urls\":\"https://example.com\"}", "expected a list of at most 16 URLs"},
		{"{\"crl_urls\":[1]}", "expected URLs as text"},
		{"{\"crl_urls\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}", "expected a list of at most 16 URLs"},
		{"{\"policies\":{}}", "expected a list of at most 32 policies"},
		{"{\"policies\":[1]}", "expected an object"},
		{"{\"policies\":[{}]}", "expected \"oid\" in each policy"},
		{"{\"policies\":[{\"oid\":\"\"}]}", "expected an OID: 2.16.840.1.114569.1.1.4"},
		{"{\"policies\":[{\"oid\":\"1.2x\"}]}", "expected an OID: 2.16.840.1.114569.1.1.4"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"ca\":{\"from\":\"2021-02-29\"}}]}", "expected a day: 2020-04-07"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"ca\":{\"from\":\"2021-13-01\"}}]}", "expected a day: 2020-04-07"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"ca\":{\"from\":\"2021-1-001\"}}]}", "expected a day: 2020-04-07"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"signer\":{\"until\":0}}]}", "expected a day: 2020-04-07"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"signer\":{\"to\":0}}]}", "a member that is not known"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"rules\":\"country\"}]}", "expected a list of rules"},
		{"{\"policies\":[{\"oid\":\"1.2\",\"rules\":[\"nice\"]}]}",
		 "expected sha256-only, subject-serial, exact-name, no-email, no-crl-sign or country"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct domain_file *file;
		const char *why;

		if (parse(sti_span_str(row[i].text), &file, &why) != STI_E_CLAIM_VALUE || strcmp(why, row[i].why) != 0)
			fail_msg("%s", row[i].text);
	}
}

static void test_what_is_no_json_is_refused_as_such(void **state)
{
	struct domain_file *file;
	const char *why;

	(void)state;
	assert_int_equal(parse(sti_span_str("country = US"), &file, &why), STI_E_JSON);
	assert_null(why);
}

static bool attempt(void *context)
{
	struct domain_file *file;
	const char *why;
	enum sti_error error = domain_file_parse(*(struct sti_span *)context, &file, &why);

	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		return false;
	}
	domain_file_free(file);
	return true;
}

static void test_J5_no_memory(void **state)
{
	struct buf text = example_read();
	struct sti_span span = buf_span(&text);

	(void)state;
	alloc_sweep("a domain", attempt, &span);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_of_the_united_states),
		cmocka_unit_test(test_a_domain_that_says_nothing),
		cmocka_unit_test(test_what_is_wrong_is_refused_and_named),
		cmocka_unit_test(test_what_is_no_json_is_refused_as_such),
		cmocka_unit_test(test_J5_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

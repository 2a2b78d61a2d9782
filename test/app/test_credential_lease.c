/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/world.h"

#include "app/credential_lease.h"

/* asan sees whether it went too early or never. */
static void test_it_stays_whole_until_the_last_one_ends(void **state)
{
	struct pair root = root_make();
	struct pair leaf = signer_make(&root);
	struct sti_credential *credential;
	struct credential_lease *first, *second;

	(void)state;
	assert_int_equal(sti_credential_parse(buf_span(&leaf.cert), NULL, NOON, &credential), STI_OK);
	first = credential_lease_make(credential);
	assert_non_null(first);
	second = credential_lease_share(first);
	credential_lease_end(first);
	assert_ptr_equal(credential_lease_of(second), credential);
	assert_true(sti_span_is(sti_credential_spc(credential_lease_of(second)), "709J"));
	credential_lease_end(second);
	credential_lease_end(NULL);
	pair_free(&root);
	pair_free(&leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_stays_whole_until_the_last_one_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain_us.h"

enum { CP_1_3 = 1629244800, CP_1_3_SIGNER = 1641772800 };

static const struct domain_policy *policy(const char *oid)
{
	return domain_policy(domain_us(), sti_span_str(oid));
}

static void test_policies_by_their_oid(void **state)
{
	(void)state;
	assert_ptr_equal(policy("2.16.840.1.114569.1.1.3"), &domain_us()->policy[2]);
	assert_null(policy("2.16.840.1.114569.1.1"));
	assert_null(policy(""));
}

static void test_the_newest_policy_of_a_time(void **state)
{
	(void)state;
	assert_null(domain_policy_at(domain_us(), DOMAIN_CA, 0));
	assert_ptr_equal(domain_policy_at(domain_us(), DOMAIN_CA, CP_1_3 - 1), &domain_us()->policy[1]);
	assert_ptr_equal(domain_policy_at(domain_us(), DOMAIN_CA, CP_1_3), &domain_us()->policy[2]);
	assert_ptr_equal(domain_policy_at(domain_us(), DOMAIN_SIGNER, INT64_MAX), &domain_us()->policy[3]);
}

static void test_signers_may_name_an_old_policy_longer_than_cas(void **state)
{
	const struct domain_policy *old = policy("2.16.840.1.114569.1.1.1");

	(void)state;
	assert_true(domain_policy_may(old, DOMAIN_CA, CP_1_3 - 1));
	assert_false(domain_policy_may(old, DOMAIN_CA, CP_1_3));
	assert_true(domain_policy_may(old, DOMAIN_SIGNER, CP_1_3_SIGNER - 1));
	assert_false(domain_policy_may(old, DOMAIN_SIGNER, CP_1_3_SIGNER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies_by_their_oid),
		cmocka_unit_test(test_the_newest_policy_of_a_time),
		cmocka_unit_test(test_signers_may_name_an_old_policy_longer_than_cas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

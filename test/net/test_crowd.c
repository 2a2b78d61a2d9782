/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/crowd.h"

static bool key_of(const char *text, uint8_t key[CROWD_KEY])
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return crowd_key((const struct sockaddr *)&v4, key);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return crowd_key((const struct sockaddr *)&v6, key);
}

static void test_third_from_one_address_where_two_may_come(void **state)
{
	uint8_t one[CROWD_KEY], other[CROWD_KEY];
	struct crowd *crowd;

	(void)state;
	assert_int_equal(crowd_create(&crowd), STI_OK);
	assert_true(key_of("192.0.2.1", one) && key_of("192.0.2.2", other));
	assert_int_equal(crowd_enter(crowd, one, 2), STI_OK);
	assert_int_equal(crowd_enter(crowd, one, 2), STI_OK);
	assert_int_equal(crowd_enter(crowd, one, 2), STI_E_FULL);
	assert_int_equal(crowd_enter(crowd, other, 2), STI_OK);
	crowd_leave(crowd, one);
	assert_int_equal(crowd_enter(crowd, one, 2), STI_OK);
	crowd_free(crowd);
}

static void test_one_customer_with_many_ipv6_addresses(void **state)
{
	uint8_t one[CROWD_KEY], same[CROWD_KEY], other[CROWD_KEY];
	struct sockaddr local = {.sa_family = AF_UNIX};

	(void)state;
	assert_true(key_of("2001:db8:1:2::1", one) && key_of("2001:db8:1:2:ffff::9", same) &&
		    key_of("2001:db8:1:3::1", other));
	assert_memory_equal(one, same, CROWD_KEY);
	assert_memory_not_equal(one, other, CROWD_KEY);
	assert_false(crowd_key(&local, one));
}

static void test_many_addresses_come_and_go(void **state)
{
	struct crowd *crowd;

	(void)state;
	assert_int_equal(crowd_create(&crowd), STI_OK);
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 5000; i++)
			assert_int_equal(crowd_enter(crowd, (const uint8_t *)&i, 1), STI_OK);
		for (uint64_t i = 0; i < 5000; i++)
			assert_int_equal(crowd_enter(crowd, (const uint8_t *)&i, 1), STI_E_FULL);
		for (uint64_t i = 0; i < 5000; i++)
			crowd_leave(crowd, (const uint8_t *)&i);
	}
	crowd_free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_from_one_address_where_two_may_come),
		cmocka_unit_test(test_one_customer_with_many_ipv6_addresses),
		cmocka_unit_test(test_many_addresses_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
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

enum { MANY = 5000 };

static void test_third_from_one_address_where_two_may_come(void **state)
{
	struct crowd_member a = {0}, b = {0}, c = {0}, d = {0};
	uint8_t one[CROWD_KEY], other[CROWD_KEY];
	struct crowd *crowd;

	(void)state;
	assert_int_equal(crowd_create(&crowd), STI_OK);
	assert_true(key_of("192.0.2.1", one) && key_of("192.0.2.2", other));
	assert_int_equal(crowd_enter(crowd, one, 2, &a), STI_OK);
	assert_int_equal(crowd_enter(crowd, one, 2, &b), STI_OK);
	assert_int_equal(crowd_enter(crowd, one, 2, &c), STI_E_FULL);
	assert_null(c.source);
	assert_int_equal(crowd_enter(crowd, other, 2, &d), STI_OK);
	crowd_leave(crowd, &a);
	crowd_leave(crowd, &a); /* no longer in it */
	crowd_leave(crowd, &c); /* never was */
	assert_int_equal(crowd_enter(crowd, one, 2, &c), STI_OK);
	assert_int_equal(crowd_enter(crowd, one, 2, &a), STI_E_FULL);
	crowd_leave(crowd, &b);
	crowd_leave(crowd, &c);
	crowd_leave(crowd, &d);
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
	struct crowd_member *member = calloc(MANY, sizeof(*member)), late = {0};
	struct crowd *crowd;

	(void)state;
	assert_non_null(member);
	assert_int_equal(crowd_create(&crowd), STI_OK);
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < MANY; i++)
			assert_int_equal(crowd_enter(crowd, (const uint8_t *)&i, 1, &member[i]), STI_OK);
		for (uint64_t i = 0; i < MANY; i++)
			assert_int_equal(crowd_enter(crowd, (const uint8_t *)&i, 1, &late), STI_E_FULL);
		for (uint64_t i = 0; i < MANY; i++)
			crowd_leave(crowd, &member[i]);
	}
	crowd_free(crowd);
	free(member);
}

static void test_H2_surplus_of_addresses_that_come_go_and_change(void **state)
{
	enum { EACH = 40 };
	struct crowd_member member[3][EACH] = {{{.is_spare = false}}}, late[2] = {{.is_spare = false}};
	uint8_t key[4][CROWD_KEY] = {"aaaaaaa", "bbbbbbb", "ccccccc", "ddddddd"};
	static const unsigned n[3] = {2, EACH, 3};
	struct crowd *crowd;

	(void)state;
	assert_int_equal(crowd_create(&crowd), STI_OK);
	for (int i = 0; i < 3; i++)
		for (unsigned k = 0; k < n[i]; k++)
			assert_int_equal(crowd_enter(crowd, key[i], EACH, &member[i][k]), STI_OK);
	assert_int_equal(crowd_enter(crowd, key[3], EACH, &late[0]), STI_OK);
	assert_null(crowd_surplus(crowd, &late[0])); /* nobody can go */
	crowd_set_spare(crowd, &member[0][1], true);
	crowd_set_spare(crowd, &member[2][2], true);
	crowd_set_spare(crowd, &member[2][0], true);
	assert_ptr_equal(crowd_surplus(crowd, &late[0]), &member[2][2]); /* the fullest of those that have one */
	assert_null(crowd_surplus(crowd, &member[1][0])); /* it has more itself */
	crowd_set_spare(crowd, &member[1][7], true);
	assert_ptr_equal(crowd_surplus(crowd, &late[0]), &member[1][7]);
	assert_ptr_equal(crowd_surplus(crowd, &member[1][0]), &member[1][7]); /* its own */
	crowd_leave(crowd, &member[1][7]);
	crowd_set_spare(crowd, &member[2][2], false);
	assert_ptr_equal(crowd_surplus(crowd, &late[0]), &member[2][0]);
	crowd_leave(crowd, &member[2][2]);
	crowd_leave(crowd, &member[2][0]);
	assert_ptr_equal(crowd_surplus(crowd, &late[0]), &member[0][1]);
	assert_int_equal(crowd_enter(crowd, key[3], EACH, &late[1]), STI_OK);
	assert_ptr_equal(crowd_surplus(crowd, &late[0]), &member[0][1]); /* two and two */
	crowd_leave(crowd, &member[0][0]);
	assert_null(crowd_surplus(crowd, &late[0]));
	for (int i = 0; i < 3; i++)
		for (unsigned k = 0; k < n[i]; k++)
			crowd_leave(crowd, &member[i][k]);
	crowd_leave(crowd, &late[0]);
	crowd_leave(crowd, &late[1]);
	crowd_free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_from_one_address_where_two_may_come),
		cmocka_unit_test(test_one_customer_with_many_ipv6_addresses),
		cmocka_unit_test(test_many_addresses_come_and_go),
		cmocka_unit_test(test_H2_surplus_of_addresses_that_come_go_and_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

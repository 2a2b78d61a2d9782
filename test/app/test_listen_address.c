/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/listen_address.h"

static const struct row {
	const char *text;
	bool good, is_unix, loopback;
} rows[] = {
	{"127.0.0.1:8080", true, false, true},
	{"127.255.0.1:1", true, false, true},
	{"128.0.0.1:1", true, false, false},
	{"0.0.0.0:0", true, false, false},
	{"192.0.2.1:65535", true, false, false},
	{"[::1]:9101", true, false, true},
	{"[::]:9101", true, false, false},
	{"[::2]:9101", true, false, false},
	{"[2001:db8::1]:443", true, false, false},
	{"[::ffff:127.0.0.1]:443", true, false, true},
	{"unix:/run/x.sock", true, true, false},
	{"unix:x", true, true, false},
	{"unix:", false, false, false},
	{"UNIX:/x", false, false, false},
	{"", false, false, false},
	{":", false, false, false},
	{":80", false, false, false},
	{"80", false, false, false},
	{"127.0.0.1", false, false, false},
	{"127.0.0.1:", false, false, false},
	{"127.0.0.1:080", false, false, false},
	{"127.0.0.1:+80", false, false, false},
	{"127.0.0.1: 80", false, false, false},
	{"127.0.0.1:65536", false, false, false},
	{"127.0.0.1:80:80", false, false, false},
	{"127.1:80", false, false, false},
	{"0x7f.0.0.1:80", false, false, false},
	{"localhost:80", false, false, false},
	{"::1:80", false, false, false},
	{"[::1]", false, false, false},
	{"[::1]80", false, false, false},
	{"[::1", false, false, false},
	{"[]:80", false, false, false},
	{"[127.0.0.1]:80", false, false, false},
	{"[fe80::1%eth0]:80", false, false, false},
	{"[::1]:80]", false, false, false},
};

static void test_addresses_in_every_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].text);
		char *copy = malloc(n ? n : 1);
		struct sti_span text = sti_span(copy, n);

		assert_non_null(copy);
		memcpy(copy, rows[i].text, n);
		if (listen_address_check(text) != rows[i].good)
			fail_msg("%s", rows[i].text);
		if (rows[i].good) {
			assert_int_equal(listen_address_is_unix(text), rows[i].is_unix);
			assert_int_equal(listen_address_is_loopback(text), rows[i].loopback);
		}
		free(copy);
	}
}

static void test_a_socket_path_longer_than_the_system_takes(void **state)
{
	char text[120] = "unix:/";

	(void)state;
	memset(text + 6, 'x', 106);
	assert_int_equal(strlen(text), 112); /* 107 octets of path and a NUL fill sun_path */
	assert_true(listen_address_check(sti_span_str(text)));
	text[112] = 'x';
	assert_false(listen_address_check(sti_span_str(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_in_every_spelling),
		cmocka_unit_test(test_a_socket_path_longer_than_the_system_takes),
	};

	return cmocka_run_group_tests_name("app/endpoint", tests, NULL, NULL);
}

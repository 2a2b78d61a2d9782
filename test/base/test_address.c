/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/address.h"
#include "support/vectors.h"

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		const uint8_t octet[16];
	} row[] = {
		{"192.0.2.1", {[10] = 0xff, 0xff, 192, 0, 2, 1}},
		{"0.0.0.0", {[10] = 0xff, 0xff}},
		{"255.255.255.255", {[10] = 0xff, 0xff, 255, 255, 255, 255}},
		{"::ffff:192.0.2.1", {[10] = 0xff, 0xff, 192, 0, 2, 1}},
		{"::", {0}},
		{"::1", {[15] = 1}},
		{"2001:db8::1", {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
		{"2001:0DB8:0000:0000:0000:0000:0000:0001", {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_span exact = vectors_copy(sti_span_str(row[i].text));

		assert_int_equal(address_parse(exact, &address), STI_OK);
		assert_memory_equal(address.octet, row[i].octet, 16);
		vectors_free(exact);
	}
}

static void test_what_is_no_address(void **state)
{
	static const char *const text[] = {
		"",
		" ",
		"1",
		"127.1",
		"0x7f.0.0.1",
		"2130706433",
		"192.0.2",
		"192.0.2.1.",
		"192.0.2.1.5",
		"192.0.2.256",
		"192.0.2.-1",
		"192.0.2.01",
		" 192.0.2.1",
		"192.0.2.1 ",
		"192.0.2.1/32",
		"localhost",
		":",
		":::",
		"1::2::3",
		"2001:db8",
		"[::1]",
		"fe80::1%lo",
		"::g",
		"::1:",
		"12345::",
		"::ffff:192.0.2",
		"1:2:3:4:5:6:7:8:9",
		"0000:0000:0000:0000:0000:ffff:192.000.2.1",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_span exact = vectors_copy(sti_span_str(text[i]));

		if (address_parse(exact, &address) != STI_E_NUMBER)
			fail_msg("%s", text[i]);
		vectors_free(exact);
	}
}

static void test_a_NUL_inside_ends_nothing(void **state)
{
	struct address address;
	struct address_range range;

	(void)state;
	assert_int_equal(address_parse(sti_span("192.0.2.1\0", 10), &address), STI_E_NUMBER);
	assert_int_equal(address_parse(sti_span("192.0.2.1\0.example", 18), &address), STI_E_NUMBER);
	assert_int_equal(address_parse(sti_span("\0", 1), &address), STI_E_NUMBER);
	assert_int_equal(address_range_parse(sti_span("192.0.2.0\0/24", 13), &range), STI_E_NUMBER);
}

static void test_who_is_in_a_range(void **state)
{
	static const struct {
		const char *range, *address;
		bool in;
	} row[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "::ffff:192.0.2.7", true},
		{"192.0.2.0/24", "::192.0.2.7", false},
		{"192.0.2.77/24", "192.0.2.1", true},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.5", "192.0.2.5", true},
		{"192.0.2.5", "192.0.2.4", false},
		{"192.0.2.5/32", "192.0.2.5", true},
		{"192.0.2.4/31", "192.0.2.5", true},
		{"192.0.2.4/31", "192.0.2.6", false},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1", "2001:db8::2", false},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct address_range range;
		struct address address;

		assert_int_equal(address_range_parse(sti_span_str(row[i].range), &range), STI_OK);
		assert_int_equal(address_parse(sti_span_str(row[i].address), &address), STI_OK);
		if (address_is_in(&address, &range) != row[i].in)
			fail_msg("%s in %s", row[i].address, row[i].range);
	}
}

static void test_what_is_no_range(void **state)
{
	static const char *const text[] = {"",
					   "/",
					   "/24",
					   "192.0.2.0/",
					   "192.0.2.0/33",
					   "192.0.2.0/-1",
					   "192.0.2.0/+8",
					   "192.0.2.0/2a",
					   "192.0.2.0/8/8",
					   "192.0.2.0/ 8",
					   "192.0.2.0/0x18",
					   "192.0.2/24",
					   "::/129",
					   "::/",
					   "x/8",
					   "192.0.2.0-192.0.2.9",
					   "192.0.2.0/4294967296"};
	struct address_range range;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_span exact = vectors_copy(sti_span_str(text[i]));

		if (address_range_parse(exact, &range) != STI_E_NUMBER)
			fail_msg("%s", text[i]);
		vectors_free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_what_is_no_address),
		cmocka_unit_test(test_a_NUL_inside_ends_nothing),
		cmocka_unit_test(test_who_is_in_a_range),
		cmocka_unit_test(test_what_is_no_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

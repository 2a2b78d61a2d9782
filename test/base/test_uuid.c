/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_what_is_a_uuid_and_what_is_not(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"123e4567-e89b-12d3-a456-426655440000", true},
		{"123E4567-E89B-12D3-A456-426655440000", true},
		{"00000000-0000-0000-0000-000000000000", true},
		{"", false},
		{"{123e4567-e89b-12d3-a456-426655440000}", false},
		{"123e4567e89b12d3a456426655440000", false},
		{"123e4567-e89b-12d3-a456-42665544000", false},
		{"123e4567-e89b-12d3-a456-4266554400000", false},
		{"123e4567-e89b-12d3-a456-42665544000g", false},
		{"123e4567-e89b-12d3-a456_426655440000", false},
		{"123e456-7e89b-12d3-a456-426655440000", false},
		{"123e4567-e89b-12d3-a456-42665544000 ", false},
		{"urn:uuid:123e4567-e89b-12d3-a456-426655440000", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (uuid_is(sti_span_str(rows[i].text)) != rows[i].is)
			fail_msg("%s", rows[i].text);
	assert_false(uuid_is(sti_span(NULL, 0)));
}

/* RFC 4122 4.4: only the version and the variant are not random. */
static void test_all_zeros_and_all_ones_make_a_version_4(void **state)
{
	uint8_t random[16] = {0};
	char text[UUID_TEXT + 1];

	(void)state;
	uuid_write(random, text);
	assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
	memset(random, 0xff, sizeof(random));
	uuid_write(random, text);
	assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

static void test_each_random_octet_has_its_place(void **state)
{
	uint8_t random[16];
	char text[UUID_TEXT + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)(0x11 * i);
	uuid_write(random, text);
	assert_string_equal(text, "00112233-4455-4677-8899-aabbccddeeff");
	assert_true(uuid_is(sti_span_str(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_uuid_and_what_is_not),
		cmocka_unit_test(test_all_zeros_and_all_ones_make_a_version_4),
		cmocka_unit_test(test_each_random_octet_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

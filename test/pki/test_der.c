/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/der.h"

#include "world.h"

static void test_elements_come_one_after_the_other(void **state)
{
	struct sti_span bytes = vectors_hex("0201051600"), rest = bytes, value;
	uint8_t tag;

	(void)state;
	assert_int_equal(der_next(&rest, &tag, &value), STI_OK);
	assert_int_equal(tag, DER_INTEGER);
	assert_int_equal(value.n, 1);
	assert_int_equal(value.p[0], 5);
	assert_int_equal(der_next(&rest, &tag, &value), STI_OK);
	assert_int_equal(tag, DER_IA5STRING);
	assert_int_equal(value.n, 0);
	assert_int_equal(rest.n, 0);
	assert_int_equal(der_next(&rest, &tag, &value), STI_E_DER);
	vectors_free(bytes);
}

static void test_length_of_two_octets(void **state)
{
	uint8_t memory[4 + 256] = {0x30, 0x82, 0x01, 0x00};
	struct sti_span bytes = vectors_copy(sti_span(memory, sizeof(memory))), value;

	(void)state;
	assert_int_equal(der_whole(bytes, DER_SEQUENCE, &value), STI_OK);
	assert_int_equal(value.n, 256);
	vectors_free(bytes);
}

static void test_what_is_not_der_is_refused_and_nothing_is_taken(void **state)
{
	static const char *const odd[] = {
		"", /* nothing */
		"30", /* no length */
		"3001", /* runs past the end */
		"30800000", /* indefinite length */
		"308100", /* long form of a short length */
		"30817f", /* the same, and past the end */
		"3082008000", /* leading zero in the length */
		"3081", /* length cut off */
		"3082ff", /* length cut off in the middle */
		"3084ffffffff", /* 4 GiB that are not there */
		"308500000000010a", /* five octets of length */
		"30ff00", /* reserved by X.690 8.1.3.5 */
		"1f0101", /* tag of two octets */
		"bf8101020000", /* the same, constructed */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct sti_span bytes = vectors_hex(odd[i]), rest = bytes, value;
		uint8_t tag;

		if (der_next(&rest, &tag, &value) != STI_E_DER || rest.p != bytes.p || rest.n != bytes.n)
			fail_msg("%s", odd[i]);
		vectors_free(bytes);
	}
}

static void test_another_tag_and_something_behind(void **state)
{
	struct sti_span bytes = vectors_hex("16013100"), rest = bytes, value;

	(void)state;
	assert_int_equal(der_take(&rest, DER_INTEGER, &value), STI_E_DER);
	assert_ptr_equal(rest.p, bytes.p);
	assert_int_equal(der_whole(bytes, DER_IA5STRING, &value), STI_E_DER);
	assert_int_equal(der_take(&rest, DER_IA5STRING, &value), STI_OK);
	assert_int_equal(rest.n, 1);
	vectors_free(bytes);
}

static void test_element_with_its_tag_and_length(void **state)
{
	struct sti_span bytes = vectors_hex("3003020105050001"), rest = bytes, whole = {0};

	(void)state;
	assert_int_equal(der_element(&rest, DER_INTEGER, &whole), STI_E_DER);
	assert_ptr_equal(rest.p, bytes.p);
	assert_null(whole.p);
	assert_int_equal(der_element(&rest, DER_SEQUENCE, &whole), STI_OK);
	assert_ptr_equal(whole.p, bytes.p);
	assert_int_equal(whole.n, 5);
	assert_int_equal(rest.n, 3);
	assert_int_equal(der_element(&rest, 0x05, &whole), STI_OK);
	assert_int_equal(whole.n, 2);
	assert_int_equal(der_element(&rest, 0x01, &whole), STI_E_DER);
	vectors_free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_come_one_after_the_other),
		cmocka_unit_test(test_length_of_two_octets),
		cmocka_unit_test(test_what_is_not_der_is_refused_and_nothing_is_taken),
		cmocka_unit_test(test_another_tag_and_something_behind),
		cmocka_unit_test(test_element_with_its_tag_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/shelf.h"

struct book {
	struct shelf_place place;
	char letter;
};

static const char *order(const struct shelf *shelf, char text[8])
{
	size_t n = 0;

	for (const struct shelf_place *at = shelf->first; at; at = at->next) {
		assert_ptr_equal(at->next ? at->next->previous : shelf->last, at);
		text[n++] = ((const struct book *)at)->letter;
	}
	text[n] = '\0';
	assert_int_equal(shelf->n, n);
	return text;
}

static void test_most_lately_used_first(void **state)
{
	struct book a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'};
	struct shelf shelf = {0}, other = {0};
	char text[8];

	(void)state;
	shelf_enter(&shelf, &a.place, 10);
	shelf_enter(&shelf, &b.place, 20);
	shelf_enter(&shelf, &c.place, 30);
	assert_string_equal(order(&shelf, text), "cba");
	shelf_enter(&shelf, &a.place, 11); /* again, and larger meanwhile */
	assert_string_equal(order(&shelf, text), "acb");
	assert_int_equal(shelf.bytes, 61);
	shelf_enter(&other, &c.place, 30); /* from the middle */
	assert_string_equal(order(&shelf, text), "ab");
	assert_string_equal(order(&other, text), "c");
	shelf_leave(&b.place);
	shelf_leave(&b.place);
	shelf_leave(&a.place);
	assert_string_equal(order(&shelf, text), "");
	assert_int_equal(shelf.bytes, 0);
	assert_int_equal(other.bytes, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most_lately_used_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

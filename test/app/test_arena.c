/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/arena.h"

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = {0};
	uint8_t *last = NULL;

	(void)state;
	for (size_t n = 1; n < 100; n++) {
		uint8_t *p = arena_alloc(&arena, n, 3);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < 3 * n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 3 * n);
		assert_ptr_not_equal(p, last);
		last = p;
	}
	arena_free(&arena);
	assert_null(arena.first);
	arena_free(&arena);
}

static void test_a_size_that_does_not_fit_is_no_memory(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(&arena, SIZE_MAX - 4, 1));
	assert_null(arena.first);
}

static void test_join_of_two_one_and_none(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(arena_join(&arena, sti_span("abc", 2), sti_span("xyz", 1)), "abx");
	assert_string_equal(arena_join(&arena, sti_span(NULL, 0), sti_span_str("xyz")), "xyz");
	assert_string_equal(arena_join(&arena, sti_span(NULL, 0), sti_span(NULL, 0)), "");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(test_a_size_that_does_not_fit_is_no_memory),
		cmocka_unit_test(test_join_of_two_one_and_none),
	};

	return cmocka_run_group_tests_name("app/arena", tests, NULL, NULL);
}

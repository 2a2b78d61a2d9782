/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/deadline.h"

static void test_due_in_order_and_not_before(void **state)
{
	struct deadline_queue queue = {0};
	struct deadline a, b;

	(void)state;
	assert_null(deadline_due(&queue, UINT64_MAX));
	deadline_set(&queue, &a, 10);
	deadline_set(&queue, &b, 20);
	assert_null(deadline_due(&queue, 9));
	assert_ptr_equal(deadline_due(&queue, 10), &a);
	assert_ptr_equal(deadline_due(&queue, 30), &a);
	deadline_clear(&queue, &a);
	assert_null(deadline_due(&queue, 19));
	assert_ptr_equal(deadline_due(&queue, 20), &b);
}

static void test_clear_first_middle_last_and_only(void **state)
{
	struct deadline_queue queue = {0};
	struct deadline d[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		deadline_set(&queue, &d[i], i);
	deadline_clear(&queue, &d[1]);
	deadline_clear(&queue, &d[3]);
	assert_int_equal(queue.n, 2);
	assert_ptr_equal(queue.first, &d[0]);
	assert_ptr_equal(d[0].next, &d[2]);
	assert_ptr_equal(queue.last, &d[2]);
	deadline_clear(&queue, &d[0]);
	deadline_clear(&queue, &d[2]);
	assert_int_equal(queue.n, 0);
	assert_null(queue.first);
	assert_null(queue.last);
	deadline_set(&queue, &d[1], 5);
	assert_ptr_equal(deadline_due(&queue, 5), &d[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due_in_order_and_not_before),
		cmocka_unit_test(test_clear_first_middle_last_and_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

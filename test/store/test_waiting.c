/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/waiting.h"
#include "support/alloc_sweep.h"
#include "support/vectors.h"

struct sleeper {
	unsigned woken;
	bool wants; /* what it answers */
	struct waiting_entry *entry;
};

static bool wake(void *context)
{
	struct sleeper *sleeper = context;

	sleeper->woken++;
	return sleeper->wants;
}

static struct table_pair pair(const char *orig, const char *dest)
{
	return (struct table_pair){sti_span_str(orig), sti_span_str(dest)};
}

static struct sleeper *sleeper_add(struct waiting *waiting, const char *orig, const char *dest)
{
	struct sleeper *sleeper = calloc(1, sizeof(*sleeper));
	struct table_pair p = pair(orig, dest);

	assert_non_null(sleeper);
	sleeper->wants = true;
	assert_int_equal(waiting_add(waiting, &p, 1, wake, sleeper, &sleeper->entry), STI_OK);
	return sleeper;
}

static bool call(struct waiting *waiting, const char *orig, const char *dest)
{
	struct table_pair p = pair(orig, dest);

	return waiting_call(waiting, &p);
}

static struct waiting *make(size_t capacity)
{
	struct waiting *waiting;

	assert_int_equal(waiting_create(capacity, &waiting), STI_OK);
	return waiting;
}

static void test_nobody_waits(void **state)
{
	struct waiting *waiting = make(2);

	(void)state;
	assert_false(call(waiting, "1", "2"));
	assert_int_equal(waiting_count(waiting), 0);
	waiting_free(waiting);
	waiting_free(NULL);
}

static void test_the_longest_waiting_takes_it_and_only_once(void **state)
{
	struct waiting *waiting = make(3);
	struct sleeper *first = sleeper_add(waiting, "1", "2"), *second = sleeper_add(waiting, "1", "2");

	(void)state;
	assert_true(call(waiting, "1", "2"));
	assert_int_equal(first->woken, 1);
	assert_int_equal(second->woken, 0);
	assert_true(call(waiting, "1", "2"));
	assert_int_equal(first->woken, 1);
	assert_int_equal(second->woken, 1);
	assert_false(call(waiting, "1", "2"));
	assert_int_equal(waiting_count(waiting), 2);
	waiting_free(waiting);
	free(first);
	free(second);
}

static void test_one_that_has_no_use_for_it_leaves_it_to_the_next(void **state)
{
	struct waiting *waiting = make(3);
	struct sleeper *gone = sleeper_add(waiting, "1", "2"), *here = sleeper_add(waiting, "1", "2");

	(void)state;
	gone->wants = false;
	assert_true(call(waiting, "1", "2"));
	assert_int_equal(gone->woken, 1);
	assert_int_equal(here->woken, 1);
	here->wants = false;
	assert_false(call(waiting, "1", "2"));
	assert_int_equal(gone->woken, 2);
	waiting_free(waiting);
	free(gone);
	free(here);
}

static void test_other_pairs_wake_nobody(void **state)
{
	struct waiting *waiting = make(1);
	struct sleeper *sleeper = sleeper_add(waiting, "12025550100", "12025550101");

	(void)state;
	assert_false(call(waiting, "12025550101", "12025550100"));
	assert_false(call(waiting, "1202555010", "012025550101"));
	assert_false(call(waiting, "12025550100", ""));
	assert_false(call(waiting, "12025550100", "120255501011"));
	assert_int_equal(sleeper->woken, 0);
	waiting_free(waiting);
	free(sleeper);
}

/* The texts are the caller's only until waiting_add returns. */
static void test_several_pairs_are_copied(void **state)
{
	struct waiting *waiting = make(1);
	struct sleeper sleeper = {.wants = false};
	struct table_pair p[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		static const char *const dest[] = {"12025550101", "12025550102", ""};

		p[i] = (struct table_pair){vectors_copy(sti_span_str("12025550100")),
					   vectors_copy(sti_span_str(dest[i]))};
	}
	assert_int_equal(waiting_add(waiting, p, 3, wake, &sleeper, &sleeper.entry), STI_OK);
	for (size_t i = 0; i < 3; i++) {
		vectors_free(p[i].orig);
		vectors_free(p[i].dest);
	}
	assert_false(call(waiting, "12025550100", "12025550101"));
	assert_false(call(waiting, "12025550100", "12025550102"));
	assert_false(call(waiting, "12025550100", ""));
	assert_false(call(waiting, "12025550100", "12025550103"));
	assert_int_equal(sleeper.woken, 3);
	waiting_free(waiting);
}

static void test_bounded(void **state)
{
	struct waiting *waiting = make(2);
	struct sleeper *a = sleeper_add(waiting, "1", "2"), *b = sleeper_add(waiting, "3", "4"), *c;
	struct table_pair p = pair("5", "6");
	struct waiting_entry *entry = NULL;

	(void)state;
	assert_int_equal(waiting_add(waiting, &p, 1, wake, a, &entry), STI_E_FULL);
	assert_null(entry);
	waiting_remove(waiting, a->entry);
	c = sleeper_add(waiting, "5", "6");
	assert_int_equal(waiting_count(waiting), 2);
	assert_true(call(waiting, "5", "6"));
	assert_int_equal(c->woken, 1);
	waiting_free(waiting);
	free(a);
	free(b);
	free(c);
}

/* Whichever of four are taken out, in any order: the others are woken, the oldest first. */
static void test_removed_in_every_order(void **state)
{
	enum { N = 4, ORDERS = 4 * 4 * 4 };

	(void)state;
	for (unsigned order = 0; order < ORDERS; order++) {
		struct waiting *waiting = make(N);
		struct sleeper *sleeper[N];

		for (size_t i = 0; i < N; i++)
			sleeper[i] = sleeper_add(waiting, "1", "2");
		for (unsigned step = 0, rest = order; step < 3; step++, rest /= N) {
			if (sleeper[rest % N])
				waiting_remove(waiting, sleeper[rest % N]->entry);
			free(sleeper[rest % N]);
			sleeper[rest % N] = NULL;
		}
		for (size_t i = 0; i < N; i++) {
			if (!sleeper[i])
				continue;
			assert_true(call(waiting, "1", "2"));
			assert_int_equal(sleeper[i]->woken, 1);
		}
		assert_false(call(waiting, "1", "2"));
		waiting_free(waiting);
		for (size_t i = 0; i < N; i++)
			free(sleeper[i]);
	}
}

static bool attempt(void *context)
{
	struct table_pair p = pair("1", "2");
	struct waiting_entry *entry = NULL;
	struct waiting *waiting = NULL;
	enum sti_error error = waiting_create(1, &waiting);

	(void)context;
	if (!error)
		error = waiting_add(waiting, &p, 1, wake, NULL, &entry);
	assert_true(error == STI_OK || error == STI_E_MEMORY);
	waiting_free(waiting);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	(void)state;
	alloc_sweep("waiting", attempt, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_waits),
		cmocka_unit_test(test_the_longest_waiting_takes_it_and_only_once),
		cmocka_unit_test(test_one_that_has_no_use_for_it_leaves_it_to_the_next),
		cmocka_unit_test(test_other_pairs_wake_nobody),
		cmocka_unit_test(test_several_pairs_are_copied),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_removed_in_every_order),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

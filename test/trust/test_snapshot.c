/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/world.h"

#include <pthread.h>

#include "support/alloc_sweep.h"
#include "trust/snapshot.h"

static void test_the_roots_it_was_made_of(void **state)
{
	struct pair a = root_make(), b = root_make();
	struct sti_span pem = BUNDLE(&a, &b);
	struct trust_snapshot *snapshot;

	(void)state;
	assert_int_equal(trust_snapshot_create(pem, 7, &snapshot), STI_OK);
	vectors_free(pem);
	assert_int_equal(sti_roots_count(trust_snapshot_roots(snapshot)), 2);
	assert_int_equal(trust_snapshot_generation(snapshot), 7);
	trust_snapshot_unref(snapshot);
	trust_snapshot_unref(NULL);
	pair_free(&a);
	pair_free(&b);
}

/* All or nothing: what is no root makes no snapshot. */
static void test_a_file_that_is_not_all_roots(void **state)
{
	struct pair root = root_make(), leaf = signer_make(&root);
	struct sti_span bad[] = {BUNDLE(&root, &leaf), BUNDLE(&leaf), vectors_copy(sti_span_str("")),
				 vectors_copy(sti_span_str("garbage")), vectors_copy(buf_span(&root.key))};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trust_snapshot *snapshot = NULL;

		assert_int_not_equal(trust_snapshot_create(bad[i], 1, &snapshot), STI_OK);
		assert_null(snapshot);
		vectors_free(bad[i]);
	}
	pair_free(&root);
	pair_free(&leaf);
}

static void *use(void *context)
{
	struct trust_snapshot *snapshot = context;
	size_t roots = 0;

	for (int i = 0; i < 10000; i++) {
		struct trust_snapshot *mine = trust_snapshot_ref(snapshot);

		roots += sti_roots_count(trust_snapshot_roots(mine));
		trust_snapshot_unref(mine);
	}
	trust_snapshot_unref(snapshot);
	return roots == 10000 ? NULL : snapshot;
}

/* The last who lets go frees it, whichever thread that is (tsan and asan look). */
static void test_references_of_several_threads(void **state)
{
	struct pair root = root_make();
	struct trust_snapshot *snapshot;
	pthread_t thread[4];
	void *wrong;

	(void)state;
	assert_int_equal(trust_snapshot_create(buf_span(&root.cert), 1, &snapshot), STI_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use, trust_snapshot_ref(snapshot)), 0);
	trust_snapshot_unref(snapshot);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	pair_free(&root);
}

static bool attempt(void *context)
{
	const struct pair *root = context;
	struct trust_snapshot *snapshot = NULL;
	enum sti_error error = trust_snapshot_create(buf_span(&root->cert), 1, &snapshot);

	assert_true(error == STI_OK || alloc_sweep_failed());
	trust_snapshot_unref(snapshot);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair root = root_make();

	(void)state;
	alloc_sweep("snapshot", attempt, &root);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_roots_it_was_made_of),
		cmocka_unit_test(test_a_file_that_is_not_all_roots),
		cmocka_unit_test(test_references_of_several_threads),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

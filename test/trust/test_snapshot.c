/* SPDX-License-Identifier: Apache-2.0 */
#include "lists.h"

#include <pthread.h>
#include <time.h>

#include "pki/crls.h"
#include "pki/roots.h"
#include "support/alloc_sweep.h"
#include "trust/ca_list.h"
#include "trust/snapshot.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER
#endif

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

static struct mapping *mapping_make(const struct office *office)
{
	const struct list_claims claims = {sti_span_str(PA_X5U), 7, 2 * DAY};
	const struct list_cps cps = {sti_span_str("709J"), sti_span_str("https://cps.example/")};
	struct buf token = buf_own(1 << 16);
	struct mapping *mapping = NULL;
	struct list *list;

	assert_int_equal(list_write_mapping(office->key, &claims, &cps, 1, &token), STI_OK);
	list = list_of(buf_span(&token), LIST_MAPPING);
	assert_int_equal(mapping_read(list, &mapping), STI_OK);
	list_free(list);
	buf_free(&token);
	return mapping;
}

/* Whoever made the parts may let go of them; a second snapshot with new CRLs has the same roots. */
static void test_parts_are_shared_and_outlive_their_makers(void **state)
{
	struct office office = office_make();
	struct pair root = root_make();
	struct trust_parts parts = {.roots_generation = 3, .n_mapping = 2};
	struct trust_snapshot *one, *two;
	struct sti_span url;

	(void)state;
	assert_int_equal(sti_roots_parse(buf_span(&root.cert), &parts.roots), STI_OK);
	assert_int_equal(crls_make(NULL, 0, &parts.crls), STI_OK);
	parts.mapping[0] = mapping_make(&office);
	parts.mapping[1] = mapping_ref(parts.mapping[0]);
	assert_int_equal(trust_snapshot_assemble(&parts, 8, &one), STI_OK);
	sti_crls_free(parts.crls);
	parts.crls = NULL;
	assert_int_equal(trust_snapshot_assemble(&parts, 9, &two), STI_OK);
	sti_roots_free(parts.roots);
	mapping_unref(parts.mapping[0]);
	mapping_unref(parts.mapping[1]);
	assert_ptr_equal(trust_snapshot_roots(one), trust_snapshot_roots(two));
	assert_non_null(trust_snapshot_crls(one));
	assert_null(trust_snapshot_crls(two));
	trust_snapshot_unref(one);
	assert_int_equal(sti_roots_count(trust_snapshot_roots(two)), 1);
	assert_int_equal(trust_snapshot_generation(two), 9);
	assert_int_equal(trust_snapshot_roots_generation(two), 3);
	assert_int_equal(trust_snapshot_parts(two)->n_mapping, 2);
	assert_int_equal(mapping_find(trust_snapshot_parts(two)->mapping[1], sti_span_str("709J"), &url), STI_OK);
	trust_snapshot_unref(two);
	pair_free(&root);
	office_free(&office);
}

static void test_nobody_is_trusted(void **state)
{
	const struct trust_parts none = {0};
	struct trust_snapshot *snapshot;

	(void)state;
	assert_int_equal(trust_snapshot_assemble(&none, 1, &snapshot), STI_OK);
	assert_null(trust_snapshot_roots(snapshot));
	assert_null(trust_snapshot_crls(snapshot));
	trust_snapshot_unref(snapshot);
	assert_int_equal(trust_snapshot_create(sti_span(NULL, 0), 4, &snapshot), STI_OK);
	assert_null(trust_snapshot_roots(snapshot));
	assert_int_equal(trust_snapshot_roots_generation(snapshot), 4);
	trust_snapshot_unref(snapshot);
}

/* One key, 512 names: each is a root of its own. */
static struct buf big_ca_list(const struct office *office)
{
	const struct list_claims claims = {sti_span_str(PA_X5U), 7, 2 * DAY};
	struct buf token = buf_own(LIMIT_CA_LIST);
	struct sti_span der[LIMIT_ROOTS];

	for (size_t i = 0; i < LIMIT_ROOTS; i++) {
		char name[32];
		struct pair root;

		snprintf(name, sizeof(name), "SHAKEN ROOT %zu", i);
		root = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
							.name = {"US", "Example", name},
							.key = buf_span(&office->root.key)},
				 NULL);
		der[i] = der_of(&root);
		pair_free(&root);
	}
	assert_int_equal(list_write_ca(office->key, &claims, der, LIMIT_ROOTS, &token), STI_OK);
	for (size_t i = 0; i < LIMIT_ROOTS; i++)
		vectors_free(der[i]);
	return token;
}

static struct buf big_mapping(const struct office *office)
{
	const struct list_claims claims = {sti_span_str(PA_X5U), 7, 2 * DAY};
	struct list_cps *cps = calloc(LIMIT_MAPPING, sizeof(*cps));
	char(*text)[64] = calloc(LIMIT_MAPPING, sizeof(*text));
	struct buf token = buf_own(LIMIT_MAPPING_LIST);

	assert_true(cps && text);
	for (size_t i = 0; i < LIMIT_MAPPING; i++) {
		static const char letter[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
		size_t n = i * 7919 % LIMIT_MAPPING;

		snprintf(text[i], sizeof(text[i]), "https://cps.example/cps/company/%c%c%c%c", letter[n / 46656],
			 letter[n / 1296 % 36], letter[n / 36 % 36], letter[n % 36]);
		cps[i] = (struct list_cps){sti_span(text[i] + 32, 4), sti_span_str(text[i])};
	}
	assert_int_equal(list_write_mapping(office->key, &claims, cps, LIMIT_MAPPING, &token), STI_OK);
	free(text);
	free(cps);
	return token;
}

static struct list *good_list(const struct office *office, const struct buf *token, enum list_kind kind)
{
	struct list *list = list_of(buf_span(token), kind);

	assert_int_equal(list_judge(list, &office->source, &office->chain, NULL, NOON), LIST_GOOD);
	return list;
}

static struct sti_roots *roots_load(const struct office *office, const struct buf *token)
{
	struct list *list = good_list(office, token, LIST_CA);
	struct roots_entry entry[LIMIT_ROOTS];
	struct sti_roots *roots = NULL;
	struct ca_list read;

	assert_int_equal(ca_list_read(list, NOON, &read), STI_OK);
	assert_int_equal(read.n_good, LIMIT_ROOTS);
	for (size_t i = 0; i < read.n; i++)
		entry[i] = (struct roots_entry){&read.entry[i].cert, list->exp};
	assert_int_equal(roots_make(entry, read.n, true, &roots), STI_OK);
	ca_list_free(&read);
	list_free(list);
	return roots;
}

static struct mapping *mapping_load(const struct office *office, const struct buf *token)
{
	struct list *list = good_list(office, token, LIST_MAPPING);
	struct mapping *mapping = NULL;

	assert_int_equal(mapping_read(list, &mapping), STI_OK);
	assert_int_equal(mapping_count(mapping), LIMIT_MAPPING);
	list_free(list);
	return mapping;
}

/* CPU time: others may use the machine too. */
static double seconds(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Point 6: from the octets as they came to the snapshot, both together in under 2 s. */
static void test_512_roots_and_200_000_OCNs_load_in_time(void **state)
{
	struct office office = office_make();
	struct buf ca = big_ca_list(&office), map = big_mapping(&office);
	struct trust_parts parts = {.n_mapping = 1};
	struct trust_snapshot *snapshot;
	double start = seconds(), roots, all;

	(void)state;
	parts.roots = roots_load(&office, &ca);
	roots = seconds() - start;
	parts.mapping[0] = mapping_load(&office, &map);
	assert_int_equal(trust_snapshot_assemble(&parts, 1, &snapshot), STI_OK);
	all = seconds() - start;
	printf("512 roots (%zu octets): %.3f s; 200,000 OCNs (%zu octets): %.3f s\n", ca.n, roots, map.n, all - roots);
	assert_int_equal(sti_roots_count(trust_snapshot_roots(snapshot)), LIMIT_ROOTS);
#ifndef UNDER_SANITIZER
	assert_true(all < 2.0);
#endif
	trust_snapshot_unref(snapshot);
	sti_roots_free(parts.roots);
	mapping_unref(parts.mapping[0]);
	buf_free(&map);
	buf_free(&ca);
	office_free(&office);
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
		cmocka_unit_test(test_parts_are_shared_and_outlive_their_makers),
		cmocka_unit_test(test_nobody_is_trusted),
		cmocka_unit_test(test_512_roots_and_200_000_OCNs_load_in_time),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

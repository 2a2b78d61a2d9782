/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/world.h"

#include <stdio.h>

#include "app/credential_shelves.h"

static struct credential_shelves *shelves_of(size_t capacity, size_t max_bytes)
{
	struct credential_shelves *shelves;

	assert_int_equal(credential_shelves_create(capacity, max_bytes, &shelves), STI_OK);
	return shelves;
}

static const char *url_of(unsigned i)
{
	static char url[64];

	snprintf(url, sizeof(url), "https://cr.example.com/%06u.pem", i);
	return url;
}

static struct credential_entry *add(struct credential_shelves *shelves, unsigned i, enum credential_shelf shelf)
{
	struct credential_entry *entry;

	assert_int_equal(credential_entry_make(sti_span_str(url_of(i)), &entry), STI_OK);
	credential_shelves_add(shelves, entry, shelf);
	return entry;
}

static bool has(const struct credential_shelves *shelves, unsigned i)
{
	return credential_shelves_find(shelves, sti_span_str(url_of(i))) != NULL;
}

static unsigned count_of(const struct credential_shelves *shelves, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += has(shelves, i);
	return n;
}

static void empty(struct credential_shelves *shelves)
{
	struct credential_entry *entry;

	for (size_t i = 0; i < CREDENTIAL_SHELVES; i++)
		while ((entry = credential_shelves_first(shelves, (enum credential_shelf)i))) {
			credential_shelves_remove(shelves, entry);
			credential_entry_free(entry);
		}
	assert_int_equal(credential_shelves_bytes(shelves), 0);
	credential_shelves_free(shelves);
}

static void test_D14_suspects_have_a_tenth_and_no_more(void **state)
{
	struct credential_shelves *shelves = shelves_of(100, SIZE_MAX);

	(void)state;
	for (unsigned i = 0; i < 90; i++)
		add(shelves, i, CREDENTIAL_SHELF_GOOD);
	for (unsigned i = 1000; i < 2000; i++)
		add(shelves, i, CREDENTIAL_SHELF_SUSPECT);
	assert_int_equal(count_of(shelves, 0, 90), 90);
	assert_int_equal(count_of(shelves, 1000, 2000), 10);
	assert_int_equal(count_of(shelves, 1990, 2000), 10);
	for (unsigned i = 90; i < 100; i++)
		add(shelves, i, CREDENTIAL_SHELF_GOOD);
	assert_int_equal(count_of(shelves, 10, 100), 90);
	assert_int_equal(count_of(shelves, 1990, 2000), 10); /* a full cache still remembers failures */
	for (unsigned i = 0; i < 5; i++)
		add(shelves, 3000 + i, CREDENTIAL_SHELF_FLIGHT);
	assert_int_equal(count_of(shelves, 10, 100), 90);
	assert_int_equal(count_of(shelves, 1995, 2000), 5);
	empty(shelves);
}

static void test_the_one_least_used_goes_first(void **state)
{
	struct credential_shelves *shelves = shelves_of(3, SIZE_MAX);
	struct credential_entry *first = add(shelves, 0, CREDENTIAL_SHELF_GOOD);

	(void)state;
	add(shelves, 1, CREDENTIAL_SHELF_GOOD);
	add(shelves, 2, CREDENTIAL_SHELF_GOOD);
	credential_shelves_move(shelves, first, CREDENTIAL_SHELF_GOOD);
	add(shelves, 3, CREDENTIAL_SHELF_GOOD);
	assert_true(has(shelves, 0) && !has(shelves, 1) && has(shelves, 2) && has(shelves, 3));
	empty(shelves);
}

static void test_what_is_in_flight_stays(void **state)
{
	struct credential_shelves *shelves = shelves_of(3, SIZE_MAX);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		add(shelves, i, CREDENTIAL_SHELF_FLIGHT);
	assert_int_equal(count_of(shelves, 0, 5), 5);
	assert_int_equal(credential_shelves_count(shelves, CREDENTIAL_SHELF_FLIGHT), 5);
	add(shelves, 5, CREDENTIAL_SHELF_GOOD);
	assert_int_equal(count_of(shelves, 0, 6), 5);
	empty(shelves);
}

static void test_E23_bounded_in_octets(void **state)
{
	enum { BYTES = 100000 };
	struct credential_shelves *shelves = shelves_of(1000000, BYTES);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		add(shelves, i, CREDENTIAL_SHELF_GOOD);
		assert_true(credential_shelves_bytes(shelves) <= BYTES);
	}
	assert_true(credential_shelves_bytes(shelves) > BYTES * 9 / 10 - 1000);
	assert_true(has(shelves, 4999) && !has(shelves, 0));
	for (unsigned i = 5000; i < 10000; i++)
		add(shelves, i, CREDENTIAL_SHELF_SUSPECT);
	assert_true(credential_shelves_bytes(shelves) <= BYTES);
	assert_true(credential_shelves_bytes(shelves) > BYTES - 2000);
	assert_true(has(shelves, 9999) && has(shelves, 4999));
	empty(shelves);
}

/* Each is found once in one round of the table, and nothing that is not due. */
static void test_the_walk_finds_all_that_are_due(void **state)
{
	enum { N = 500 };
	struct credential_shelves *shelves = shelves_of(2 * N, SIZE_MAX);
	struct metrics *metrics = metrics_create("0");
	struct pair root = root_make(), leaf = signer_make(&root);
	struct trust_snapshot *trust;
	struct contents *contents;
	struct content *content;
	struct credential_entry *entry;
	size_t cursor = 0, looks = 1024;
	unsigned found = 0;

	(void)state;
	assert_int_equal(trust_snapshot_create(buf_span(&root.cert), 1, &trust), STI_OK);
	assert_int_equal(contents_create(1, metrics, &contents), STI_OK);
	assert_int_equal(contents_take(contents, buf_span(&leaf.cert), trust, NOON, &content), STI_OK);
	for (unsigned i = 0; i < N; i++) {
		entry = add(shelves, i, CREDENTIAL_SHELF_GOOD);
		entry->content = content_share(content);
		entry->is_held = true;
		entry->refresh = i % 2 ? NOON : NOON + 1;
	}
	while ((entry = credential_shelves_due(shelves, NOON, &cursor, &looks))) {
		assert_int_equal(entry->refresh, NOON);
		entry->in_flight = true;
		found++;
	}
	assert_int_equal(looks, 0);
	for (looks = 1024; (entry = credential_shelves_due(shelves, NOON, &cursor, &looks)); found++)
		entry->in_flight = true;
	assert_int_equal(found, N / 2);
	content_drop(content);
	empty(shelves);
	contents_free(contents);
	metrics_free(metrics);
	trust_snapshot_unref(trust);
	pair_free(&root);
	pair_free(&leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D14_suspects_have_a_tenth_and_no_more),
		cmocka_unit_test(test_the_one_least_used_goes_first),
		cmocka_unit_test(test_what_is_in_flight_stays),
		cmocka_unit_test(test_E23_bounded_in_octets),
		cmocka_unit_test(test_the_walk_finds_all_that_are_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "role/scene.h"
#include "trust/lists.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "app/trust_cell.h"
#include "pki/roots.h"
#include "support/alloc_sweep.h"

enum {
	READERS = 2,
	SWAPS = 2000,
	PERIOD_NS = 1000000, /* from one swap to the next */
	CALLS = 500, /* of each reader at least */
	PAUSE_US = 5000, /* that 99 of 100 may take at most */
	TIMES = 1 << 16,
};

static const struct sti_verify_policy policy = {.freshness = 60, .skew = 5};

static struct trust_snapshot *snapshot_make(struct sti_span pem, uint64_t generation)
{
	struct trust_snapshot *snapshot = NULL;

	assert_int_equal(trust_snapshot_create(pem, generation, &snapshot), STI_OK);
	return snapshot;
}

static struct trust_cell *cell_open(struct trust_snapshot *first)
{
	struct trust_cell *cell;

	assert_int_equal(trust_cell_open(first, &cell), STI_OK);
	return cell;
}

/* asan sees to it that the one that was taken still is whole, and that nothing is left over. */
static void test_what_was_taken_outlives_swap_and_cell(void **state)
{
	struct trust_cell *cell = cell_open(snapshot_make((struct sti_span){0}, 1));
	struct trust_snapshot *first = trust_cell_take(cell), *second;

	(void)state;
	trust_cell_swap(cell, snapshot_make((struct sti_span){0}, 2));
	second = trust_cell_take(cell);
	assert_int_equal(trust_snapshot_generation(first), 1);
	assert_int_equal(trust_snapshot_generation(second), 2);
	trust_cell_close(cell);
	trust_snapshot_unref(first);
	assert_int_equal(trust_snapshot_generation(second), 2);
	trust_snapshot_unref(second);
	trust_cell_close(NULL);
}

static bool attempt_open(void *context)
{
	struct trust_cell *cell;
	enum sti_error error = trust_cell_open(trust_snapshot_ref(context), &cell);

	if (error) {
		assert_int_equal(error, STI_E_MEMORY);
		trust_snapshot_unref(context);
	}
	trust_cell_close(cell);
	return !error;
}

static void test_J5_no_memory_leaves_the_snapshot_to_the_caller(void **state)
{
	struct trust_snapshot *snapshot = snapshot_make((struct sti_span){0}, 1);

	(void)state;
	alloc_sweep("trust_cell_open", attempt_open, snapshot);
	trust_snapshot_unref(snapshot);
}

/* ---- calls under swaps ---- */

static int64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* How long something took, again and again. */
struct times {
	int64_t ns[TIMES];
	size_t n;
};

static void times_add(struct times *times, int64_t since)
{
	if (times->n < TIMES)
		times->ns[times->n++] = nanoseconds() - since;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void times_print(const char *what, struct times *times)
{
	int64_t p99, max;

	assert_true(times->n > 0);
	qsort(times->ns, times->n, sizeof(times->ns[0]), compare);
	p99 = times->ns[times->n * 99 / 100];
	max = times->ns[times->n - 1];
	print_message("%s: %zu, p99 %.1f us, longest %.1f us\n", what, times->n, (double)p99 / 1000,
		      (double)max / 1000);
	assert_true(p99 < (int64_t)PAUSE_US * 1000);
}

/* As large as trust can be: every root and every OCN. */
struct estate {
	struct sti_roots *roots;
	struct mapping *mapping;
};

/* 512 roots with one key, the signer's among them. */
static struct sti_roots *estate_roots(const struct scene *scene)
{
	struct buf pem = buf_own(LIMIT_ROOTS_BODY);
	struct sti_roots *roots;

	buf_put(&pem, buf_span(&scene->root.cert));
	for (uint32_t i = 1; i < LIMIT_ROOTS; i++) {
		uint8_t serial[] = {1, (uint8_t)(i >> 8), (uint8_t)i};
		struct issue_subject subject = {
			.kind = ISSUE_ROOT,
			.name = {"US", "Example", "Example SHAKEN ROOT"},
			.key = buf_span(&scene->other_root.key),
			.serial = sti_span(serial, sizeof(serial)),
		};
		struct pair pair = pair_make(subject, NULL);

		buf_put(&pem, buf_span(&pair.cert));
		pair_free(&pair);
	}
	assert_int_equal(buf_error(&pem), STI_OK);
	assert_int_equal(sti_roots_parse(buf_span(&pem), &roots), STI_OK);
	assert_int_equal(sti_roots_count(roots), LIMIT_ROOTS);
	buf_free(&pem);
	return roots;
}

static void put_entry(struct buf *out, uint32_t i)
{
	static const char digit[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char entry[64];
	int n = snprintf(entry, sizeof(entry), "%s\"%c%c%c%c\":\"https://cps.example.com/cps/company/%u\"",
			 i ? "," : "", digit[i / 46656], digit[i / 1296 % 36], digit[i / 36 % 36], digit[i % 36], i);

	buf_put(out, sti_span(entry, (size_t)n));
}

static struct mapping *estate_mapping(void)
{
	struct office office = office_make();
	struct buf payload = buf_own(LIMIT_MAPPING_LIST);
	struct mapping *mapping;
	struct list *list;

	buf_put_str(&payload, "{\"cpsMapping\":{");
	for (uint32_t i = 0; i < LIMIT_MAPPING; i++)
		put_entry(&payload, i);
	buf_put_str(&payload, "},\"exp\":172800,\"sequence\":7,\"version\":\"1.0\"}");
	assert_int_equal(buf_error(&payload), STI_OK);
	list = list_make(&office, LIST_MAPPING, buf_span(&payload));
	assert_int_equal(mapping_read(list, &mapping), STI_OK);
	assert_int_equal(mapping_count(mapping), LIMIT_MAPPING);
	list_free(list);
	buf_free(&payload);
	office_free(&office);
	return mapping;
}

static struct trust_snapshot *estate_snapshot(const struct estate *estate, uint64_t generation)
{
	struct trust_parts parts = {
		.roots = estate->roots,
		.roots_generation = generation / 16, /* now and then there are other roots */
		.mapping = {estate->mapping},
		.n_mapping = 1,
	};
	struct trust_snapshot *snapshot = NULL;

	assert_int_equal(trust_snapshot_assemble(&parts, generation, &snapshot), STI_OK);
	return snapshot;
}

struct play {
	struct trust_cell *cell;
	struct sti_span chain; /* of the signer */
	struct sti_span identity;
	struct sti_tn orig, dest;
	atomic_bool over; /* the last swap is done */
};

struct reader {
	const struct play *play;
	pthread_t thread;
	struct times take;
	size_t calls;
	size_t failed;
	size_t generations; /* seen */
	uint64_t last;
};

/* One call under this snapshot. */
static bool verify(const struct play *play, const struct trust_snapshot *trust, const struct sti_credential *credential)
{
	struct sti_verify_request request = {
		.policy = &policy,
		.now = NOW,
		.time = NOW,
		.orig = play->orig,
		.dest = &play->dest,
		.n_dest = 1,
		.identity = &play->identity,
		.n_identity = 1,
		.crls = trust_snapshot_crls(trust),
	};
	struct sti_want_detail detail;
	struct sti_verify *v;
	bool passed;

	if (sti_verify_start(&request, &v))
		return false;
	while (sti_verify_next(v, &detail) == STI_WANT_CERT)
		sti_verify_give_cert(v, detail.url, credential, STI_OK);
	passed = sti_verify_result(v)->verstat == STI_VERSTAT_PASSED;
	sti_verify_free(v);
	return passed;
}

/* As the cache of credentials does it: judged anew when the roots are others. */
static bool judge(const struct play *play, const struct trust_snapshot *trust, uint64_t *judged,
		  struct sti_credential **credential)
{
	if (*credential && *judged == trust_snapshot_roots_generation(trust))
		return true;
	sti_credential_free(*credential);
	*credential = NULL;
	*judged = trust_snapshot_roots_generation(trust);
	return sti_credential_parse(play->chain, trust_snapshot_roots(trust), NOW, credential) == STI_OK;
}

static bool discover(const struct trust_snapshot *trust)
{
	struct sti_span url;

	return mapping_find(trust_snapshot_parts(trust)->mapping[0], sti_span_str("0010"), &url) == STI_OK &&
	       sti_span_is(url, "https://cps.example.com/cps/company/36");
}

static void note_generation(struct reader *reader, uint64_t generation)
{
	reader->failed += generation < reader->last; /* never an older one */
	reader->generations += generation != reader->last;
	reader->last = generation;
}

static void *read_calls(void *context)
{
	struct reader *reader = context;
	struct sti_credential *credential = NULL;
	uint64_t judged = 0;

	while (!atomic_load(&reader->play->over) || reader->calls < CALLS) {
		int64_t start = nanoseconds();
		struct trust_snapshot *trust = trust_cell_take(reader->play->cell);

		times_add(&reader->take, start);
		note_generation(reader, trust_snapshot_generation(trust));
		reader->failed += !judge(reader->play, trust, &judged, &credential) ||
				  !verify(reader->play, trust, credential) || !discover(trust);
		reader->calls++;
		trust_snapshot_unref(trust);
	}
	sti_credential_free(credential);
	return NULL;
}

/* The load that is asked for: a swap each millisecond, where the machine can do it. Nothing hangs on it. */
static void await(int64_t ns)
{
	struct timespec t = {ns / 1000000000, ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Half way there is another mapping: the first is freed under load. */
static void swap_often(struct trust_cell *cell, struct estate *estate, struct mapping *second, struct times *times)
{
	int64_t begin = nanoseconds();

	for (uint64_t generation = 2; generation < SWAPS + 2; generation++) {
		int64_t start;

		if (generation == SWAPS / 2) {
			mapping_unref(estate->mapping);
			estate->mapping = second;
		}
		await(begin + (int64_t)generation * PERIOD_NS);
		start = nanoseconds();
		trust_cell_swap(cell, estate_snapshot(estate, generation));
		times_add(times, start);
	}
	print_message("%d swaps, %.0f a second\n", SWAPS, SWAPS * 1e9 / (double)(nanoseconds() - begin));
}

static struct reader *readers_start(const struct play *play)
{
	struct reader *reader = calloc(READERS, sizeof(*reader));

	assert_non_null(reader);
	for (size_t i = 0; i < READERS; i++) {
		reader[i].play = play;
		assert_int_equal(pthread_create(&reader[i].thread, NULL, read_calls, &reader[i]), 0);
	}
	return reader;
}

static void readers_join(struct reader *reader)
{
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(reader[i].thread, NULL), 0);
		assert_int_equal(reader[i].failed, 0);
		assert_true(reader[i].calls >= CALLS && reader[i].generations > 1);
		print_message("%zu calls passed under %zu snapshots\n", reader[i].calls, reader[i].generations);
		times_print("trust_cell_take", &reader[i].take);
	}
	free(reader);
}

static void test_F20_no_call_fails_while_trust_is_swapped(void **state)
{
	struct scene *scene = scene_make();
	struct call call = call_good();
	struct estate estate = {estate_roots(scene), estate_mapping()};
	struct mapping *second = estate_mapping();
	struct times *swap = calloc(1, sizeof(*swap));
	struct play play = {
		.cell = cell_open(estate_snapshot(&estate, 1)),
		.chain = buf_span(&scene->good.cert),
		.identity = call_identity(scene, &call),
		.orig = tn(ORIG),
		.dest = tn(DEST),
	};
	struct reader *reader;

	(void)state;
	assert_non_null(swap);
	reader = readers_start(&play);
	swap_often(play.cell, &estate, second, swap);
	atomic_store(&play.over, true);
	readers_join(reader);
	times_print("assembled and swapped", swap);
	trust_cell_close(play.cell);
	sti_roots_free(estate.roots);
	mapping_unref(estate.mapping);
	vectors_free(play.identity);
	free(swap);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_taken_outlives_swap_and_cell),
		cmocka_unit_test(test_J5_no_memory_leaves_the_snapshot_to_the_caller),
		cmocka_unit_test(test_F20_no_call_fails_while_trust_is_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

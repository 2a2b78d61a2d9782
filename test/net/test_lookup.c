/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/lookup.h"

static bool no_proc;

int open(const char *path, int flags, ...)
{
	if (no_proc && strcmp(path, "/proc/self/status") == 0) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

struct crew {
	pthread_mutex_t lock;
	pthread_t thread[LIMIT_LOOKUPS];
	unsigned n;
};

static void *wait_for_the_end(void *context)
{
	struct crew *crew = context;

	pthread_mutex_lock(&crew->lock);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static void hire(struct crew *crew)
{
	assert_true(crew->n < LIMIT_LOOKUPS);
	assert_int_equal(pthread_create(&crew->thread[crew->n++], NULL, wait_for_the_end, crew), 0);
}

/* A sanitizer may have threads of its own: where it is full first is found, not assumed. */
static void test_D9_threads_up_to_the_limit(void **state)
{
	struct crew crew = {.lock = PTHREAD_MUTEX_INITIALIZER};

	(void)state;
	assert_false(lookup_is_full(false));
	pthread_mutex_lock(&crew.lock);
	while (!lookup_is_full(false))
		hire(&crew);
	assert_in_range(crew.n, LIMIT_FOREIGN_LOOKUPS - 4, LIMIT_FOREIGN_LOOKUPS);
	while (!lookup_is_full(true))
		hire(&crew);
	assert_in_range(crew.n, LIMIT_LOOKUPS - 4, LIMIT_LOOKUPS);
	no_proc = true;
	assert_false(lookup_is_full(true) || lookup_is_full(false));
	no_proc = false;
	assert_true(lookup_is_full(true));
	pthread_mutex_unlock(&crew.lock);
	for (unsigned i = 0; i < crew.n; i++)
		pthread_join(crew.thread[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D9_threads_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

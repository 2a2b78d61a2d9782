/* SPDX-License-Identifier: Apache-2.0 */
#include "support/alloc_sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER
#endif

/* The allocator behind ours: glibc's, or the one of the sanitizer. */
#ifdef UNDER_SANITIZER
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
/* Called before the sanitizer is up. */
#define UNWATCHED __attribute__((no_sanitize("address", "undefined", "thread")))
#define SHOWN     __attribute__((visibility("default"))) UNWATCHED

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void *reallocarray(void *p, size_t n, size_t size);

static _Thread_local bool armed; /* servers of a test have memory in their threads */

static struct {
	bool once;
	size_t countdown;
	bool failed;
} scarcity;

UNWATCHED static bool is_refused(void)
{
	if (!armed || (scarcity.failed && scarcity.once))
		return false;
	if (scarcity.countdown > 1) {
		scarcity.countdown--;
		return false;
	}
	scarcity.failed = true;
	return true;
}

SHOWN void *malloc(size_t n)
{
	return is_refused() ? NULL : REAL(malloc)(n);
}

SHOWN void *calloc(size_t n, size_t size)
{
	return is_refused() ? NULL : REAL(calloc)(n, size);
}

SHOWN void *realloc(void *p, size_t n)
{
	return is_refused() ? NULL : REAL(realloc)(p, n);
}

SHOWN void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) || is_refused() ? NULL : REAL(realloc)(p, all);
}

static bool run(bool (*attempt)(void *context), void *context, size_t countdown, bool once)
{
	bool good;

	scarcity.once = once;
	scarcity.countdown = countdown;
	scarcity.failed = false;
	armed = true;
	good = attempt(context);
	armed = false;
	return good;
}

/* Every allocation of a short attempt; of a long one (OpenSSL reads a key with thousands) a sample. */
enum { RUNS = 500 };

static size_t count(bool (*attempt)(void *context), void *context)
{
	assert_true(run(attempt, context, SIZE_MAX, true));
	return SIZE_MAX - scarcity.countdown;
}

static void sweep(bool (*attempt)(void *context), void *context, size_t n, bool once)
{
	size_t stride = n / RUNS + 1;

	for (size_t i = 1; i <= n; i += stride) {
		run(attempt, context, i, once);
		assert_true(scarcity.failed);
	}
	assert_true(run(attempt, context, n + 1, once));
	assert_false(scarcity.failed);
}

void alloc_sweep(const char *what, bool (*attempt)(void *context), void *context)
{
	size_t n;

	count(attempt, context); /* what OpenSSL keeps for ever is there from now on */
	n = count(attempt, context);
	sweep(attempt, context, n, true);
	sweep(attempt, context, n, false);
	printf("%s: %zu allocations\n", what, n);
	assert_true(n > 0);
}

bool alloc_sweep_failed(void)
{
	return scarcity.failed;
}

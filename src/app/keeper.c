/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "app/clock.h"
#include "app/sources.h"

enum { TICK_MS = 250 };

/* What is asked of the thread; bits, for it may come to several at once. They are obeyed in this order. */
enum order { ORDER_COMMIT = 1, ORDER_ABANDON = 2, ORDER_PREPARE = 4, ORDER_STOP = 8 };

/* A plan with all that belongs to it. */
struct keeping {
	struct sources *sources;
	struct generations *kept; /* NULL: no folder */
	const char *folder; /* of the plan */
	bool is_borrowed; /* kept is that of the plan before, until it is gone */
};

struct keeper {
	uv_loop_t *home;
	uv_loop_t loop; /* the thread's */
	pthread_t thread;
	uv_async_t order;
	uv_timer_t tick;
	struct keeping now; /* the thread's, as soon as it runs */
	struct keeping next;
	bool has_next;
	struct sources_count count;
	struct metrics *metrics;
	struct log *log;

	pthread_mutex_t lock; /* of what follows */
	unsigned orders;
	struct trust_plan *plan; /* to be prepared; a reference */
	enum sti_error error;
	int system;

	uv_async_t answer; /* the home loop's */
	keeper_prepared *done; /* NULL: nothing is being prepared */
	void *context;
};

/* ---- a plan ---- */

static bool is_same_folder(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static enum sti_error open_folder(struct keeper *keeper, const struct trust_plan *plan, struct keeping *out)
{
	out->is_borrowed = is_same_folder(plan->state, keeper->now.folder);
	out->folder = plan->state;
	if (out->is_borrowed)
		out->kept = keeper->now.kept;
	return out->is_borrowed || !plan->state ? STI_OK : generations_open(plan->state, &out->kept);
}

/* The folder is let go of by the last who has it. */
static void keeping_close(struct keeping *keeping)
{
	sources_close(keeping->sources);
	if (!keeping->is_borrowed)
		generations_close(keeping->kept);
	*keeping = (struct keeping){.sources = NULL};
}

static enum sti_error keeping_open(struct keeper *keeper, struct trust_plan *plan, struct keeping *out)
{
	struct sources_config config = {.loop = &keeper->loop,
					.plan = plan,
					.count = &keeper->count,
					.metrics = keeper->metrics,
					.log = keeper->log};
	enum sti_error error;

	*out = (struct keeping){.sources = NULL};
	error = open_folder(keeper, plan, out);
	config.kept = out->kept;
	if (!error)
		error = sources_open(&config, clock_now(), &out->sources);
	if (error) {
		int saved = errno;

		keeping_close(out);
		errno = saved;
	}
	return error;
}

/* ---- the thread ---- */

static void obey_commit(struct keeper *keeper)
{
	if (keeper->next.is_borrowed) {
		keeper->now.is_borrowed = true;
		keeper->next.is_borrowed = false;
	}
	keeping_close(&keeper->now);
	keeper->now = keeper->next;
	keeper->next = (struct keeping){.sources = NULL};
	keeper->has_next = false;
}

static void obey_abandon(struct keeper *keeper)
{
	keeping_close(&keeper->next);
	keeper->has_next = false;
	sources_hold(keeper->now.sources, false);
}

static void obey_prepare(struct keeper *keeper)
{
	struct trust_plan *plan;
	enum sti_error error;
	int system;

	pthread_mutex_lock(&keeper->lock);
	plan = keeper->plan;
	keeper->plan = NULL;
	pthread_mutex_unlock(&keeper->lock);
	error = keeping_open(keeper, plan, &keeper->next);
	system = errno;
	keeper->has_next = !error;
	sources_hold(keeper->now.sources, keeper->has_next);
	trust_plan_unref(plan);
	pthread_mutex_lock(&keeper->lock);
	keeper->error = error;
	keeper->system = system;
	pthread_mutex_unlock(&keeper->lock);
	uv_async_send(&keeper->answer);
}

static void obey_stop(struct keeper *keeper)
{
	keeping_close(&keeper->next);
	keeping_close(&keeper->now);
	uv_close((uv_handle_t *)&keeper->tick, NULL);
	uv_close((uv_handle_t *)&keeper->order, NULL);
}

static void on_order(uv_async_t *async)
{
	struct keeper *keeper = async->data;
	unsigned orders;

	pthread_mutex_lock(&keeper->lock);
	orders = keeper->orders;
	keeper->orders = 0;
	pthread_mutex_unlock(&keeper->lock);
	if (orders & ORDER_COMMIT)
		obey_commit(keeper);
	if (orders & ORDER_ABANDON)
		obey_abandon(keeper);
	if (orders & ORDER_STOP)
		obey_stop(keeper);
	else if (orders & ORDER_PREPARE)
		obey_prepare(keeper);
}

/* While another plan waits to be kept, what it has loaded must not be overtaken on disk. */
static void on_tick(uv_timer_t *timer)
{
	struct keeper *keeper = timer->data;

	if (!keeper->has_next)
		sources_tick(keeper->now.sources, clock_now());
}

static void *run(void *context)
{
	struct keeper *keeper = context;

	uv_run(&keeper->loop, UV_RUN_DEFAULT);
	return NULL;
}

/* Signals are for the home loop. */
static enum sti_error start_thread(struct keeper *keeper)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&keeper->thread, NULL, run, keeper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return code ? STI_E_IO : STI_OK;
}

/* ---- the home loop ---- */

static void give(struct keeper *keeper, enum order order, struct trust_plan *plan)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->orders |= order;
	if (plan)
		keeper->plan = trust_plan_ref(plan);
	pthread_mutex_unlock(&keeper->lock);
	uv_async_send(&keeper->order);
}

static void on_answer(uv_async_t *async)
{
	struct keeper *keeper = async->data;
	keeper_prepared *done = keeper->done;
	enum sti_error error;
	int system;

	pthread_mutex_lock(&keeper->lock);
	error = keeper->error;
	system = keeper->system;
	pthread_mutex_unlock(&keeper->lock);
	keeper->done = NULL;
	if (done)
		done(keeper->context, error, system);
}

void keeper_prepare(struct keeper *keeper, struct trust_plan *plan, keeper_prepared *done, void *context)
{
	keeper->done = done;
	keeper->context = context;
	give(keeper, ORDER_PREPARE, plan);
}

void keeper_commit(struct keeper *keeper)
{
	give(keeper, ORDER_COMMIT, NULL);
}

void keeper_abandon(struct keeper *keeper)
{
	give(keeper, ORDER_ABANDON, NULL);
}

/* ---- the keeper ---- */

static void free_keeper(uv_handle_t *handle)
{
	struct keeper *keeper = handle->data;

	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

/* What closes on its loop is closed after this. */
static void close_loop(struct keeper *keeper)
{
	uv_run(&keeper->loop, UV_RUN_DEFAULT);
	uv_loop_close(&keeper->loop);
	trust_plan_unref(keeper->plan);
	uv_close((uv_handle_t *)&keeper->answer, free_keeper);
}

void keeper_close(struct keeper *keeper)
{
	if (!keeper)
		return;
	give(keeper, ORDER_STOP, NULL);
	pthread_join(keeper->thread, NULL);
	close_loop(keeper);
}

static enum sti_error open_loops(struct keeper *keeper)
{
	int code = uv_loop_init(&keeper->loop);

	if (!code) {
		code = uv_async_init(&keeper->loop, &keeper->order, on_order);
		if (code)
			uv_loop_close(&keeper->loop);
	}
	if (!code) {
		uv_timer_init(&keeper->loop, &keeper->tick);
		code = uv_async_init(keeper->home, &keeper->answer, on_answer);
		if (code) {
			uv_close((uv_handle_t *)&keeper->tick, NULL);
			uv_close((uv_handle_t *)&keeper->order, NULL);
			uv_run(&keeper->loop, UV_RUN_DEFAULT);
			uv_loop_close(&keeper->loop);
		}
	}
	errno = -code;
	return code ? STI_E_IO : STI_OK;
}

static enum sti_error start(struct keeper *keeper, struct trust_plan *plan)
{
	enum sti_error error = keeping_open(keeper, plan, &keeper->now);

	if (!error) {
		uv_timer_start(&keeper->tick, on_tick, 0, TICK_MS);
		error = start_thread(keeper);
	}
	return error;
}

/* The thread has not run. */
static void give_up(struct keeper *keeper)
{
	int saved = errno;

	obey_stop(keeper);
	close_loop(keeper);
	errno = saved;
}

enum sti_error keeper_open(const struct keeper_config *config, struct keeper **out)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	enum sti_error error;

	if (!keeper)
		return STI_E_MEMORY;
	keeper->home = config->home;
	keeper->metrics = config->metrics;
	keeper->log = config->log;
	keeper->order.data = keeper->tick.data = keeper->answer.data = keeper;
	error = open_loops(keeper);
	if (error) {
		free(keeper);
		return error;
	}
	pthread_mutex_init(&keeper->lock, NULL);
	error = start(keeper, config->plan);
	if (error)
		give_up(keeper);
	else
		*out = keeper;
	return error;
}

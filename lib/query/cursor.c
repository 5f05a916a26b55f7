// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Rows of a query, one after another. kcsd_query_run() calls for each row, the user of a cursor
 * asks for each: a thread runs the query, and puts rows into a batch; it waits while the user has
 * not taken the one before.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../private.h"
#include "expr.h"

#define BATCH_ROWS	256
#define BATCH_BYTES	(1u << 20)	/* then a batch is full, too */

/* A value: where its text is in a batch. */
struct cell {
	size_t at, len;
	bool null;
};

/* Rows one after another. */
struct batch {
	struct cell *cells;		/* owned */
	char *bytes;			/* owned */
	size_t nr_rows, len, room;
};

struct kcsd_cursor {
	struct kcsd_query *query;	/* of the caller */
	struct kcsd_table *table;	/* of the caller */
	struct kcsd_query_run_opts opts;
	uint32_t nr_results;
	pthread_t thread;
	pthread_mutex_t lock;		/* protects what follows, up to err */
	pthread_cond_t changed;
	bool full;			/* the batch "next" is for the user, else for the thread */
	bool ended, stopped;
	int ret;
	struct kcsd_error err;
	struct batch next;		/* of who full says */
	struct batch now;		/* of the user */
	size_t row;			/* of now, 1 is the first */
	struct kcsd_cell *cells;	/* of that row; owned */
};

/* ---- the thread ---- */

/* Give the batch to the user, and wait for an empty one. Returns nonzero: nobody wants more. */
static int hand_over(struct kcsd_cursor *c)
{
	int stopped;

	pthread_mutex_lock(&c->lock);
	c->full = true;
	pthread_cond_broadcast(&c->changed);
	while (c->full && !c->stopped)
		pthread_cond_wait(&c->changed, &c->lock);
	stopped = c->stopped;
	pthread_mutex_unlock(&c->lock);
	return stopped;
}

static int make_room(struct batch *batch, size_t len)
{
	char *grown;

	if (batch->len + len <= batch->room)
		return 0;
	grown = realloc(batch->bytes, 2 * (batch->len + len));
	if (!grown)
		return -ENOMEM;
	batch->bytes = grown;
	batch->room = 2 * (batch->len + len);
	return 0;
}

static int take_row(const struct kcsd_cell *cells, void *arg)
{
	struct kcsd_cursor *c = arg;
	struct batch *batch = &c->next;
	struct cell *to = batch->cells + batch->nr_rows * c->nr_results;
	uint32_t i;

	for (i = 0; i < c->nr_results; i++) {
		to[i] = (struct cell){ batch->len, cells[i].len, !cells[i].text };
		if (to[i].null)
			continue;
		if (make_room(batch, cells[i].len + 1))
			return -ENOMEM;
		memcpy(batch->bytes + batch->len, cells[i].text, cells[i].len);
		batch->len += cells[i].len;
	}
	if (++batch->nr_rows < BATCH_ROWS && batch->len < BATCH_BYTES)
		return 0;
	return hand_over(c) ? -ECANCELED : 0;
}

static int progress(const struct kcsd_query_stats *stats, void *arg)
{
	struct kcsd_cursor *c = arg;
	bool stopped;

	pthread_mutex_lock(&c->lock);
	stopped = c->stopped;
	pthread_mutex_unlock(&c->lock);
	return stopped || (c->opts.progress && c->opts.progress(stats, c->opts.arg));
}

static void bad_row(const struct kcsd_bad_row *row, void *arg)
{
	struct kcsd_cursor *c = arg;

	if (c->opts.bad_row)
		c->opts.bad_row(row, c->opts.arg);
}

static void *run(void *arg)
{
	struct kcsd_cursor *c = arg;
	struct kcsd_query_run_opts opts = c->opts;
	struct kcsd_error err = {};
	int ret;

	opts.progress = progress;
	opts.bad_row = bad_row;
	opts.arg = c;
	ret = kcsd_query_run(c->query, c->table, &opts, take_row, c, NULL, 0, &err);
	if (ret == -ENOMEM)
		kcsd_error_set(&err, ret, "out of memory");
	pthread_mutex_lock(&c->lock);
	c->ret = ret;
	c->err = err;
	c->ended = true;
	c->full = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- the user ---- */

static void free_cursor(struct kcsd_cursor *c)
{
	free(c->next.cells);
	free(c->next.bytes);
	free(c->now.cells);
	free(c->now.bytes);
	free(c->cells);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c);
}

static int alloc_batches(struct kcsd_cursor *c)
{
	size_t nr = (size_t)BATCH_ROWS * c->nr_results + 1;

	c->next.cells = calloc(nr, sizeof(*c->next.cells));
	c->now.cells = calloc(nr, sizeof(*c->now.cells));
	c->cells = calloc(c->nr_results + 1, sizeof(*c->cells));
	return c->next.cells && c->now.cells && c->cells ? 0 : -ENOMEM;
}

/* Start the thread without signals: they are for the threads of the user. */
static int start(struct kcsd_cursor *c)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static void init_lock(struct kcsd_cursor *c)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
}

int kcsd_cursor_open(struct kcsd_query *query, struct kcsd_table *table,
		     const struct kcsd_query_run_opts *opts, struct kcsd_cursor **cursor,
		     struct kcsd_error *err)
{
	struct kcsd_cursor *c = calloc(1, sizeof(*c));
	int ret;

	*cursor = NULL;
	if (!c)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	c->query = query;
	c->table = table;
	kcsd_query_results(query, &c->nr_results);
	init_lock(c);
	ret = kcsd_opts_copy(&c->opts, sizeof(c->opts), opts);
	c->opts.sz = sizeof(c->opts);
	if (!ret)
		ret = alloc_batches(c);
	if (!ret)
		ret = start(c);
	if (ret) {
		free_cursor(c);
		return kcsd_error_set(err, ret, "cannot start a query: %s", kcsd_error_text(ret));
	}
	*cursor = c;
	return 0;
}

/* Returns the moment so many ms from now. */
static struct timespec later(int timeout_ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += timeout_ms / 1000;
	ts.tv_nsec += timeout_ms % 1000 * 1000000l;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

/* Wait until the batch is full, with the lock held. Returns 0 or -ETIME. */
static int wait_full(struct kcsd_cursor *c, int timeout_ms)
{
	struct timespec until = later(MAX(timeout_ms, 0));
	int ret = 0;

	while (!c->full && ret != ETIMEDOUT) {
		if (timeout_ms < 0)
			pthread_cond_wait(&c->changed, &c->lock);
		else
			ret = pthread_cond_timedwait(&c->changed, &c->lock, &until);
	}
	return c->full ? 0 : -ETIME;
}

/* Swap batches with the thread. Returns 1: there are rows. */
static int take_batch(struct kcsd_cursor *c, int timeout_ms, struct kcsd_error *err)
{
	struct batch batch = c->now;
	int ret;

	pthread_mutex_lock(&c->lock);
	ret = wait_full(c, timeout_ms);
	if (!ret) {
		c->now = c->next;
		c->next = batch;
		c->next.nr_rows = 0;
		c->next.len = 0;
		/* After the last batch none is asked for. */
		c->full = c->ended;
		ret = c->now.nr_rows ? 1 : c->ret;
		if (ret && ret != 1 && err)
			*err = c->err;
		pthread_cond_broadcast(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
	return ret;
}

int kcsd_cursor_next(struct kcsd_cursor *cursor, int timeout_ms, const struct kcsd_cell **cells,
		     struct kcsd_error *err)
{
	struct batch *now = &cursor->now;
	const struct cell *from;
	uint32_t i;
	int ret;

	if (cursor->row == now->nr_rows) {
		ret = take_batch(cursor, timeout_ms, err);
		if (ret == -ETIME)
			return ret;
		cursor->row = 0;
		if (ret != 1)
			return ret;
	}
	from = &now->cells[cursor->row++ * cursor->nr_results];
	for (i = 0; i < cursor->nr_results; i++)
		/* A text without bytes is one, too. */
		cursor->cells[i] = (struct kcsd_cell){
			from[i].null ? NULL : from[i].len ? now->bytes + from[i].at : "",
			from[i].len,
		};
	*cells = cursor->cells;
	return 1;
}

void kcsd_cursor_close(struct kcsd_cursor *cursor)
{
	if (!cursor)
		return;
	pthread_mutex_lock(&cursor->lock);
	cursor->stopped = true;
	pthread_cond_broadcast(&cursor->changed);
	pthread_mutex_unlock(&cursor->lock);
	pthread_join(cursor->thread, NULL);
	free_cursor(cursor);
}

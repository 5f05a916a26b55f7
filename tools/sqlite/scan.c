// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Rows of a query. libkcsd calls for each row, SQLite asks for each: a thread runs the query, and
 * puts rows into a batch; it waits while SQLite has not taken the one before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vtab.h"

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

struct vtab_scan {
	struct vtab_source source;	/* owned */
	struct kcsd_query *query;	/* owned */
	uint32_t nr_results;
	pthread_t thread;
	pthread_mutex_t lock;		/* protects what follows, and full */
	pthread_cond_t changed;
	bool full;			/* the batch "next" is for SQLite, else for the thread */
	bool ended, stopped;
	int ret;
	struct kcsd_error err;
	struct batch next;		/* of who full says */
	struct batch now;		/* of SQLite */
	size_t row;			/* of now, 1 is the first */
};

/* ---- the thread ---- */

/* Give the batch to SQLite, and wait for an empty one. Returns nonzero: nobody wants more. */
static int hand_over(struct vtab_scan *scan)
{
	int stopped;

	pthread_mutex_lock(&scan->lock);
	scan->full = true;
	pthread_cond_broadcast(&scan->changed);
	while (scan->full && !scan->stopped)
		pthread_cond_wait(&scan->changed, &scan->lock);
	stopped = scan->stopped;
	pthread_mutex_unlock(&scan->lock);
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
	struct vtab_scan *scan = arg;
	struct batch *batch = &scan->next;
	struct cell *to = batch->cells + batch->nr_rows * scan->nr_results;
	uint32_t i;

	for (i = 0; i < scan->nr_results; i++) {
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
	return hand_over(scan) ? -ECANCELED : 0;
}

static int progress(const struct kcsd_query_stats *stats, void *arg)
{
	struct vtab_scan *scan = arg;
	bool stopped;

	(void)stats;
	pthread_mutex_lock(&scan->lock);
	stopped = scan->stopped;
	pthread_mutex_unlock(&scan->lock);
	return stopped;
}

static void *run(void *arg)
{
	struct vtab_scan *scan = arg;
	KCSD_OPTS(kcsd_query_run_opts, opts, .progress = progress, .arg = scan);
	struct kcsd_error err = {};
	int ret = kcsd_query_run(scan->query, scan->source.table, &opts, take_row, scan, NULL, 0,
				 &err);

	pthread_mutex_lock(&scan->lock);
	scan->ret = ret;
	scan->err = err;
	scan->ended = true;
	scan->full = true;
	pthread_cond_broadcast(&scan->changed);
	pthread_mutex_unlock(&scan->lock);
	return NULL;
}

/* ---- SQLite ---- */

static void free_scan(struct vtab_scan *scan)
{
	vtab_source_close(&scan->source);
	kcsd_query_destroy(scan->query);
	free(scan->next.cells);
	free(scan->next.bytes);
	free(scan->now.cells);
	free(scan->now.bytes);
	pthread_mutex_destroy(&scan->lock);
	pthread_cond_destroy(&scan->changed);
	free(scan);
}

int vtab_scan_start(struct vtab_scan **out, struct vtab_source *source, struct kcsd_query *query)
{
	struct vtab_scan *scan = calloc(1, sizeof(*scan));
	int ret = -ENOMEM;

	if (!scan) {
		vtab_source_close(source);
		kcsd_query_destroy(query);
		return ret;
	}
	scan->source = *source;
	*source = (struct vtab_source){ .fd = -1 };
	scan->query = query;
	kcsd_query_results(query, &scan->nr_results);
	pthread_mutex_init(&scan->lock, NULL);
	pthread_cond_init(&scan->changed, NULL);
	scan->next.cells = calloc(BATCH_ROWS * scan->nr_results + 1, sizeof(*scan->next.cells));
	scan->now.cells = calloc(BATCH_ROWS * scan->nr_results + 1, sizeof(*scan->now.cells));
	if (scan->next.cells && scan->now.cells)
		ret = -pthread_create(&scan->thread, NULL, run, scan);
	if (ret) {
		free_scan(scan);
		return ret;
	}
	*out = scan;
	return 0;
}

/* Swap batches with the thread. Returns 1: there are rows. */
static int take_batch(struct vtab_scan *scan, struct kcsd_error *err)
{
	struct batch batch = scan->now;
	int ret;

	pthread_mutex_lock(&scan->lock);
	while (!scan->full)
		pthread_cond_wait(&scan->changed, &scan->lock);
	scan->now = scan->next;
	scan->next = batch;
	scan->next.nr_rows = 0;
	scan->next.len = 0;
	/* After the last batch none is asked for. */
	scan->full = scan->ended;
	ret = scan->now.nr_rows ? 1 : scan->ret;
	if (ret && ret != 1)
		*err = scan->err;
	pthread_cond_broadcast(&scan->changed);
	pthread_mutex_unlock(&scan->lock);
	return ret;
}

int vtab_scan_next(struct vtab_scan *scan, struct kcsd_error *err)
{
	int ret = 1;

	if (scan->row == scan->now.nr_rows) {
		scan->row = 0;
		ret = take_batch(scan, err);
	}
	if (ret == 1)
		scan->row++;
	return ret;
}

struct kcsd_cell vtab_scan_cell(const struct vtab_scan *scan, uint32_t result)
{
	const struct batch *now = &scan->now;
	const struct cell *cell = &now->cells[(scan->row - 1) * scan->nr_results + result];

	/* A text without bytes is one, too. */
	return (struct kcsd_cell){ cell->null ? NULL : cell->len ? now->bytes + cell->at : "",
				   cell->len };
}

void vtab_scan_stop(struct vtab_scan *scan)
{
	if (!scan)
		return;
	pthread_mutex_lock(&scan->lock);
	scan->stopped = true;
	pthread_cond_broadcast(&scan->changed);
	pthread_mutex_unlock(&scan->lock);
	pthread_join(scan->thread, NULL);
	free_scan(scan);
}

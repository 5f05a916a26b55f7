/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The values of a column in a batch of rows. Where they need not be read in order (indices of one
 * width, plain numbers, one value many times, no NULLs), a view finds the one that is asked for:
 * most conditions fail early, so that most values of other columns are never looked at. Others are
 * read, all of them, before the batch begins.
 */
#ifndef KCSD_QUERY_PARQUET_BATCH_H
#define KCSD_QUERY_PARQUET_BATCH_H

#include "parquet_reader.h"

#define BATCH		256
#define BATCH_VIEW	64	/* values that make a view worthwhile */

enum view_kind { VIEW_READ, VIEW_SAME, VIEW_INDICES, VIEW_PLAIN };

struct view {
	__u64 kind;
	const __u8 *p;		/* of VIEW_INDICES and VIEW_PLAIN: the first value */
	__u64 bit;		/* and that of VIEW_INDICES, from p */
	__u64 width;		/* of a value: bits, bytes */
	const struct value *same;
	struct value found;	/* of VIEW_PLAIN: the last one that was asked for */
};
static struct view views[QUERY_USED];
static struct value batch[QUERY_USED][BATCH];
static struct value damaged = { .v = (__u64)batch, .state = QUERY_ODD };

/* ---- values that are read in order ---- */

/* Read a value that is not NULL. */
static __always_inline bool read_value(struct reader *r, struct value *value)
{
	__u64 i;

	if (r->stored == STORED_INDICES) {
		i = hybrid_get(&r->indices);
		if (i >= r->nr_entries)
			return false;
		*value = r->dictionary[i];
		return true;
	}
	if (r->stored == STORED_BOOLEANS) {
		value->v = hybrid_get(&r->indices);
		value->state = QUERY_OK;
		return true;
	}
	if (r->chunk.physical == PARQUET_BOOLEAN) {
		if (r->bit / 8 >= (__u64)(r->data_end - r->p))
			return false;
		value->v = r->p[r->bit / 8] >> (r->bit & 7) & 1;
		value->state = QUERY_OK;
		r->bit++;
		return true;
	}
	r->p = reader_plain(r, r->p, r->data_end, value);
	return r->p;
}

/* Read nr values of the page, NULLs count. Returns false: failed. */
static __attribute__((noinline)) bool read_batch(struct reader *r, struct value *values, __u64 nr)
{
	__u64 i;

	for (i = 0; i < nr; i++) {
		if (r->has_levels && !hybrid_get(&r->levels)) {
			values[i].state = QUERY_NULL;
			continue;
		}
		if (!read_value(r, &values[i])) {
			fail(QUERY_BAD_PAGE, r->at);
			return false;
		}
	}
	if (r->levels.failed || (r->stored != STORED_PLAIN && r->indices.failed))
		fail(QUERY_BAD_PAGE, r->at);
	return !pq.failed;
}

/* ---- views ---- */

/* Returns the bytes of a plain number that a view can find; 0: it cannot. */
static __always_inline __u64 plain_size(const struct parquet_chunk *c)
{
	switch (c->physical) {
	case PARQUET_INT32:
	case PARQUET_FLOAT:
		return 4;
	case PARQUET_INT64:
	case PARQUET_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

/* Returns how many of the next values, at most nr, a view can have; 0: none. */
static __attribute__((noinline)) __u64 view_most(struct reader *r, __u64 nr)
{
	__u64 size = plain_size(&r->chunk);

	if (r->has_levels) {
		hybrid_begin(&r->levels);
		if (!r->levels.run || !r->levels.value || r->levels.failed)
			return 0;
		nr = nr < r->levels.run ? nr : r->levels.run;
	}
	if (r->stored == STORED_INDICES) {
		hybrid_begin(&r->indices);
		if (r->indices.failed)
			return 0;
		return hybrid_left(&r->indices) < nr ? hybrid_left(&r->indices) : nr;
	}
	if (r->stored == STORED_BOOLEANS || !size)
		return 0;
	return (__u64)(r->data_end - r->p) / size < nr ? 0 : nr;
}

/* Make the view of the next nr values. */
static __attribute__((noinline)) bool view_init(struct view *view, struct reader *r, __u64 nr)
{
	struct hybrid *indices = &r->indices;

	if (r->has_levels)
		r->levels.run -= nr;
	if (r->stored == STORED_PLAIN) {
		view->kind = VIEW_PLAIN;
		view->width = plain_size(&r->chunk);
		view->p = r->p;
		r->p += nr * view->width;
	} else if (indices->run) {
		view->kind = VIEW_SAME;
		if (indices->value >= r->nr_entries) {
			fail(QUERY_BAD_PAGE, r->at);
			return false;
		}
		view->same = &r->dictionary[indices->value];
		indices->run -= nr;
	} else {
		view->kind = VIEW_INDICES;
		view->width = indices->width;
		view->p = indices->p;
		view->bit = indices->bit;
		indices->packed -= nr;
		indices->bit += nr * indices->width;
	}
	return true;
}

static __always_inline const struct value *view_index(const struct view *view,
						      const struct reader *r)
{
	__u64 bit = view->bit + pq.i * view->width;
	__u64 i = kcsd_load64(view->p + bit / 8) >> (bit & 7) & ((1ULL << view->width) - 1);

	if (i < r->nr_entries)
		return &r->dictionary[i];
	fail(QUERY_BAD_PAGE, r->at);
	return &damaged;
}

/* Returns a value of the row under way. */
static __always_inline const struct value *batch_value(__u64 column)
{
	struct view *view = &views[column];
	struct reader *r = &readers[column];

	if (view->kind == VIEW_INDICES)
		return view_index(view, r);
	if (view->kind == VIEW_READ)
		return &batch[column][pq.i];
	if (view->kind == VIEW_SAME)
		return view->same;
	read_plain(&r->chunk, view->p + pq.i * view->width, r->data_end, &view->found);
	return &view->found;
}

/* ---- all columns ---- */

/*
 * Begin a batch of at most nr rows: no more than there are in the page of each column, since texts
 * stay in the pages. Returns how many; 0: failed.
 */
static __attribute__((noinline)) __u64 batch_begin(__u64 nr)
{
	struct reader *r;
	__u64 i, most;

	for (i = 0; i < pq.nr; i++) {
		r = &readers[i];
		while (!r->page_left)
			if (!next_page(r))
				return 0;
		if (r->page_left < nr)
			nr = r->page_left;
	}
	/* Fewer rows, if more columns have views then. */
	for (i = 0; i < pq.nr; i++) {
		most = view_most(&readers[i], nr);
		if (most >= BATCH_VIEW)
			nr = most;
	}
	for (i = 0; i < pq.nr; i++) {
		r = &readers[i];
		r->page_left -= nr;
		r->left -= nr;
		if (view_most(r, nr) == nr) {
			if (!view_init(&views[i], r, nr))
				return 0;
			continue;
		}
		views[i].kind = VIEW_READ;
		if (!read_batch(r, batch[i], nr))
			return 0;
	}
	return nr;
}

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Scan a row group of Parquet: values of all columns that are used, in step, for query_take().
 *
 * Rows are taken in batches, because pages and runs of different columns end at different rows.
 */
#include <kcsd_helpers.h>
#include "parquet_args.h"
#include "parquet_batch.h"
#include "row.h"

#define QUERY_TYPED

static struct query_row query_row;

#include "take.h"
#include "parquet_print.h"

static __u8 reader_of[QUERY_COLUMNS];	/* of a column */

/* ---- called by the emitted code ---- */

static __always_inline const struct value *value_of(__u64 column)
{
	return batch_value(reader_of[column]);
}

/* Get an integer of the unit that the type has here. */
static __always_inline __u64 get_int(__u64 column)
{
	const struct value *value = value_of(column);
	__s64 factor = readers[reader_of[column]].chunk.factor, v = value->v;

	if (value->state)
		return value->state;
	/* Integers of more digits than all that follows expects. */
	if (v >= 1000000000000000000LL || v <= -1000000000000000000LL)
		return QUERY_ODD;
	if (factor != 1) {
		if (v > 9000000000000000LL || v < -9000000000000000LL)
			return QUERY_ODD;
		v *= factor;
	}
	query_row.value = v;
	return QUERY_OK;
}

__attribute__((noinline)) __u64 query_int(__u64 column, __u64 scale)
{
	(void)scale;
	return get_int(column);
}

__attribute__((noinline)) __u64 query_bool(__u64 column)
{
	return get_int(column);
}

__attribute__((noinline)) __u64 query_date(__u64 column)
{
	__u64 state = get_int(column);

	if (!state && !print_is_day(query_row.value))
		return QUERY_ODD;
	return state;
}

__attribute__((noinline)) __u64 query_timestamp(__u64 column)
{
	__u64 state = get_int(column);

	/* From 0001-01-01 to 9999-12-31. */
	if (!state && (query_row.value < -62135596800000000LL ||
		       query_row.value > 253402300799999999LL))
		return QUERY_ODD;
	return state;
}

__attribute__((noinline)) __u64 query_text(__u64 column)
{
	const struct value *value = value_of(column);

	if (value->state)
		return value->state;
	if (value->len > QUERY_ROW_MAX ||
	    (!query_ascii((const __u8 *)value->v, value->len) &&
	     !query_utf8((const __u8 *)value->v, value->len)))
		return QUERY_ODD;
	query_row.text = value->v;
	query_row.text_len = value->len;
	return QUERY_OK;
}

/* ---- odd rows ---- */

__attribute__((noinline)) __u64 query_raw(__u64 column)
{
	__u64 i = reader_of[column];
	const struct value *value = value_of(column);

	if (value->state == QUERY_NULL)
		return QUERY_NULL;
	if (readers[i].chunk.kind == PARQUET_TEXT) {
		query_row.text = value->v;
		query_row.text_len = value->len;
		return QUERY_OK;
	}
	print.p = print_buf[i];
	print_value(&readers[i].chunk, value);
	query_row.text = (__u64)print_buf[i];
	query_row.text_len = print.p - print_buf[i];
	return QUERY_OK;
}

/* ---- the row group ---- */

/* Returns the bytes of the texts of the row under way. */
static __attribute__((noinline)) __u64 texts_len(void)
{
	const struct value *value;
	__u64 len = 0, j;

	for (j = 0; j < pq.nr; j++) {
		if (readers[j].chunk.kind != PARQUET_TEXT)
			continue;
		value = batch_value(j);
		len += value->state ? 0 : value->len;
	}
	return len;
}

/* Returns the bytes that the texts of a row have at most: what a message needs room for. */
static __always_inline __u64 longest_texts(void)
{
	__u64 len = 0, j;

	for (j = 0; j < pq.nr; j++)
		len += readers[j].longest;
	return len;
}

/* Take the rows of a batch. Returns true if no more are needed. */
static __attribute__((noinline)) bool take_batch(__u64 nr)
{
	__u64 most = QUERY_ROW_MAX - PRINT_LEN * QUERY_USED, longest = longest_texts();

	for (pq.i = 0; pq.i < nr; pq.i++) {
		query_row.len = longest <= most ? longest : texts_len();
		if (query_row.len > most) {
			query_send_bad(QUERY_BAD_LONG);
		} else {
			query_row.len += PRINT_LEN * QUERY_USED;
			if (query_take_row())
				return true;
		}
		query_row.number++;
	}
	return false;
}

static bool begin(const struct kcsd_ctx *ctx)
{
	const struct parquet_args *args = (const struct parquet_args *)kcsd_args(ctx);
	__u64 i;

	if (ctx->args_len < sizeof(*args) || args->nr_chunks > QUERY_USED ||
	    ctx->args_len < sizeof(*args) + args->nr_chunks * sizeof(args->chunks[0]))
		return false;
	pq.nr = args->nr_chunks;
	query_row.number = args->first;
	for (i = 0; i < pq.nr; i++) {
		struct reader *r = &readers[i];

		kcsd_memcpy(&r->chunk, &args->chunks[i], sizeof(r->chunk));
		if (r->chunk.column >= QUERY_COLUMNS)
			return false;
		reader_of[r->chunk.column] = i;
		r->at = r->chunk.offset;
		r->end = r->at + r->chunk.len;
		r->left = r->chunk.values;
		if (r->left != args->rows)
			fail(QUERY_BAD_PAGE, r->at);
	}
	return true;
}

SEC("kcsd")
__u64 query_parquet(struct kcsd_ctx *ctx)
{
	const struct parquet_args *args = (const struct parquet_args *)kcsd_args(ctx);
	__u64 groups = ctx->heap_len / 4, left, nr;

	if (!begin(ctx))
		return -KCSD_EINVAL;
	pages_memory.p = (__u8 *)kcsd_heap(ctx) + ((groups + 7) & ~7ULL);
	pages_memory.end = (__u8 *)kcsd_heap(ctx) + ctx->heap_len;
	query_start(ctx, groups);
	for (left = args->rows; left && !pq.failed; left -= nr) {
		nr = batch_begin(left < BATCH ? left : BATCH);
		if (!nr || take_batch(nr))
			break;
	}
	if (pq.failed) {
		query_row.at = pq.at;
		query_send_bad(pq.failed);
		query_flush();
		return -KCSD_EBADMSG;
	}
	return query_finish(0, args->rows, 0, 0);
}

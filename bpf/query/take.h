/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What happens to a row. A scanner defines query_cell(), then includes this file. */
#ifndef KCSD_QUERY_TAKE_H
#define KCSD_QUERY_TAKE_H

#include "date.h"
#include "group.h"
#include "text.h"
#include "value.h"

/* ---- called by the emitted code: a row of values for the host ---- */

__attribute__((noinline)) __u64 query_values_begin(void)
{
	query_begin(query_row.len + 16 * QUERY_USED);
	return 0;
}

__attribute__((noinline)) __u64 query_values_null(void)
{
	query_put(QUERY_NULL, 1);
	return 0;
}

__attribute__((noinline)) __u64 query_values_int(__u64 value)
{
	query_put(QUERY_OK, 1);
	query_put(value, 8);
	return 0;
}

__attribute__((noinline)) __u64 query_values_text(const __u8 *text, __u64 len)
{
	query_put(QUERY_OK | len << 8, 5);
	query_copy(query_out_buf + query_out.len, text, len);
	query_out.len += len;
	return 0;
}

__attribute__((noinline)) __u64 query_values_end(void)
{
	query_commit(QUERY_VALUES);
	return ++query_row.nr_put >= query_row.limit ? QUERY_ENOUGH : QUERY_OK;
}

/* ---- rows that only the host understands ---- */

/* The number of the row, as text. */
static __always_inline void query_put_number(void)
{
	static __u8 digits[24];
	__u64 i = sizeof(digits), n = query_row.number;

	do {
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	query_values_text(digits + i, sizeof(digits) - i);
}

static __attribute__((noinline)) __u64 query_send_cells(void)
{
	__u64 i;

	query_begin(query_row.len + 16 + 16 * QUERY_USED);
	query_put(query_row.number, 8);
	query_put(query_row.at, 8);
	for (i = 0; i < query_params.nr_used; i++) {
		if (query_params.used[i] == query_params.row_column)
			query_put_number();
		else if (query_raw(query_params.used[i]) == QUERY_NULL)
			query_values_null();
		else
			query_values_text((const __u8 *)query_row.text, query_row.text_len);
	}
	query_commit(QUERY_CELLS);
	return 0;
}

static __attribute__((noinline)) __u64 query_send_bad(enum query_bad why)
{
	query_begin(24);
	query_put(query_row.number, 8);
	query_put(query_row.at, 8);
	query_put(why, 8);
	query_commit(QUERY_BAD);
	return 0;
}

/*
 * Decide on a row: libkcsd puts another body here. This one only keeps the functions that it calls
 * in the program; weak, so that the compiler concludes nothing from it.
 */
__attribute__((weak, noinline)) __u64 query_take(struct query_row *row)
{
	const __u8 *text = (const __u8 *)row->text;
	__u64 ret = 0;

	ret += query_int(row->at, row->len) + query_bool(row->at) + query_date(row->at);
	ret += query_timestamp(row->at) + query_text(row->at) + query_raw(row->at);
	ret += query_date_field(row->at, row->len) + query_date_trunc(row->at, row->len);
	ret += query_lower(text, row->len) + query_upper(text, row->len);
	ret += query_length(text, row->len) + query_substr(text, row->len, row->at, row->at);
	ret += query_compare(text, row->len, text, row->at) + query_mul(row->at, row->len);
	ret += query_like(text, row->len, text, row->at);
	ret += query_values_begin() + query_values_null() + query_values_int(row->at);
	ret += query_values_text(text, row->len) + query_values_end();
	ret += query_key_begin() + query_key_int(row->at) + query_key_text(text, row->len);
	ret += query_key_null() + query_group();
	return ret;
}

/* Returns true if no more rows are needed. The scanner has set number, at and len. */
static __always_inline bool query_take_row(void)
{
	__u64 state;

	query_scratch_len = 0;
	state = query_take(&query_row);
	if (state == QUERY_ODD)
		query_send_cells();
	return state == QUERY_ENOUGH || query_out.failed;
}

/* Where and when this run began. */
static struct {
	__u64 from, begin_ns;
	__u64 over;		/* 1: another run goes on */
} query_slice;

/* True if another run is to go on at query_row.at. There is progress in each. */
static __always_inline bool query_slice_over(void)
{
	if (query_row.at == query_slice.from)
		return false;
	query_slice.over = (query_params.slice_len &&
			    query_row.at - query_slice.from >= query_params.slice_len) ||
			   (query_params.slice_ns &&
			    kcsd_time() - query_slice.begin_ns >= query_params.slice_ns);
	return query_slice.over;
}

/* Go on where another run ended. Returns the state it had. */
static __always_inline __u64 query_go_on(const struct kcsd_ctx *ctx)
{
	query_slice.from = ctx->cparam1;
	query_slice.begin_ns = kcsd_time();
	query_row.at = ctx->cparam1;
	query_row.number = ctx->cparam2 & ((1ULL << QUERY_STATE_SHIFT) - 1);
	return ctx->cparam2 >> QUERY_STATE_SHIFT;
}

/* groups_len: bytes of the heap for groups. */
static __always_inline void query_start(const struct kcsd_ctx *ctx, __u64 groups_len)
{
	query_row.limit = query_params.limit;
	query_groups_init(kcsd_heap(ctx), groups_len);
}

/* Send what is left; state: for query_go_on(). Returns the result of the program. */
static __always_inline __u64 query_finish(long err, __u64 rows, __u64 bad, __u64 state)
{
	if (err < 0)
		return err;
	query_send_groups();
	query_begin(32);
	query_put(rows, 8);
	query_put(bad, 8);
	query_put(query_slice.over ? query_row.at : QUERY_NO_NEXT, 8);
	query_put(query_row.number | state << QUERY_STATE_SHIFT, 8);
	query_commit(QUERY_END);
	query_flush();
	return query_out.failed ? (__u64)-KCSD_ENOSPC : 0;
}

#endif

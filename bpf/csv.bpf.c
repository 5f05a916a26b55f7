// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Compute sum, minimum, maximum and average of a column of integers in CSV.
 *
 * A row ends at a newline or at the end of the stream. Double quotes are as in RFC 4180: a
 * delimiter or newline between them belongs to the cell. A cell is a number if it is one signed
 * 64-bit decimal, with an optional sign and blanks around it. A row without a number in the column,
 * such as the header, is skipped.
 *
 * arguments	the delimiter, one byte; none: a comma
 * cparam1	the column, from 1
 * result	the number of rows counted; negative: -EINVAL, column 0, CPARAM2, or more
 *		than one byte of arguments; -EIO, the medium failed; -ENOSPC, no room
 *		for the output
 * output	struct csv_result
 */
#include <kcsd_helpers.h>

struct csv_result {
	__u64 count;		/* rows with a number in the column */
	__s64 sum;
	__s64 min;		/* 0 if count is 0; so are max and average */
	__s64 max;
	__s64 average;		/* sum / count, rounded towards 0 */
	__u64 skipped;		/* rows without a number */
	__u64 overflow;		/* 1: the sum does not fit; sum and average are not valid */
};

#define SIZE_MAX_S64	0x7fffffffffffffffULL
#define SIZE_MAX_10	(SIZE_MAX_S64 / 10)

/* State of the current cell. */
enum cell { CELL_START, CELL_SIGN, CELL_DIGITS, CELL_END, CELL_BAD };

struct csv {
	__u64 column;		/* the column to process, from 1 */
	__u64 at;		/* column of the current cell, 0: no byte of the row yet */
	__u8 delimiter;
	bool quoted;
	bool negative;
	enum cell cell;
	__u64 size;		/* number of the cell so far, without its sign */
	struct csv_result result;
};

static __always_inline void cell_begin(struct csv *csv)
{
	csv->cell = CELL_START;
	csv->negative = false;
	csv->size = 0;
}

static __always_inline enum cell cell_digit(struct csv *csv, __u64 digit)
{
	if (csv->cell == CELL_END || csv->cell == CELL_BAD)
		return CELL_BAD;
	if (csv->size > SIZE_MAX_10)
		return CELL_BAD;
	csv->size = csv->size * 10 + digit;
	return csv->size > SIZE_MAX_S64 + csv->negative ? CELL_BAD : CELL_DIGITS;
}

static __always_inline enum cell cell_byte(struct csv *csv, __u8 byte)
{
	if (byte >= '0' && byte <= '9')
		return cell_digit(csv, byte - '0');
	if (byte == ' ' || byte == '\t' || byte == '\r')
		return csv->cell == CELL_DIGITS ? CELL_END :
		       csv->cell == CELL_SIGN ? CELL_BAD : csv->cell;
	if ((byte == '-' || byte == '+') && csv->cell == CELL_START) {
		csv->negative = byte == '-';
		return CELL_SIGN;
	}
	return CELL_BAD;
}

static __always_inline void row_count(struct csv_result *result, __s64 value)
{
	if (!result->count || value < result->min)
		result->min = value;
	if (!result->count || value > result->max)
		result->max = value;
	if (__builtin_add_overflow(result->sum, value, &result->sum))
		result->overflow = 1;
	result->count++;
}

static __always_inline void row_end(struct csv *csv)
{
	if (csv->at >= csv->column && (csv->cell == CELL_DIGITS || csv->cell == CELL_END))
		row_count(&csv->result, csv->negative ? -csv->size : csv->size);
	else
		csv->result.skipped++;
	cell_begin(csv);
	csv->at = 0;
}

static __always_inline void csv_byte(struct csv *csv, __u8 byte)
{
	if (byte == '\n' && !csv->quoted) {
		row_end(csv);
		return;
	}
	if (!csv->at)
		csv->at = 1;
	if (byte == '"')
		csv->quoted = !csv->quoted;
	else if (byte == csv->delimiter && !csv->quoted)
		csv->at++;
	else if (csv->at == csv->column)
		csv->cell = cell_byte(csv, byte);
}

static long csv_chunk(const struct kcsd_chunk *chunk, void *state)
{
	const __u8 *p = chunk->data, *end = p + chunk->len;

	while (p < end)
		csv_byte(state, *p++);
	return 0;
}

static __always_inline void csv_average(struct csv_result *result)
{
	__u64 size = result->sum < 0 ? -(__u64)result->sum : (__u64)result->sum;

	if (!result->count || result->overflow)
		return;
	size /= result->count;
	result->average = result->sum < 0 ? -(__s64)size : (__s64)size;
}

SEC("kcsd")
__u64 csv(struct kcsd_ctx *ctx)
{
	struct csv csv = { .column = ctx->cparam1, .delimiter = ',' };
	long err;

	if (!csv.column || ctx->cparam2 || ctx->args_len > 1)
		return kcsd_invalid(
			"CPARAM1 is the column, from 1; the argument the delimiter, one byte");
	if (ctx->args_len)
		csv.delimiter = *kcsd_args(ctx);
	err = kcsd_stream(ctx, csv_chunk, &csv);
	if (err)
		return err;
	if (csv.at)
		row_end(&csv);
	csv_average(&csv.result);
	err = kcsd_emit(&csv.result, sizeof(csv.result));
	return err ? (__u64)err : csv.result.count;
}

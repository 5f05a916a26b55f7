// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Scan CSV (RFC 4180): rows for query_take().
 *
 * The helper positions() finds all delimiters, ends of lines and quotes of a piece. A row without
 * quotes has its cells between these; a row with quotes is split byte by byte.
 */
#define KCSD_STREAM_CARRY	262144
#include <kcsd_helpers.h>
#include "row.h"

#define MAX_MARKS	16384

static struct query_row query_row;

enum mark { MARK_END, MARK_DELIMITER, MARK_QUOTE };

static __u32 csv_marks[MAX_MARKS + 16];

struct csv_cell {
	const __u8 *text;
	__u32 len;
	__u32 quoted;
};
static struct csv_cell csv_cells[QUERY_COLUMNS + 1];

static struct {
	const __u8 *base;	/* what the marks count from */
	const __u32 *marks;	/* of the row, one for the end of each cell */
	__u64 start;		/* of the row, from base */
	__u64 split;		/* 1: the cells are in csv_cells */
	__u64 rows, bad;
	__u64 began;		/* 1: the beginning of the stream was seen */
	__u64 skip;		/* rows to skip */
	__u64 skipping;		/* 1: in a row that is too long */
	__u64 quoted;		/* 1: and there in quotes */
	__u64 set;		/* of bytes to find */
} csv;

static __always_inline __u64 mark_at(__u32 mark)
{
	return mark & (KCSD_POSITION_MAX - 1);
}

static __always_inline enum mark mark_kind(__u32 mark)
{
	return mark >> KCSD_POSITION_SHIFT;
}

static __always_inline bool is_null(const __u8 *text, __u64 len)
{
	if (len != query_params.null_len)
		return false;
	return !len || !kcsd_memcmp(text, query_params.null_text, len);
}

/* Get the text of a cell. */
static __always_inline enum query_state query_cell(__u64 column, const __u8 **text, __u64 *len)
{
	__u64 from, to;

	if (csv.split) {
		*text = csv_cells[column].text;
		*len = csv_cells[column].len;
		return !csv_cells[column].quoted && is_null(*text, *len) ? QUERY_NULL : QUERY_OK;
	}
	from = column ? mark_at(csv.marks[column - 1]) + 1 : csv.start;
	to = mark_at(csv.marks[column]);
	/* The line ends with CR LF. */
	if (column + 1 == query_params.nr_columns && to > from && csv.base[to - 1] == '\r')
		to--;
	*text = csv.base + from;
	*len = to - from;
	return is_null(*text, *len) ? QUERY_NULL : QUERY_OK;
}

#include "take.h"

/* ---- rows with quotes ---- */

/* Copy quoted text without the second one of doubled quotes. Returns its length. */
static __always_inline __u64 unquote(__u8 *to, const __u8 *p, const __u8 *end)
{
	__u64 len = 0;

	while (p < end) {
		if (*p == '"')
			p++;
		to[len++] = *p++;
	}
	return len;
}

/* Doubled quotes are removed in a copy; all copies of a row are shorter than the row. */
static __u8 csv_copy[KCSD_STREAM_CARRY + KCSD_STREAM_CHUNK + 64];
static __u64 csv_copy_len;

/* Find the quote that ends the text that begins at p. Returns NULL if there is none. */
static __always_inline const __u8 *quote_end(const __u8 *p, const __u8 *end, bool *doubled)
{
	*doubled = false;
	for (;;) {
		p = (const __u8 *)kcsd_memchr(p, '"', end - p);
		if (!p || p + 1 >= end || p[1] != '"')
			return p;
		*doubled = true;
		p += 2;
	}
}

/*
 * Read a cell that begins at p. Returns the byte that ends it: a delimiter or an end of line; NULL:
 * the text ends before. *bad is set if a quote is where none can be.
 */
static __always_inline const __u8 *split_cell(const __u8 *p, const __u8 *end,
					      struct csv_cell *cell, __u64 *bad)
{
	const __u8 *from = p;
	bool doubled;

	cell->quoted = *p == '"';
	if (cell->quoted) {
		from = ++p;
		p = quote_end(p, end, &doubled);
		if (!p)
			return NULL;
		cell->text = from;
		cell->len = p - from;
		if (doubled) {
			cell->text = csv_copy + csv_copy_len;
			cell->len = unquote(csv_copy + csv_copy_len, from, p);
			csv_copy_len += cell->len;
		}
		p++;
		if (p + 1 < end && *p == '\r' && p[1] == '\n')
			p++;
		if (p < end && *p != '\n' && *p != query_params.delimiter)
			*bad = QUERY_BAD_QUOTE;
	}
	for (; p < end && *p != '\n' && *p != query_params.delimiter; p++)
		if (*p == '"')
			*bad = QUERY_BAD_QUOTE;
	if (p >= end)
		return NULL;
	if (!cell->quoted) {
		cell->text = from;
		cell->len = p - from;
		if (*p == '\n' && cell->len && p[-1] == '\r')
			cell->len--;
	}
	return p;
}

/* Split a row. Returns its length with its end; 0: it does not end in these bytes. */
static __attribute__((noinline)) __u64 split_row(const __u8 *p, __u64 len, __u64 *bad)
{
	const __u8 *end = p + len, *from = p;
	__u64 column = 0;

	csv_copy_len = 0;
	for (;;) {
		p = split_cell(p, end, &csv_cells[column], bad);
		if (!p)
			return 0;
		if (*p++ == '\n')
			break;
		if (column < QUERY_COLUMNS)
			column++;
		if (p >= end)
			return 0;
	}
	if (column + 1 < query_params.nr_columns && !*bad)
		*bad = QUERY_BAD_FEW;
	if (column + 1 > query_params.nr_columns && !*bad)
		*bad = QUERY_BAD_MANY;
	return p - from;
}

/* ---- all rows ---- */

/* Take the row that was found. Returns true if no more are needed. */
static __always_inline bool take(__u64 bad, __u64 len)
{
	query_row.number++;
	query_row.len = len;
	if (csv.skip) {
		csv.skip--;
		return false;
	}
	if (len > QUERY_ROW_MAX)
		bad = QUERY_BAD_LONG;
	if (bad) {
		csv.bad++;
		query_send_bad(bad);
		return false;
	}
	csv.rows++;
	return query_take_row();
}

/* True if a line has nothing in it; it is no row, unless rows have one cell. */
static __always_inline bool is_blank(const __u8 *p)
{
	return query_params.nr_columns > 1 && (*p == '\n' || (*p == '\r' && p[1] == '\n'));
}

/* True if what was stored ends here, and zeroes follow up to the end of an LBA. */
static __always_inline bool is_padding(const __u8 *p)
{
	return query_params.padded && !*p;
}

/* True if two marks are. */
static __always_inline bool are_delimiters(const __u32 *marks)
{
	const __u64 kinds = ~0ULL << KCSD_POSITION_SHIFT & 0xffffffff;
	const __u64 delimiter = (__u64)MARK_DELIMITER << KCSD_POSITION_SHIFT;

	return (*(const __u64 *)marks & (kinds | kinds << 32)) == (delimiter | delimiter << 32);
}

/* Returns the length of the row at start if it is a plain one: its marks say so; else 0. */
static __always_inline __u64 plain_row(const __u32 *marks, __u64 nr, __u64 start)
{
	__u64 last = query_params.nr_columns - 1, i;

	if (nr <= last)
		return 0;
	for (i = 0; i + 2 <= last; i += 2)
		if (!are_delimiters(marks + i))
			return 0;
	if (i < last && mark_kind(marks[i]) != MARK_DELIMITER)
		return 0;
	if (mark_kind(marks[last]) != MARK_END)
		return 0;
	return mark_at(marks[last]) + 1 - start;
}

/* Returns how many of the marks are before a place. */
static __always_inline __u64 marks_before(const __u32 *marks, __u64 nr, __u64 at)
{
	__u64 i;

	for (i = 0; i < nr && mark_at(marks[i]) < at; i++)
		;
	return i;
}

/*
 * Take all whole rows of len bytes at base. Returns the bytes that they have; -1: no more rows are
 * needed.
 */
static __attribute__((noinline)) long take_rows(const __u8 *base, __u64 len, __u64 nr)
{
	const __u32 *marks = csv_marks, *end = csv_marks + nr;
	__u64 start = 0, row, bad, at = query_row.at;

	csv.base = base;
	while (marks < end) {
		if (is_padding(base + start))
			return -1;
		query_row.at = at + start;
		bad = 0;
		row = plain_row(marks, end - marks, start);
		csv.split = !row;
		csv.marks = marks;
		csv.start = start;
		if (row) {
			marks += query_params.nr_columns;
		} else {
			row = split_row(base + start, len - start, &bad);
			if (!row)
				break;
			marks += marks_before(marks, end - marks, start + row);
		}
		if (!is_blank(base + start) && take(bad, row))
			return -1;
		start += row;
	}
	query_row.at = at + start;
	return start;
}

/*
 * Skip the rest of a row, which may come later: an end of line in quotes does not end it. Returns
 * the bytes.
 */
static __attribute__((noinline)) __u64 skip_row(const __u8 *base, __u64 len)
{
	__u64 i;

	csv.skipping = 1;
	for (i = 0; i < len && csv.skipping; i++) {
		if (base[i] == '"')
			csv.quoted = !csv.quoted;
		else if (base[i] == '\n' && !csv.quoted)
			csv.skipping = 0;
	}
	query_row.at += i;
	return i;
}

/* Take the rows of a piece. Returns the bytes to keep, or -1. */
static long take_piece(const __u8 *base, __u64 len)
{
	__u64 done = csv.skipping ? skip_row(base, len) : 0;
	long nr, got;

	while (done < len) {
		nr = kcsd_positions(base + done, len - done, csv.set, csv_marks, 4 * MAX_MARKS);
		got = take_rows(base + done, len - done, nr);
		if (got < 0)
			return got;
		/* The marks may be those of a part, but a row has far fewer. */
		if (!got)
			break;
		done += got;
	}
	/* A row that does not end in the memory for rows. */
	if (len - done >= QUERY_ROW_MAX) {
		if (is_padding(base + done))
			return -1;
		take(QUERY_BAD_LONG, len - done);
		csv.quoted = 0;
		done += skip_row(base + done, len - done);
	}
	return len - done;
}

/* Returns the bytes of a byte order mark at the beginning of the stream. */
static __always_inline __u64 skip_mark(const __u8 *p, __u64 len)
{
	if (csv.began)
		return 0;
	csv.began = 1;
	if (len < 3 || p[0] != 0xef || p[1] != 0xbb || p[2] != 0xbf)
		return 0;
	query_row.at = 3;
	return 3;
}

static long csv_chunk(const struct kcsd_chunk *chunk, void *state)
{
	__u8 *end = (__u8 *)chunk->data + chunk->len;
	__u64 mark = skip_mark(chunk->data, chunk->len), len = chunk->len - mark;
	long keep;

	(void)state;
	if (!len)
		return 0;
	/* The last line may have no end. */
	if (!chunk->left && end[-1] != '\n') {
		*end = '\n';
		len++;
	}
	keep = take_piece(chunk->data + mark, len);
	if (keep < 0)
		return -KCSD_EEXIST;
	if (!chunk->left && keep) {
		take(QUERY_BAD_QUOTE, keep);
		keep = 0;
	}
	if (chunk->left && query_slice_over())
		return -KCSD_EEXIST;
	return keep;
}

SEC("kcsd")
__u64 query_csv(struct kcsd_ctx *ctx)
{
	__u64 state = query_go_on(ctx);
	long err;

	csv.began = query_row.at != 0;
	csv.skipping = state & 1;
	csv.quoted = state >> 1;
	csv.set = '\n' | query_params.delimiter << 8 | '"' << 16;
	csv.set |= csv.set << 32 | (__u64)'"' << 24 | (__u64)'"' << 56;
	csv.skip = csv.began ? 0 : query_params.header;
	query_start(ctx, ctx->heap_len);
	err = kcsd_stream_from(ctx, query_row.at, csv_chunk, NULL);
	/* Enough rows, or the end of a slice: not an error. */
	if (err == -KCSD_EEXIST)
		err = 0;
	return query_finish(err, csv.rows, csv.bad, csv.skipping | csv.quoted << 1);
}

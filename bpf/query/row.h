/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What a scanner, the code that libkcsd emits for a query, and the host share.
 *
 * A scanner (csv.bpf.c, ...) finds the rows of a stream and calls query_take() for each. libkcsd
 * replaces the body of query_take(): it asks for values by column, with query_int() and its like
 * (value.h), decides, and puts values into the output (out.h) or adds to a group (group.h). The
 * host reads the output as messages.
 */
#ifndef KCSD_QUERY_ROW_H
#define KCSD_QUERY_ROW_H

#include <linux/types.h>

#define QUERY_ROW_MAX		262144	/* bytes */
#define QUERY_COLUMNS		1024	/* in a row */
#define QUERY_USED		64	/* columns that a query uses */
#define QUERY_NULL_LEN		16	/* bytes of the text of NULL */
#define QUERY_CONSTANTS		16384	/* bytes of texts of the question */

/*
 * Result of query_take(), and of the functions that get a value.
 * ODD: right or wrong, it is too unusual to decide here: the host gets the cells as they are.
 */
enum query_state {
	QUERY_OK,
	QUERY_NULL,
	QUERY_ODD,
	QUERY_ENOUGH,		/* of query_take(): no more rows are needed */
};

/* Parameters of a query, which libkcsd writes into the image. */
struct query_params {
	__u32 nr_columns;	/* cells of each row */
	__u32 nr_used;		/* columns that the query uses */
	__u32 header;		/* 1: the first row is one */
	__u32 delimiter;	/* byte */
	__u32 groups_len;	/* bytes of accumulators of a group */
	__u32 null_len;
	__u32 padded;		/* 1: zeroes behind the last row are no row */
	__u32 row_column;	/* the column that is the number of the row; all ones: none */
	__u8 null_text[QUERY_NULL_LEN];
	__u64 limit;		/* rows to put; all ones: all */
	__u64 slice_ns;		/* end the run after this time, another goes on; 0: do not */
	__u64 slice_len;	/* and after so many bytes; 0: do not */
	__u16 used[QUERY_USED];	/* columns, ascending */
};

/*
 * The row under way. The emitted code gets its address, and knows these offsets.
 */
struct query_row {
	__s64 value;		/* of the last query_int() and its like */
	__u64 text;		/* address and bytes of the last query_text() and its like */
	__u64 text_len;
	__u64 nr_put;		/* rows in the output so far */
	__u64 limit;		/* of nr_put */
	__u64 len;		/* of the row, bytes */
	__u64 at;		/* of the row in the stream, bytes */
	__u64 number;		/* of the row; the first is 1, a header, too */
	__u64 group;		/* of the emitted code: the only group; 0: not yet there */
};

/*
 * Messages to the host: struct query_head, then what it says. Numbers are little endian.
 *
 * VALUES	values: each a byte, QUERY_OK or QUERY_NULL, then 8 bytes, or of a text 4 bytes of
 *		length and the text; nothing for NULL
 * CELLS	an odd row: number, at; then each used column as values of type text
 * GROUP	values of its key, as in VALUES; then its accumulators
 * BAD		number, at, enum query_bad: this is no row; 8 bytes each
 * END		rows, bad rows, next, state: 8 bytes each. The stream was read up to the byte
 *		"next", where another run can go on; all ones: to its end, or enough of it. Its
 *		parameters are then next and state, which has the number of rows in it.
 */
enum query_message {
	QUERY_VALUES = 1,
	QUERY_CELLS,
	QUERY_GROUP,
	QUERY_BAD,
	QUERY_END,
};

struct query_head {
	__u32 len;		/* bytes that follow */
	__u32 kind;
};

enum query_bad {
	QUERY_BAD_FEW = 1,	/* too few cells */
	QUERY_BAD_MANY,		/* too many */
	QUERY_BAD_QUOTE,	/* a quote that does not end, or text behind it */
	QUERY_BAD_LONG,		/* longer than the memory for a row */
	QUERY_BAD_SYNTAX,	/* no JSON */
	QUERY_BAD_DEEP,		/* nested too deep */
	QUERY_BAD_PARTS,	/* too many brackets, quotes, ... */
	QUERY_BAD_LINES,	/* more than one line */
	QUERY_BAD_PAGE,		/* of Parquet: damaged */
	QUERY_BAD_ENCODING,	/* not supported */
	QUERY_BAD_MEMORY,	/* too large for the memory of the program */
};

#define QUERY_NO_NEXT		(~0ULL)
#define QUERY_STATE_SHIFT	56

/* An accumulator: of sums, or of the least or greatest value. All begin with zeroes. */
struct query_sum {
	__u64 count;
	__u64 low, high;	/* a number of 128 bits */
	__u64 scale;		/* digits behind the point that the values had, at most */
};

struct query_extreme {
	__u64 count;
	__s64 value;
	__u64 rsvd[2];
};

/* Fields of dates, for query_date_field(). */
enum query_field {
	QUERY_YEAR,
	QUERY_QUARTER,
	QUERY_MONTH,
	QUERY_DAY,
	QUERY_DOY,		/* day of the year, from 1 */
	QUERY_DOW,		/* day of the week, Sunday is 0 */
};

#ifdef __bpf__
/* Written by libkcsd before the program is loaded: sections of their own, so that it finds them. */
struct query_params query_params __attribute__((section(".data.params"), weak)) = {};
__u8 query_constants[QUERY_CONSTANTS] __attribute__((section(".data.constants"), weak)) = {};
#endif

#endif

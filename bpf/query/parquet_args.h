/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What libkcsd tells the scanner of Parquet of one row group: its arguments. */
#ifndef KCSD_QUERY_PARQUET_ARGS_H
#define KCSD_QUERY_PARQUET_ARGS_H

#include <linux/types.h>

/* How values are stored; numbers of the format (parquet.thrift). */
enum parquet_physical {
	PARQUET_BOOLEAN, PARQUET_INT32, PARQUET_INT64, PARQUET_INT96, PARQUET_FLOAT,
	PARQUET_DOUBLE, PARQUET_BYTE_ARRAY, PARQUET_FIXED,
};

enum parquet_codec {
	PARQUET_UNCOMPRESSED, PARQUET_SNAPPY, PARQUET_GZIP, PARQUET_LZO, PARQUET_BROTLI,
	PARQUET_LZ4, PARQUET_ZSTD, PARQUET_LZ4_RAW,
};

enum parquet_encoding {
	PARQUET_PLAIN = 0, PARQUET_PLAIN_DICTIONARY = 2, PARQUET_RLE = 3, PARQUET_BIT_PACKED = 4,
	PARQUET_DELTA_BINARY_PACKED = 5, PARQUET_DELTA_LENGTH = 6, PARQUET_DELTA_BYTE_ARRAY = 7,
	PARQUET_RLE_DICTIONARY = 8, PARQUET_BYTE_STREAM_SPLIT = 9,
};

/* What values mean. */
enum parquet_kind {
	PARQUET_NUMBER,		/* an integer, times "factor" */
	PARQUET_UNSIGNED,	/* the same, without a sign */
	PARQUET_DECIMAL,	/* bytes, the highest first, in two's complement */
	PARQUET_TEXT,
	PARQUET_REAL,		/* float or double */
};

/* How a number is printed for the host. */
enum parquet_print {
	PARQUET_PRINT_NUMBER, PARQUET_PRINT_BOOL, PARQUET_PRINT_DATE, PARQUET_PRINT_TIMESTAMP,
};

/* A column of a row group. */
struct parquet_chunk {
	__u32 column;		/* index in the table */
	__u32 physical;
	__u32 kind;
	__u32 type_len;		/* of PARQUET_FIXED, bytes */
	__u32 codec;
	__u32 optional;		/* 1: there are NULLs */
	__u32 scale;		/* of decimals */
	__u32 print;		/* enum parquet_print */
	__s64 factor;
	__u64 offset;		/* of the first page in the stream */
	__u64 len;		/* bytes of all its pages */
	__u64 values;		/* NULLs count */
};

struct parquet_args {
	__u64 rows;		/* of the row group */
	__u64 first;		/* number of its first row */
	__u32 nr_chunks;
	__u32 rsvd;
	struct parquet_chunk chunks[];
};

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the footer of a Parquet file says. */
#ifndef KCSD_QUERY_PARQUET_H
#define KCSD_QUERY_PARQUET_H

#include "query/parquet_args.h"
#include "table.h"

/* A column of the schema. All but what "why" says of it is supported. */
struct parquet_column {
	const char *name;
	struct kcsd_sql_type type;
	uint32_t physical, kind, type_len;
	bool optional;
	bool ordered;			/* statistics have the order that values have here */
	int64_t factor;			/* of PARQUET_NUMBER; 0: divide, see why */
	const char *why;		/* NULL, or why it cannot be read */
};

/* Least and greatest value of a chunk, or NULL; raw bytes of the file. */
struct parquet_statistics {
	const uint8_t *min, *max;
	size_t min_len, max_len;
	int64_t nulls;			/* -1: not known */
};

struct parquet_column_chunk {
	uint32_t codec;
	uint64_t encodings;		/* bit for each encoding that occurs */
	uint64_t offset, len, values;
	bool elsewhere;			/* in another file, or encrypted */
	struct parquet_statistics statistics;
};

struct parquet_group {
	uint64_t rows, first;		/* number of its first row, from 1 */
	struct parquet_column_chunk *chunks;	/* of each column */
};

struct parquet_file {
	struct parquet_column *columns;
	uint32_t nr_columns;
	struct parquet_group *groups;
	uint32_t nr_groups;
};

/*
 * parquet_footer.c: read the metadata, len bytes at data, which have to live as long as the result.
 * All in the arena. Returns 0, or -EINVAL, -EOPNOTSUPP, -ENOMEM with a sentence.
 */
int kcsd_parquet_read(struct parquet_file *file, const uint8_t *data, size_t len, const char *name,
		      struct kcsd_arena *arena, struct kcsd_error *err);

/* parquet_skip.c: true if no row of a group can make all conditions true. */
bool kcsd_parquet_can_skip(const struct parquet_file *file, const struct parquet_group *group,
			   const struct kcsd_query *query);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Tables: files, objects or LBAs whose bytes are rows; run queries over them. By <libkcsd.h>. */
#ifndef LIBKCSD_TABLE_H
#define LIBKCSD_TABLE_H

#include <libkcsd/kv.h>
#include <libkcsd/query.h>
#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * kcsd_table_create() -> kcsd_table_add_*() -> kcsd_table_open() -> kcsd_query_bind() with its
 * columns -> kcsd_query_run()
 */
struct kcsd_table;

enum kcsd_format {
	KCSD_FORMAT_AUTO = 0,	/* by the name of the first source: .csv, .jsonl, .parquet, ... */
	KCSD_FORMAT_CSV,	/* RFC 4180 */
	KCSD_FORMAT_JSON,	/* JSON Lines, or one array of objects */
	KCSD_FORMAT_PARQUET,
	__KCSD_FORMAT_END
};

struct kcsd_table_opts {
	size_t sz;
	/* Has the sources; the caller keeps it open. NULL: the host reads files, see kcsd_sim. */
	struct kcsd_drive *drive;
	uint32_t format;	/* enum kcsd_format */
	uint32_t flags;		/* KCSD_TABLE_* */
	/*
	 * The columns; NULL: found by looking at the first source. Of CSV they are all of it, in
	 * order, of JSON and Parquet those that are wanted. Copied.
	 */
	const struct kcsd_column *columns;
	uint32_t nr_columns;
	uint32_t delimiter;	/* between cells of CSV, a byte; 0: ',' */
	const char *null_text;	/* NULL in CSV, if not in quotes, <= 16 bytes; NULL: "" */
};

/* The first line of each source of CSV is a row; columns without names are c1, c2, ... */
#define KCSD_TABLE_NO_HEADER	0x1u
/*
 * Append a column "_row", a bigint: the number of the row in its source, from 1. What is no row
 * counts, too, so it stays the same as long as the source does.
 */
#define KCSD_TABLE_ROW_NUMBERS	0x2u

/* opts may be NULL. -EINVAL: an option has an invalid value; err->text names it. */
KCSD_API int kcsd_table_create(const struct kcsd_table_opts *opts, struct kcsd_table **table,
			       struct kcsd_error *err);
/* NULL is allowed. Call before the drive is closed. */
KCSD_API void kcsd_table_destroy(struct kcsd_table *table);

/*
 * Append a source. All have the same columns; each begins and ends with whole rows. After the
 * table is open: -EBUSY.
 */
/* fd: a regular file, open for reading; the caller keeps it open. name: in messages, copied. */
KCSD_API int kcsd_table_add_file(struct kcsd_table *table, int fd, const char *name,
				 struct kcsd_error *err);
/* An object of the drive. -EINVAL: the table has no drive; kcsd_table_add_lbas(), too. */
KCSD_API int kcsd_table_add_key(struct kcsd_table *table, const struct kcsd_kv_key *key,
				struct kcsd_error *err);
/* LBAs of namespace 1; zeroes behind the last row are no row. */
KCSD_API int kcsd_table_add_lbas(struct kcsd_table *table, uint64_t slba, uint64_t nlb,
				 struct kcsd_error *err);

/*
 * Find format and columns. -EINVAL: no source, or no columns can be found; err->text says why.
 * -EOPNOTSUPP: something of the format is not supported; err->text names it. Or an error of
 * reading.
 */
KCSD_API int kcsd_table_open(struct kcsd_table *table, struct kcsd_error *err);
/* Return the columns of an open table, *nr of them; valid until it is destroyed. */
KCSD_API const struct kcsd_column *kcsd_table_columns(const struct kcsd_table *table,
						      uint32_t *nr);

/* ---- run ---- */

/* A row that is none, or whose values have not the types of their columns. */
struct kcsd_bad_row {
	const char *source;	/* name */
	uint64_t number;	/* in the source, from 1; a header counts */
	uint64_t at;		/* in the source, bytes */
	const char *reason;	/* a sentence */
};

/* What a run has cost so far. */
struct kcsd_query_stats {
	uint64_t rows;		/* that were looked at, without bad ones */
	uint64_t bad_rows;
	uint64_t odd_rows;	/* of rows: the host decided, not the program */
	uint64_t results;
	uint64_t media_bytes;	/* that the program read */
	uint64_t link_bytes;	/* that crossed the link: question, program, answer */
	uint64_t insns;		/* of the program; 0: not counted */
	uint64_t run_ns;	/* on the compute unit */
	uint64_t device_ns;	/* see kcsd_run_info */
	uint64_t total_ns;	/* from begin to end, as seen here */
};

struct kcsd_query_run_opts {
	size_t sz;
	uint32_t flags;		/* KCSD_QUERY_* */
	uint32_t engine;	/* KCSD_ENGINE_*, without a drive; 0: the fastest */
	uint32_t heap_len;	/* memory for groups in the drive, bytes; 0: 1 MiB */
	/*
	 * A run of the program ends after about so many bytes of a source, and another goes on;
	 * 0: it ends in time for the limit of the drive. An object is read by one run in any case.
	 */
	uint32_t slice_len;
	/* Called for each bad row that is skipped, in any order. NULL: only counted. */
	void (*bad_row)(const struct kcsd_bad_row *row, void *arg);
	/* Called about four times a second. Return 0 to go on; else the run ends, -ECANCELED. */
	int (*progress)(const struct kcsd_query_stats *stats, void *arg);
	void *arg;
};

#define KCSD_QUERY_SKIP_BAD	0x1u	/* skip bad rows; else the first one ends the run */
#define KCSD_QUERY_HOST_ONLY	0x2u	/* the drive sends the columns, the host does the rest */

/*
 * Run a bound query over the open table whose columns it was bound to. Call fn for each row of the
 * result, with its values by index of kcsd_query_results(); NULL as cells[i].text. A value other
 * than 0 from fn ends the run and is returned. opts and stats may be NULL.
 *
 * -EINVAL, -ERANGE, -EDOM: a row made an expression fail; err->text says how, kcsd_query_at()
 * which. -EILSEQ: a bad row; err->text says which. -ECANCELED. Statuses of kcsd_program_run().
 */
KCSD_API int kcsd_query_run(struct kcsd_query *query, struct kcsd_table *table,
			    const struct kcsd_query_run_opts *opts,
			    int (*fn)(const struct kcsd_cell *cells, void *arg), void *arg,
			    struct kcsd_query_stats *stats, size_t size, struct kcsd_error *err);

/* Rows of a query, as the caller asks for them; a thread of its own runs the query. */
struct kcsd_cursor;

/*
 * Start a query, as kcsd_query_run() does. Query and table are the cursor's until it is closed; so
 * is the drive. Functions of opts are called in the thread of the cursor.
 */
KCSD_API int kcsd_cursor_open(struct kcsd_query *query, struct kcsd_table *table,
			      const struct kcsd_query_run_opts *opts, struct kcsd_cursor **cursor,
			      struct kcsd_error *err);
/*
 * Wait for the next row. Returns 1: *cells are its values, valid until the next call; 0: there is
 * none; -ETIME: not yet, timeout_ms have passed (-1: wait until there is one); or an error of
 * kcsd_query_run().
 */
KCSD_API int kcsd_cursor_next(struct kcsd_cursor *cursor, int timeout_ms,
			      const struct kcsd_cell **cells, struct kcsd_error *err);
/* End the query, also if there are rows. NULL is allowed. */
KCSD_API void kcsd_cursor_close(struct kcsd_cursor *cursor);

/*
 * Describe what the drive would do and what the host, one thing in a line; with listing the
 * instructions too. The caller frees *text.
 */
KCSD_API int kcsd_query_explain(struct kcsd_query *query, struct kcsd_table *table, bool listing,
				char **text, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd select: from a question to rows on standard output. */
#ifndef KCSD_SELECT_H
#define KCSD_SELECT_H

#include "progress.h"
#include "sql.h"

struct select_output;

/* How rows are written. Functions return 0, or -1: writing failed. */
struct select_writer {
	int (*begin)(struct select_output *out);
	int (*row)(struct select_output *out, const struct kcsd_cell *cells);
	int (*end)(struct select_output *out);
};

struct select_output {
	const struct select_writer *writer;
	const struct kcsd_column *columns;
	uint32_t nr_columns;
	uint64_t nr_rows;
	/* Of tables: rows that wait until the widths are known. */
	struct kcsd_cell *cells;	/* owned, with their texts */
	size_t nr_cells, room;
	int *widths;			/* owned; NULL: not known yet */
};

/* select_table.c, select_csv.c, select_json.c */
extern const struct select_writer kcsd_write_table, kcsd_write_csv, kcsd_write_json,
	kcsd_write_json_lines;

/* One command. */
struct select {
	const struct args *args;
	struct sql sql;
	struct kcsd_drive *drv;		/* NULL: the host */
	struct kcsd_table *table;
	int *fds;			/* of the files; owned */
	uint32_t nr_fds;
	struct select_output out;
	struct kcsd_query_stats stats;
	uint64_t slice_len;		/* --slice */
	struct progress progress;
	uint64_t total_bytes;		/* of the sources; 0: not known */
	unsigned int told;		/* bad rows that were described */
};

/* select_source.c: open the sources of the question, and the drive. Return 0, or the exit code. */
int kcsd_select_open(struct select *s, const struct kcsd_table_opts *opts, bool anywhere,
		     const char *drive);
void kcsd_select_close(struct select *s);
/* select_columns.c: parse "a int, b text". Return 0, or the exit code; free with free(). */
int kcsd_select_columns(const struct args *args, const char *text, struct kcsd_column **columns,
			uint32_t *nr);

#endif

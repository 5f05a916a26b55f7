/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Tables: their sources, and what each format does for them. */
#ifndef KCSD_QUERY_TABLE_H
#define KCSD_QUERY_TABLE_H

#include "arena.h"
#include "plan.h"

#define TABLE_SAMPLE	65536	/* bytes of the first source that are looked at for its columns */

enum table_source_kind { TABLE_FILE, TABLE_KEY, TABLE_LBAS };

struct table_source {
	enum table_source_kind kind;
	const char *name;		/* in messages */
	int fd;				/* of a file; the caller owns it */
	struct kcsd_kv_key key;
	uint64_t slba, nlb;
	uint64_t len;			/* bytes; valid once the table is open */
	void *state;			/* of the format; owned by the arena */
};

/* One thread at a time uses it. */
struct kcsd_table {
	struct kcsd_arena arena;	/* holds what has no owner of its own */
	struct kcsd_drive *drive;	/* of the caller; NULL: the host reads files */
	const struct format *format;
	uint32_t flags;			/* KCSD_TABLE_* */
	uint8_t delimiter;
	uint8_t null_len;
	char null_text[QUERY_NULL_LEN];
	struct kcsd_column *columns;	/* of the caller, or found */
	uint32_t nr_columns;
	struct table_source *sources;
	uint32_t nr_sources;
	bool open;
	uint64_t link_bytes;		/* that kcsd_table_read() got over the link */
};

/* Arguments of a program, ctx->args: what a scanner has to know besides query_params. */
struct format_args {
	uint8_t *data;			/* of KCSD_MAX_ARGS bytes */
	uint32_t len;
};

/* A format of tables; its scanner is bpf/query/NAME.bpf.c. Errors as kcsd_table_open(). */
struct format {
	const char *name;		/* "csv" */
	const char *suffixes;		/* of file names: " .csv .tsv " */
	const void *object, *object_end;	/* of the scanner, an ELF object */
	const char *program;		/* its function: "query_csv" */
	bool is_large;			/* it needs all memory that there is */
	/* Find table->columns, unless there are some; look at each source as far as necessary. */
	int (*open)(struct kcsd_table *table, struct kcsd_error *err);
	/*
	 * Fill in what params and args say of a source; params->used is valid. part: the source is
	 * read in several runs, from 0 on. Returns 0; 1: there is no such part.
	 */
	int (*prepare)(struct kcsd_table *table, struct table_source *source,
		       const struct plan *plan, uint32_t part, struct query_params *params,
		       struct format_args *args, struct kcsd_error *err);
};

extern const struct format kcsd_format_csv, kcsd_format_json, kcsd_format_parquet;

/* table.c: read bytes of a source on the host. *got is less than len only at its end. */
int kcsd_table_read(struct kcsd_table *table, const struct table_source *source, uint64_t off,
		    void *buf, size_t len, size_t *got, struct kcsd_error *err);

/* table.c: set what params say of the columns of the table. */
void kcsd_table_set_params(const struct kcsd_table *table, struct query_params *params);

/*
 * guess.c: find the types of columns from texts of a sample: bool, int4, int8, numeric(p, s), date,
 * timestamp, text.
 */
struct guess;
struct guess *kcsd_guess_create(struct kcsd_arena *arena, uint32_t nr_columns);
/* Take the text of a cell that is not NULL; plain: it was not in quotes, so it may be no text. */
void kcsd_guess_take(struct guess *guess, uint32_t column, const char *text, size_t len,
		     bool plain);
struct kcsd_sql_type kcsd_guess_type(const struct guess *guess, uint32_t column);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The virtual table of SQLite whose rows a drive finds. */
#ifndef KCSD_SQLITE_VTAB_H
#define KCSD_SQLITE_VTAB_H

#include <sqlite3ext.h>
#include <stdbool.h>

#include <libkcsd.h>

/* What CREATE VIRTUAL TABLE said. */
struct vtab_args {
	char *path;			/* owned */
	struct kcsd_column *columns;	/* owned, with their names; NULL: found */
	uint32_t nr_columns;
	uint32_t format;		/* enum kcsd_format */
	bool no_header;
	bool anywhere;			/* the host may read it */
};

struct vtab {
	sqlite3_vtab base;		/* first: SQLite has its address */
	struct vtab_args args;
};

/* args.c: parse the arguments of the module. Returns SQLITE_OK, or an error with *message. */
int vtab_args_parse(struct vtab_args *args, int argc, const char *const *argv, char **message);
void vtab_args_free(struct vtab_args *args);

/* source.c: a file, with the drive that has it. */
struct vtab_source {
	int fd;
	struct kcsd_drive *drv;		/* owned; NULL: the host */
	struct kcsd_table *table;	/* owned */
};

/* Open it with all columns, which are found if args has none. */
int vtab_source_open(struct vtab_source *source, const struct vtab_args *args,
		     struct kcsd_error *err);
void vtab_source_close(struct vtab_source *source);

/* index.c: which conditions of SQLite the drive can test. */
int vtab_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info);
/* Add the conditions of a plan of vtab_best_index() to a query. Returns -ENOMEM. */
int vtab_add_conditions(struct kcsd_query *query, const struct vtab *vtab, const char *plan,
			int argc, sqlite3_value **argv);

#endif

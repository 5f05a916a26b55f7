// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A loadable extension of SQLite: a file on a kcsd drive as a table.
 *
 *	.load kcsd_sqlite
 *	CREATE VIRTUAL TABLE log USING kcsd('/data/access.csv');
 *
 * The drive tests conditions and sends the columns that are used; all else is done by SQLite.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtab.h"

SQLITE_EXTENSION_INIT1

struct cursor {
	sqlite3_vtab_cursor base;	/* first: SQLite has its address */
	struct vtab_source source;
	struct kcsd_query *query;	/* owned */
	struct kcsd_cursor *rows;	/* owned; NULL: there is no query yet */
	const struct kcsd_cell *cells;	/* of the row */
	uint32_t *result_of;		/* of each column: 1 + index of the result; 0: not used */
	uint32_t row_result;		/* index of the number of the row */
	bool eof;
};

/* ---- the table ---- */

static const char *declared_type(enum kcsd_type type)
{
	switch (type) {
	case KCSD_TYPE_BOOL:
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
		return "INTEGER";
	case KCSD_TYPE_NUMERIC:
	case KCSD_TYPE_FLOAT8:
		return "REAL";
	default:
		return "TEXT";
	}
}

/* Keep the columns that were found: their names follow them, in one piece of memory. */
static int keep_columns(struct vtab_args *args, const struct kcsd_column *columns, uint32_t nr)
{
	size_t len = nr * sizeof(*columns);
	struct kcsd_column *copy;
	uint32_t i;
	char *names;

	for (i = 0; i < nr; i++)
		len += strlen(columns[i].name) + 1;
	copy = malloc(len);
	if (!copy)
		return SQLITE_NOMEM;
	names = (char *)(copy + nr);
	for (i = 0; i < nr; i++) {
		copy[i] = columns[i];
		copy[i].name = strcpy(names, columns[i].name);
		names += strlen(names) + 1;
	}
	free(args->columns);
	args->columns = copy;
	args->nr_columns = nr;
	return SQLITE_OK;
}

static int declare(sqlite3 *db, const struct vtab_args *args)
{
	char *sql = sqlite3_mprintf("CREATE TABLE x(");
	uint32_t i;
	int ret;

	for (i = 0; sql && i < args->nr_columns; i++)
		sql = sqlite3_mprintf("%z%s\"%w\" %s", sql, i ? ", " : "", args->columns[i].name,
				      declared_type(args->columns[i].type.type));
	if (sql)
		sql = sqlite3_mprintf("%z)", sql);
	ret = sql ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
	sqlite3_free(sql);
	return ret;
}

/* Look at the file: it is there, and has columns. */
static int look(struct vtab *vtab, char **message)
{
	struct vtab_source source;
	struct kcsd_error err = {};
	const struct kcsd_column *columns;
	uint32_t nr;
	int ret;

	if (vtab_source_open(&source, &vtab->args, &err)) {
		*message = sqlite3_mprintf("%s", err.text);
		return SQLITE_ERROR;
	}
	/* The last column is _row, which SQLite has as its rowid. */
	columns = kcsd_table_columns(source.table, &nr);
	ret = keep_columns(&vtab->args, columns, nr - 1);
	vtab_source_close(&source);
	return ret;
}

static int disconnect(sqlite3_vtab *base)
{
	struct vtab *vtab = (struct vtab *)base;

	vtab_args_free(&vtab->args);
	sqlite3_free(vtab);
	return SQLITE_OK;
}

static int connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
		   char **message)
{
	struct vtab *vtab = sqlite3_malloc(sizeof(*vtab));
	int ret;

	(void)aux;
	if (!vtab)
		return SQLITE_NOMEM;
	*vtab = (struct vtab){};
	ret = vtab_args_parse(&vtab->args, argc, argv, message);
	if (ret == SQLITE_OK)
		ret = look(vtab, message);
	if (ret == SQLITE_OK)
		ret = declare(db, &vtab->args);
	/* It reads files: nothing that a hostile schema could use by itself. */
	if (ret == SQLITE_OK)
		ret = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	if (ret != SQLITE_OK) {
		disconnect(&vtab->base);
		return ret;
	}
	*out = &vtab->base;
	return SQLITE_OK;
}

/* ---- cursors ---- */

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	const struct vtab *vtab = (struct vtab *)base;
	struct cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor)
		cursor->result_of = calloc(vtab->args.nr_columns + 1, sizeof(uint32_t));
	if (!cursor || !cursor->result_of) {
		free(cursor);
		return SQLITE_NOMEM;
	}
	*out = &cursor->base;
	return SQLITE_OK;
}

/* End the query, if there is one. */
static void stop(struct cursor *cursor)
{
	if (!cursor->query)
		return;
	kcsd_cursor_close(cursor->rows);
	kcsd_query_destroy(cursor->query);
	vtab_source_close(&cursor->source);
	cursor->rows = NULL;
	cursor->query = NULL;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	stop(cursor);
	free(cursor->result_of);
	free(cursor);
	return SQLITE_OK;
}

static int fail(struct cursor *cursor, const char *text)
{
	sqlite3_free(cursor->base.pVtab->zErrMsg);
	cursor->base.pVtab->zErrMsg = sqlite3_mprintf("%s", text);
	return SQLITE_ERROR;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;
	struct kcsd_error err = {};
	int ret = kcsd_cursor_next(cursor->rows, -1, &cursor->cells, &err);

	cursor->eof = !ret;
	return ret && ret != 1 ? fail(cursor, err.text) : SQLITE_OK;
}

/* Select the columns of a set; the last bit stands for all from 63 on. */
static int select_columns(struct cursor *cursor, struct kcsd_query *query,
			  const struct vtab_args *args, unsigned long long used)
{
	uint32_t i, nr = 0;
	int ret = 0;

	for (i = 0; i < args->nr_columns && !ret; i++) {
		cursor->result_of[i] = 0;
		if (!(used >> (i < 63 ? i : 63) & 1))
			continue;
		cursor->result_of[i] = ++nr;
		ret = kcsd_query_select(query, kcsd_expr_column(query, args->columns[i].name, -1),
					NULL);
	}
	cursor->row_result = nr;
	return ret ? ret : kcsd_query_select(query, kcsd_expr_column(query, "_row", -1), NULL);
}

static int make_query(struct cursor *cursor, const struct vtab *vtab, const char *plan, int argc,
		      sqlite3_value **argv, struct kcsd_error *err)
{
	const struct kcsd_column *columns;
	uint32_t nr;
	int ret = select_columns(cursor, cursor->query, &vtab->args, strtoull(plan, NULL, 16));

	if (!ret)
		ret = vtab_add_conditions(cursor->query, vtab, strchr(plan, ';') + 1, argc, argv);
	columns = kcsd_table_columns(cursor->source.table, &nr);
	return ret ? ret : kcsd_query_bind(cursor->query, columns, nr, err);
}

static int filter(sqlite3_vtab_cursor *base, int index, const char *plan, int argc,
		  sqlite3_value **argv)
{
	struct cursor *cursor = (struct cursor *)base;
	const struct vtab *vtab = (struct vtab *)base->pVtab;
	struct kcsd_error err = { .text = "out of memory" };
	int ret;

	(void)index;
	stop(cursor);
	if (kcsd_query_create(&cursor->query))
		return SQLITE_NOMEM;
	ret = vtab_source_open(&cursor->source, &vtab->args, &err);
	if (!ret)
		ret = make_query(cursor, vtab, plan, argc, argv, &err);
	if (!ret)
		ret = kcsd_cursor_open(cursor->query, cursor->source.table, NULL, &cursor->rows,
				       &err);
	if (!ret)
		return next(base);
	stop(cursor);
	return fail(cursor, err.text);
}

static int eof(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->eof;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	const struct cursor *cursor = (struct cursor *)base;
	const struct vtab *vtab = (struct vtab *)base->pVtab;
	struct kcsd_cell cell;
	char number[64];

	if (i < 0 || !cursor->result_of[i])
		return SQLITE_OK;
	cell = cursor->cells[cursor->result_of[i] - 1];
	if (!cell.text)
		return SQLITE_OK;
	snprintf(number, sizeof(number), "%.*s", (int)cell.len, cell.text);
	switch (vtab->args.columns[i].type.type) {
	case KCSD_TYPE_BOOL:
		sqlite3_result_int(context, *number == 't');
		break;
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
		sqlite3_result_int64(context, strtoll(number, NULL, 10));
		break;
	case KCSD_TYPE_NUMERIC:
	case KCSD_TYPE_FLOAT8:
		sqlite3_result_double(context, strtod(number, NULL));
		break;
	default:
		sqlite3_result_text(context, cell.text, cell.len, SQLITE_TRANSIENT);
	}
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
	const struct cursor *cursor = (struct cursor *)base;
	struct kcsd_cell cell = cursor->cells[cursor->row_result];
	char number[32];

	snprintf(number, sizeof(number), "%.*s", (int)cell.len, cell.text);
	*row = strtoll(number, NULL, 10);
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.iVersion = 0,
	.xCreate = connect,
	.xConnect = connect,
	.xBestIndex = vtab_best_index,
	.xDisconnect = disconnect,
	.xDestroy = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = eof,
	.xColumn = column,
	.xRowid = rowid,
};

/* The name that SQLite finds for kcsd_sqlite.so. */
__attribute__((visibility("default"))) int sqlite3_kcsdsqlite_init(sqlite3 *db, char **message,
								   const sqlite3_api_routines *api)
{
	(void)message;
	SQLITE_EXTENSION_INIT2(api);
	return sqlite3_create_module(db, "kcsd", &module, NULL);
}

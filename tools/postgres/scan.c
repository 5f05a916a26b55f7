// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Execution: a query over the file, its rows as tuples. */
#include "fdw.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access/table.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#define WAIT_MS		100	/* between looks for interrupts */

struct scan {
	int fd;
	struct kcsd_drive *drv;		/* owned; NULL: the host */
	struct kcsd_table *table;	/* owned */
	struct kcsd_query *query;	/* owned */
	struct kcsd_cursor *rows;	/* owned; NULL: not started */
	struct kcsd_query_run_opts opts;
	int *attr_of;			/* of each result: index in the tuple */
	uint32_t nr_results;
	FmgrInfo *inputs;		/* of each attribute of the tuple */
	Oid *params;
	int32 *typmods;
	MemoryContextCallback callback;	/* frees it, also after an error */
};

static void free_scan(void *arg)
{
	struct scan *s = arg;

	kcsd_cursor_close(s->rows);
	kcsd_query_destroy(s->query);
	kcsd_table_destroy(s->table);
	kcsd_drive_close(s->drv);
	if (s->fd >= 0)
		close(s->fd);
	s->rows = NULL;
	s->query = NULL;
	s->table = NULL;
	s->drv = NULL;
	s->fd = -1;
}

static void fail(const struct kcsd_error *err, int ret)
{
	ereport(ERROR, errcode(ret == -EDOM ? ERRCODE_DIVISION_BY_ZERO : ret == -ERANGE ?
			       ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : ret == -ENOMEM ?
			       ERRCODE_OUT_OF_MEMORY : ret == -EILSEQ ?
			       ERRCODE_BAD_COPY_FILE_FORMAT : ERRCODE_FDW_ERROR),
		errmsg("%s", ret == -ENOMEM ? "out of memory" : err->text));
}

/* ---- the table ---- */

static void open_drive(struct scan *s, const struct fdw_options *o)
{
	struct kcsd_error err = {};
	char name[16];
	int ret = kcsd_sources_drive(s->fd, name, &err);

	if (ret && o->anywhere)
		return;
	if (ret)
		ereport(ERROR, errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
			errmsg("\"%s\": %s", o->file, err.text),
			errhint("The option anywhere reads such a file on the host."));
	ret = kcsd_drive_open(name, 0, &s->drv);
	if (ret)
		ereport(ERROR, errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
			errmsg("%s: %s", name, kcsd_error_text(ret)));
}

static void open_table(struct scan *s, const struct fdw_options *o, TupleDesc desc)
{
	KCSD_OPTS(kcsd_table_opts, opts, .format = o->format,
		  .flags = o->no_header ? KCSD_TABLE_NO_HEADER : 0, .null_text = o->null_text,
		  .delimiter = o->delimiter ? (unsigned char)*o->delimiter : 0);
	struct kcsd_error err = {};
	int ret;

	s->fd = open(o->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (s->fd < 0)
		ereport(ERROR, errcode_for_file_access(),
			errmsg("could not open file \"%s\": %m", o->file));
	open_drive(s, o);
	opts.drive = s->drv;
	opts.columns = fdw_columns(desc, &opts.nr_columns);
	ret = kcsd_table_create(&opts, &s->table, &err);
	if (!ret)
		ret = kcsd_table_add_file(s->table, s->fd, o->file, &err);
	if (!ret)
		ret = kcsd_table_open(s->table, &err);
	if (ret)
		fail(&err, ret);
}

/* ---- the query ---- */

struct builder {
	struct kcsd_query *query;
	Index relid;
	TupleDesc desc;
};

/* What the planner found shippable is so still. */
static void add_all(const struct builder *b, List *nodes,
		    int (*clause)(struct kcsd_query *query, struct kcsd_expr *expr))
{
	ListCell *cell;

	foreach(cell, nodes)
		if (clause(b->query, fdw_expr(b->query, b->relid, b->desc, lfirst(cell))))
			elog(ERROR, "kcsd_fdw: out of memory");
}

static int select_expr(struct kcsd_query *query, struct kcsd_expr *expr)
{
	return kcsd_query_select(query, expr, NULL);
}

static void select_columns(struct scan *s, const struct builder *b, List *attrs)
{
	ListCell *cell;

	foreach(cell, attrs) {
		int attr = lfirst_int(cell) - 1;
		const char *name = NameStr(TupleDescAttr(b->desc, attr)->attname);

		s->attr_of[s->nr_results++] = attr;
		if (select_expr(b->query, kcsd_expr_column(b->query, name, -1)))
			elog(ERROR, "kcsd_fdw: out of memory");
	}
	/* Rows without columns, to be counted. */
	if (!attrs && select_expr(b->query, kcsd_expr_bool(b->query, true, -1)))
		elog(ERROR, "kcsd_fdw: out of memory");
}

/* What the scan returns of groups, in its order. */
static void select_groups(struct scan *s, const struct builder *b, List *exprs)
{
	add_all(b, exprs, select_expr);
	for (; s->nr_results < (uint32_t)list_length(exprs); s->nr_results++)
		s->attr_of[s->nr_results] = s->nr_results;
}

static void make_query(struct scan *s, const ForeignScan *plan, const struct builder *b)
{
	List *private = plan->fdw_private;
	int limit = intVal(list_nth(private, FDW_LIMIT));
	const struct kcsd_column *columns;
	struct kcsd_error err = {};
	uint32_t nr;
	int ret;

	if (boolVal(list_nth(private, FDW_GROUPED)))
		select_groups(s, b, list_nth(private, FDW_RESULTS));
	else
		select_columns(s, b, list_nth(private, FDW_ATTRS));
	add_all(b, list_nth(private, FDW_REMOTE), kcsd_query_where);
	add_all(b, list_nth(private, FDW_GROUPS), kcsd_query_group_by);
	add_all(b, list_nth(private, FDW_HAVING), kcsd_query_having);
	if (limit >= 0)
		kcsd_query_limit(b->query, limit);
	columns = kcsd_table_columns(s->table, &nr);
	ret = kcsd_query_bind(b->query, columns, nr, &err);
	if (ret)
		fail(&err, ret);
}

/* ---- the functions of the executor ---- */

static void find_inputs(struct scan *s, TupleDesc tuple)
{
	Oid function;
	int i;

	s->inputs = palloc0((tuple->natts + 1) * sizeof(*s->inputs));
	s->params = palloc0((tuple->natts + 1) * sizeof(*s->params));
	s->typmods = palloc0((tuple->natts + 1) * sizeof(*s->typmods));
	s->attr_of = palloc0((tuple->natts + 1) * sizeof(*s->attr_of));
	for (i = 0; i < tuple->natts; i++) {
		Form_pg_attribute attr = TupleDescAttr(tuple, i);

		if (attr->attisdropped)
			continue;
		getTypeInputInfo(attr->atttypid, &function, &s->params[i]);
		fmgr_info(function, &s->inputs[i]);
		s->typmods[i] = attr->atttypmod;
	}
}

/* Returns the range table index of the table that a scan reads. */
static Index scanned(const ForeignScan *plan)
{
	return plan->scan.scanrelid ? plan->scan.scanrelid : bms_next_member(plan->fs_relids, -1);
}

void fdw_begin(ForeignScanState *node, int flags)
{
	const ForeignScan *plan = (ForeignScan *)node->ss.ps.plan;
	Oid table = exec_rt_fetch(scanned(plan), node->ss.ps.state)->relid;
	struct scan *s = palloc0(sizeof(*s));
	struct fdw_options options;
	struct builder b = { .relid = intVal(list_nth(plan->fdw_private, FDW_RELID)) };
	Relation relation;

	(void)flags;
	s->fd = -1;
	s->callback.func = free_scan;
	s->callback.arg = s;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &s->callback);
	node->fdw_state = s;
	fdw_options_get(table, &options);
	s->opts.sz = sizeof(s->opts);
	if (options.skip_errors)
		s->opts.flags |= KCSD_QUERY_SKIP_BAD;
	relation = table_open(table, NoLock);
	b.desc = RelationGetDescr(relation);
	find_inputs(s, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor);
	open_table(s, &options, b.desc);
	if (kcsd_query_create(&s->query))
		elog(ERROR, "kcsd_fdw: out of memory");
	b.query = s->query;
	make_query(s, plan, &b);
	table_close(relation, NoLock);
}

static int next_row(struct scan *s, const struct kcsd_cell **cells)
{
	struct kcsd_error err = {};
	int ret = 0;

	if (!s->rows)
		ret = kcsd_cursor_open(s->query, s->table, &s->opts, &s->rows, &err);
	if (!ret) {
		do {
			CHECK_FOR_INTERRUPTS();
			ret = kcsd_cursor_next(s->rows, WAIT_MS, cells, &err);
		} while (ret == -ETIME);
	}
	if (ret && ret != 1)
		fail(&err, ret);
	return ret;
}

static void fill(const struct scan *s, TupleTableSlot *slot, const struct kcsd_cell *cells)
{
	uint32_t i;

	for (i = 0; i < s->nr_results; i++) {
		int attr = s->attr_of[i];
		char *text;

		if (!cells[i].text)
			continue;
		text = pnstrdup(cells[i].text, cells[i].len);
		slot->tts_values[attr] = InputFunctionCall(&s->inputs[attr], text, s->params[attr],
							   s->typmods[attr]);
		slot->tts_isnull[attr] = false;
	}
}

TupleTableSlot *fdw_iterate(ForeignScanState *node)
{
	struct scan *s = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int natts = slot->tts_tupleDescriptor->natts;
	const struct kcsd_cell *cells;
	MemoryContext before;

	ExecClearTuple(slot);
	if (!next_row(s, &cells))
		return slot;
	memset(slot->tts_values, 0, natts * sizeof(Datum));
	memset(slot->tts_isnull, true, natts * sizeof(bool));
	before = MemoryContextSwitchTo(node->ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	fill(s, slot, cells);
	MemoryContextSwitchTo(before);
	return ExecStoreVirtualTuple(slot);
}

void fdw_rescan(ForeignScanState *node)
{
	struct scan *s = node->fdw_state;

	kcsd_cursor_close(s->rows);
	s->rows = NULL;
}

void fdw_end(ForeignScanState *node)
{
	if (node->fdw_state)
		free_scan(node->fdw_state);
}

/* One line for each thing that the drive or libkcsd does. */
void fdw_explain(ForeignScanState *node, ExplainState *es)
{
	const struct scan *s = node->fdw_state;
	struct kcsd_error err = {};
	char *text, *line, *save = NULL, *copy;
	List *lines = NIL;

	if (kcsd_query_explain(s->query, s->table, es->verbose, &text, &err))
		fail(&err, -EIO);
	copy = pstrdup(text);
	free(text);
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		lines = lappend(lines, line);
	if (es->format == EXPLAIN_FORMAT_TEXT) {
		ListCell *cell;

		foreach(cell, lines)
			ExplainPropertyText("kcsd", lfirst(cell), es);
	} else {
		ExplainPropertyList("kcsd", lines, es);
	}
}

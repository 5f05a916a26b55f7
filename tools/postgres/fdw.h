/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The foreign data wrapper of PostgreSQL whose tables are files on a kcsd drive. */
#ifndef KCSD_FDW_H
#define KCSD_FDW_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include <libkcsd.h>

/* Options of a foreign table, and of its server. */
struct fdw_options {
	char *file;
	uint32_t format;		/* enum kcsd_format */
	bool no_header;
	bool skip_errors;
	bool anywhere;
	char *delimiter, *null_text;	/* or NULL */
};

/* options.c */
void fdw_options_get(Oid table, struct fdw_options *options);

/* columns.c: the columns of a foreign table; palloc()ed. Refuse types that no file has. */
struct kcsd_column *fdw_columns(TupleDesc desc, uint32_t *nr);
/* Return the type of values here, or KCSD_TYPE_UNKNOWN. */
struct kcsd_sql_type fdw_type(Oid type, int32 typmod);

/*
 * expr.c: make an expression for the drive from one of the planner. NULL: there is none, or it
 * would not be the same. relid: range table index of the table.
 */
struct kcsd_expr *fdw_expr(struct kcsd_query *query, Index relid, TupleDesc desc, Node *node);
/* True if fdw_expr() makes one, and libkcsd finds the same type for it. */
bool fdw_is_shippable(Index relid, TupleDesc desc, Node *node);

/* What is pushed down; in fdw_private of a relation. */
struct fdw_relation {
	Oid table;
	Index relid;
	TupleDesc desc;
	List *remote, *local;		/* conditions, without RestrictInfo */
	List *tlist;			/* what a scan of groups returns; NIL: rows */
	List *having;			/* remote ones */
	double rows;
};

/*
 * What a plan keeps for its execution: fdw_private of ForeignScan, by index. Expressions have the
 * numbers of tables that the planner had, which change later elsewhere.
 */
enum {
	FDW_RELID,			/* Integer: number of the table in the expressions */
	FDW_REMOTE,			/* list of conditions */
	FDW_ATTRS,			/* of rows: list of attribute numbers */
	FDW_HAVING,			/* of groups */
	FDW_GROUPS,			/* expressions */
	FDW_RESULTS,			/* of groups: expressions */
	FDW_GROUPED,			/* Boolean */
	FDW_LIMIT,			/* Integer; below 0: none */
};

struct ExplainState;

/* plan.c */
void fdw_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid table);
void fdw_paths(PlannerInfo *root, RelOptInfo *rel, Oid table);
void fdw_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
		     RelOptInfo *output, void *extra);
ForeignScan *fdw_plan(PlannerInfo *root, RelOptInfo *rel, Oid table, ForeignPath *path,
		      List *tlist, List *clauses, Plan *outer);

/* scan.c */
void fdw_begin(ForeignScanState *node, int flags);
TupleTableSlot *fdw_iterate(ForeignScanState *node);
void fdw_rescan(ForeignScanState *node);
void fdw_end(ForeignScanState *node);
void fdw_explain(ForeignScanState *node, struct ExplainState *es);

#endif

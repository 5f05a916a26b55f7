// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Planning: what of a query the drive does. */
#include "fdw.h"

#include <sys/stat.h>

#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"

/* To make a program and start it. Groups are few, also where they are estimated to be many. */
#define START_ROWS	100
#define START_GROUPS	50
#define ROW_BYTES	100.0	/* of a row, as a guess */
#define ROW_COST	0.002	/* of a row that the drive looks at */
#define LINK_COST	0.05	/* of a row that it sends */

/* ---- rows ---- */

static double count_rows(Oid table)
{
	struct fdw_options options;
	struct stat st;

	fdw_options_get(table, &options);
	return options.file && !stat(options.file, &st) ? st.st_size / ROW_BYTES + 1 : 1000;
}

static TupleDesc copy_desc(Oid table)
{
	Relation relation = table_open(table, NoLock);
	TupleDesc desc = CreateTupleDescCopy(RelationGetDescr(relation));

	table_close(relation, NoLock);
	return desc;
}

void fdw_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	struct fdw_relation *r = palloc0(sizeof(*r));
	ListCell *cell;

	r->table = table;
	r->relid = rel->relid;
	r->desc = copy_desc(table);
	foreach(cell, rel->baserestrictinfo) {
		Expr *clause = lfirst_node(RestrictInfo, cell)->clause;

		if (fdw_is_shippable(rel->relid, r->desc, (Node *)clause))
			r->remote = lappend(r->remote, clause);
		else
			r->local = lappend(r->local, clause);
	}
	r->rows = count_rows(table);
	rel->rows = clamp_row_est(r->rows * clauselist_selectivity(root, rel->baserestrictinfo, 0,
								  JOIN_INNER, NULL));
	rel->fdw_private = r;
}

void fdw_paths(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	const struct fdw_relation *r = rel->fdw_private;
	double cost = r->rows * ROW_COST;

	(void)table;
	add_path(rel, (Path *)create_foreignscan_path(root, rel, NULL, rel->rows, START_ROWS,
						      START_ROWS + cost + rel->rows * LINK_COST,
						      NIL, NULL, NULL, NIL));
}

/* Returns the rows that are asked for, if no condition or order is left to PostgreSQL; or -1. */
static int limit_of(PlannerInfo *root, const struct fdw_relation *r)
{
	if (root->limit_tuples < 1 || root->limit_tuples > INT_MAX || r->local ||
	    root->parse->sortClause || root->parse->rowMarks ||
	    bms_membership(root->all_baserels) != BMS_SINGLETON)
		return -1;
	return (int)root->limit_tuples;
}

/* List the columns that PostgreSQL needs. */
static List *used_columns(RelOptInfo *rel, const struct fdw_relation *r)
{
	Bitmapset *used = NULL;
	List *attrs = NIL;
	int i;

	pull_varattnos((Node *)rel->reltarget->exprs, rel->relid, &used);
	pull_varattnos((Node *)r->local, rel->relid, &used);
	for (i = 1; i <= r->desc->natts; i++)
		if (!TupleDescAttr(r->desc, i - 1)->attisdropped &&
		    (bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used) ||
		     bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used)))
			attrs = lappend_int(attrs, i);
	return attrs;
}

/* ---- groups ---- */

/* Add what the scan is to return for an expression over groups. Returns false: it cannot. */
static bool add_grouped(struct fdw_relation *r, Expr *expr)
{
	List *parts;
	ListCell *cell;

	if (fdw_is_shippable(r->relid, r->desc, (Node *)expr)) {
		r->tlist = add_to_flat_tlist(r->tlist, list_make1(expr));
		return true;
	}
	/* The drive does the aggregates, PostgreSQL the rest. */
	parts = pull_var_clause((Node *)expr, PVC_INCLUDE_AGGREGATES);
	foreach(cell, parts) {
		Node *part = lfirst(cell);

		/* Columns are there already, as keys of groups. */
		if (!IsA(part, Aggref) && !tlist_member((Expr *)part, r->tlist))
			return false;
		if (!fdw_is_shippable(r->relid, r->desc, part))
			return false;
		r->tlist = add_to_flat_tlist(r->tlist, list_make1(part));
	}
	return true;
}

/* Add the keys of groups, which have numbers in the query. */
static bool add_keys(PlannerInfo *root, struct fdw_relation *r, const PathTarget *target)
{
	ListCell *cell;
	int i = 0;

	foreach(cell, target->exprs) {
		Index ref = get_pathtarget_sortgroupref(target, i++);
		Expr *expr = lfirst(cell);
		TargetEntry *entry;

		if (!ref || !get_sortgroupref_clause_noerr(ref, root->parse->groupClause))
			continue;
		if (!fdw_is_shippable(r->relid, r->desc, (Node *)expr) || IsA(expr, Const))
			return false;
		entry = makeTargetEntry(expr, list_length(r->tlist) + 1, NULL, false);
		entry->ressortgroupref = ref;
		r->tlist = lappend(r->tlist, entry);
	}
	/* Each key has to be there. */
	return list_length(r->tlist) == list_length(root->parse->groupClause);
}

static bool add_having(struct fdw_relation *r, List *quals)
{
	ListCell *cell;

	foreach(cell, quals) {
		Expr *qual = lfirst(cell);

		if (fdw_is_shippable(r->relid, r->desc, (Node *)qual)) {
			r->having = lappend(r->having, qual);
			continue;
		}
		r->local = lappend(r->local, qual);
		if (!add_grouped(r, qual))
			return false;
	}
	return true;
}

/* Returns false if PostgreSQL has to group. */
static bool find_groups(PlannerInfo *root, struct fdw_relation *r, RelOptInfo *output, Node *having)
{
	const PathTarget *target = output->reltarget;
	ListCell *cell;
	int i = 0;

	if (!add_keys(root, r, target))
		return false;
	foreach(cell, target->exprs) {
		Index ref = get_pathtarget_sortgroupref(target, i++);

		if (ref && get_sortgroupref_clause_noerr(ref, root->parse->groupClause))
			continue;
		if (!add_grouped(r, lfirst(cell)))
			return false;
	}
	return add_having(r, (List *)having);
}

void fdw_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
		     RelOptInfo *output, void *extra)
{
	const struct fdw_relation *base = input->fdw_private;
	struct fdw_relation *r;
	double groups;

	if (stage != UPPERREL_GROUP_AGG || !base || base->local || output->fdw_private ||
	    root->parse->groupingSets || root->parse->hasTargetSRFs ||
	    input->reloptkind != RELOPT_BASEREL)
		return;
	r = palloc0(sizeof(*r));
	*r = *base;
	output->fdw_private = r;
	if (!find_groups(root, r, output, ((GroupPathExtraData *)extra)->havingQual))
		return;
	groups = !root->parse->groupClause ? 1 :
		 estimate_num_groups(root, get_sortgrouplist_exprs(root->parse->groupClause,
								   r->tlist), input->rows, NULL,
				     NULL);
	add_path(output, (Path *)create_foreign_upper_path(root, output, output->reltarget, groups,
							   START_GROUPS, START_GROUPS + r->rows *
							   ROW_COST + groups * LINK_COST, NIL,
							   NULL, NIL));
}

/* ---- the plan ---- */

static List *group_exprs(PlannerInfo *root, const struct fdw_relation *r)
{
	List *exprs = NIL;
	ListCell *cell;

	foreach(cell, r->tlist) {
		TargetEntry *entry = lfirst(cell);

		if (entry->ressortgroupref &&
		    get_sortgroupref_clause_noerr(entry->ressortgroupref,
						  root->parse->groupClause))
			exprs = lappend(exprs, entry->expr);
	}
	return exprs;
}

ForeignScan *fdw_plan(PlannerInfo *root, RelOptInfo *rel, Oid table, ForeignPath *path, List *tlist,
		      List *clauses, Plan *outer)
{
	const struct fdw_relation *r = rel->fdw_private;
	bool grouped = rel->reloptkind == RELOPT_UPPER_REL;
	List *private;

	(void)table, (void)path, (void)clauses;
	private = list_make2(makeInteger(r->relid), r->remote);
	private = lappend(private, grouped ? NIL : used_columns(rel, r));
	private = lappend(private, r->having);
	private = lappend(private, grouped ? group_exprs(root, r) : NIL);
	private = lappend(private, grouped ? get_tlist_exprs(r->tlist, true) : NIL);
	private = lappend(private, makeBoolean(grouped));
	private = lappend(private, makeInteger(grouped ? -1 : limit_of(root, r)));
	return make_foreignscan(tlist, r->local, grouped ? 0 : rel->relid, NIL, private, r->tlist,
				NIL, outer);
}

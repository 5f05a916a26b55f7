/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the drive does of a query, and the code for it. */
#ifndef KCSD_QUERY_PLAN_H
#define KCSD_QUERY_PLAN_H

#include "assemble.h"
#include "expr.h"
#include "query/row.h"

/* How values of a column come from the drive. */
enum plan_form {
	PLAN_INT,		/* an integer: numbers, dates, timestamps, booleans */
	PLAN_TEXT,
	PLAN_RAW,		/* the text of the cell: the host parses it */
};

struct plan {
	const struct kcsd_query *query;
	uint64_t host_wheres;	/* bit i: not the drive but the host tests query->wheres[i] */
	uint64_t sent;		/* bit i: a row of values has the column params.used[i] */
	bool grouped;		/* the drive groups, else it sends rows */
	bool cells;		/* rows come as texts of cells, which the host parses */
	bool limited;		/* the drive stops after LIMIT + OFFSET rows */
	struct query_params params;
	struct assembly code;	/* the body of query_take() */
};

enum plan_form kcsd_plan_form(struct kcsd_sql_type type);
/* Returns the digits behind the point of the integers that stand for values of a column. */
uint32_t kcsd_plan_type_scale(struct kcsd_sql_type type);
/* True if expr is this constant. */
bool kcsd_plan_is_text(const struct kcsd_expr *expr, const char *text);

/*
 * Make a plan for a bound query. host_only: the drive only sends the columns. The caller fills in
 * what params says of the format. -E2BIG: the query uses too many columns. -ENOMEM.
 */
int kcsd_plan_create(struct plan *plan, const struct kcsd_query *query, bool host_only,
		     struct kcsd_error *err);
void kcsd_plan_destroy(struct plan *plan);

#endif

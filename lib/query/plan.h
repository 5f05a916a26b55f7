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
	uint64_t host_wheres;	/* bit i: the host decides on query->wheres[i], the drive does not */
	bool grouped;		/* the drive groups, else it sends rows */
	bool limited;		/* the drive stops after LIMIT + OFFSET rows */
	struct query_params params;
	struct assembly code;	/* the body of query_take() */
};

enum plan_form kcsd_plan_form(struct kcsd_sql_type type);
/* Digits behind the point of the integers that stand for values of a type. */
uint32_t kcsd_plan_scale(const struct kcsd_expr *expr);

/*
 * Make a plan for a bound query. host_only: the drive only sends the columns. The caller fills in
 * what params says of the format. Returns 0, or -ENOMEM, or -E2BIG: too many columns.
 */
int kcsd_plan_create(struct plan *plan, const struct kcsd_query *query, bool host_only,
		     struct kcsd_error *err);
void kcsd_plan_destroy(struct plan *plan);

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Queries with groups: which columns they may use, and their aggregates. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

bool kcsd_expr_has_aggregate(const struct kcsd_expr *expr)
{
	uint32_t i;

	if (kcsd_expr_is_aggregate(expr))
		return true;
	for (i = 0; i < expr->nr_args; i++)
		if (kcsd_expr_has_aggregate(expr->args[i]))
			return true;
	return false;
}

/* Refuse columns outside of aggregates and groups. */
static int check(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	if (kcsd_expr_is_aggregate(expr) || expr->op == KCSD_EXPR_CONST)
		return 0;
	for (i = 0; i < query->nr_groups; i++)
		if (kcsd_expr_equal(expr, query->groups[i])) {
			expr->group = i + 1;
			return 0;
		}
	if (expr->op == KCSD_EXPR_COLUMN) {
		kcsd_bind_fail(b, -EINVAL, expr->at, "column \"%s\" must appear in the GROUP BY "
			       "clause or be used in an aggregate function", expr->name);
		return b->ret;
	}
	for (i = 0; i < expr->nr_args; i++)
		if (check(b, expr->args[i]))
			return b->ret;
	return 0;
}

int kcsd_grouped_check(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	for (i = 0; i < query->nr_results; i++)
		if (check(b, query->results[i].expr))
			return b->ret;
	if (query->having && check(b, query->having))
		return b->ret;
	for (i = 0; i < query->nr_orders; i++)
		if (check(b, query->orders[i].expr))
			return b->ret;
	return 0;
}

static int add_aggregate(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr **grown;
	uint32_t i;

	for (i = 0; i < query->nr_aggregates; i++)
		if (kcsd_expr_equal(query->aggregates[i], expr)) {
			expr->index = i;
			return 0;
		}
	grown = kcsd_arena_grow(&query->arena, query->aggregates, query->nr_aggregates,
				sizeof(*grown));
	if (!grown) {
		kcsd_bind_fail(b, -ENOMEM, -1, "out of memory");
		return b->ret;
	}
	query->aggregates = grown;
	expr->index = query->nr_aggregates;
	grown[query->nr_aggregates++] = expr;
	return 0;
}

int kcsd_aggregates_collect(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	uint32_t i;

	if (kcsd_expr_is_aggregate(expr))
		return add_aggregate(b, expr);
	for (i = 0; i < expr->nr_args; i++)
		if (kcsd_aggregates_collect(b, expr->args[i]))
			return b->ret;
	return 0;
}

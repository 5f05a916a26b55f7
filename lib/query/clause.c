// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Bind GROUP BY and ORDER BY: by position, by name of a result, by expression. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

/* Find the result at the position that a constant says. */
static struct kcsd_expr *take_position(struct kcsd_bind *b, const struct kcsd_expr *expr,
				       const char *clause)
{
	if (expr->value.type != KCSD_TYPE_INT4)
		return kcsd_bind_fail(b, -EINVAL, expr->at, "non-integer constant in %s", clause);
	if (expr->value.i < 1 || expr->value.i > b->query->nr_results)
		return kcsd_bind_fail(b, -EINVAL, expr->at,
				      "%s position %lld is not in select list", clause,
				      (long long)expr->value.i);
	return b->query->results[expr->value.i - 1].expr;
}

/* Find the result of this name, NULL without an error: there is none. */
static struct kcsd_expr *take_name(struct kcsd_bind *b, const struct kcsd_expr *expr,
				   const char *clause)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr *found = NULL;
	uint32_t i;

	for (i = 0; i < query->nr_results; i++) {
		if (strcmp(query->results[i].name, expr->name))
			continue;
		if (found && !kcsd_expr_equal(found, query->results[i].expr))
			return kcsd_bind_fail(b, -EINVAL, expr->at, "%s \"%s\" is ambiguous",
					      clause, expr->name);
		found = query->results[i].expr;
	}
	return found;
}

/* columns: those of the table come before names of results. */
static struct kcsd_expr *bind_item(struct kcsd_bind *b, const struct kcsd_expr *expr,
				   const char *clause, bool columns)
{
	struct kcsd_expr *found = NULL;
	uint32_t index;

	if (expr->op == KCSD_EXPR_CONST)
		return take_position(b, expr, clause);
	if (expr->op == KCSD_EXPR_COLUMN &&
	    !(columns && kcsd_column_find(b->query, expr->name, &index) != -ENOENT))
		found = take_name(b, expr, clause);
	if (found || b->ret)
		return found;
	found = kcsd_expr_resolve(b, expr);
	if (found && found->type.type == KCSD_TYPE_UNKNOWN)
		found = kcsd_coerce_to(b, found, KCSD_TYPE_TEXT);
	if (found && found->type.type == KCSD_TYPE_INTERVAL)
		return kcsd_bind_fail(b, -EINVAL, expr->at, "type interval is not supported in %s",
				      clause);
	return found;
}

int kcsd_groups_bind(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr *expr;
	uint32_t i;

	b->clause = "GROUP BY";
	for (i = 0; i < query->nr_groups; i++) {
		expr = bind_item(b, query->groups[i], b->clause, true);
		if (!expr)
			return b->ret;
		if (kcsd_expr_has_aggregate(expr)) {
			kcsd_bind_fail(b, -EINVAL, query->groups[i]->at,
				       "aggregate functions are not allowed in GROUP BY");
			return b->ret;
		}
		query->groups[i] = expr;
	}
	b->clause = NULL;
	return 0;
}

static bool is_result(const struct kcsd_query *query, const struct kcsd_expr *expr)
{
	uint32_t i;

	for (i = 0; i < query->nr_results; i++)
		if (kcsd_expr_equal(query->results[i].expr, expr))
			return true;
	return false;
}

int kcsd_orders_bind(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr *expr;
	uint32_t i;

	for (i = 0; i < query->nr_orders; i++) {
		expr = bind_item(b, query->orders[i].expr, "ORDER BY", false);
		if (!expr)
			return b->ret;
		if (query->distinct && !is_result(query, expr)) {
			kcsd_bind_fail(b, -EINVAL, query->orders[i].expr->at,
				       "for SELECT DISTINCT, ORDER BY expressions must appear in "
				       "select list");
			return b->ret;
		}
		query->orders[i].expr = expr;
	}
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make queries, and append their clauses. */
#include <errno.h>
#include <stdlib.h>

#include "../private.h"
#include "expr.h"

int kcsd_query_create(struct kcsd_query **query)
{
	struct kcsd_query *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->at = -1;
	*query = q;
	return 0;
}

void kcsd_query_destroy(struct kcsd_query *query)
{
	if (!query)
		return;
	kcsd_arena_destroy(&query->arena);
	free(query);
}

int kcsd_query_at(const struct kcsd_query *query)
{
	return query->at;
}

const struct kcsd_column *kcsd_query_results(const struct kcsd_query *query, uint32_t *nr)
{
	*nr = query->nr_results;
	return query->result_columns;
}

static int fail(struct kcsd_query *query)
{
	query->failed = true;
	return -ENOMEM;
}

/* Append to a list of expressions. */
static int append(struct kcsd_query *query, struct kcsd_expr ***list, uint32_t *nr,
		  struct kcsd_expr *expr)
{
	struct kcsd_expr **grown;

	if (!expr)
		return fail(query);
	grown = kcsd_arena_grow(&query->arena, *list, *nr, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[(*nr)++] = expr;
	return 0;
}

int kcsd_query_select(struct kcsd_query *query, struct kcsd_expr *expr, const char *name)
{
	struct kcsd_result *grown, result = { .expr = expr };

	if (!expr)
		return fail(query);
	if (name)
		result.name = kcsd_arena_copy(&query->arena, name, strlen(name));
	grown = kcsd_arena_grow(&query->arena, query->results, query->nr_results, sizeof(*grown));
	if (!grown || (name && !result.name))
		return -ENOMEM;
	query->results = grown;
	grown[query->nr_results++] = result;
	return 0;
}

int kcsd_query_select_all(struct kcsd_query *query, int at)
{
	return kcsd_query_select(query, kcsd_expr_create(query, KCSD_EXPR_STAR, at), NULL);
}

int kcsd_query_where(struct kcsd_query *query, struct kcsd_expr *expr)
{
	return append(query, &query->wheres, &query->nr_wheres, expr);
}

int kcsd_query_group_by(struct kcsd_query *query, struct kcsd_expr *expr)
{
	return append(query, &query->groups, &query->nr_groups, expr);
}

int kcsd_query_having(struct kcsd_query *query, struct kcsd_expr *expr)
{
	struct kcsd_expr *args[] = { query->having, expr };

	if (!expr)
		return fail(query);
	if (query->having)
		expr = kcsd_expr_call(query, KCSD_EXPR_AND, args, 2, expr->at);
	if (!expr)
		return -ENOMEM;
	query->having = expr;
	return 0;
}

int kcsd_query_order_by(struct kcsd_query *query, struct kcsd_expr *expr, uint32_t flags)
{
	struct kcsd_order *grown;

	if (!expr)
		return fail(query);
	grown = kcsd_arena_grow(&query->arena, query->orders, query->nr_orders, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	query->orders = grown;
	grown[query->nr_orders++] = (struct kcsd_order){ expr, flags };
	return 0;
}

int kcsd_query_distinct(struct kcsd_query *query)
{
	query->distinct = true;
	return 0;
}

int kcsd_query_limit(struct kcsd_query *query, uint64_t limit)
{
	query->limited = true;
	query->limit = limit;
	return 0;
}

int kcsd_query_offset(struct kcsd_query *query, uint64_t offset)
{
	query->offset = offset;
	return 0;
}

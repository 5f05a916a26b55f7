// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Bind queries: kcsd_query_bind(). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "../private.h"
#include "bind.h"

#define MAX_WHERES	64	/* that a mask of the drive can name */

struct kcsd_expr *kcsd_bind_fail(struct kcsd_bind *b, int ret, int at, const char *fmt, ...)
{
	char text[KCSD_ERROR_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->query->at = at;
	b->ret = kcsd_error_set(b->err, ret, "%s", text);
	return NULL;
}

static int out_of_memory(struct kcsd_bind *b)
{
	kcsd_bind_fail(b, -ENOMEM, -1, "out of memory");
	return b->ret;
}

struct kcsd_expr *kcsd_bind_call(struct kcsd_bind *b, enum kcsd_expr_op op, enum kcsd_type type,
				 struct kcsd_expr *const *args, uint32_t nr_args, int at)
{
	struct kcsd_expr *expr = kcsd_expr_call(b->query, op, args, nr_args, at);

	if (!expr) {
		out_of_memory(b);
		return NULL;
	}
	expr->type.type = type;
	return expr;
}

static int copy_columns(struct kcsd_bind *b, const struct kcsd_column *columns, uint32_t nr)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	query->columns = kcsd_arena_alloc(&query->arena, nr * sizeof(*columns));
	if (!query->columns)
		return out_of_memory(b);
	for (i = 0; i < nr; i++) {
		query->columns[i] = columns[i];
		query->columns[i].name = kcsd_arena_copy(&query->arena, columns[i].name,
							 strlen(columns[i].name));
		if (!query->columns[i].name)
			return out_of_memory(b);
		if (!columns[i].type.type || columns[i].type.type >= KCSD_TYPE_INTERVAL) {
			kcsd_bind_fail(b, -EINVAL, -1, "column \"%s\" cannot have type %s",
				       columns[i].name, kcsd_type_word(columns[i].type.type));
			return b->ret;
		}
	}
	query->nr_columns = nr;
	return 0;
}

/* Replace each SELECT * by the columns. */
static int expand_stars(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	uint32_t i, c, nr = 0, room = 0;
	struct kcsd_result *results;

	for (i = 0; i < query->nr_results; i++)
		room += query->results[i].expr->op == KCSD_EXPR_STAR ? query->nr_columns : 1;
	results = kcsd_arena_alloc(&query->arena, room * sizeof(*results));
	if (!results)
		return out_of_memory(b);
	for (i = 0; i < query->nr_results; i++) {
		struct kcsd_result *result = &query->results[i];

		if (result->expr->op != KCSD_EXPR_STAR) {
			results[nr++] = *result;
			continue;
		}
		for (c = 0; c < query->nr_columns; c++, nr++) {
			struct kcsd_expr *column = kcsd_bind_call(b, KCSD_EXPR_COLUMN, 0, NULL, 0,
								  result->expr->at);

			if (!column)
				return b->ret;
			column->type = query->columns[c].type;
			column->name = query->columns[c].name;
			column->index = c;
			results[nr] = (struct kcsd_result){ column, column->name };
		}
	}
	query->results = results;
	query->nr_results = nr;
	return 0;
}

static int bind_result(struct kcsd_bind *b, struct kcsd_result *result)
{
	struct kcsd_expr *expr = result->expr;

	/* A column of SELECT * is bound. */
	if (!expr->type.type || expr->op != KCSD_EXPR_COLUMN)
		expr = kcsd_expr_resolve(b, expr);
	if (expr && expr->type.type == KCSD_TYPE_UNKNOWN)
		expr = kcsd_coerce_to(b, expr, KCSD_TYPE_TEXT);
	if (expr && expr->type.type == KCSD_TYPE_INTERVAL)
		kcsd_bind_fail(b, -EINVAL, expr->at, "a result of type interval is not supported");
	/* Its name is that of what the caller made: not of literals that became constants. */
	if (!b->ret && !result->name)
		result->name = kcsd_result_name(result->expr);
	result->expr = expr;
	return b->ret;
}

static int bind_results(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	if (expand_stars(b))
		return b->ret;
	for (i = 0; i < query->nr_results; i++)
		if (bind_result(b, &query->results[i]))
			return b->ret;
	if (query->nr_results)
		return 0;
	kcsd_bind_fail(b, -EINVAL, -1, "the query has no results");
	return b->ret;
}

static int bind_conditions(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	b->clause = "WHERE";
	for (i = 0; i < query->nr_wheres; i++) {
		query->wheres[i] = kcsd_condition_resolve(b, query->wheres[i], b->clause);
		if (!query->wheres[i])
			return b->ret;
	}
	b->clause = NULL;
	if (query->having)
		query->having = kcsd_condition_resolve(b, query->having, "HAVING");
	return b->ret;
}

static bool has_aggregates(const struct kcsd_query *query)
{
	uint32_t i;

	for (i = 0; i < query->nr_results; i++)
		if (kcsd_expr_has_aggregate(query->results[i].expr))
			return true;
	for (i = 0; i < query->nr_orders; i++)
		if (kcsd_expr_has_aggregate(query->orders[i].expr))
			return true;
	return false;
}

/* Make one condition of all, as a list at AND; one that is always true is none. */
static int split_wheres(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr *all, **rest;
	uint32_t nr;

	if (!query->nr_wheres)
		return 0;
	all = kcsd_bind_call(b, KCSD_EXPR_AND, KCSD_TYPE_BOOL, query->wheres, query->nr_wheres,
			     query->wheres[0]->at);
	if (!all)
		return b->ret;
	kcsd_expr_fold(query, all);
	if (all->op != KCSD_EXPR_AND) {
		query->wheres[0] = all;
		query->nr_wheres = all->op != KCSD_EXPR_CONST || all->value.null || !all->value.i;
		return 0;
	}
	query->wheres = all->args;
	query->nr_wheres = MIN(all->nr_args, MAX_WHERES);
	if (all->nr_args > MAX_WHERES) {
		rest = all->args + MAX_WHERES - 1;
		nr = all->nr_args - (MAX_WHERES - 1);
		rest[0] = kcsd_bind_call(b, KCSD_EXPR_AND, KCSD_TYPE_BOOL, rest, nr, rest[0]->at);
	}
	return b->ret;
}

/* Rows do not differ in a constant. */
static void drop_constant_orders(struct kcsd_query *query)
{
	uint32_t i, nr = 0;

	for (i = 0; i < query->nr_orders; i++)
		if (query->orders[i].expr->op != KCSD_EXPR_CONST)
			query->orders[nr++] = query->orders[i];
	query->nr_orders = nr;
}

static int fold_and_collect(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	uint32_t i;

	for (i = 0; i < query->nr_groups; i++)
		kcsd_expr_fold(query, query->groups[i]);
	for (i = 0; i < query->nr_results; i++) {
		kcsd_expr_fold(query, query->results[i].expr);
		if (kcsd_aggregates_collect(b, query->results[i].expr))
			return b->ret;
	}
	if (query->having) {
		kcsd_expr_fold(query, query->having);
		if (kcsd_aggregates_collect(b, query->having))
			return b->ret;
	}
	for (i = 0; i < query->nr_orders; i++) {
		kcsd_expr_fold(query, query->orders[i].expr);
		if (kcsd_aggregates_collect(b, query->orders[i].expr))
			return b->ret;
	}
	drop_constant_orders(query);
	return split_wheres(b);
}

static int set_result_columns(struct kcsd_bind *b)
{
	struct kcsd_query *query = b->query;
	struct kcsd_column *columns;
	uint32_t i;

	columns = kcsd_arena_alloc(&query->arena, query->nr_results * sizeof(*columns));
	if (!columns)
		return out_of_memory(b);
	for (i = 0; i < query->nr_results; i++) {
		columns[i].name = query->results[i].name;
		columns[i].type = query->results[i].expr->type;
	}
	query->result_columns = columns;
	return 0;
}

int kcsd_query_bind(struct kcsd_query *query, const struct kcsd_column *columns,
		    uint32_t nr_columns, struct kcsd_error *err)
{
	struct kcsd_bind b = { .query = query, .err = err };

	query->at = -1;
	if (query->failed || query->arena.failed)
		return out_of_memory(&b);
	if (query->bound)
		return kcsd_error_set(err, -EINVAL, "the query is bound already");
	if (copy_columns(&b, columns, nr_columns) || bind_results(&b) || bind_conditions(&b) ||
	    kcsd_groups_bind(&b) || kcsd_orders_bind(&b))
		return b.ret;
	query->grouped = query->nr_groups || query->having || has_aggregates(query);
	if (query->grouped && kcsd_grouped_check(&b))
		return b.ret;
	if (set_result_columns(&b) || fold_and_collect(&b))
		return b.ret;
	if (query->arena.failed)
		return out_of_memory(&b);
	query->bound = true;
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make and compare expressions. */
#include <errno.h>

#include "../private.h"
#include "expr.h"
#include "numeric.h"

struct kcsd_expr *kcsd_expr_create(struct kcsd_query *query, enum kcsd_expr_op op, int at)
{
	struct kcsd_expr *expr = kcsd_arena_alloc(&query->arena, sizeof(*expr));

	if (!expr)
		return NULL;
	expr->op = op;
	expr->at = at;
	return expr;
}

static struct kcsd_expr *fail(struct kcsd_query *query)
{
	query->failed = true;
	return NULL;
}

bool kcsd_expr_is_aggregate(const struct kcsd_expr *expr)
{
	return expr->op >= KCSD_EXPR_COUNT_ROWS && expr->op < __KCSD_EXPR_END;
}

struct kcsd_expr *kcsd_expr_column(struct kcsd_query *query, const char *name, int at)
{
	struct kcsd_expr *expr;

	if (!name)
		return fail(query);
	expr = kcsd_expr_create(query, KCSD_EXPR_COLUMN, at);
	if (!expr)
		return NULL;
	expr->name = kcsd_arena_copy(&query->arena, name, strlen(name));
	return expr->name ? expr : NULL;
}

static struct kcsd_expr *make_const(struct kcsd_query *query, enum kcsd_type type, int at)
{
	struct kcsd_expr *expr = kcsd_expr_create(query, KCSD_EXPR_CONST, at);

	if (!expr)
		return NULL;
	expr->type.type = type;
	expr->value.type = type;
	return expr;
}

struct kcsd_expr *kcsd_expr_null(struct kcsd_query *query, int at)
{
	struct kcsd_expr *expr = make_const(query, KCSD_TYPE_UNKNOWN, at);

	if (expr)
		expr->value.null = true;
	return expr;
}

struct kcsd_expr *kcsd_expr_bool(struct kcsd_query *query, bool value, int at)
{
	struct kcsd_expr *expr = make_const(query, KCSD_TYPE_BOOL, at);

	if (expr)
		expr->value.i = value;
	return expr;
}

struct kcsd_expr *kcsd_expr_string(struct kcsd_query *query, const char *text, size_t len, int at)
{
	struct kcsd_expr *expr;

	if (!text)
		return fail(query);
	expr = make_const(query, KCSD_TYPE_UNKNOWN, at);
	if (!expr)
		return NULL;
	expr->value.text.data = kcsd_arena_copy(&query->arena, text, len);
	expr->value.text.len = len;
	return expr->value.text.data ? expr : NULL;
}

struct kcsd_expr *kcsd_expr_number(struct kcsd_query *query, const char *text, int at)
{
	static const enum kcsd_type types[] = {
		KCSD_TYPE_INT4, KCSD_TYPE_INT8, KCSD_TYPE_NUMERIC,
	};
	struct kcsd_sql_type type = {};
	struct kcsd_value value;
	struct kcsd_expr *expr;
	size_t i;

	if (!text)
		return fail(query);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		type.type = types[i];
		if (kcsd_value_parse(type, text, strlen(text), &value, NULL))
			continue;
		expr = make_const(query, types[i], at);
		if (expr)
			expr->value = value;
		return expr;
	}
	/* Is no number, or too long a one: kcsd_query_bind() says so. */
	expr = kcsd_expr_string(query, text, strlen(text), at);
	return expr ? kcsd_expr_cast(query, expr, type, at) : NULL;
}

struct kcsd_expr *kcsd_expr_call(struct kcsd_query *query, enum kcsd_expr_op op,
				 struct kcsd_expr *const *args, uint32_t nr_args, int at)
{
	struct kcsd_expr *expr = kcsd_expr_create(query, op, at);
	uint32_t i;

	if (!expr)
		return NULL;
	expr->args = kcsd_arena_alloc(&query->arena, nr_args * sizeof(*args));
	if (!expr->args)
		return NULL;
	for (i = 0; i < nr_args; i++) {
		if (!args[i])
			return fail(query);
		expr->args[i] = args[i];
	}
	expr->nr_args = nr_args;
	return expr;
}

struct kcsd_expr *kcsd_expr_cast(struct kcsd_query *query, struct kcsd_expr *arg,
				 struct kcsd_sql_type type, int at)
{
	struct kcsd_expr *expr = kcsd_expr_call(query, KCSD_EXPR_CAST, &arg, 1, at);

	if (!expr)
		return NULL;
	expr->type = type;
	expr->explicit_cast = true;
	return expr;
}

struct kcsd_expr *kcsd_expr_aggregate(struct kcsd_query *query, enum kcsd_expr_op op,
				      struct kcsd_expr *arg, bool distinct, int at)
{
	bool rows = op == KCSD_EXPR_COUNT_ROWS;
	struct kcsd_expr *expr = kcsd_expr_call(query, op, &arg, !rows, at);

	if (expr)
		expr->distinct = distinct && !rows;
	return expr;
}

static bool types_equal(const struct kcsd_sql_type *a, const struct kcsd_sql_type *b)
{
	return a->type == b->type && a->precision == b->precision && a->scale == b->scale;
}

/* True if no function can tell them apart: numeric 1.0 is not 1.00. */
static bool values_equal(const struct kcsd_value *a, const struct kcsd_value *b)
{
	if (a->type != b->type || a->null != b->null)
		return false;
	if (a->null)
		return true;
	if (a->type == KCSD_TYPE_FLOAT8)
		return !memcmp(&a->d, &b->d, sizeof(a->d));
	if (a->type == KCSD_TYPE_NUMERIC && a->n.scale != b->n.scale)
		return false;
	return !kcsd_value_compare(a, b);
}

bool kcsd_expr_equal(const struct kcsd_expr *a, const struct kcsd_expr *b)
{
	uint32_t i;

	if (a == b)
		return true;
	if (a->op != b->op || a->nr_args != b->nr_args || a->distinct != b->distinct ||
	    !types_equal(&a->type, &b->type))
		return false;
	if (a->op == KCSD_EXPR_COLUMN && a->index != b->index)
		return false;
	if (a->op == KCSD_EXPR_CONST && !values_equal(&a->value, &b->value))
		return false;
	for (i = 0; i < a->nr_args; i++)
		if (!kcsd_expr_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

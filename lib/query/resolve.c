// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find the types of expressions: a walk that binds arguments first. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

#define MAX_DEPTH	1000	/* of an expression: functions here call themselves */
#define MANY		UINT32_MAX

/* Arguments that an operation may have. */
static const struct {
	uint32_t min, max;
} arities[__KCSD_EXPR_END] = {
	[KCSD_EXPR_CAST] = { 1, 1 },
	[KCSD_EXPR_NOT] = { 1, 1 },
	[KCSD_EXPR_AND] = { 1, MANY },
	[KCSD_EXPR_OR] = { 1, MANY },
	[KCSD_EXPR_NEG] = { 1, 1 },
	[KCSD_EXPR_ADD ... KCSD_EXPR_DISTINCT] = { 2, 2 },
	[KCSD_EXPR_IS_NULL ... KCSD_EXPR_IS_FALSE] = { 1, 1 },
	[KCSD_EXPR_IN] = { 2, MANY },
	[KCSD_EXPR_LIKE] = { 2, 3 },
	[KCSD_EXPR_ILIKE] = { 2, 3 },
	[KCSD_EXPR_CASE] = { 2, MANY },
	[KCSD_EXPR_COALESCE] = { 1, MANY },
	[KCSD_EXPR_NULLIF] = { 2, 2 },
	[KCSD_EXPR_CONCAT] = { 2, 2 },
	[KCSD_EXPR_LOWER ... KCSD_EXPR_LENGTH] = { 1, 1 },
	[KCSD_EXPR_SUBSTR] = { 2, 3 },
	[KCSD_EXPR_ABS] = { 1, 1 },
	[KCSD_EXPR_EXTRACT] = { 2, 2 },
	[KCSD_EXPR_DATE_TRUNC] = { 2, 2 },
	[KCSD_EXPR_COUNT ... KCSD_EXPR_AVG] = { 1, 1 },
};

/* Convert a condition to boolean; a literal is parsed. */
static struct kcsd_expr *take_condition(struct kcsd_bind *b, struct kcsd_expr *arg,
					const char *of)
{
	if (arg->type.type == KCSD_TYPE_UNKNOWN)
		return kcsd_coerce_to(b, arg, KCSD_TYPE_BOOL);
	if (arg->type.type != KCSD_TYPE_BOOL)
		return kcsd_bind_fail(b, -EINVAL, arg->at,
				      "argument of %s must be type boolean, not type %s", of,
				      kcsd_type_word(arg->type.type));
	return arg;
}

/* Return what argument i is a condition of, for messages; NULL: it is none. */
static const char *condition_of(const struct kcsd_expr *expr, uint32_t i)
{
	switch (expr->op) {
	case KCSD_EXPR_NOT:
	case KCSD_EXPR_AND:
	case KCSD_EXPR_OR:
	case KCSD_EXPR_IS_TRUE:
	case KCSD_EXPR_IS_FALSE:
		return kcsd_expr_op_name(expr->op);
	case KCSD_EXPR_CASE:
		return i % 2 || i + 1 == expr->nr_args ? NULL : "CASE/WHEN";
	default:
		return NULL;
	}
}

/* Bind argument i. */
static struct kcsd_expr *resolve_argument(struct kcsd_bind *b, const struct kcsd_expr *expr,
					  uint32_t i)
{
	const char *condition = condition_of(expr, i);
	struct kcsd_expr *arg = kcsd_expr_resolve(b, expr->args[i]);

	if (arg && condition)
		return take_condition(b, arg, condition);
	if (arg && arg->type.type == KCSD_TYPE_INTERVAL && expr->op != KCSD_EXPR_CAST &&
	    expr->op != KCSD_EXPR_NEG && expr->op != KCSD_EXPR_ADD && expr->op != KCSD_EXPR_SUB)
		return kcsd_bind_fail(b, -EINVAL, arg->at, "type interval is supported only as a "
				      "constant that is added to a date or timestamp");
	return arg;
}

/* Copy an expression, with its arguments bound. */
static struct kcsd_expr *copy(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	struct kcsd_expr *new = kcsd_bind_call(b, expr->op, expr->type.type, expr->args,
					       expr->nr_args, expr->at);
	uint32_t i;

	if (!new)
		return NULL;
	new->type = expr->type;
	new->distinct = expr->distinct;
	new->explicit_cast = expr->explicit_cast;
	for (i = 0; i < new->nr_args; i++) {
		new->args[i] = resolve_argument(b, expr, i);
		if (!new->args[i])
			return NULL;
	}
	return new;
}

static struct kcsd_expr *resolve_null_test(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	if (expr->args[0]->type.type == KCSD_TYPE_UNKNOWN)
		expr->args[0] = kcsd_coerce_to(b, expr->args[0], KCSD_TYPE_TEXT);
	expr->type.type = KCSD_TYPE_BOOL;
	return expr->args[0] ? expr : NULL;
}

static struct kcsd_expr *resolve_aggregate(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	struct kcsd_expr *new;

	if (b->in_aggregate)
		return kcsd_bind_fail(b, -EINVAL, expr->at,
				      "aggregate function calls cannot be nested");
	if (b->clause)
		return kcsd_bind_fail(b, -EINVAL, expr->at,
				      "aggregate functions are not allowed in %s", b->clause);
	b->in_aggregate = true;
	new = copy(b, expr);
	b->in_aggregate = false;
	return new ? kcsd_aggregate_resolve(b, new) : NULL;
}

static struct kcsd_expr *resolve_call(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_CAST:
		return kcsd_coerce(b, expr->args[0], expr->type, true);
	case KCSD_EXPR_NOT:
	case KCSD_EXPR_AND:
	case KCSD_EXPR_OR:
	case KCSD_EXPR_IS_TRUE:
	case KCSD_EXPR_IS_FALSE:
		expr->type.type = KCSD_TYPE_BOOL;
		return expr;
	case KCSD_EXPR_IS_NULL:
		return resolve_null_test(b, expr);
	case KCSD_EXPR_IN:
	case KCSD_EXPR_CASE:
	case KCSD_EXPR_COALESCE:
	case KCSD_EXPR_NULLIF:
		return kcsd_conditional_resolve(b, expr);
	case KCSD_EXPR_NEG ... KCSD_EXPR_DISTINCT:
	case KCSD_EXPR_LIKE:
	case KCSD_EXPR_ILIKE:
	case KCSD_EXPR_CONCAT:
		return kcsd_operator_resolve(b, expr);
	default:
		return kcsd_function_resolve(b, expr);
	}
}

static struct kcsd_expr *resolve(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	struct kcsd_expr *new;

	if (expr->op == KCSD_EXPR_COLUMN)
		return kcsd_column_bind(b, expr);
	if (expr->op >= __KCSD_EXPR_END || expr->nr_args < arities[expr->op].min ||
	    expr->nr_args > arities[expr->op].max)
		return kcsd_bind_fail(b, -EINVAL, expr->at, "%s has a wrong number of arguments",
				      kcsd_expr_op_name(expr->op));
	if (kcsd_expr_is_aggregate(expr))
		return resolve_aggregate(b, expr);
	new = copy(b, expr);
	if (!new)
		return NULL;
	if (expr->op != KCSD_EXPR_CONST)
		return resolve_call(b, new);
	new->value = expr->value;
	return new;
}

struct kcsd_expr *kcsd_expr_resolve(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	struct kcsd_expr *new;

	if (b->depth >= MAX_DEPTH)
		return kcsd_bind_fail(b, -EINVAL, expr->at, "expression is nested too deeply");
	b->depth++;
	new = resolve(b, expr);
	b->depth--;
	return new;
}

struct kcsd_expr *kcsd_condition_resolve(struct kcsd_bind *b, const struct kcsd_expr *expr,
					 const char *clause)
{
	struct kcsd_expr *new = kcsd_expr_resolve(b, expr);

	return new ? take_condition(b, new, clause) : NULL;
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find types of functions and aggregates. */
#include <errno.h>
#include <stdio.h>

#include "../private.h"
#include "bind.h"

static struct kcsd_expr *refuse(struct kcsd_bind *b, const struct kcsd_expr *expr, bool unique)
{
	char types[128] = "";
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < expr->nr_args && len < sizeof(types); i++)
		len += snprintf(types + len, sizeof(types) - len, "%s%s", i ? ", " : "",
				kcsd_type_word(expr->args[i]->type.type));
	return kcsd_bind_fail(b, -EINVAL, expr->at, "function %s%s(%s) %s",
			      expr->op == KCSD_EXPR_EXTRACT ? "pg_catalog." : "",
			      kcsd_expr_op_name(expr->op), types,
			      unique ? "does not exist" : "is not unique");
}

/* True if an argument has this type, or is a literal, which takes it. */
static bool fits(const struct kcsd_expr *arg, enum kcsd_type type)
{
	return arg->type.type == type || arg->type.type == KCSD_TYPE_UNKNOWN;
}

static bool convert(struct kcsd_bind *b, struct kcsd_expr *expr, uint32_t i, enum kcsd_type type)
{
	expr->args[i] = kcsd_coerce_to(b, expr->args[i], type);
	return expr->args[i];
}

static struct kcsd_expr *resolve_text(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	uint32_t i;

	if (!fits(expr->args[0], KCSD_TYPE_TEXT))
		return refuse(b, expr, true);
	for (i = 1; i < expr->nr_args; i++)
		if (!fits(expr->args[i], KCSD_TYPE_INT4))
			return refuse(b, expr, true);
	for (i = 0; i < expr->nr_args; i++)
		if (!convert(b, expr, i, i ? KCSD_TYPE_INT4 : KCSD_TYPE_TEXT))
			return NULL;
	expr->type.type = expr->op == KCSD_EXPR_LENGTH ? KCSD_TYPE_INT4 : KCSD_TYPE_TEXT;
	return expr;
}

static struct kcsd_expr *resolve_abs(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type type = expr->args[0]->type.type;

	/* PostgreSQL prefers it among numbers. */
	if (type == KCSD_TYPE_UNKNOWN)
		type = KCSD_TYPE_FLOAT8;
	if (!kcsd_type_is_number(type))
		return refuse(b, expr, true);
	expr->type.type = type;
	return convert(b, expr, 0, type) ? expr : NULL;
}

static struct kcsd_expr *resolve_time(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type type = expr->args[1]->type.type;
	bool extract = expr->op == KCSD_EXPR_EXTRACT;

	if (expr->args[0]->op != KCSD_EXPR_CONST || !fits(expr->args[0], KCSD_TYPE_TEXT))
		return kcsd_bind_fail(b, -EINVAL, expr->at, "%s() needs a constant unit",
				      kcsd_expr_op_name(expr->op));
	if (type == KCSD_TYPE_UNKNOWN)
		return refuse(b, expr, false);
	if (type != KCSD_TYPE_DATE && type != KCSD_TYPE_TIMESTAMP)
		return refuse(b, expr, true);
	expr->type.type = extract ? KCSD_TYPE_NUMERIC : KCSD_TYPE_TIMESTAMP;
	return convert(b, expr, 0, KCSD_TYPE_TEXT) &&
	       convert(b, expr, 1, extract ? type : KCSD_TYPE_TIMESTAMP) ? expr : NULL;
}

struct kcsd_expr *kcsd_function_resolve(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_ABS:
		return resolve_abs(b, expr);
	case KCSD_EXPR_EXTRACT:
	case KCSD_EXPR_DATE_TRUNC:
		return resolve_time(b, expr);
	default:
		return resolve_text(b, expr);
	}
}

/* Find the type of sum() or avg(). Returns UNKNOWN: there is none. */
static enum kcsd_type sum_type(enum kcsd_expr_op op, enum kcsd_type type)
{
	switch (type) {
	case KCSD_TYPE_INT4:
		return op == KCSD_EXPR_SUM ? KCSD_TYPE_INT8 : KCSD_TYPE_NUMERIC;
	case KCSD_TYPE_INT8:
	case KCSD_TYPE_NUMERIC:
		return KCSD_TYPE_NUMERIC;
	case KCSD_TYPE_FLOAT8:
		return KCSD_TYPE_FLOAT8;
	default:
		return KCSD_TYPE_UNKNOWN;
	}
}

struct kcsd_expr *kcsd_aggregate_resolve(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type type = expr->nr_args ? expr->args[0]->type.type : KCSD_TYPE_UNKNOWN;
	bool sums = expr->op == KCSD_EXPR_SUM || expr->op == KCSD_EXPR_AVG;

	expr->type.type = KCSD_TYPE_INT8;
	if (expr->op == KCSD_EXPR_COUNT_ROWS)
		return expr;
	if (type == KCSD_TYPE_UNKNOWN) {
		if (sums)
			return refuse(b, expr, false);
		type = KCSD_TYPE_TEXT;
		if (!convert(b, expr, 0, type))
			return NULL;
	}
	if (expr->op == KCSD_EXPR_COUNT)
		return expr;
	if (type == KCSD_TYPE_BOOL)
		return refuse(b, expr, true);
	expr->type.type = sums ? sum_type(expr->op, type) : type;
	return expr->type.type ? expr : refuse(b, expr, true);
}

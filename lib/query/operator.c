// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find types of operators: NEG to DISTINCT, LIKE, ||, by PostgreSQL's rules. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

/* PostgreSQL's operators, where they are not those of the text. */
static const char *symbol(enum kcsd_expr_op op)
{
	switch (op) {
	case KCSD_EXPR_LIKE:
		return "~~";
	case KCSD_EXPR_ILIKE:
		return "~~*";
	case KCSD_EXPR_DISTINCT:
		return "=";
	default:
		return kcsd_expr_op_name(op);
	}
}

static struct kcsd_expr *refuse(struct kcsd_bind *b, const struct kcsd_expr *expr, bool unique)
{
	const char *left = expr->nr_args > 1 ? kcsd_type_word(expr->args[0]->type.type) : "";

	return kcsd_bind_fail(b, -EINVAL, expr->at, "operator %s: %s%s%s %s",
			      unique ? "does not exist" : "is not unique", left, *left ? " " : "",
			      symbol(expr->op),
			      kcsd_type_word(expr->args[MIN(expr->nr_args, 2) - 1]->type.type));
}

static struct kcsd_expr *refuse_interval(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	return kcsd_bind_fail(b, -EINVAL, expr->at,
			      "type interval is supported only as a constant that is added to "
			      "a date or timestamp");
}

/* Convert both arguments. result: type of the value. */
static struct kcsd_expr *convert(struct kcsd_bind *b, struct kcsd_expr *expr, enum kcsd_type left,
				 enum kcsd_type right, enum kcsd_type result)
{
	expr->args[0] = kcsd_coerce_to(b, expr->args[0], left);
	if (!expr->args[0])
		return NULL;
	expr->args[1] = kcsd_coerce_to(b, expr->args[1], right);
	if (!expr->args[1])
		return NULL;
	expr->type.type = result;
	return expr;
}

static void swap(struct kcsd_expr *expr)
{
	struct kcsd_expr *first = expr->args[0];

	expr->args[0] = expr->args[1];
	expr->args[1] = first;
}

/* A date or timestamp comes first. */
static struct kcsd_expr *resolve_time(struct kcsd_bind *b, struct kcsd_expr *expr,
				      enum kcsd_type left, enum kcsd_type right)
{
	bool sub = expr->op == KCSD_EXPR_SUB;

	if (expr->op != KCSD_EXPR_ADD && !sub)
		return refuse(b, expr, true);
	if (left == KCSD_TYPE_UNKNOWN || right == KCSD_TYPE_UNKNOWN) {
		if (!sub && MAX(left, right) == KCSD_TYPE_DATE)
			return refuse(b, expr, false);
		if (left == KCSD_TYPE_UNKNOWN)
			left = sub ? right : KCSD_TYPE_INTERVAL;
		else
			right = sub ? left : KCSD_TYPE_INTERVAL;
	}
	if (!sub && ((left == KCSD_TYPE_INT4 && right == KCSD_TYPE_DATE) ||
		     (left == KCSD_TYPE_INTERVAL && right <= KCSD_TYPE_TIMESTAMP))) {
		enum kcsd_type first = left;

		swap(expr);
		left = right;
		right = first;
	}
	if (left == KCSD_TYPE_DATE && right == KCSD_TYPE_INT4)
		return convert(b, expr, left, right, KCSD_TYPE_DATE);
	if (sub && left == KCSD_TYPE_DATE && right == KCSD_TYPE_DATE)
		return convert(b, expr, left, right, KCSD_TYPE_INT4);
	if (right == KCSD_TYPE_INTERVAL && left >= KCSD_TYPE_DATE && left <= KCSD_TYPE_TIMESTAMP)
		return convert(b, expr, KCSD_TYPE_TIMESTAMP, right, KCSD_TYPE_TIMESTAMP);
	if (sub && left >= KCSD_TYPE_DATE && right >= KCSD_TYPE_DATE)
		return convert(b, expr, left, right, KCSD_TYPE_INTERVAL) ?
			refuse_interval(b, expr) : NULL;
	return refuse(b, expr, true);
}

static struct kcsd_expr *resolve_arithmetic(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type left = expr->args[0]->type.type, right = expr->args[1]->type.type;
	enum kcsd_type greater = MAX(left, right);

	if (greater == KCSD_TYPE_UNKNOWN)
		return refuse(b, expr, false);
	if (greater == KCSD_TYPE_INTERVAL && (!left || !right || left == right))
		return convert(b, expr, greater, greater, greater) ?
			refuse_interval(b, expr) : NULL;
	if (greater >= KCSD_TYPE_DATE)
		return resolve_time(b, expr, left, right);
	if (!kcsd_type_is_number(greater) || left == KCSD_TYPE_BOOL || right == KCSD_TYPE_BOOL ||
	    (greater == KCSD_TYPE_FLOAT8 && expr->op == KCSD_EXPR_MOD))
		return refuse(b, expr, true);
	return convert(b, expr, greater, greater, greater);
}

static struct kcsd_expr *resolve_negation(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type type = expr->args[0]->type.type;

	if (type == KCSD_TYPE_UNKNOWN)
		return refuse(b, expr, false);
	if (!kcsd_type_is_number(type) && type != KCSD_TYPE_INTERVAL)
		return refuse(b, expr, true);
	expr->type.type = type;
	return expr;
}

static struct kcsd_expr *resolve_comparison(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type type = kcsd_compared_type(expr->args[0]->type.type,
						 expr->args[1]->type.type);

	if (type == KCSD_TYPE_UNKNOWN)
		return refuse(b, expr, true);
	return convert(b, expr, type, type, KCSD_TYPE_BOOL);
}

static bool is_textual(const struct kcsd_expr *expr)
{
	return expr->type.type == KCSD_TYPE_TEXT || expr->type.type == KCSD_TYPE_UNKNOWN;
}

static struct kcsd_expr *resolve_like(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	/* It is a function of pattern and escape. */
	if (expr->nr_args > 2) {
		if (!is_textual(expr->args[1]) || !is_textual(expr->args[2]))
			return kcsd_bind_fail(b, -EINVAL, expr->at, "function "
					      "pg_catalog.like_escape(%s, %s) does not exist",
					      kcsd_type_word(expr->args[1]->type.type),
					      kcsd_type_word(expr->args[2]->type.type));
		expr->args[1] = kcsd_coerce_to(b, expr->args[1], KCSD_TYPE_TEXT);
		expr->args[2] = kcsd_coerce_to(b, expr->args[2], KCSD_TYPE_TEXT);
		if (!expr->args[1] || !expr->args[2])
			return NULL;
	}
	if (!is_textual(expr->args[0]) || !is_textual(expr->args[1]))
		return refuse(b, expr, true);
	return convert(b, expr, KCSD_TYPE_TEXT, KCSD_TYPE_TEXT, KCSD_TYPE_BOOL);
}

static struct kcsd_expr *resolve_concat(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	if (!is_textual(expr->args[0]) && !is_textual(expr->args[1]))
		return refuse(b, expr, true);
	return convert(b, expr, KCSD_TYPE_TEXT, KCSD_TYPE_TEXT, KCSD_TYPE_TEXT);
}

struct kcsd_expr *kcsd_operator_resolve(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_NEG:
		return resolve_negation(b, expr);
	case KCSD_EXPR_ADD ... KCSD_EXPR_MOD:
		return resolve_arithmetic(b, expr);
	case KCSD_EXPR_LIKE:
	case KCSD_EXPR_ILIKE:
		return resolve_like(b, expr);
	case KCSD_EXPR_CONCAT:
		return resolve_concat(b, expr);
	default:
		return resolve_comparison(b, expr);
	}
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Compute the constant parts of expressions. */
#include "../private.h"
#include "bind.h"

static bool is_const(const struct kcsd_expr *expr)
{
	return expr->op == KCSD_EXPR_CONST;
}

static bool is_bool(const struct kcsd_expr *expr, bool value)
{
	return is_const(expr) && expr->type.type == KCSD_TYPE_BOOL && !expr->value.null &&
	       !!expr->value.i == value;
}

/* Become another expression, but keep the GROUP BY expression that this one equals. */
static void become(struct kcsd_expr *expr, const struct kcsd_expr *other)
{
	uint32_t group = expr->group;

	*expr = *other;
	if (group)
		expr->group = group;
}

static void become_bool(struct kcsd_expr *expr, bool value)
{
	expr->op = KCSD_EXPR_CONST;
	expr->nr_args = 0;
	expr->value = (struct kcsd_value){ .type = KCSD_TYPE_BOOL, .i = value };
}

static void become_null(struct kcsd_expr *expr)
{
	expr->op = KCSD_EXPR_CONST;
	expr->nr_args = 0;
	expr->value = (struct kcsd_value){ .type = expr->type.type, .null = true };
}

/* Make one list of nested ANDs; drop TRUE; FALSE is all. OR likewise. */
static void fold_logic(struct kcsd_query *query, struct kcsd_expr *expr)
{
	bool neutral = expr->op == KCSD_EXPR_AND;
	uint32_t i, nr = 0, total = 0;
	struct kcsd_expr **args;

	for (i = 0; i < expr->nr_args; i++)
		total += expr->args[i]->op == expr->op ? expr->args[i]->nr_args : 1;
	args = kcsd_arena_alloc(&query->arena, total * sizeof(*args));
	if (!args)
		return;
	for (i = 0; i < expr->nr_args; i++) {
		struct kcsd_expr *arg = expr->args[i];

		if (is_bool(arg, !neutral)) {
			become_bool(expr, !neutral);
			return;
		}
		if (is_bool(arg, neutral))
			continue;
		if (arg->op == expr->op && !arg->group) {
			memcpy(args + nr, arg->args, arg->nr_args * sizeof(*args));
			nr += arg->nr_args;
		} else {
			args[nr++] = arg;
		}
	}
	expr->args = args;
	expr->nr_args = nr;
	if (!nr)
		become_bool(expr, neutral);
	else if (nr == 1)
		become(expr, args[0]);
}

/* Drop branches that are never taken, and those behind one that always is. */
static void fold_case(struct kcsd_expr *expr)
{
	uint32_t i, nr = 0;

	for (i = 0; i + 1 < expr->nr_args; i += 2) {
		struct kcsd_expr *when = expr->args[i];

		if (is_bool(when, true)) {
			expr->args[nr++] = expr->args[i + 1];
			break;
		}
		if (is_const(when))
			continue;
		expr->args[nr++] = when;
		expr->args[nr++] = expr->args[i + 1];
	}
	if (i + 1 == expr->nr_args)
		expr->args[nr++] = expr->args[i];
	expr->nr_args = nr;
	if (nr == 1) {
		become(expr, expr->args[0]);
	} else if (!nr) {
		become_null(expr);
	}
}

/* Drop NULLs, and what is behind a constant. */
static void fold_coalesce(struct kcsd_expr *expr)
{
	uint32_t i, nr = 0;

	for (i = 0; i < expr->nr_args; i++) {
		if (is_const(expr->args[i]) && expr->args[i]->value.null && i + 1 < expr->nr_args)
			continue;
		expr->args[nr++] = expr->args[i];
		if (is_const(expr->args[i]))
			break;
	}
	/* The last one may be a NULL that others come before. */
	if (nr > 1 && is_const(expr->args[nr - 1]) && expr->args[nr - 1]->value.null)
		nr--;
	expr->nr_args = nr;
	if (nr == 1)
		become(expr, expr->args[0]);
}

/* True if any argument that is NULL makes the result NULL. */
static bool is_strict(const struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_AND:
	case KCSD_EXPR_OR:
	case KCSD_EXPR_DISTINCT ... KCSD_EXPR_IN:
	case KCSD_EXPR_CASE:
	case KCSD_EXPR_COALESCE:
		return false;
	default:
		return true;
	}
}

/* Evaluate an operation of constants; one that fails stays: perhaps no row gets there. */
static void fold_constants(struct kcsd_query *query, struct kcsd_expr *expr)
{
	struct kcsd_eval eval = { .arena = &query->arena, .query = query };
	struct kcsd_value value;
	uint32_t i, nr = 0;

	for (i = 0; i < expr->nr_args; i++) {
		nr += is_const(expr->args[i]);
		if (is_strict(expr) && is_const(expr->args[i]) && expr->args[i]->value.null) {
			become_null(expr);
			return;
		}
	}
	if (nr < expr->nr_args || kcsd_expr_eval(expr, &eval, &value))
		return;
	expr->op = KCSD_EXPR_CONST;
	expr->nr_args = 0;
	expr->value = value;
}

void kcsd_expr_fold(struct kcsd_query *query, struct kcsd_expr *expr)
{
	uint32_t i;

	for (i = 0; i < expr->nr_args; i++)
		kcsd_expr_fold(query, expr->args[i]);
	if (is_const(expr) || expr->op == KCSD_EXPR_COLUMN || kcsd_expr_is_aggregate(expr))
		return;
	if (expr->op == KCSD_EXPR_AND || expr->op == KCSD_EXPR_OR)
		fold_logic(query, expr);
	else if (expr->op == KCSD_EXPR_CASE)
		fold_case(expr);
	else if (expr->op == KCSD_EXPR_COALESCE)
		fold_coalesce(expr);
	if (expr->op != KCSD_EXPR_CONST && expr->op != KCSD_EXPR_COLUMN &&
	    !kcsd_expr_is_aggregate(expr))
		fold_constants(query, expr);
}

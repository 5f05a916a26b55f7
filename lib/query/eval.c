// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Evaluate expressions, with the logic of three values. */
#include <errno.h>

#include "../private.h"
#include "eval.h"
#include "text.h"

#define MAX_ARGS	3	/* of an operation that evaluates all of them first */

static void set_bool(struct kcsd_value *value, bool b)
{
	*value = (struct kcsd_value){ .type = KCSD_TYPE_BOOL, .i = b };
}

static void set_null(struct kcsd_value *value, enum kcsd_type type)
{
	*value = (struct kcsd_value){ .type = type, .null = true };
}

static bool is_true(const struct kcsd_value *value)
{
	return !value->null && value->i;
}

/* ---- operations that need not evaluate all arguments ---- */

/* The first FALSE of AND, or TRUE of OR, is the result; else NULL if there is one. */
static int eval_logic(const struct kcsd_expr *expr, struct kcsd_eval *eval,
		      struct kcsd_value *value)
{
	bool deciding = expr->op == KCSD_EXPR_OR, null = false;
	struct kcsd_value arg;
	uint32_t i;
	int ret;

	for (i = 0; i < expr->nr_args; i++) {
		ret = kcsd_expr_eval(expr->args[i], eval, &arg);
		if (ret)
			return ret;
		if (arg.null) {
			null = true;
		} else if (!!arg.i == deciding) {
			set_bool(value, deciding);
			return 0;
		}
	}
	set_bool(value, !deciding);
	value->null = null;
	return 0;
}

static int eval_case(const struct kcsd_expr *expr, struct kcsd_eval *eval,
		     struct kcsd_value *value)
{
	struct kcsd_value when;
	uint32_t i;
	int ret;

	for (i = 0; i + 1 < expr->nr_args; i += 2) {
		ret = kcsd_expr_eval(expr->args[i], eval, &when);
		if (ret)
			return ret;
		if (is_true(&when))
			return kcsd_expr_eval(expr->args[i + 1], eval, value);
	}
	if (i < expr->nr_args)
		return kcsd_expr_eval(expr->args[i], eval, value);
	set_null(value, expr->type.type);
	return 0;
}

static int eval_coalesce(const struct kcsd_expr *expr, struct kcsd_eval *eval,
			 struct kcsd_value *value)
{
	uint32_t i;
	int ret;

	set_null(value, expr->type.type);
	for (i = 0; i < expr->nr_args && value->null; i++) {
		ret = kcsd_expr_eval(expr->args[i], eval, value);
		if (ret)
			return ret;
	}
	return 0;
}

/* Evaluate all elements of the list, as PostgreSQL does, so that the same errors come up. */
static int eval_in(const struct kcsd_expr *expr, struct kcsd_eval *eval, struct kcsd_value *value)
{
	bool null = false, found = false;
	struct kcsd_value a, element;
	uint32_t i;
	int ret = kcsd_expr_eval(expr->args[0], eval, &a);

	for (i = 1; i < expr->nr_args && !ret; i++) {
		ret = kcsd_expr_eval(expr->args[i], eval, &element);
		if (ret)
			break;
		if (a.null || element.null)
			null = true;
		else if (!kcsd_value_compare(&a, &element))
			found = true;
	}
	set_bool(value, found);
	value->null = null && !found;
	return ret;
}

/* ---- operations of arguments that were evaluated ---- */

static int compare(enum kcsd_expr_op op, const struct kcsd_value *args, struct kcsd_value *value)
{
	int c = kcsd_value_compare(&args[0], &args[1]);

	set_bool(value, op == KCSD_EXPR_EQ ? !c : op == KCSD_EXPR_NE ? c :
		 op == KCSD_EXPR_LT ? c < 0 : op == KCSD_EXPR_LE ? c <= 0 :
		 op == KCSD_EXPR_GT ? c > 0 : c >= 0);
	return 0;
}

/* Evaluate what is not NULL even if an argument is. Returns false: it is another operation. */
static bool apply_to_null(const struct kcsd_expr *expr, const struct kcsd_value *args,
			  struct kcsd_value *value)
{
	switch (expr->op) {
	case KCSD_EXPR_IS_NULL:
		set_bool(value, args[0].null);
		return true;
	case KCSD_EXPR_IS_TRUE:
		set_bool(value, is_true(&args[0]));
		return true;
	case KCSD_EXPR_IS_FALSE:
		set_bool(value, !args[0].null && !args[0].i);
		return true;
	case KCSD_EXPR_DISTINCT:
		set_bool(value, args[0].null || args[1].null ? args[0].null != args[1].null :
			 kcsd_value_compare(&args[0], &args[1]) != 0);
		return true;
	default:
		return false;
	}
}

static int apply(const struct kcsd_expr *expr, const struct kcsd_value *args,
		 struct kcsd_eval *eval, struct kcsd_value *value)
{
	*value = (struct kcsd_value){ .type = expr->type.type };
	switch (expr->op) {
	case KCSD_EXPR_NOT:
		set_bool(value, !args[0].i);
		return 0;
	case KCSD_EXPR_NEG ... KCSD_EXPR_MOD:
	case KCSD_EXPR_ABS:
		return kcsd_arith_eval(expr->op, &args[0], &args[1], value, eval->err);
	case KCSD_EXPR_EQ ... KCSD_EXPR_GE:
		return compare(expr->op, args, value);
	case KCSD_EXPR_CAST:
		return kcsd_cast_eval(&args[0], expr->type, eval->arena, value, eval->err);
	default:
		return kcsd_call_eval(expr, args, eval, value);
	}
}

/* PostgreSQL looks at ESCAPE even if the text is NULL. */
static int check_escape(const struct kcsd_expr *expr, const struct kcsd_value *args,
			struct kcsd_eval *eval)
{
	bool like = expr->op == KCSD_EXPR_LIKE || expr->op == KCSD_EXPR_ILIKE;

	if (!like || expr->nr_args < 3 || args[1].null || args[2].null)
		return 0;
	return kcsd_text_check_escape(&args[2].text, eval->err);
}

static int eval_strict(const struct kcsd_expr *expr, struct kcsd_eval *eval,
		       struct kcsd_value *value)
{
	struct kcsd_value args[MAX_ARGS] = {};
	bool null = false;
	uint32_t i;
	int ret;

	if (expr->nr_args > MAX_ARGS)
		return -EINVAL;
	for (i = 0; i < expr->nr_args; i++) {
		ret = kcsd_expr_eval(expr->args[i], eval, &args[i]);
		if (ret)
			return ret;
		null |= args[i].null;
	}
	if (apply_to_null(expr, args, value))
		return 0;
	if (null) {
		set_null(value, expr->type.type);
		ret = check_escape(expr, args, eval);
	} else {
		ret = apply(expr, args, eval, value);
	}
	if (ret)
		eval->at = expr->at;
	return ret;
}

/* Take a value that is there already. Returns 1: there is none. */
static int take(const struct kcsd_expr *expr, struct kcsd_eval *eval, struct kcsd_value *value)
{
	if (expr->group && eval->groups) {
		*value = eval->groups[expr->group - 1];
	} else if (expr->op == KCSD_EXPR_CONST) {
		*value = expr->value;
	} else if (expr->op == KCSD_EXPR_COLUMN) {
		if (!eval->columns)
			return -EINVAL;
		*value = eval->columns[expr->index];
		/* So that whoever fills in a row need not. */
		value->type = expr->type.type;
	} else if (kcsd_expr_is_aggregate(expr)) {
		if (!eval->aggregates)
			return -EINVAL;
		*value = eval->aggregates[expr->index];
	} else {
		return 1;
	}
	return 0;
}

int kcsd_expr_eval(const struct kcsd_expr *expr, struct kcsd_eval *eval, struct kcsd_value *value)
{
	int ret = take(expr, eval, value);

	if (ret <= 0)
		return ret;
	switch (expr->op) {
	case KCSD_EXPR_AND:
	case KCSD_EXPR_OR:
		return eval_logic(expr, eval, value);
	case KCSD_EXPR_IN:
		return eval_in(expr, eval, value);
	case KCSD_EXPR_CASE:
		return eval_case(expr, eval, value);
	case KCSD_EXPR_COALESCE:
		return eval_coalesce(expr, eval, value);
	default:
		return eval_strict(expr, eval, value);
	}
}

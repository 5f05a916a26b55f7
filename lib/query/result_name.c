// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find names of results, as PostgreSQL's FigureColname() does. */
#include "../private.h"
#include "bind.h"

/* How much a name says: that of a column or function more than that of a type or CASE. */
enum strength {
	NO_NAME,
	WEAK_NAME,
	STRONG_NAME,
};

static enum strength find_name(const struct kcsd_expr *expr, const char **name)
{
	enum strength strength = NO_NAME;

	switch (expr->op) {
	case KCSD_EXPR_COLUMN:
		*name = expr->name;
		return STRONG_NAME;
	case KCSD_EXPR_COALESCE:
	case KCSD_EXPR_NULLIF:
	case KCSD_EXPR_LOWER ... KCSD_EXPR_AVG:
		*name = kcsd_expr_op_name(expr->op);
		return STRONG_NAME;
	case KCSD_EXPR_CAST:
		strength = find_name(expr->args[0], name);
		if (strength == STRONG_NAME)
			return strength;
		*name = kcsd_type_short(expr->type.type);
		return WEAK_NAME;
	case KCSD_EXPR_CASE:
		if (expr->nr_args % 2)
			strength = find_name(expr->args[expr->nr_args - 1], name);
		if (strength == STRONG_NAME)
			return strength;
		*name = "case";
		return WEAK_NAME;
	default:
		return NO_NAME;
	}
}

const char *kcsd_result_name(const struct kcsd_expr *expr)
{
	const char *name = NULL;

	return find_name(expr, &name) == NO_NAME ? "?column?" : name;
}

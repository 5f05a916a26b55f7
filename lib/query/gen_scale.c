// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the generator knows of a value beforehand: its scale, and how large it can be. */
#include "gen.h"
#include "numeric.h"

/* Join what is known of two branches. */
static uint32_t join(uint32_t a, uint32_t b, bool *same)
{
	*same = *same && a == b;
	return MAX(a, b);
}

static bool is_null(const struct kcsd_expr *expr)
{
	return expr->op == KCSD_EXPR_CONST && expr->value.null;
}

/* The values of CASE are its odd arguments, and the last of an odd number. */
static bool is_branch(const struct kcsd_expr *expr, uint32_t i)
{
	return expr->op != KCSD_EXPR_CASE || i % 2 || i + 1 == expr->nr_args;
}

static uint32_t branches_scale(const struct kcsd_expr *expr, bool *same)
{
	uint32_t i, scale = 0, one;
	bool first = true;

	for (i = 0; i < expr->nr_args; i++) {
		if (!is_branch(expr, i) || is_null(expr->args[i]))
			continue;
		one = kcsd_gen_scale(expr->args[i], same);
		scale = first ? one : join(scale, one, same);
		first = false;
	}
	return scale;
}

uint32_t kcsd_gen_scale(const struct kcsd_expr *expr, bool *same)
{
	if (expr->type.type != KCSD_TYPE_NUMERIC)
		return 0;
	switch (expr->op) {
	case KCSD_EXPR_CONST:
		return expr->value.null ? 0 : expr->value.n.scale;
	case KCSD_EXPR_CAST:
		if (expr->type.precision)
			return expr->type.scale;
		return kcsd_gen_scale(expr->args[0], same);
	case KCSD_EXPR_NEG:
	case KCSD_EXPR_ABS:
		return kcsd_gen_scale(expr->args[0], same);
	case KCSD_EXPR_ADD:
	case KCSD_EXPR_SUB:
	case KCSD_EXPR_MOD:
		return MAX(kcsd_gen_scale(expr->args[0], same),
			   kcsd_gen_scale(expr->args[1], same));
	case KCSD_EXPR_MUL:
		return kcsd_gen_scale(expr->args[0], same) + kcsd_gen_scale(expr->args[1], same);
	case KCSD_EXPR_CASE:
	case KCSD_EXPR_COALESCE:
		return branches_scale(expr, same);
	case KCSD_EXPR_EXTRACT:
		return kcsd_plan_is_text(expr->args[0], "second") ? 6 : 0;
	default:
		return expr->type.scale;
	}
}

static uint32_t type_digits(struct kcsd_sql_type type)
{
	switch (type.type) {
	case KCSD_TYPE_BOOL:
		return 1;
	case KCSD_TYPE_INT4:
		return 10;
	case KCSD_TYPE_DATE:
		return 7;
	case KCSD_TYPE_NUMERIC:
		return type.precision ? type.precision : GEN_DIGITS + 1;
	default:
		return GEN_DIGITS + 1;
	}
}

static uint32_t number_digits(uint64_t value)
{
	uint32_t digits = 1;

	while (value /= 10)
		digits++;
	return digits;
}

/* Returns the digits of an argument once it has this scale. */
static uint32_t scaled_digits(const struct kcsd_expr *expr, uint32_t scale)
{
	bool same;

	return kcsd_gen_digits(expr) + scale - kcsd_gen_scale(expr, &same);
}

uint32_t kcsd_gen_digits(const struct kcsd_expr *expr)
{
	struct kcsd_expr *const *args = expr->args;
	bool same = true;
	uint32_t scale = kcsd_gen_scale(expr, &same);
	int64_t value;

	if (expr->op == KCSD_EXPR_CONST && kcsd_gen_constant(expr, scale, &value))
		return number_digits(value < 0 ? -(uint64_t)value : (uint64_t)value);
	if (expr->op == KCSD_EXPR_COLUMN)
		return expr->type.type == KCSD_TYPE_INT4 ? 10 :
		       MIN(type_digits(expr->type), (uint32_t)GEN_DIGITS);
	if (expr->type.type != KCSD_TYPE_NUMERIC)
		return type_digits(expr->type);
	switch (expr->op) {
	case KCSD_EXPR_CAST:
		return expr->type.precision ? expr->type.precision : kcsd_gen_digits(args[0]);
	case KCSD_EXPR_NEG:
	case KCSD_EXPR_ABS:
		return kcsd_gen_digits(args[0]);
	case KCSD_EXPR_ADD:
	case KCSD_EXPR_SUB:
		return MAX(scaled_digits(args[0], scale), scaled_digits(args[1], scale)) + 1;
	case KCSD_EXPR_MUL:
		return kcsd_gen_digits(args[0]) + kcsd_gen_digits(args[1]);
	case KCSD_EXPR_EXTRACT:
		return 8;
	default:
		return GEN_DIGITS + 1;
	}
}

bool kcsd_gen_constant(const struct kcsd_expr *expr, uint32_t scale, int64_t *value)
{
	const struct kcsd_numeric *n = &expr->value.n;
	__int128 v;

	if (expr->op != KCSD_EXPR_CONST || expr->value.null)
		return false;
	switch (expr->type.type) {
	case KCSD_TYPE_BOOL:
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
	case KCSD_TYPE_DATE:
	case KCSD_TYPE_TIMESTAMP:
		*value = expr->value.i;
		return true;
	case KCSD_TYPE_NUMERIC:
		break;
	default:
		return false;
	}
	if (n->scale > scale || scale - n->scale > GEN_DIGITS || n->coefficient > INT64_MAX ||
	    n->coefficient < INT64_MIN)
		return false;
	v = n->coefficient * (__int128)kcsd_numeric_power(scale - n->scale);
	*value = v;
	return v == *value;
}

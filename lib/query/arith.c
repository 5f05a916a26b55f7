// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Arithmetic: integers, decimals, floating point, dates. */
#include <errno.h>
#include <math.h>

#include "../private.h"
#include "datetime.h"
#include "eval.h"
#include "numeric.h"

static int divided_by_zero(struct kcsd_error *err)
{
	return kcsd_error_set(err, -EDOM, "division by zero");
}

/* Compute in 64 bits; *over: the result does not fit. */
static int64_t compute_int(enum kcsd_expr_op op, int64_t a, int64_t b, bool *over)
{
	int64_t r = 0;

	switch (op) {
	case KCSD_EXPR_ADD:
		*over = __builtin_add_overflow(a, b, &r);
		return r;
	case KCSD_EXPR_SUB:
		*over = __builtin_sub_overflow(a, b, &r);
		return r;
	case KCSD_EXPR_MUL:
		*over = __builtin_mul_overflow(a, b, &r);
		return r;
	case KCSD_EXPR_DIV:
		if (b != -1)
			return a / b;
		*over = __builtin_sub_overflow(0, a, &r);
		return r;
	default:
		/* The machine traps INT64_MIN % -1. */
		return b == -1 ? 0 : a % b;
	}
}

static int eval_int(enum kcsd_expr_op op, const struct kcsd_value *a, int64_t b,
		    struct kcsd_value *value, struct kcsd_error *err)
{
	bool over = false;
	int64_t i;

	if (!b && (op == KCSD_EXPR_DIV || op == KCSD_EXPR_MOD))
		return divided_by_zero(err);
	i = compute_int(op, a->i, b, &over);
	if (a->type == KCSD_TYPE_INT4 && i != (int32_t)i)
		over = true;
	if (over)
		return kcsd_error_set(err, -ERANGE, "%s out of range", kcsd_type_word(a->type));
	value->i = i;
	return 0;
}

static int eval_numeric(enum kcsd_expr_op op, const struct kcsd_value *a,
			const struct kcsd_value *b, struct kcsd_value *value,
			struct kcsd_error *err)
{
	switch (op) {
	case KCSD_EXPR_ADD:
		return kcsd_numeric_add(&a->n, &b->n, &value->n, err);
	case KCSD_EXPR_SUB:
		return kcsd_numeric_sub(&a->n, &b->n, &value->n, err);
	case KCSD_EXPR_MUL:
		return kcsd_numeric_mul(&a->n, &b->n, &value->n, err);
	case KCSD_EXPR_DIV:
		return kcsd_numeric_div(&a->n, &b->n, &value->n, err);
	default:
		return kcsd_numeric_mod(&a->n, &b->n, &value->n, err);
	}
}

/* Refuse an infinite result of finite numbers, and zero where it cannot be exact. */
static int check_float(double r, bool finite, bool may_be_zero, struct kcsd_error *err)
{
	if (isinf(r) && finite)
		return kcsd_error_set(err, -ERANGE, "value out of range: overflow");
	if (r == 0 && !may_be_zero)
		return kcsd_error_set(err, -ERANGE, "value out of range: underflow");
	return 0;
}

static int eval_float(enum kcsd_expr_op op, double a, double b, double *r,
		      struct kcsd_error *err)
{
	bool finite = !isinf(a) && !isinf(b);

	switch (op) {
	case KCSD_EXPR_ADD:
		*r = a + b;
		return check_float(*r, finite, true, err);
	case KCSD_EXPR_SUB:
		*r = a - b;
		return check_float(*r, finite, true, err);
	case KCSD_EXPR_MUL:
		*r = a * b;
		return check_float(*r, finite, a == 0 || b == 0, err);
	default:
		if (b == 0 && !isnan(a))
			return divided_by_zero(err);
		*r = a / b;
		return check_float(*r, !isinf(a), a == 0 || isinf(b), err);
	}
}

static int add_days(int64_t date, int64_t days, struct kcsd_value *value, struct kcsd_error *err)
{
	value->type = KCSD_TYPE_DATE;
	value->i = date + days;
	return kcsd_date_check(value->i, err);
}

static int eval_timestamp(enum kcsd_expr_op op, const struct kcsd_value *a,
			  const struct kcsd_value *b, struct kcsd_value *value,
			  struct kcsd_error *err)
{
	struct kcsd_interval interval = b->interval;
	int ret = 0;

	if (op == KCSD_EXPR_SUB)
		ret = kcsd_interval_negate(&b->interval, &interval, err);
	return ret ? ret : kcsd_timestamp_add(a->i, &interval, &value->i, err);
}

static int eval_binary(enum kcsd_expr_op op, const struct kcsd_value *a,
		       const struct kcsd_value *b, struct kcsd_value *value,
		       struct kcsd_error *err)
{
	switch (a->type) {
	case KCSD_TYPE_NUMERIC:
		return eval_numeric(op, a, b, value, err);
	case KCSD_TYPE_FLOAT8:
		return eval_float(op, a->d, b->d, &value->d, err);
	case KCSD_TYPE_TIMESTAMP:
		return eval_timestamp(op, a, b, value, err);
	case KCSD_TYPE_DATE:
		if (b->type == KCSD_TYPE_INT4)
			return add_days(a->i, op == KCSD_EXPR_SUB ? -b->i : b->i, value, err);
		value->type = KCSD_TYPE_INT4;
		value->i = a->i - b->i;
		return 0;
	default:
		return eval_int(op, a, b->i, value, err);
	}
}

static int negate(const struct kcsd_value *a, struct kcsd_value *value, struct kcsd_error *err)
{
	struct kcsd_value zero = { .type = a->type };

	switch (a->type) {
	case KCSD_TYPE_FLOAT8:
		value->d = -a->d;
		return 0;
	case KCSD_TYPE_NUMERIC:
		value->n.coefficient = -a->n.coefficient;
		return 0;
	case KCSD_TYPE_INTERVAL:
		return kcsd_interval_negate(&a->interval, &value->interval, err);
	default:
		return eval_int(KCSD_EXPR_SUB, &zero, a->i, value, err);
	}
}

int kcsd_arith_eval(enum kcsd_expr_op op, const struct kcsd_value *a, const struct kcsd_value *b,
		    struct kcsd_value *value, struct kcsd_error *err)
{
	*value = *a;
	if (op == KCSD_EXPR_NEG)
		return negate(a, value, err);
	if (op != KCSD_EXPR_ABS)
		return eval_binary(op, a, b, value, err);
	if (a->type == KCSD_TYPE_FLOAT8) {
		value->d = fabs(a->d);
		return 0;
	}
	if (a->type == KCSD_TYPE_NUMERIC ? a->n.coefficient < 0 : a->i < 0)
		return negate(a, value, err);
	return 0;
}

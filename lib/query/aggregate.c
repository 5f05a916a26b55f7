// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Count, add up, find extremes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "../private.h"
#include "aggregate.h"
#include "numeric.h"

static int too_long(struct kcsd_error *err)
{
	return kcsd_error_set(err, -ERANGE, "numeric value out of range: more than 38 digits");
}

/* Add coefficient / 10^scale to the sum. */
static int add_numeric(struct kcsd_partial *to, __int128 coefficient, uint32_t scale,
		       struct kcsd_error *err)
{
	uint32_t common = MAX(to->scale, scale);

	if (common > KCSD_NUMERIC_DIGITS ||
	    __builtin_mul_overflow(to->sum, (__int128)kcsd_numeric_power(common - to->scale),
				   &to->sum) ||
	    __builtin_mul_overflow(coefficient, (__int128)kcsd_numeric_power(common - scale),
				   &coefficient) ||
	    __builtin_add_overflow(to->sum, coefficient, &to->sum))
		return too_long(err);
	to->scale = common;
	return 0;
}

/*
 * Compute the squares that PostgreSQL's avg() has along with the sum: it fails if they overflow,
 * though the average would not.
 */
static int add_squares(struct kcsd_aggregate *aggregate, double d, double before,
		       struct kcsd_error *err)
{
	double n = aggregate->partial.count, difference = d * n - aggregate->real;

	if (n <= 1) {
		aggregate->squares = isfinite(d) ? 0 : NAN;
		return 0;
	}
	aggregate->squares += difference * difference / (n * (n - 1));
	if (!isinf(aggregate->squares) && !isinf(aggregate->real))
		return 0;
	if (!isinf(before) && !isinf(d))
		return kcsd_error_set(err, -ERANGE, "value out of range: overflow");
	aggregate->squares = NAN;
	return 0;
}

static int add_real(struct kcsd_aggregate *aggregate, bool average, double d,
		    struct kcsd_error *err)
{
	double before = aggregate->real;

	aggregate->real += d;
	if (isinf(aggregate->real) && !isinf(before) && !isinf(d))
		return kcsd_error_set(err, -ERANGE, "value out of range: overflow");
	return average ? add_squares(aggregate, d, before, err) : 0;
}

/* Keep a copy of a text. */
static int keep_text(struct kcsd_aggregate *aggregate, struct kcsd_text *text)
{
	char *grown = aggregate->text;

	if (aggregate->room < text->len || !grown) {
		grown = realloc(grown, 2 * text->len + 1);
		if (!grown)
			return -ENOMEM;
		aggregate->text = grown;
		aggregate->room = 2 * text->len + 1;
	}
	if (text->len)
		memcpy(grown, text->data, text->len);
	text->data = grown;
	return 0;
}

/* Take a value unless the one before is better: of two equal ones, PostgreSQL takes the later. */
static int add_extreme(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
		       const struct kcsd_value *value)
{
	struct kcsd_value *extreme = &aggregate->partial.extreme, new = *value;
	int c, ret = 0;

	if (aggregate->has_extreme) {
		c = kcsd_value_compare(extreme, value);
		if (expr->op == KCSD_EXPR_MIN ? c < 0 : c > 0)
			return 0;
	}
	if (new.type == KCSD_TYPE_TEXT)
		ret = keep_text(aggregate, &new.text);
	if (ret)
		return ret;
	*extreme = new;
	aggregate->has_extreme = true;
	return 0;
}

static int add_value(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
		     const struct kcsd_value *value, struct kcsd_error *err)
{
	struct kcsd_partial *partial = &aggregate->partial;

	partial->count++;
	switch (expr->op) {
	case KCSD_EXPR_MIN:
	case KCSD_EXPR_MAX:
		return add_extreme(aggregate, expr, value);
	case KCSD_EXPR_SUM:
	case KCSD_EXPR_AVG:
		if (value->type == KCSD_TYPE_FLOAT8)
			return add_real(aggregate, expr->op == KCSD_EXPR_AVG, value->d, err);
		if (value->type == KCSD_TYPE_NUMERIC)
			return add_numeric(partial, value->n.coefficient, value->n.scale, err);
		return add_numeric(partial, value->i, 0, err);
	default:
		return 0;
	}
}

/* Returns 1: the value is new, 0: it was there before. */
static int add_seen(struct kcsd_aggregate *aggregate, const struct kcsd_value *value)
{
	struct kcsd_map_entry *entry;

	if (!aggregate->seen) {
		aggregate->seen = malloc(sizeof(*aggregate->seen));
		if (!aggregate->seen)
			return -ENOMEM;
		kcsd_map_init(aggregate->seen, 1, 0);
	}
	return kcsd_map_get(aggregate->seen, value, &entry);
}

int kcsd_aggregate_add(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
		       struct kcsd_eval *eval)
{
	struct kcsd_value value;
	int ret;

	if (expr->op == KCSD_EXPR_COUNT_ROWS) {
		aggregate->partial.count++;
		return 0;
	}
	ret = kcsd_expr_eval(expr->args[0], eval, &value);
	if (ret || value.null)
		return ret;
	if (expr->distinct) {
		ret = add_seen(aggregate, &value);
		if (ret <= 0)
			return ret;
	}
	ret = add_value(aggregate, expr, &value, eval->err);
	if (ret)
		eval->at = expr->at;
	return ret;
}

int kcsd_aggregate_merge(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
			 const struct kcsd_partial *partial, struct kcsd_error *err)
{
	bool sums = expr->op == KCSD_EXPR_SUM || expr->op == KCSD_EXPR_AVG;

	if (expr->distinct)
		return kcsd_error_set(err, -EINVAL, "parts of an aggregate with DISTINCT cannot be "
				      "merged");
	if (sums && expr->type.type == KCSD_TYPE_FLOAT8)
		return kcsd_error_set(err, -EINVAL, "sums of double precision cannot be merged");
	if (__builtin_add_overflow(aggregate->partial.count, partial->count,
				   &aggregate->partial.count))
		return kcsd_error_set(err, -ERANGE, "bigint out of range");
	if (sums)
		return add_numeric(&aggregate->partial, partial->sum, partial->scale, err);
	if ((expr->op == KCSD_EXPR_MIN || expr->op == KCSD_EXPR_MAX) && !partial->extreme.null &&
	    partial->count)
		return add_extreme(aggregate, expr, &partial->extreme);
	return 0;
}

static int average(const struct kcsd_aggregate *aggregate, struct kcsd_value *value,
		   struct kcsd_error *err)
{
	const struct kcsd_partial *partial = &aggregate->partial;
	struct kcsd_numeric sum, count = { partial->count, 0 };

	if (value->type == KCSD_TYPE_FLOAT8) {
		value->d = aggregate->real / partial->count;
		return 0;
	}
	return kcsd_numeric_make(partial->sum, partial->scale, &sum, err) ? -ERANGE :
	       kcsd_numeric_div(&sum, &count, &value->n, err);
}

static int sum(const struct kcsd_aggregate *aggregate, struct kcsd_value *value,
	       struct kcsd_error *err)
{
	const struct kcsd_partial *partial = &aggregate->partial;

	if (value->type == KCSD_TYPE_FLOAT8) {
		value->d = aggregate->real;
		return 0;
	}
	if (value->type == KCSD_TYPE_NUMERIC)
		return kcsd_numeric_make(partial->sum, partial->scale, &value->n, err);
	value->i = partial->sum;
	if (value->i != partial->sum)
		return kcsd_error_set(err, -ERANGE, "bigint out of range");
	return 0;
}

int kcsd_aggregate_value(const struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
			 struct kcsd_value *value, struct kcsd_error *err)
{
	*value = (struct kcsd_value){ .type = expr->type.type };
	switch (expr->op) {
	case KCSD_EXPR_SUM:
	case KCSD_EXPR_AVG:
		value->null = !aggregate->partial.count;
		if (value->null)
			return 0;
		return expr->op == KCSD_EXPR_SUM ? sum(aggregate, value, err) :
						   average(aggregate, value, err);
	case KCSD_EXPR_MIN:
	case KCSD_EXPR_MAX:
		value->null = true;
		if (aggregate->has_extreme)
			*value = aggregate->partial.extreme;
		return 0;
	default:
		value->i = aggregate->partial.count;
		return 0;
	}
}

void kcsd_aggregate_destroy(struct kcsd_aggregate *aggregate)
{
	if (aggregate->seen)
		kcsd_map_destroy(aggregate->seen);
	free(aggregate->seen);
	free(aggregate->text);
}

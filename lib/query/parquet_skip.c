// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Row groups that cannot have a row of the result, by the statistics of their columns. A row that
 * would make a condition fail may be in one: like the drive, which may look at another condition
 * first.
 */
#include <string.h>

#include "../private.h"
#include "parquet.h"

/* Make a value of the bytes of a statistic. Returns false if it is none. */
static bool read_value(const struct parquet_column *c, const uint8_t *bytes, size_t len,
		       struct kcsd_value *value)
{
	int64_t wide = 0;
	int32_t narrow;

	*value = (struct kcsd_value){ .type = c->type.type };
	if (!bytes || !c->ordered)
		return false;
	if (c->kind == PARQUET_TEXT) {
		value->text = (struct kcsd_text){ (const char *)bytes, len };
		return true;
	}
	if (c->kind != PARQUET_NUMBER)
		return false;
	if (c->physical == PARQUET_INT32 && len == sizeof(narrow)) {
		memcpy(&narrow, bytes, len);
		wide = (int32_t)le32toh(narrow);
	} else if (c->physical == PARQUET_INT64 && len == sizeof(wide)) {
		memcpy(&wide, bytes, len);
		wide = le64toh(wide);
	} else {
		return false;
	}
	if (__builtin_mul_overflow(wide, c->factor, &wide))
		return false;
	if (c->type.type == KCSD_TYPE_NUMERIC)
		value->n = (struct kcsd_numeric){ wide, c->type.scale };
	else
		value->i = wide;
	return true;
}

/* The column of an expression, also if it is converted to a wider integer; or NULL. */
static const struct kcsd_expr *column_of(const struct kcsd_expr *expr)
{
	if (expr->op == KCSD_EXPR_CAST && expr->type.type == KCSD_TYPE_INT8 &&
	    expr->args[0]->type.type == KCSD_TYPE_INT4)
		expr = expr->args[0];
	return expr->op == KCSD_EXPR_COLUMN ? expr : NULL;
}

/* Compare a bound with a constant; *known = false: it cannot be. */
static int compare(const struct parquet_column *c, const uint8_t *bytes, size_t len,
		   const struct kcsd_value *constant, bool *known)
{
	struct kcsd_value value;

	*known = read_value(c, bytes, len, &value);
	/* An integer of the column may have become a wider one. */
	if (value.type == KCSD_TYPE_INT4 && constant->type == KCSD_TYPE_INT8)
		value.type = KCSD_TYPE_INT8;
	*known = *known && value.type == constant->type;
	return *known ? kcsd_value_compare(&value, constant) : 0;
}

/* True if no value between the bounds makes the comparison true. */
static bool never_true(const struct parquet_column *c, const struct parquet_statistics *s,
		       enum kcsd_expr_op op, const struct kcsd_value *constant)
{
	bool has_min, has_max;
	int min = compare(c, s->min, s->min_len, constant, &has_min);
	int max = compare(c, s->max, s->max_len, constant, &has_max);

	switch (op) {
	case KCSD_EXPR_LT:
		return has_min && min >= 0;
	case KCSD_EXPR_LE:
		return has_min && min > 0;
	case KCSD_EXPR_GT:
		return has_max && max <= 0;
	case KCSD_EXPR_GE:
		return has_max && max < 0;
	case KCSD_EXPR_EQ:
		return (has_min && min > 0) || (has_max && max < 0);
	default:
		return false;
	}
}

static enum kcsd_expr_op mirrored(enum kcsd_expr_op op)
{
	return op == KCSD_EXPR_LT ? KCSD_EXPR_GT : op == KCSD_EXPR_GT ? KCSD_EXPR_LT :
	       op == KCSD_EXPR_LE ? KCSD_EXPR_GE : op == KCSD_EXPR_GE ? KCSD_EXPR_LE : op;
}

static bool is_constant(const struct kcsd_expr *expr)
{
	return expr->op == KCSD_EXPR_CONST && !expr->value.null;
}

static bool skips_comparison(const struct parquet_file *file, const struct parquet_group *group,
			     const struct kcsd_expr *expr)
{
	const struct kcsd_expr *a = expr->args[0], *b = expr->args[1], *column = column_of(a);
	enum kcsd_expr_op op = expr->op;

	if (!column || !is_constant(b)) {
		column = column_of(b);
		op = mirrored(op);
		b = a;
	}
	if (!column || !is_constant(b) || column->index >= file->nr_columns)
		return false;
	return never_true(&file->columns[column->index],
			  &group->chunks[column->index].statistics, op, &b->value);
}

static bool skips_in(const struct parquet_file *file, const struct parquet_group *group,
		     const struct kcsd_expr *expr)
{
	const struct kcsd_expr *column = column_of(expr->args[0]);
	uint32_t i;

	if (!column || column->index >= file->nr_columns)
		return false;
	for (i = 1; i < expr->nr_args; i++) {
		if (expr->args[i]->op != KCSD_EXPR_CONST)
			return false;
		if (!expr->args[i]->value.null &&
		    !never_true(&file->columns[column->index],
				&group->chunks[column->index].statistics, KCSD_EXPR_EQ,
				&expr->args[i]->value))
			return false;
	}
	return true;
}

static bool skips_null_test(const struct parquet_file *file, const struct parquet_group *group,
			    const struct kcsd_expr *arg, bool is_null)
{
	const struct parquet_column_chunk *chunk;

	if (arg->op != KCSD_EXPR_COLUMN || arg->index >= file->nr_columns)
		return false;
	chunk = &group->chunks[arg->index];
	if (!file->columns[arg->index].optional)
		return is_null;
	return chunk->statistics.nulls == (is_null ? 0 : (int64_t)chunk->values);
}

static bool skips(const struct parquet_file *file, const struct parquet_group *group,
		  const struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_EQ:
	case KCSD_EXPR_LT:
	case KCSD_EXPR_LE:
	case KCSD_EXPR_GT:
	case KCSD_EXPR_GE:
		return skips_comparison(file, group, expr);
	case KCSD_EXPR_IN:
		return skips_in(file, group, expr);
	case KCSD_EXPR_IS_NULL:
		return skips_null_test(file, group, expr->args[0], true);
	case KCSD_EXPR_NOT:
		return expr->args[0]->op == KCSD_EXPR_IS_NULL &&
		       skips_null_test(file, group, expr->args[0]->args[0], false);
	default:
		return false;
	}
}

bool kcsd_parquet_can_skip(const struct parquet_file *file, const struct parquet_group *group,
			   const struct kcsd_query *query)
{
	uint32_t i;

	if (!group->rows)
		return true;
	for (i = 0; i < query->nr_wheres; i++)
		if (skips(file, group, query->wheres[i]))
			return true;
	return false;
}

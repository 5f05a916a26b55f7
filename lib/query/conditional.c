// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find types of CASE, COALESCE, NULLIF and IN, which have one type for several arguments. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

/* True if all have the same type, also in precision and scale. */
static bool is_one_type(struct kcsd_expr *const *args, uint32_t nr)
{
	uint32_t i;

	for (i = 1; i < nr; i++)
		if (memcmp(&args[i]->type, &args[0]->type, sizeof(args[0]->type)))
			return false;
	return true;
}

/* Convert all to their common type, *type. what: for the message. */
static int unify(struct kcsd_bind *b, const struct kcsd_expr *expr, struct kcsd_expr **args,
		 uint32_t nr, const char *what, struct kcsd_sql_type *type)
{
	enum kcsd_type types[2] = {};
	enum kcsd_type common = kcsd_common_type(args, nr, types);
	uint32_t i;

	*type = (struct kcsd_sql_type){ .type = common };
	if (common == KCSD_TYPE_UNKNOWN) {
		kcsd_bind_fail(b, -EINVAL, expr->at, "%s types %s and %s cannot be matched", what,
			       kcsd_type_word(types[0]), kcsd_type_word(types[1]));
		return b->ret;
	}
	if (is_one_type(args, nr) && args[0]->type.type == common)
		*type = args[0]->type;
	for (i = 0; i < nr; i++) {
		args[i] = kcsd_coerce_to(b, args[i], common);
		if (!args[i])
			return b->ret;
	}
	return 0;
}

/* Among the values, PostgreSQL looks at that of ELSE first. */
static struct kcsd_expr *resolve_case(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	uint32_t nr = expr->nr_args / 2, i;
	bool otherwise = expr->nr_args % 2;
	struct kcsd_expr **values = kcsd_arena_alloc(&b->query->arena, (nr + 1) * sizeof(*values));

	if (!values)
		return kcsd_bind_fail(b, -ENOMEM, -1, "out of memory");
	if (otherwise)
		values[0] = expr->args[2 * nr];
	for (i = 0; i < nr; i++)
		values[i + otherwise] = expr->args[2 * i + 1];
	if (unify(b, expr, values, nr + otherwise, "CASE", &expr->type))
		return NULL;
	if (otherwise)
		expr->args[2 * nr] = values[0];
	for (i = 0; i < nr; i++)
		expr->args[2 * i + 1] = values[i + otherwise];
	return expr;
}

static struct kcsd_expr *make_comparison(struct kcsd_bind *b, struct kcsd_expr *left,
					 struct kcsd_expr *right, int at)
{
	struct kcsd_expr *args[] = { left, right };
	struct kcsd_expr *expr = kcsd_bind_call(b, KCSD_EXPR_EQ, KCSD_TYPE_BOOL, args, 2, at);

	return expr ? kcsd_operator_resolve(b, expr) : NULL;
}

/*
 * Make CASE WHEN a = b THEN NULL ELSE a END. Types that PostgreSQL compares without a conversion
 * keep their own.
 */
static struct kcsd_expr *resolve_nullif(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	struct kcsd_expr *equal = make_comparison(b, expr->args[0], expr->args[1], expr->at);
	struct kcsd_expr *value = expr->args[0], *null, *args[3];
	enum kcsd_type type;

	if (!equal)
		return NULL;
	type = equal->args[0]->type.type;
	if (type == KCSD_TYPE_NUMERIC || type == KCSD_TYPE_FLOAT8 ||
	    value->type.type == KCSD_TYPE_UNKNOWN)
		value = equal->args[0];
	null = kcsd_bind_call(b, KCSD_EXPR_CONST, value->type.type, NULL, 0, expr->at);
	if (!null)
		return NULL;
	null->value = (struct kcsd_value){ .type = value->type.type, .null = true };
	args[0] = equal;
	args[1] = null;
	args[2] = value;
	null = kcsd_bind_call(b, KCSD_EXPR_CASE, value->type.type, args, 3, expr->at);
	if (null)
		null->type = value->type;
	return null;
}

static bool has_column(const struct kcsd_expr *expr)
{
	uint32_t i;

	if (expr->op == KCSD_EXPR_COLUMN)
		return true;
	for (i = 0; i < expr->nr_args; i++)
		if (has_column(expr->args[i]))
			return true;
	return false;
}

/*
 * Move elements without columns to the front of the list, args from 1 on, if they are compared
 * together, in a type that they have in common with the left side. Returns their number, or 0.
 */
static uint32_t split_list(struct kcsd_expr *expr, struct kcsd_expr **sorted,
			   enum kcsd_type *common)
{
	enum kcsd_type types[2];
	uint32_t i, nr = 0, rest;

	sorted[nr++] = expr->args[0];
	for (i = 1; i < expr->nr_args; i++)
		if (!has_column(expr->args[i]))
			sorted[nr++] = expr->args[i];
	if (nr < 3)
		return 0;
	*common = kcsd_common_type(sorted, nr, types);
	if (*common == KCSD_TYPE_UNKNOWN)
		return 0;
	for (i = 1, rest = nr; i < expr->nr_args; i++)
		if (has_column(expr->args[i]))
			sorted[rest++] = expr->args[i];
	memcpy(expr->args, sorted, expr->nr_args * sizeof(*sorted));
	return nr - 1;
}

/* Make an IN of the first nr elements. */
static struct kcsd_expr *make_list(struct kcsd_bind *b, struct kcsd_expr *expr, uint32_t nr,
				   enum kcsd_type common)
{
	struct kcsd_expr *in = kcsd_bind_call(b, KCSD_EXPR_IN, KCSD_TYPE_BOOL, expr->args, nr + 1,
					      expr->at);
	uint32_t i;

	if (!in)
		return NULL;
	for (i = 1; i <= nr; i++) {
		in->args[i] = kcsd_coerce_to(b, in->args[i], common);
		if (!in->args[i])
			return NULL;
	}
	in->args[0] = kcsd_coerce_to(b, in->args[0], common);
	return in->args[0] ? in : NULL;
}

/* Make comparisons of what has columns, joined by OR. */
static struct kcsd_expr *resolve_in(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	enum kcsd_type common = KCSD_TYPE_UNKNOWN;
	uint32_t nr, nr_parts = 0, i;
	struct kcsd_expr **parts, *part;

	parts = kcsd_arena_alloc(&b->query->arena, expr->nr_args * sizeof(*parts));
	if (!parts)
		return kcsd_bind_fail(b, -ENOMEM, -1, "out of memory");
	nr = split_list(expr, parts, &common);
	if (nr) {
		part = make_list(b, expr, nr, common);
		if (!part)
			return NULL;
		parts[nr_parts++] = part;
	}
	for (i = nr + 1; i < expr->nr_args; i++) {
		part = make_comparison(b, expr->args[0], expr->args[i], expr->at);
		if (!part)
			return NULL;
		parts[nr_parts++] = part;
	}
	return nr_parts == 1 ? parts[0] :
	       kcsd_bind_call(b, KCSD_EXPR_OR, KCSD_TYPE_BOOL, parts, nr_parts, expr->at);
}

struct kcsd_expr *kcsd_conditional_resolve(struct kcsd_bind *b, struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_CASE:
		return resolve_case(b, expr);
	case KCSD_EXPR_NULLIF:
		return resolve_nullif(b, expr);
	case KCSD_EXPR_IN:
		return resolve_in(b, expr);
	default:
		return unify(b, expr, expr->args, expr->nr_args, "COALESCE", &expr->type) ?
			NULL : expr;
	}
}

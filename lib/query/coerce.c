// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Convert expressions between types: which conversions there are, and which come by themselves. */
#include <errno.h>

#include "../private.h"
#include "bind.h"

bool kcsd_type_is_number(enum kcsd_type type)
{
	return type >= KCSD_TYPE_INT4 && type <= KCSD_TYPE_FLOAT8;
}

static bool is_time(enum kcsd_type type)
{
	return type == KCSD_TYPE_DATE || type == KCSD_TYPE_TIMESTAMP;
}

/* True if PostgreSQL converts without being asked. */
static bool is_implicit(enum kcsd_type from, enum kcsd_type to)
{
	bool numbers = kcsd_type_is_number(from) && kcsd_type_is_number(to);

	return from == to || (from < to && (numbers || (is_time(from) && is_time(to))));
}

static bool is_castable(enum kcsd_type from, enum kcsd_type to)
{
	if (from == KCSD_TYPE_INTERVAL || to == KCSD_TYPE_INTERVAL)
		return from == to;
	if (from == to || from == KCSD_TYPE_TEXT || to == KCSD_TYPE_TEXT)
		return true;
	if (from == KCSD_TYPE_BOOL || to == KCSD_TYPE_BOOL)
		return from == KCSD_TYPE_INT4 || to == KCSD_TYPE_INT4;
	return (kcsd_type_is_number(from) && kcsd_type_is_number(to)) ||
	       (is_time(from) && is_time(to));
}

/* Make a constant of a literal, or of NULL. */
static struct kcsd_expr *convert_literal(struct kcsd_bind *b, const struct kcsd_expr *literal,
					 struct kcsd_sql_type type)
{
	const struct kcsd_text *text = &literal->value.text;
	struct kcsd_error err = {};
	struct kcsd_expr *expr;
	int ret = 0;

	expr = kcsd_bind_call(b, KCSD_EXPR_CONST, type.type, NULL, 0, literal->at);
	if (!expr)
		return NULL;
	expr->type = type;
	expr->value.type = type.type;
	expr->value.null = literal->value.null;
	if (!expr->value.null)
		ret = kcsd_value_parse(type, text->data, text->len, &expr->value, &err);
	return ret ? kcsd_bind_fail(b, ret, literal->at, "%s", err.text) : expr;
}

struct kcsd_expr *kcsd_coerce(struct kcsd_bind *b, struct kcsd_expr *expr,
			      struct kcsd_sql_type type, bool explicit_cast)
{
	enum kcsd_type from = expr->type.type;
	struct kcsd_expr *cast;

	if (from == KCSD_TYPE_UNKNOWN) {
		/* A precision is for when it is evaluated, which it need not be. */
		expr = convert_literal(b, expr, (struct kcsd_sql_type){ .type = type.type });
		if (!expr || !type.precision)
			return expr;
		from = type.type;
	}
	if (from == type.type && (!type.precision || (type.precision == expr->type.precision &&
						      type.scale == expr->type.scale)))
		return expr;
	if (explicit_cast ? !is_castable(from, type.type) : !is_implicit(from, type.type))
		return kcsd_bind_fail(b, -EINVAL, expr->at, "cannot cast type %s to %s",
				      kcsd_type_word(from), kcsd_type_word(type.type));
	cast = kcsd_bind_call(b, KCSD_EXPR_CAST, type.type, &expr, 1, expr->at);
	if (!cast)
		return NULL;
	cast->type = type;
	cast->explicit_cast = explicit_cast;
	return cast;
}

struct kcsd_expr *kcsd_coerce_to(struct kcsd_bind *b, struct kcsd_expr *expr, enum kcsd_type type)
{
	struct kcsd_sql_type t = { .type = type };

	/* || and the like take any type as text. */
	return kcsd_coerce(b, expr, t, type == KCSD_TYPE_TEXT);
}

/* Types of a kind can be matched: numbers, times, and each of the others alone. */
static bool are_of_a_kind(enum kcsd_type a, enum kcsd_type b)
{
	return a == b || (kcsd_type_is_number(a) && kcsd_type_is_number(b)) ||
	       (is_time(a) && is_time(b));
}

enum kcsd_type kcsd_common_type(struct kcsd_expr *const *exprs, uint32_t nr,
				enum kcsd_type types[2])
{
	enum kcsd_type common = KCSD_TYPE_UNKNOWN, type;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		type = exprs[i]->type.type;
		if (type == KCSD_TYPE_UNKNOWN)
			continue;
		if (common == KCSD_TYPE_UNKNOWN) {
			common = type;
		} else if (!are_of_a_kind(common, type)) {
			types[0] = common;
			types[1] = type;
			return KCSD_TYPE_UNKNOWN;
		}
		common = MAX(common, type);
	}
	return common == KCSD_TYPE_UNKNOWN ? KCSD_TYPE_TEXT : common;
}

enum kcsd_type kcsd_compared_type(enum kcsd_type a, enum kcsd_type b)
{
	if (a == KCSD_TYPE_UNKNOWN && b == KCSD_TYPE_UNKNOWN)
		return KCSD_TYPE_TEXT;
	if (a == KCSD_TYPE_UNKNOWN || b == KCSD_TYPE_UNKNOWN)
		return MAX(a, b);
	return are_of_a_kind(a, b) ? MAX(a, b) : KCSD_TYPE_UNKNOWN;
}

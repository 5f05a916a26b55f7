// SPDX-License-Identifier: GPL-2.0
/* Operators of a question. */
#include <stdlib.h>
#include <string.h>

#include "sql.h"

struct operator {
	const char *name;
	enum kcsd_expr_op op;
};

static const struct operator operators[] = {
	{ "+", KCSD_EXPR_ADD }, { "-", KCSD_EXPR_SUB }, { "*", KCSD_EXPR_MUL },
	{ "/", KCSD_EXPR_DIV }, { "%", KCSD_EXPR_MOD }, { "||", KCSD_EXPR_CONCAT },
	{ "=", KCSD_EXPR_EQ }, { "<>", KCSD_EXPR_NE }, { "<", KCSD_EXPR_LT },
	{ "<=", KCSD_EXPR_LE }, { ">", KCSD_EXPR_GT }, { ">=", KCSD_EXPR_GE },
};

static struct kcsd_expr *call(struct sql *sql, enum kcsd_expr_op op, struct kcsd_expr *a,
			      struct kcsd_expr *b, int at)
{
	struct kcsd_expr *args[] = { a, b };

	return a && b ? kcsd_expr_call(sql->query, op, args, 2, at) : NULL;
}

static struct kcsd_expr *unary(struct sql *sql, enum kcsd_expr_op op, struct kcsd_expr *a, int at)
{
	return a ? kcsd_expr_call(sql->query, op, &a, 1, at) : NULL;
}

static struct kcsd_expr *negate_if(struct sql *sql, bool negate, struct kcsd_expr *expr, int at)
{
	return negate ? unary(sql, KCSD_EXPR_NOT, expr, at) : expr;
}

static struct kcsd_expr *left(struct sql *sql, json_object *inner)
{
	return kcsd_sql_expr(sql, kcsd_sql_field(inner, "lexpr"));
}

static struct kcsd_expr *right(struct sql *sql, json_object *inner)
{
	return kcsd_sql_expr(sql, kcsd_sql_field(inner, "rexpr"));
}

static struct kcsd_expr *binary(struct sql *sql, json_object *inner, enum kcsd_expr_op op)
{
	struct kcsd_expr *a = left(sql, inner), *b = a ? right(sql, inner) : NULL;

	return call(sql, op, a, b, kcsd_sql_place(inner));
}

/* +a is a number, too. */
static struct kcsd_expr *sign(struct sql *sql, json_object *inner, const char *name)
{
	int at = kcsd_sql_place(inner);
	struct kcsd_expr *arg = right(sql, inner);

	if (!strcmp(name, "+"))
		arg = unary(sql, KCSD_EXPR_NEG, arg, at);
	return unary(sql, KCSD_EXPR_NEG, arg, at);
}

static struct kcsd_expr *plain(struct sql *sql, json_object *inner)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(inner, "name"));
	int at = kcsd_sql_place(inner);
	size_t i;

	if (name && !kcsd_sql_field(inner, "lexpr") && (!strcmp(name, "-") || !strcmp(name, "+")))
		return sign(sql, inner, name);
	for (i = 0; name && kcsd_sql_field(inner, "lexpr") && i < ARRAY_SIZE(operators); i++)
		if (!strcmp(operators[i].name, name))
			return binary(sql, inner, operators[i].op);
	return kcsd_sql_error(sql, at, "operator %s is not supported", name ? name : "of a schema");
}

static struct kcsd_expr *in(struct sql *sql, json_object *inner)
{
	json_object *items = kcsd_sql_field(kcsd_sql_field(kcsd_sql_field(inner, "rexpr"), "List"),
					    "items");
	bool negate = strcmp(kcsd_sql_last_name(kcsd_sql_field(inner, "name")) ?: "", "=");
	size_t i, nr = kcsd_sql_length(items);
	int at = kcsd_sql_place(inner);
	struct kcsd_expr **args, *expr = NULL;

	args = calloc(nr + 1, sizeof(*args));
	if (!args || !nr)
		return kcsd_sql_error(sql, at, "out of memory");
	args[0] = left(sql, inner);
	for (i = 0; i < nr && args[i]; i++)
		args[i + 1] = kcsd_sql_expr(sql, json_object_array_get_idx(items, i));
	if (args[nr])
		expr = kcsd_expr_call(sql->query, KCSD_EXPR_IN, args, nr + 1, at);
	free(args);
	return negate_if(sql, negate, expr, at);
}

/* a BETWEEN low AND high */
static struct kcsd_expr *range(struct sql *sql, struct kcsd_expr *a, struct kcsd_expr *low,
			       struct kcsd_expr *high, int at)
{
	return call(sql, KCSD_EXPR_AND, call(sql, KCSD_EXPR_GE, a, low, at),
		    call(sql, KCSD_EXPR_LE, a, high, at), at);
}

static struct kcsd_expr *between(struct sql *sql, json_object *inner, const char *kind)
{
	json_object *items = kcsd_sql_field(kcsd_sql_field(kcsd_sql_field(inner, "rexpr"), "List"),
					    "items");
	struct kcsd_expr *a = left(sql, inner), *low, *high, *expr;
	int at = kcsd_sql_place(inner);

	if (!a || kcsd_sql_length(items) != 2)
		return NULL;
	low = kcsd_sql_expr(sql, json_object_array_get_idx(items, 0));
	high = low ? kcsd_sql_expr(sql, json_object_array_get_idx(items, 1)) : NULL;
	expr = range(sql, a, low, high, at);
	if (strstr(kind, "_SYM"))
		expr = call(sql, KCSD_EXPR_OR, expr, range(sql, a, high, low, at), at);
	return negate_if(sql, strstr(kind, "NOT") != NULL, expr, at);
}

/* LIKE 'x' ESCAPE 'y' has the pattern like_escape('x', 'y'). */
static struct kcsd_expr *like(struct sql *sql, json_object *inner, enum kcsd_expr_op op)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(inner, "name")) ?: "", *type;
	json_object *pattern = kcsd_sql_field(inner, "rexpr"), *call_node, *list;
	struct kcsd_expr *args[3] = { left(sql, inner) };
	int at = kcsd_sql_place(inner);
	uint32_t nr = 2;

	call_node = kcsd_sql_open(pattern, &type);
	list = kcsd_sql_field(call_node, "args");
	if (!strcmp(type, "FuncCall") && kcsd_sql_length(list) == 2 &&
	    !strcmp(kcsd_sql_last_name(kcsd_sql_field(call_node, "funcname")) ?: "",
		    "like_escape")) {
		args[1] = kcsd_sql_expr(sql, json_object_array_get_idx(list, 0));
		args[2] = args[1] ? kcsd_sql_expr(sql, json_object_array_get_idx(list, 1)) : NULL;
		nr = 3;
	} else {
		args[1] = args[0] ? kcsd_sql_expr(sql, pattern) : NULL;
	}
	if (!args[0] || !args[nr - 1])
		return NULL;
	return negate_if(sql, *name == '!', kcsd_expr_call(sql->query, op, args, nr, at), at);
}

struct kcsd_expr *kcsd_sql_operator(struct sql *sql, json_object *inner)
{
	const char *kind = kcsd_sql_string(inner, "kind");
	int at = kcsd_sql_place(inner);

	if (!kcsd_sql_only(sql, inner, " kind name lexpr rexpr location ", at))
		return NULL;
	if (!strcmp(kind, "AEXPR_OP"))
		return plain(sql, inner);
	if (!strcmp(kind, "AEXPR_IN"))
		return in(sql, inner);
	if (!strcmp(kind, "AEXPR_LIKE"))
		return like(sql, inner, KCSD_EXPR_LIKE);
	if (!strcmp(kind, "AEXPR_ILIKE"))
		return like(sql, inner, KCSD_EXPR_ILIKE);
	if (strstr(kind, "BETWEEN"))
		return between(sql, inner, kind);
	if (!strcmp(kind, "AEXPR_DISTINCT"))
		return binary(sql, inner, KCSD_EXPR_DISTINCT);
	if (!strcmp(kind, "AEXPR_NOT_DISTINCT"))
		return unary(sql, KCSD_EXPR_NOT, binary(sql, inner, KCSD_EXPR_DISTINCT), at);
	if (!strcmp(kind, "AEXPR_NULLIF"))
		return binary(sql, inner, KCSD_EXPR_NULLIF);
	return kcsd_sql_error(sql, at, "%s is not supported",
			      !strcmp(kind, "AEXPR_SIMILAR") ? "SIMILAR TO" : "this operator");
}

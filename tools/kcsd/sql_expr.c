// SPDX-License-Identifier: GPL-2.0
/* Expressions of a question. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

#define MAX_DEPTH	500	/* of an expression */
#define MAX_COLUMN	1024	/* bytes of the name of a column: several names with points */

/* Make an operation of a list of arguments. */
static struct kcsd_expr *call_list(struct sql *sql, enum kcsd_expr_op op, json_object *list,
				   int at)
{
	size_t i, nr = kcsd_sql_length(list);
	struct kcsd_expr **args = calloc(nr + 1, sizeof(*args)), *expr = NULL;

	if (!args)
		return kcsd_sql_error(sql, at, "out of memory");
	for (i = 0; i < nr; i++) {
		args[i] = kcsd_sql_expr(sql, json_object_array_get_idx(list, i));
		if (!args[i])
			break;
	}
	if (i == nr)
		expr = kcsd_expr_call(sql->query, op, args, nr, at);
	free(args);
	return expr;
}

/* a.b is the column "a.b", a field in an object; the name of the table in front is left out. */
static struct kcsd_expr *column(struct sql *sql, json_object *inner)
{
	json_object *fields = kcsd_sql_field(inner, "fields");
	size_t i, nr = kcsd_sql_length(fields), len = 0;
	int at = kcsd_sql_place(inner);
	char name[MAX_COLUMN] = "";

	for (i = 0; i < nr; i++) {
		json_object *field = json_object_array_get_idx(fields, i);

		if (kcsd_sql_field(field, "A_Star"))
			return kcsd_sql_error(sql, at, "* can only be a result of its own");
		if (!i && nr > 1 && sql->alias && !strcmp(kcsd_sql_name(field), sql->alias))
			continue;
		len += snprintf(name + len, sizeof(name) - len, "%s%s", len ? "." : "",
				kcsd_sql_name(field));
		if (len >= sizeof(name))
			return kcsd_sql_error(sql, at, "the name is too long");
	}
	return kcsd_expr_column(sql->query, name, at);
}

static struct kcsd_expr *boolean(struct sql *sql, json_object *inner)
{
	const char *op = kcsd_sql_string(inner, "boolop");
	int at = kcsd_sql_place(inner);

	if (!kcsd_sql_only(sql, inner, " boolop args location ", at))
		return NULL;
	return call_list(sql, !strcmp(op, "AND_EXPR") ? KCSD_EXPR_AND :
			 !strcmp(op, "OR_EXPR") ? KCSD_EXPR_OR : KCSD_EXPR_NOT,
			 kcsd_sql_field(inner, "args"), at);
}

/* IS NULL, IS TRUE, ..., and their opposites. */
static struct kcsd_expr *test(struct sql *sql, json_object *inner)
{
	static const struct {
		const char *name;
		enum kcsd_expr_op op;
		bool negate;
	} tests[] = {
		{ "IS_NULL", KCSD_EXPR_IS_NULL, false }, { "IS_NOT_NULL", KCSD_EXPR_IS_NULL, true },
		{ "IS_TRUE", KCSD_EXPR_IS_TRUE, false }, { "IS_NOT_TRUE", KCSD_EXPR_IS_TRUE, true },
		{ "IS_FALSE", KCSD_EXPR_IS_FALSE, false },
		{ "IS_NOT_FALSE", KCSD_EXPR_IS_FALSE, true },
		{ "IS_UNKNOWN", KCSD_EXPR_IS_NULL, false },
		{ "IS_NOT_UNKNOWN", KCSD_EXPR_IS_NULL, true },
	};
	const char *null = kcsd_sql_string(inner, "nulltesttype");
	const char *name = *null ? null : kcsd_sql_string(inner, "booltesttype");
	int at = kcsd_sql_place(inner);
	struct kcsd_expr *expr;
	size_t i;

	if (!kcsd_sql_only(sql, inner, " arg nulltesttype booltesttype location ", at))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strcmp(tests[i].name, name))
			continue;
		expr = kcsd_sql_expr(sql, kcsd_sql_field(inner, "arg"));
		expr = expr ? kcsd_expr_call(sql->query, tests[i].op, &expr, 1, at) : NULL;
		return expr && tests[i].negate ?
		       kcsd_expr_call(sql->query, KCSD_EXPR_NOT, &expr, 1, at) : expr;
	}
	return kcsd_sql_error(sql, at, "this test is not supported");
}

/* CASE a WHEN b is CASE WHEN a = b. */
static struct kcsd_expr *condition(struct sql *sql, json_object *subject, json_object *when)
{
	struct kcsd_expr *args[2];
	int at = kcsd_sql_place(when);

	args[1] = kcsd_sql_expr(sql, kcsd_sql_field(when, "expr"));
	if (!subject || !args[1])
		return args[1];
	args[0] = kcsd_sql_expr(sql, subject);
	return args[0] ? kcsd_expr_call(sql->query, KCSD_EXPR_EQ, args, 2, at) : NULL;
}

static bool take_whens(struct sql *sql, json_object *inner, struct kcsd_expr **args)
{
	json_object *list = kcsd_sql_field(inner, "args");
	size_t i;

	for (i = 0; i < kcsd_sql_length(list); i++) {
		json_object *when = kcsd_sql_field(json_object_array_get_idx(list, i), "CaseWhen");

		args[2 * i] = condition(sql, kcsd_sql_field(inner, "arg"), when);
		args[2 * i + 1] = args[2 * i] ? kcsd_sql_expr(sql, kcsd_sql_field(when, "result")) :
				  NULL;
		if (!args[2 * i + 1])
			return false;
	}
	return true;
}

static struct kcsd_expr *case_expr(struct sql *sql, json_object *inner)
{
	json_object *other = kcsd_sql_field(inner, "defresult");
	size_t nr = 2 * kcsd_sql_length(kcsd_sql_field(inner, "args"));
	struct kcsd_expr **args = calloc(nr + 1, sizeof(*args)), *expr = NULL;
	int at = kcsd_sql_place(inner);

	if (!args)
		return kcsd_sql_error(sql, at, "out of memory");
	if (kcsd_sql_only(sql, inner, " arg args defresult location ", at) &&
	    take_whens(sql, inner, args)) {
		args[nr] = other ? kcsd_sql_expr(sql, other) : NULL;
		if (!other || args[nr])
			expr = kcsd_expr_call(sql->query, KCSD_EXPR_CASE, args, nr + !!other, at);
	}
	free(args);
	return expr;
}

static struct kcsd_expr *collate(struct sql *sql, json_object *inner)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(inner, "collname"));
	int at = kcsd_sql_place(inner);

	if (!name || (strcmp(name, "C") && strcmp(name, "POSIX")))
		return kcsd_sql_error(sql, at, "the only collation is \"C\"");
	return kcsd_sql_expr(sql, kcsd_sql_field(inner, "arg"));
}

static struct kcsd_expr *coalesce(struct sql *sql, json_object *inner)
{
	int at = kcsd_sql_place(inner);

	if (!kcsd_sql_only(sql, inner, " args location ", at))
		return NULL;
	return call_list(sql, KCSD_EXPR_COALESCE, kcsd_sql_field(inner, "args"), at);
}

static const struct {
	const char *type;
	struct kcsd_expr *(*make)(struct sql *sql, json_object *inner);
} kinds[] = {
	{ "ColumnRef", column }, { "A_Const", kcsd_sql_const }, { "A_Expr", kcsd_sql_operator },
	{ "BoolExpr", boolean }, { "FuncCall", kcsd_sql_function }, { "TypeCast", kcsd_sql_cast },
	{ "NullTest", test }, { "BooleanTest", test }, { "CaseExpr", case_expr },
	{ "CoalesceExpr", coalesce }, { "CollateClause", collate },
};

/* What is refused, in words. */
static struct kcsd_expr *refuse(struct sql *sql, const char *type, int at)
{
	static const char *const words[][2] = {
		{ "SubLink", "a subquery" }, { "ParamRef", "a parameter" },
		{ "A_ArrayExpr", "an array" }, { "RowExpr", "a row of values" },
		{ "A_Indirection", "a part of a value" }, { "MinMaxExpr", "GREATEST or LEAST" },
		{ "SQLValueFunction", "the current date, time or user" },
		{ "GroupingFunc", "GROUPING" }, { "GroupingSet", "ROLLUP, CUBE or GROUPING SETS" },
		{ "SetToDefault", "DEFAULT" }, { "XmlExpr", "XML" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i][0], type))
			return kcsd_sql_error(sql, at, "%s is not supported", words[i][1]);
	return kcsd_sql_error(sql, at, "this expression is not supported (%s)", type);
}

struct kcsd_expr *kcsd_sql_expr(struct sql *sql, json_object *node)
{
	const char *type;
	json_object *inner = kcsd_sql_open(node, &type);
	struct kcsd_expr *expr = NULL;
	size_t i;

	if (sql->depth == MAX_DEPTH)
		return kcsd_sql_error(sql, kcsd_sql_place(node), "the expression is nested too deep");
	sql->depth++;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].type, type))
			break;
	if (i < ARRAY_SIZE(kinds))
		expr = kinds[i].make(sql, inner);
	else
		refuse(sql, type, kcsd_sql_place(node));
	sql->depth--;
	/* Constructors of libkcsd fail without a word if memory is short. */
	if (!expr)
		kcsd_sql_error(sql, kcsd_sql_place(node), "out of memory");
	return expr;
}

// SPDX-License-Identifier: GPL-2.0
/* Functions and aggregates of a question. */
#include <string.h>

#include "sql.h"

#define MAX_ARGS	3

struct function {
	const char *name;
	enum kcsd_expr_op op;
	size_t min, max;		/* arguments */
};

static const struct function functions[] = {
	{ "lower", KCSD_EXPR_LOWER, 1, 1 },
	{ "upper", KCSD_EXPR_UPPER, 1, 1 },
	{ "length", KCSD_EXPR_LENGTH, 1, 1 },
	{ "char_length", KCSD_EXPR_LENGTH, 1, 1 },
	{ "character_length", KCSD_EXPR_LENGTH, 1, 1 },
	{ "substr", KCSD_EXPR_SUBSTR, 2, 3 },
	{ "substring", KCSD_EXPR_SUBSTR, 2, 3 },
	{ "abs", KCSD_EXPR_ABS, 1, 1 },
	{ "mod", KCSD_EXPR_MOD, 2, 2 },
	{ "extract", KCSD_EXPR_EXTRACT, 2, 2 },
	{ "date_trunc", KCSD_EXPR_DATE_TRUNC, 2, 2 },
};

static const struct function aggregates[] = {
	{ "count", KCSD_EXPR_COUNT, 1, 1 },
	{ "sum", KCSD_EXPR_SUM, 1, 1 },
	{ "min", KCSD_EXPR_MIN, 1, 1 },
	{ "max", KCSD_EXPR_MAX, 1, 1 },
	{ "avg", KCSD_EXPR_AVG, 1, 1 },
};

static const struct function *find(const struct function *list, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static struct kcsd_expr *wrong_number(struct sql *sql, const struct function *f, int at)
{
	return kcsd_sql_error(sql, at, f->min == f->max ? "%s() takes %zu argument%s" :
			      "%s() takes %zu argument%s at least, or one more", f->name, f->min,
			      f->min == 1 ? "" : "s");
}

static struct kcsd_expr *call(struct sql *sql, const struct function *f, json_object *list, int at)
{
	size_t i, nr = kcsd_sql_length(list);
	struct kcsd_expr *args[MAX_ARGS];

	if (nr < f->min || nr > f->max)
		return wrong_number(sql, f, at);
	for (i = 0; i < nr; i++) {
		args[i] = kcsd_sql_expr(sql, json_object_array_get_idx(list, i));
		if (!args[i])
			return NULL;
	}
	return kcsd_expr_call(sql->query, f->op, args, nr, at);
}

static struct kcsd_expr *aggregate(struct sql *sql, const struct function *f, json_object *inner,
				   int at)
{
	json_object *list = kcsd_sql_field(inner, "args");
	bool distinct = kcsd_sql_field(inner, "agg_distinct") != NULL;
	struct kcsd_expr *arg;

	if (kcsd_sql_field(inner, "agg_star") && f->op == KCSD_EXPR_COUNT)
		return kcsd_expr_call(sql->query, KCSD_EXPR_COUNT_ROWS, NULL, 0, at);
	if (kcsd_sql_length(list) != 1)
		return wrong_number(sql, f, at);
	arg = kcsd_sql_expr(sql, json_object_array_get_idx(list, 0));
	return arg ? kcsd_expr_aggregate(sql->query, f->op, arg, distinct, at) : NULL;
}

struct kcsd_expr *kcsd_sql_function(struct sql *sql, json_object *inner)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(inner, "funcname"));
	int at = kcsd_sql_place(inner);
	const struct function *f;

	if (!name)
		return kcsd_sql_error(sql, at, "functions of a schema are not supported");
	if (!kcsd_sql_only(sql, inner, " funcname args agg_star agg_distinct funcformat location ",
			   at))
		return NULL;
	f = find(aggregates, ARRAY_SIZE(aggregates), name);
	if (f)
		return aggregate(sql, f, inner, at);
	f = find(functions, ARRAY_SIZE(functions), name);
	if (!f)
		return kcsd_sql_error(sql, at, "function %s() is not supported", name);
	if (kcsd_sql_field(inner, "agg_star") || kcsd_sql_field(inner, "agg_distinct"))
		return kcsd_sql_error(sql, at, "%s() is no aggregate", name);
	return call(sql, f, kcsd_sql_field(inner, "args"), at);
}

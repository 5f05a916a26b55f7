// SPDX-License-Identifier: GPL-2.0
/* The tree of the parser, as JSON: fields, names, places. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sql.h"

struct kcsd_expr *kcsd_sql_error(struct sql *sql, int at, const char *fmt, ...)
{
	va_list ap;

	if (sql->failed)
		return NULL;
	sql->failed = true;
	sql->at = at;
	va_start(ap, fmt);
	vsnprintf(sql->err.text, sizeof(sql->err.text), fmt, ap);
	va_end(ap);
	return NULL;
}

json_object *kcsd_sql_open(json_object *node, const char **type)
{
	*type = "";
	if (!json_object_is_type(node, json_type_object))
		return NULL;
	json_object_object_foreach(node, key, value) {
		*type = key;
		return value;
	}
	return NULL;
}

json_object *kcsd_sql_field(json_object *node, const char *name)
{
	json_object *field = NULL;

	if (json_object_is_type(node, json_type_object))
		json_object_object_get_ex(node, name, &field);
	return field;
}

const char *kcsd_sql_string(json_object *node, const char *name)
{
	json_object *field = kcsd_sql_field(node, name);

	return json_object_is_type(field, json_type_string) ? json_object_get_string(field) : "";
}

const char *kcsd_sql_name(json_object *node)
{
	return kcsd_sql_string(kcsd_sql_field(node, "String"), "sval");
}

size_t kcsd_sql_length(json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

const char *kcsd_sql_last_name(json_object *names)
{
	size_t nr = kcsd_sql_length(names);

	if (!nr || nr > 2 ||
	    (nr == 2 && strcmp(kcsd_sql_name(json_object_array_get_idx(names, 0)), "pg_catalog")))
		return NULL;
	return kcsd_sql_name(json_object_array_get_idx(names, nr - 1));
}

/* Places that are 0 are left out of the tree. */
int kcsd_sql_place(json_object *node)
{
	json_object *field = kcsd_sql_field(node, "location");
	const char *type;
	int at;

	if (field)
		return json_object_get_int(field);
	if (json_object_is_type(node, json_type_array))
		return node && json_object_array_length(node) ?
		       kcsd_sql_place(json_object_array_get_idx(node, 0)) : -1;
	node = kcsd_sql_open(node, &type);
	if (!json_object_is_type(node, json_type_object) &&
	    !json_object_is_type(node, json_type_array))
		return -1;
	at = kcsd_sql_place(node);
	return at;
}

/* What fields are called in SQL. */
static const char *field_word(const char *field)
{
	static const char *const words[][2] = {
		{ "agg_filter", "FILTER" }, { "agg_order", "ORDER BY in an aggregate" },
		{ "agg_within_group", "WITHIN GROUP" }, { "over", "OVER" },
		{ "func_variadic", "VARIADIC" }, { "withClause", "WITH" },
		{ "windowClause", "WINDOW" }, { "lockingClause", "FOR UPDATE" },
		{ "larg", "UNION, INTERSECT or EXCEPT" }, { "valuesLists", "VALUES" },
		{ "intoClause", "INTO" }, { "groupDistinct", "GROUP BY DISTINCT" },
		{ "lateral", "LATERAL" }, { "ordinality", "WITH ORDINALITY" },
		{ "is_rowsfrom", "ROWS FROM" }, { "coldeflist", "a list of column definitions" },
		{ "colnames", "a list of names of columns" }, { "useOp", "USING" },
		{ "arrayBounds", "an array" }, { "setof", "SETOF" },
		{ "indirection", "a part of a value" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i][0], field))
			return words[i][1];
	return field;
}

bool kcsd_sql_only(struct sql *sql, json_object *node, const char *fields, int at)
{
	char word[64];

	if (!json_object_is_type(node, json_type_object))
		return true;
	json_object_object_foreach(node, key, value) {
		int place = kcsd_sql_place(value);

		snprintf(word, sizeof(word), " %s ", key);
		if (strstr(fields, word))
			continue;
		kcsd_sql_error(sql, place >= 0 ? place : at, "%s is not supported",
			       field_word(key));
		return false;
	}
	return true;
}

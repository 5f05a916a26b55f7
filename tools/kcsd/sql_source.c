// SPDX-License-Identifier: GPL-2.0
/* The table of a question: FROM file('...'), kv('...'), lba('...'). */
#include <stdlib.h>
#include <string.h>

#include "sql.h"

static bool add(struct sql *sql, enum sql_source_kind kind, json_object *node)
{
	const char *type;
	json_object *inner = kcsd_sql_open(node, &type);
	struct sql_source *sources;
	int at = kcsd_sql_place(node);

	if (strcmp(type, "A_Const") || !kcsd_sql_field(inner, "sval")) {
		kcsd_sql_error(sql, at, "a source is named by a text in quotes");
		return false;
	}
	sources = reallocarray(sql->sources, sql->nr_sources + 1, sizeof(*sources));
	if (!sources) {
		kcsd_sql_error(sql, at, "out of memory");
		return false;
	}
	sql->sources = sources;
	sources += sql->nr_sources;
	*sources = (struct sql_source){ kind, NULL, at };
	sources->text = strdup(kcsd_sql_string(kcsd_sql_field(inner, "sval"), "sval"));
	sql->nr_sources += !!sources->text;
	if (!sources->text || !*sources->text)
		kcsd_sql_error(sql, at, sources->text ? "the name of a source has no characters" :
			       "out of memory");
	return !sql->failed;
}

static bool find_kind(struct sql *sql, const char *name, int at, enum sql_source_kind *kind)
{
	static const char *const names[] = { [SQL_FILE] = "file", [SQL_KV] = "kv",
					     [SQL_LBA] = "lba" };
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name)) {
			*kind = i;
			return true;
		}
	kcsd_sql_error(sql, at, "a table is file('PATH'), kv('KEY') or lba('RANGE')");
	return false;
}

/* One function with its arguments. */
static bool take_function(struct sql *sql, json_object *call)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(call, "funcname"));
	json_object *args = kcsd_sql_field(call, "args");
	int at = kcsd_sql_place(call);
	enum sql_source_kind kind;
	size_t i;

	if (!find_kind(sql, name, at, &kind) ||
	    !kcsd_sql_only(sql, call, " funcname args funcformat location ", at))
		return false;
	if (!kcsd_sql_length(args)) {
		kcsd_sql_error(sql, at, "%s() needs the name of a source", name);
		return false;
	}
	for (i = 0; i < kcsd_sql_length(args); i++)
		if (!add(sql, kind, json_object_array_get_idx(args, i)))
			return false;
	if (!sql->alias)
		sql->alias = strdup(name);
	return true;
}

static bool take_alias(struct sql *sql, json_object *alias, int at)
{
	if (!alias)
		return true;
	if (!kcsd_sql_only(sql, alias, " aliasname ", at))
		return false;
	sql->alias = strdup(kcsd_sql_string(alias, "aliasname"));
	return sql->alias != NULL;
}

bool kcsd_sql_sources(struct sql *sql, json_object *from)
{
	const char *type;
	json_object *range, *functions, *items;
	int at = kcsd_sql_place(from);

	if (!kcsd_sql_length(from)) {
		kcsd_sql_error(sql, -1, "FROM is missing: FROM file('PATH')");
		return false;
	}
	range = kcsd_sql_open(json_object_array_get_idx(from, 0), &type);
	if (kcsd_sql_length(from) > 1 || !strcmp(type, "JoinExpr")) {
		kcsd_sql_error(sql, at, "joins are not supported; files of the same columns are "
			       "one table: file('a.csv', 'b.csv')");
		return false;
	}
	if (strcmp(type, "RangeFunction")) {
		kcsd_sql_error(sql, at, !strcmp(type, "RangeSubselect") ?
			       "a subquery is not supported" :
			       "a table is file('PATH'), kv('KEY') or lba('RANGE')");
		return false;
	}
	functions = kcsd_sql_field(range, "functions");
	items = kcsd_sql_field(kcsd_sql_field(json_object_array_get_idx(functions, 0), "List"),
			       "items");
	if (!kcsd_sql_only(sql, range, " functions alias ", at) ||
	    !take_alias(sql, kcsd_sql_field(range, "alias"), at))
		return false;
	/* file('a') is a call, or a keyword that looks like one. */
	range = kcsd_sql_open(json_object_array_get_idx(items, 0), &type);
	if (kcsd_sql_length(functions) == 1 && !strcmp(type, "FuncCall"))
		return take_function(sql, range);
	kcsd_sql_error(sql, at, "a table is file('PATH'), kv('KEY') or lba('RANGE')");
	return false;
}

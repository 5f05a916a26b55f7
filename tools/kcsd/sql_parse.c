// SPDX-License-Identifier: GPL-2.0
/* Parse a question: its clauses. */
#include <errno.h>
#include <limits.h>
#include <pg_query.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

#define MAX_NESTING	10000	/* of the tree */

/* Returns false after an error; ret is that of a clause of libkcsd, which fails for memory only. */
static bool done(struct sql *sql, int ret)
{
	if (ret)
		kcsd_sql_error(sql, -1, "out of memory");
	return !ret;
}

/* ---- clauses ---- */

static bool is_star(json_object *value)
{
	json_object *fields = kcsd_sql_field(kcsd_sql_field(value, "ColumnRef"), "fields");

	return kcsd_sql_length(fields) == 1 &&
	       kcsd_sql_field(json_object_array_get_idx(fields, 0), "A_Star");
}

static bool take_result(struct sql *sql, json_object *target)
{
	const char *name = kcsd_sql_string(target, "name");
	json_object *value = kcsd_sql_field(target, "val");
	int at = kcsd_sql_place(target);
	struct kcsd_expr *expr;

	if (!kcsd_sql_only(sql, target, " name val location ", at))
		return false;
	if (is_star(value))
		return done(sql, kcsd_query_select_all(sql->query, at));
	expr = kcsd_sql_expr(sql, value);
	return expr && done(sql, kcsd_query_select(sql->query, expr, *name ? name : NULL));
}

static bool take_results(struct sql *sql, json_object *targets)
{
	size_t i;

	if (!kcsd_sql_length(targets)) {
		kcsd_sql_error(sql, -1, "SELECT has no results");
		return false;
	}
	for (i = 0; i < kcsd_sql_length(targets); i++)
		if (!take_result(sql, kcsd_sql_field(json_object_array_get_idx(targets, i),
						     "ResTarget")))
			return false;
	return true;
}

/* SELECT DISTINCT is a list with nothing in it; DISTINCT ON has expressions. */
static bool take_distinct(struct sql *sql, json_object *list)
{
	const char *type;

	if (!list)
		return true;
	if (kcsd_sql_open(json_object_array_get_idx(list, 0), &type)) {
		kcsd_sql_error(sql, kcsd_sql_place(list), "DISTINCT ON is not supported");
		return false;
	}
	return done(sql, kcsd_query_distinct(sql->query));
}

static bool take_condition(struct sql *sql, json_object *node,
			   int (*clause)(struct kcsd_query *query, struct kcsd_expr *expr))
{
	struct kcsd_expr *expr;

	if (!node)
		return true;
	expr = kcsd_sql_expr(sql, node);
	return expr && done(sql, clause(sql->query, expr));
}

static bool take_groups(struct sql *sql, json_object *list)
{
	size_t i;

	for (i = 0; i < kcsd_sql_length(list); i++)
		if (!take_condition(sql, json_object_array_get_idx(list, i), kcsd_query_group_by))
			return false;
	return true;
}

static bool take_order(struct sql *sql, json_object *order)
{
	const char *direction = kcsd_sql_string(order, "sortby_dir");
	const char *nulls = kcsd_sql_string(order, "sortby_nulls");
	json_object *node = kcsd_sql_field(order, "node");
	bool descending = !strcmp(direction, "SORTBY_DESC");
	uint32_t flags = descending ? KCSD_ORDER_DESC : 0;
	struct kcsd_expr *expr;

	if (!kcsd_sql_only(sql, order, " node sortby_dir sortby_nulls location ",
			   kcsd_sql_place(node)))
		return false;
	if (!strcmp(nulls, "SORTBY_NULLS_FIRST") ||
	    (descending && strcmp(nulls, "SORTBY_NULLS_LAST")))
		flags |= KCSD_ORDER_NULLS_FIRST;
	expr = kcsd_sql_expr(sql, node);
	return expr && done(sql, kcsd_query_order_by(sql->query, expr, flags));
}

static bool take_orders(struct sql *sql, json_object *list)
{
	size_t i;

	for (i = 0; i < kcsd_sql_length(list); i++)
		if (!take_order(sql, kcsd_sql_field(json_object_array_get_idx(list, i), "SortBy")))
			return false;
	return true;
}

/* True if it is NULL or ALL, which is no limit. */
static bool is_null(json_object *node)
{
	return kcsd_sql_field(kcsd_sql_field(node, "A_Const"), "isnull");
}

static bool take_limits(struct sql *sql, json_object *select)
{
	json_object *limit = kcsd_sql_field(select, "limitCount");
	json_object *offset = kcsd_sql_field(select, "limitOffset");
	uint64_t value = 0;

	if (!strcmp(kcsd_sql_string(select, "limitOption"), "LIMIT_OPTION_WITH_TIES")) {
		kcsd_sql_error(sql, kcsd_sql_place(limit), "WITH TIES is not supported");
		return false;
	}
	if (limit && !is_null(limit) &&
	    (!kcsd_sql_count(sql, limit, "LIMIT", &value) ||
	     !done(sql, kcsd_query_limit(sql->query, value))))
		return false;
	if (offset && !is_null(offset) &&
	    (!kcsd_sql_count(sql, offset, "OFFSET", &value) ||
	     !done(sql, kcsd_query_offset(sql->query, value))))
		return false;
	return true;
}

static bool take_select(struct sql *sql, json_object *select)
{
	return kcsd_sql_only(sql, select, " distinctClause targetList fromClause whereClause "
			     "groupClause havingClause sortClause limitOffset limitCount "
			     "limitOption op ", -1) &&
	       kcsd_sql_sources(sql, kcsd_sql_field(select, "fromClause")) &&
	       take_distinct(sql, kcsd_sql_field(select, "distinctClause")) &&
	       take_results(sql, kcsd_sql_field(select, "targetList")) &&
	       take_condition(sql, kcsd_sql_field(select, "whereClause"), kcsd_query_where) &&
	       take_groups(sql, kcsd_sql_field(select, "groupClause")) &&
	       take_condition(sql, kcsd_sql_field(select, "havingClause"), kcsd_query_having) &&
	       take_orders(sql, kcsd_sql_field(select, "sortClause")) &&
	       take_limits(sql, select);
}

/* ---- the question ---- */

static bool take_tree(struct sql *sql, json_object *tree)
{
	json_object *list = kcsd_sql_field(tree, "stmts"), *statement;
	const char *type;

	if (kcsd_sql_length(list) != 1) {
		kcsd_sql_error(sql, -1, kcsd_sql_length(list) ? "there are several questions: ask "
			       "one" : "there is no question");
		return false;
	}
	statement = kcsd_sql_field(json_object_array_get_idx(list, 0), "stmt");
	statement = kcsd_sql_open(statement, &type);
	if (strcmp(type, "SelectStmt")) {
		kcsd_sql_error(sql, 0, "only SELECT is possible");
		return false;
	}
	return take_select(sql, statement);
}

/* Parse the tree, strictly: its texts are UTF-8. */
static json_object *read_tree(struct sql *sql, const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_NESTING);
	json_object *tree = NULL;

	if (tokener && strlen(text) < INT_MAX) {
		json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
		tree = json_tokener_parse_ex(tokener, text, strlen(text) + 1);
	}
	if (!tree)
		kcsd_sql_error(sql, -1, tokener && json_tokener_get_error(tokener) ==
			       json_tokener_error_parse_utf8_string ?
			       "the question is no valid UTF-8" : "the question is nested too deep");
	json_tokener_free(tokener);
	return tree;
}

/* Returns the byte at which a character is, counted from 1. */
static int byte_of(const char *text, int character)
{
	const char *p = text;

	for (; *p && character > 1; character--)
		do
			p++;
		while ((*p & 0xc0) == 0x80);
	return p - text;
}

static void parse_text(struct sql *sql)
{
	PgQueryParseResult result = pg_query_parse(sql->text);
	json_object *tree;

	if (result.error) {
		kcsd_sql_error(sql, result.error->cursorpos > 0 ?
			       byte_of(sql->text, result.error->cursorpos) : -1, "%s",
			       result.error->message);
	} else {
		tree = read_tree(sql, result.parse_tree);
		if (tree)
			take_tree(sql, tree);
		json_object_put(tree);
	}
	pg_query_free_parse_result(result);
}

int kcsd_sql_parse(const char *text, struct sql *sql)
{
	int ret;

	*sql = (struct sql){ .text = text, .at = -1 };
	ret = kcsd_query_create(&sql->query);
	if (!ret)
		ret = kcsd_sql_scan(sql);
	if (ret == -ENOMEM)
		kcsd_sql_error(sql, -1, "out of memory");
	else if (!ret)
		parse_text(sql);
	return sql->failed ? -EINVAL : 0;
}

void kcsd_sql_destroy(struct sql *sql)
{
	uint32_t i;

	for (i = 0; i < sql->nr_sources; i++)
		free(sql->sources[i].text);
	free(sql->sources);
	free(sql->alias);
	kcsd_sql_tokens_free(sql->tokens);
	kcsd_query_destroy(sql->query);
}

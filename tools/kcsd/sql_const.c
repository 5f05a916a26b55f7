// SPDX-License-Identifier: GPL-2.0
/* Constants of a question. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

/* The tree has no integers that are 0 or negative: libpg_query leaves them out. */
static const char *integer(struct sql *sql, json_object *inner, int at, char *buf, size_t len)
{
	json_object *value = kcsd_sql_field(kcsd_sql_field(inner, "ival"), "ival");

	if (value)
		snprintf(buf, len, "%lld", (long long)json_object_get_int64(value));
	else if (!kcsd_sql_integer_at(sql, at, buf, len)) {
		kcsd_sql_error(sql, at, "this number cannot be read");
		return NULL;
	}
	return buf;
}

struct kcsd_expr *kcsd_sql_const(struct sql *sql, json_object *inner)
{
	int at = kcsd_sql_place(inner);
	json_object *text = kcsd_sql_field(kcsd_sql_field(inner, "sval"), "sval");
	const char *number;
	char buf[32];

	if (!kcsd_sql_only(sql, inner, " ival fval sval boolval isnull location ", at))
		return NULL;
	if (kcsd_sql_field(inner, "isnull"))
		return kcsd_expr_null(sql->query, at);
	if (kcsd_sql_field(inner, "boolval"))
		return kcsd_expr_bool(sql->query, kcsd_sql_field(kcsd_sql_field(inner, "boolval"),
								 "boolval") != NULL, at);
	if (kcsd_sql_field(inner, "sval"))
		return kcsd_expr_string(sql->query, text ? json_object_get_string(text) : "",
					text ? json_object_get_string_len(text) : 0, at);
	if (kcsd_sql_field(inner, "fval"))
		return kcsd_expr_number(sql->query,
					kcsd_sql_string(kcsd_sql_field(inner, "fval"), "fval"), at);
	number = integer(sql, inner, at, buf, sizeof(buf));
	return number ? kcsd_expr_number(sql->query, number, at) : NULL;
}

bool kcsd_sql_count(struct sql *sql, json_object *node, const char *what, uint64_t *value)
{
	int at = kcsd_sql_place(node);
	const char *type, *text = NULL;
	json_object *inner = kcsd_sql_open(node, &type);
	char buf[32], *end = NULL;

	if (!strcmp(type, "A_Const") && kcsd_sql_field(inner, "ival"))
		text = integer(sql, inner, at, buf, sizeof(buf));
	else if (!strcmp(type, "A_Const") && kcsd_sql_field(inner, "fval"))
		text = kcsd_sql_string(kcsd_sql_field(inner, "fval"), "fval");
	if (text && *text != '-')
		*value = strtoull(text, &end, 10);
	if (!end || *end || strlen(text) > 19) {
		kcsd_sql_error(sql, at, "%s has to be a number, and not negative", what);
		return false;
	}
	return true;
}

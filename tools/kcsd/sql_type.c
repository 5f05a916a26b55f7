// SPDX-License-Identifier: GPL-2.0
/* Casts and literals with a type of a question. */
#include <stdio.h>
#include <string.h>

#include "sql.h"

/* Unit of an interval by the mask that the parser makes of it: interval '90' day. */
static const char *interval_unit(uint64_t mask)
{
	static const struct {
		uint64_t mask;
		const char *unit;
	} units[] = {
		{ 1 << 2, "year" }, { 1 << 1, "month" }, { 1 << 3, "day" }, { 1 << 10, "hour" },
		{ 1 << 11, "minute" }, { 1 << 12, "second" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].mask == mask)
			return units[i].unit;
	return NULL;
}

/* interval '90' day is the interval of "90 day". */
static struct kcsd_expr *interval(struct sql *sql, json_object *arg, json_object *mods, int at)
{
	const char *type, *text;
	json_object *inner = kcsd_sql_open(arg, &type);
	struct kcsd_sql_type target = { .type = KCSD_TYPE_INTERVAL };
	const char *unit = "";
	struct kcsd_expr *expr;
	char buf[128];
	uint64_t mask;

	if (strcmp(type, "A_Const") || !kcsd_sql_field(inner, "sval"))
		return kcsd_sql_error(sql, at, "an interval has to be a literal: interval '1 day'");
	if (kcsd_sql_length(mods) > 1)
		return kcsd_sql_error(sql, at, "a precision of an interval is not supported");
	if (kcsd_sql_length(mods)) {
		if (!kcsd_sql_count(sql, json_object_array_get_idx(mods, 0), "a unit", &mask))
			return NULL;
		unit = interval_unit(mask);
		if (!unit)
			return kcsd_sql_error(sql, at, "an interval of these units is not supported");
	}
	text = kcsd_sql_string(kcsd_sql_field(inner, "sval"), "sval");
	if (snprintf(buf, sizeof(buf), "%s%s%s", text, *unit ? " " : "", unit) >=
	    (int)sizeof(buf))
		return kcsd_sql_error(sql, at, "the interval is too long");
	expr = kcsd_expr_string(sql->query, buf, strlen(buf), kcsd_sql_place(inner));
	return kcsd_expr_cast(sql->query, expr, target, at);
}

/* Write the name of a type as kcsd_type_parse() reads it. Returns false after an error. */
static bool type_text(struct sql *sql, json_object *type, int at, char *buf, size_t len)
{
	const char *name = kcsd_sql_last_name(kcsd_sql_field(type, "names"));
	json_object *mods = kcsd_sql_field(type, "typmods");
	uint64_t value;
	size_t i, n;

	n = snprintf(buf, len, "%s", name ? name : "");
	for (i = 0; i < kcsd_sql_length(mods); i++) {
		if (!kcsd_sql_count(sql, json_object_array_get_idx(mods, i), "a precision",
				    &value))
			return false;
		if (n < len)
			n += snprintf(buf + n, len - n, "%c%llu", i ? ',' : '(',
				      (unsigned long long)value);
	}
	if (i && n < len)
		n += snprintf(buf + n, len - n, ")");
	if (!name || n >= len) {
		kcsd_sql_error(sql, at, "there is no such type");
		return false;
	}
	return true;
}

struct kcsd_expr *kcsd_sql_cast(struct sql *sql, json_object *inner)
{
	json_object *name = kcsd_sql_field(inner, "typeName"), *arg = kcsd_sql_field(inner, "arg");
	int at = kcsd_sql_place(name), place = kcsd_sql_place(inner);
	struct kcsd_sql_type type;
	struct kcsd_expr *expr;
	char text[96];

	if (!kcsd_sql_only(sql, inner, " arg typeName location ", at) ||
	    !kcsd_sql_only(sql, name, " names typmods typemod location ", at) ||
	    !type_text(sql, name, at, text, sizeof(text)))
		return NULL;
	if (place < 0)
		place = at;
	if (!strncmp(text, "interval", 8))
		return interval(sql, arg, kcsd_sql_field(name, "typmods"), place);
	if (kcsd_type_parse(text, &type))
		return kcsd_sql_error(sql, at, "type %s is not supported", text);
	expr = kcsd_sql_expr(sql, arg);
	return expr ? kcsd_expr_cast(sql->query, expr, type, place) : NULL;
}

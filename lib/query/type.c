// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Names of types. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "../private.h"
#include "expr.h"
#include "numeric.h"

static const char *const words[__KCSD_TYPE_END] = {
	[KCSD_TYPE_UNKNOWN] = "unknown",
	[KCSD_TYPE_BOOL] = "boolean",
	[KCSD_TYPE_INT4] = "integer",
	[KCSD_TYPE_INT8] = "bigint",
	[KCSD_TYPE_NUMERIC] = "numeric",
	[KCSD_TYPE_FLOAT8] = "double precision",
	[KCSD_TYPE_TEXT] = "text",
	[KCSD_TYPE_DATE] = "date",
	[KCSD_TYPE_TIMESTAMP] = "timestamp without time zone",
	[KCSD_TYPE_INTERVAL] = "interval",
};

/* Names that PostgreSQL has for them, the one of its catalogue first. */
static const struct {
	enum kcsd_type type;
	const char *name;
} names[] = {
	{ KCSD_TYPE_BOOL, "bool" }, { KCSD_TYPE_BOOL, "boolean" },
	{ KCSD_TYPE_INT4, "int4" }, { KCSD_TYPE_INT4, "int" }, { KCSD_TYPE_INT4, "integer" },
	{ KCSD_TYPE_INT8, "int8" }, { KCSD_TYPE_INT8, "bigint" },
	{ KCSD_TYPE_NUMERIC, "numeric" }, { KCSD_TYPE_NUMERIC, "decimal" },
	{ KCSD_TYPE_NUMERIC, "dec" },
	{ KCSD_TYPE_FLOAT8, "float8" }, { KCSD_TYPE_FLOAT8, "float" },
	{ KCSD_TYPE_FLOAT8, "double" }, { KCSD_TYPE_FLOAT8, "double precision" },
	{ KCSD_TYPE_TEXT, "text" }, { KCSD_TYPE_TEXT, "varchar" },
	{ KCSD_TYPE_TEXT, "character varying" }, { KCSD_TYPE_TEXT, "string" },
	{ KCSD_TYPE_DATE, "date" },
	{ KCSD_TYPE_TIMESTAMP, "timestamp" },
	{ KCSD_TYPE_TIMESTAMP, "timestamp without time zone" },
	{ KCSD_TYPE_INTERVAL, "interval" },
};

const char *kcsd_type_word(enum kcsd_type type)
{
	return type < __KCSD_TYPE_END ? words[type] : "?";
}

const char *kcsd_type_short(enum kcsd_type type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

const char *kcsd_type_name(struct kcsd_sql_type type)
{
	static __thread char name[32];

	if (type.type != KCSD_TYPE_NUMERIC || !type.precision)
		return kcsd_type_word(type.type);
	snprintf(name, sizeof(name), "numeric(%u,%u)", type.precision, type.scale);
	return name;
}

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " \t");
}

/* Parse up to 38 of the digits of numeric(12,2). */
static int take_number(const char **text, uint8_t *value)
{
	const char *p = skip_spaces(*text);
	unsigned int v = 0;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p) && v <= KCSD_NUMERIC_DIGITS; p++)
		v = v * 10 + *p - '0';
	if (v > KCSD_NUMERIC_DIGITS)
		return -EINVAL;
	*value = v;
	*text = skip_spaces(p);
	return 0;
}

/* Parse "(12,2)" or "(12)". */
static int parse_precision(const char *p, struct kcsd_sql_type *type)
{
	p++;
	if (type->type != KCSD_TYPE_NUMERIC || take_number(&p, &type->precision) ||
	    !type->precision)
		return -EINVAL;
	if (*p == ',') {
		p++;
		if (take_number(&p, &type->scale) || type->scale > type->precision)
			return -EINVAL;
	}
	return *p == ')' && !*skip_spaces(p + 1) ? 0 : -EINVAL;
}

int kcsd_type_parse(const char *text, struct kcsd_sql_type *type)
{
	size_t i, len;

	text = skip_spaces(text);
	len = strcspn(text, "(");
	*type = (struct kcsd_sql_type){};
	for (i = len; i && (text[i - 1] == ' ' || text[i - 1] == '\t'); i--)
		;
	type->type = kcsd_type_find(text, i);
	if (!type->type)
		return -EINVAL;
	return text[len] ? parse_precision(text + len, type) : 0;
}

enum kcsd_type kcsd_type_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len && !strncasecmp(names[i].name, name, len))
			return names[i].type;
	return KCSD_TYPE_UNKNOWN;
}

// SPDX-License-Identifier: GPL-2.0
/* kcsd select --columns. */
#include <stdlib.h>
#include <string.h>

#include "select.h"

/* Returns the end of a column: a comma that is in no parentheses or quotes. */
static char *column_end(char *p)
{
	int depth = 0;
	bool quoted = false;

	for (; *p && (depth || quoted || *p != ','); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (*p == '(') - (*p == ')');
	}
	return p;
}

static char *trim(char *p)
{
	size_t len;

	p += strspn(p, " \t\n");
	for (len = strlen(p); len && strchr(" \t\n", p[len - 1]);)
		p[--len] = '\0';
	return p;
}

/* Remove the quotes of a name in place. Returns what follows it. */
static char *take_name(char **name)
{
	char *p = *name, *to;

	if (*p != '"') {
		p += strcspn(p, " \t\n");
		if (*p)
			*p++ = '\0';
		return p;
	}
	to = *name = ++p;
	for (; *p && (*p != '"' || p[1] == '"'); p++) {
		p += *p == '"';
		*to++ = *p;
	}
	if (*p)
		p++;
	*to = '\0';
	return p;
}

/* "name type"; without a type it is text. Returns what is wrong, or NULL. */
static const char *take_column(char *text, struct kcsd_column *column)
{
	char *name = trim(text), *type = trim(take_name(&name));

	if (!*name)
		return "a column has no name";
	column->name = name;
	column->type.type = KCSD_TYPE_TEXT;
	if (*type && kcsd_type_parse(type, &column->type))
		return "there is no such type";
	if (column->type.type == KCSD_TYPE_INTERVAL)
		return "a column cannot have the type interval";
	return NULL;
}

int kcsd_select_columns(const struct args *args, const char *text, struct kcsd_column **columns,
			uint32_t *nr)
{
	size_t len = strlen(text), most = 1, i;
	const char *wrong = NULL;
	char *copy, *p, *end;

	for (i = 0; i < len; i++)
		most += text[i] == ',';
	/* The names follow the columns, in one piece of memory. */
	*columns = calloc(1, most * sizeof(**columns) + len + 1);
	if (!*columns)
		return kcsd_fail("out of memory");
	copy = (char *)(*columns + most);
	memcpy(copy, text, len + 1);
	for (p = copy, *nr = 0; !wrong; p = end + 1) {
		bool last;

		end = column_end(p);
		last = !*end;
		*end = '\0';
		i = p - copy;
		wrong = take_column(p, &(*columns)[(*nr)++]);
		if (last)
			break;
	}
	if (!wrong)
		return 0;
	free(*columns);
	*columns = NULL;
	return kcsd_usage(args->cmd, "--columns: '%.*s': %s: \"name type, name type\"",
			  (int)strcspn(text + i, ","), text + i, wrong);
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* USING kcsd('PATH', columns='a int, b text', format=json, header=no, anywhere=yes). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vtab.h"

SQLITE_EXTENSION_INIT3

#define FIRST_ARG	3	/* before: module, database, table */

/* Copy an argument without the quotes of SQL, if it has any. Returns NULL: memory is short. */
static char *unquoted(const char *text)
{
	size_t len, i, nr = 0;
	char *copy, quote;

	while (isspace((unsigned char)*text))
		text++;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (len = strlen(copy); len && isspace((unsigned char)copy[len - 1]);)
		copy[--len] = '\0';
	quote = *copy;
	if ((quote != '\'' && quote != '"') || len < 2 || copy[len - 1] != quote)
		return copy;
	for (i = 1; i + 1 < len; i++) {
		i += copy[i] == quote && copy[i + 1] == quote && i + 2 < len;
		copy[nr++] = copy[i];
	}
	copy[nr] = '\0';
	return copy;
}

/* "name type" up to a comma that is in no parentheses. Returns what follows; NULL: it is wrong. */
static char *take_column(char *p, struct kcsd_column *column)
{
	char *name, *type, *end;
	int depth = 0;

	p += strspn(p, " ");
	name = p;
	p += strcspn(p, " ,");
	type = *p == ' ' ? p + 1 : p;
	for (end = type; *end && (depth || *end != ','); end++)
		depth += (*end == '(') - (*end == ')');
	if (p == name)
		return NULL;
	column->type.type = KCSD_TYPE_TEXT;
	p = *end ? end + 1 : end;
	*end = '\0';
	if (type > name && *type && type[-1] == ' ') {
		type[-1] = '\0';
		type += strspn(type, " ");
		if (*type && kcsd_type_parse(type, &column->type))
			return NULL;
	}
	column->name = name;
	return p;
}

static int take_columns(struct vtab_args *args, const char *list, char **message)
{
	size_t len = strlen(list), most = 1, i;
	char *p;

	for (i = 0; i < len; i++)
		most += list[i] == ',';
	free(args->columns);
	/* The names follow the columns, in one piece of memory. */
	args->columns = calloc(1, most * sizeof(*args->columns) + len + 1);
	if (!args->columns)
		return SQLITE_NOMEM;
	p = (char *)(args->columns + most);
	memcpy(p, list, len + 1);
	args->nr_columns = 0;
	do {
		p = take_column(p, &args->columns[args->nr_columns++]);
	} while (p && *p);
	if (p)
		return SQLITE_OK;
	*message = sqlite3_mprintf("columns: '%s' is no list 'name type, name type'", list);
	return SQLITE_ERROR;
}

static int take_flag(const char *name, const char *value, bool *flag, char **message)
{
	*flag = !sqlite3_stricmp(value, "yes");
	if (*flag || !sqlite3_stricmp(value, "no"))
		return SQLITE_OK;
	*message = sqlite3_mprintf("%s: '%s' is neither yes nor no", name, value);
	return SQLITE_ERROR;
}

static int take_option(struct vtab_args *args, const char *name, const char *value, char **message)
{
	bool header;
	int ret;

	if (!sqlite3_stricmp(name, "columns"))
		return take_columns(args, value, message);
	if (!sqlite3_stricmp(name, "anywhere"))
		return take_flag(name, value, &args->anywhere, message);
	if (!sqlite3_stricmp(name, "header")) {
		ret = take_flag(name, value, &header, message);
		args->no_header = !header;
		return ret;
	}
	if (!sqlite3_stricmp(name, "format")) {
		args->format = !strcmp(value, "csv") ? KCSD_FORMAT_CSV :
			       !strcmp(value, "json") ? KCSD_FORMAT_JSON :
			       !strcmp(value, "parquet") ? KCSD_FORMAT_PARQUET : KCSD_FORMAT_AUTO;
		if (args->format)
			return SQLITE_OK;
		*message = sqlite3_mprintf("format: '%s' is neither csv, json nor parquet", value);
		return SQLITE_ERROR;
	}
	*message = sqlite3_mprintf("there is no option '%s': there are columns, format, header and "
				   "anywhere", name);
	return SQLITE_ERROR;
}

/* "name=value", where the name is a word. */
static int take_arg(struct vtab_args *args, const char *arg, char **message)
{
	size_t len = strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ");
	char name[16], *value;
	int ret;

	while (*arg == ' ' && len) {
		arg++;
		len--;
	}
	if (arg[len] != '=' || !len || len >= sizeof(name)) {
		*message = sqlite3_mprintf("'%s' is no option: name=value", arg);
		return SQLITE_ERROR;
	}
	memcpy(name, arg, len);
	while (name[len - 1] == ' ')
		len--;
	name[len] = '\0';
	value = unquoted(strchr(arg, '=') + 1);
	ret = value ? take_option(args, name, value, message) : SQLITE_NOMEM;
	free(value);
	return ret;
}

int vtab_args_parse(struct vtab_args *args, int argc, const char *const *argv, char **message)
{
	int i, ret = SQLITE_OK;

	*args = (struct vtab_args){};
	if (argc <= FIRST_ARG) {
		*message = sqlite3_mprintf("a file is missing: USING kcsd('PATH')");
		return SQLITE_ERROR;
	}
	args->path = unquoted(argv[FIRST_ARG]);
	if (!args->path)
		return SQLITE_NOMEM;
	for (i = FIRST_ARG + 1; i < argc && ret == SQLITE_OK; i++)
		ret = take_arg(args, argv[i], message);
	return ret;
}

void vtab_args_free(struct vtab_args *args)
{
	free(args->path);
	free(args->columns);
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Options of servers and foreign tables. */
#include "fdw.h"

#include "access/reloptions.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"

static const struct {
	const char *name;
	Oid catalog;
} known[] = {
	{ "file", ForeignTableRelationId }, { "format", ForeignTableRelationId },
	{ "header", ForeignTableRelationId }, { "delimiter", ForeignTableRelationId },
	{ "null", ForeignTableRelationId }, { "on_error", ForeignTableRelationId },
	{ "anywhere", ForeignServerRelationId }, { "anywhere", ForeignTableRelationId },
};

static bool is_known(const char *name, Oid catalog)
{
	size_t i;

	for (i = 0; i < lengthof(known); i++)
		if (known[i].catalog == catalog && !strcmp(known[i].name, name))
			return true;
	return false;
}

static void refuse_value(const DefElem *option, const char *possible)
{
	ereport(ERROR, errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		errmsg("option \"%s\": %s are possible", option->defname, possible));
}

/* Take an option; validate its value. */
static void take(struct fdw_options *o, DefElem *option)
{
	const char *name = option->defname;
	char *value = defGetString(option);

	if (!strcmp(name, "file")) {
		o->file = value;
	} else if (!strcmp(name, "format")) {
		o->format = !strcmp(value, "csv") ? KCSD_FORMAT_CSV :
			    !strcmp(value, "json") ? KCSD_FORMAT_JSON :
			    !strcmp(value, "parquet") ? KCSD_FORMAT_PARQUET : KCSD_FORMAT_AUTO;
		if (!o->format)
			refuse_value(option, "csv, json and parquet");
	} else if (!strcmp(name, "header")) {
		o->no_header = !defGetBoolean(option);
	} else if (!strcmp(name, "anywhere")) {
		o->anywhere = defGetBoolean(option);
	} else if (!strcmp(name, "on_error")) {
		o->skip_errors = !strcmp(value, "skip");
		if (!o->skip_errors && strcmp(value, "fail"))
			refuse_value(option, "skip and fail");
	} else if (!strcmp(name, "delimiter")) {
		o->delimiter = value;
		if (strlen(value) != 1)
			refuse_value(option, "single characters");
	} else if (!strcmp(name, "null")) {
		o->null_text = value;
	}
}

void fdw_options_get(Oid table, struct fdw_options *options)
{
	ForeignTable *foreign = GetForeignTable(table);
	ForeignServer *server = GetForeignServer(foreign->serverid);
	ListCell *cell;

	*options = (struct fdw_options){};
	foreach(cell, server->options)
		take(options, lfirst(cell));
	foreach(cell, foreign->options)
		take(options, lfirst(cell));
}

PG_FUNCTION_INFO_V1(kcsd_fdw_validator);

Datum kcsd_fdw_validator(PG_FUNCTION_ARGS)
{
	List *list = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);
	struct fdw_options options = {};
	ListCell *cell;

	foreach(cell, list) {
		DefElem *option = lfirst(cell);

		if (!is_known(option->defname, catalog))
			ereport(ERROR, errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				errmsg("there is no option \"%s\" here", option->defname),
				errhint("A table has file, format, header, delimiter, null, "
					"on_error and anywhere, a server anywhere."));
		take(&options, option);
	}
	if (catalog == ForeignTableRelationId && !options.file)
		ereport(ERROR, errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
			errmsg("option \"file\" is missing"));
	/* The server reads the file, with its rights. */
	if (options.file && !has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			errmsg("only roles with privileges of pg_read_server_files may name a file"));
	PG_RETURN_VOID();
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Columns and types. */
#include "fdw.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"

struct kcsd_sql_type fdw_type(Oid type, int32 typmod)
{
	struct kcsd_sql_type t = {};

	switch (type) {
	case BOOLOID:
		t.type = KCSD_TYPE_BOOL;
		break;
	case INT4OID:
		t.type = KCSD_TYPE_INT4;
		break;
	case INT8OID:
		t.type = KCSD_TYPE_INT8;
		break;
	case NUMERICOID:
		t.type = KCSD_TYPE_NUMERIC;
		if (typmod >= (int32)VARHDRSZ) {
			int32 mod = typmod - VARHDRSZ;

			t.precision = (mod >> 16) & 0xffff;
			t.scale = mod & 0x7ff;
			/* More digits than libkcsd has, or a scale below 0 or above them. */
			if (mod >> 16 > 38 || t.scale > t.precision)
				t = (struct kcsd_sql_type){};
		}
		break;
	case FLOAT8OID:
		t.type = KCSD_TYPE_FLOAT8;
		break;
	case TEXTOID:
		t.type = KCSD_TYPE_TEXT;
		break;
	case VARCHAROID:
		t.type = typmod < 0 ? KCSD_TYPE_TEXT : KCSD_TYPE_UNKNOWN;
		break;
	case DATEOID:
		t.type = KCSD_TYPE_DATE;
		break;
	case TIMESTAMPOID:
		t.type = typmod < 0 ? KCSD_TYPE_TIMESTAMP : KCSD_TYPE_UNKNOWN;
		break;
	case INTERVALOID:
		t.type = KCSD_TYPE_INTERVAL;
		break;
	default:
		break;
	}
	return t;
}

struct kcsd_column *fdw_columns(TupleDesc desc, uint32_t *nr)
{
	struct kcsd_column *columns = palloc0((desc->natts + 1) * sizeof(*columns));
	int i;

	*nr = 0;
	for (i = 0; i < desc->natts; i++) {
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (attr->attisdropped)
			continue;
		columns[*nr].name = pstrdup(NameStr(attr->attname));
		columns[*nr].type = fdw_type(attr->atttypid, attr->atttypmod);
		if (columns[*nr].type.type == KCSD_TYPE_UNKNOWN ||
		    columns[*nr].type.type == KCSD_TYPE_INTERVAL)
			ereport(ERROR, errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				errmsg("column \"%s\": type %s is not supported",
				       NameStr(attr->attname),
				       format_type_with_typemod(attr->atttypid, attr->atttypmod)),
				errhint("There are boolean, integer, bigint, numeric of at most 38 "
					"digits, double precision, text, date and timestamp."));
		(*nr)++;
	}
	return columns;
}

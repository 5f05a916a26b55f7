// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* CSV: the columns of a table, and what its scanner has to know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "table.h"

extern const char kcsd_csv_object[], kcsd_csv_object_end[];

static int open_csv(struct kcsd_table *table, struct kcsd_error *err)
{
	if (!table->columns)
		return kcsd_error_set(err, -EOPNOTSUPP, "columns are needed");
	return 0;
}

static int prepare(struct kcsd_table *table, struct table_source *source, const struct plan *plan,
		   uint32_t part, struct query_params *params, struct format_args *args,
		   struct kcsd_error *err)
{
	(void)source, (void)plan, (void)args, (void)err;
	if (part)
		return 1;
	params->header = !(table->flags & KCSD_TABLE_NO_HEADER);
	params->delimiter = table->delimiter ? table->delimiter : ',';
	params->null_len = table->null_len;
	memcpy(params->null_text, table->null_text, table->null_len);
	return 0;
}

const struct format kcsd_format_csv = {
	.name = "csv",
	.suffixes = " .csv .tsv ",
	.object = kcsd_csv_object,
	.object_end = kcsd_csv_object_end,
	.program = "query_csv",
	.open = open_csv,
	.prepare = prepare,
};

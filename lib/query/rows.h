/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Rows of a result: kept, sorted, cut by OFFSET and LIMIT. */
#ifndef KCSD_QUERY_ROWS_H
#define KCSD_QUERY_ROWS_H

#include "expr.h"

struct kcsd_rows {
	const struct kcsd_query *query;
	struct kcsd_row **rows;		/* owned; a heap with the last one first, if there is a
					 * limit and an order
					 */
	size_t nr, room;
	uint64_t max;			/* rows to keep; UINT64_MAX: all */
	uint64_t added;
};

void kcsd_rows_init(struct kcsd_rows *rows, const struct kcsd_query *query);
void kcsd_rows_destroy(struct kcsd_rows *rows);
/*
 * Add a copy of a row: values of the results, then of ORDER BY. Returns 1: no further row would
 * change the result; 0; -ENOMEM.
 */
int kcsd_rows_add(struct kcsd_rows *rows, const struct kcsd_value *values);
/* Sort, and call fn for each row behind OFFSET. Returns what fn returns other than 0. */
int kcsd_rows_each(struct kcsd_rows *rows,
		   int (*fn)(const struct kcsd_value *results, void *arg), void *arg);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The part of a query that the host does: from rows or groups of the drive to results. */
#ifndef KCSD_QUERY_HOST_H
#define KCSD_QUERY_HOST_H

#include "expr.h"

/* State of one aggregate in one group, of the rows that the drive has seen: to be merged. */
struct kcsd_partial {
	int64_t count;			/* rows whose argument is not NULL; all rows for count(*) */
	__int128 sum;			/* of integers; of numerics times 10^scale */
	uint32_t scale;			/* of the sum of numerics: the greatest of its values */
	struct kcsd_value extreme;	/* of min or max; NULL: no row */
};

struct kcsd_host;

/* wheres: bit i: the drive has not looked at query->wheres[i] (all ones: it looked at none). */
int kcsd_host_create(const struct kcsd_query *query, uint64_t wheres, struct kcsd_host **host);
void kcsd_host_destroy(struct kcsd_host *host);
/*
 * Take a row of the table: values of all columns by index (those that the query does not use may
 * be anything). all: evaluate each condition, also those of the drive. Returns 0; 1: no further
 * row changes the result (LIMIT without an order, LIMIT 0, HAVING false); errors as
 * kcsd_expr_eval(), kcsd_host_at() says where.
 */
int kcsd_host_row(struct kcsd_host *host, const struct kcsd_value *columns, bool all,
		  struct kcsd_error *err);
/* Merge a group of the drive: values of query->groups, a partial for each query->aggregates. */
int kcsd_host_group(struct kcsd_host *host, const struct kcsd_value *groups,
		    const struct kcsd_partial *partials, struct kcsd_error *err);
/*
 * After the last row: HAVING, results, DISTINCT, ORDER BY, OFFSET, LIMIT. Call fn for each row of
 * the result; a value other than 0 from fn ends it and is returned.
 */
int kcsd_host_finish(struct kcsd_host *host,
		     int (*fn)(const struct kcsd_value *results, void *arg), void *arg,
		     struct kcsd_error *err);
/* Place in the text of the question of the last error; -1: none. */
int kcsd_host_at(const struct kcsd_host *host);

#endif

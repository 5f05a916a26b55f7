/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The state of one aggregate in one group. */
#ifndef KCSD_QUERY_AGGREGATE_H
#define KCSD_QUERY_AGGREGATE_H

#include "host.h"
#include "value_map.h"

/* Zeroed: of no rows. */
struct kcsd_aggregate {
	struct kcsd_partial partial;	/* its extreme is owned, if it is text */
	bool has_extreme;
	double real;			/* sum of double precision */
	double squares;			/* of avg(): sum of squares of differences */
	char *text;			/* of the extreme; owned */
	size_t room;			/* of text */
	struct kcsd_value_map *seen;	/* values of an aggregate with DISTINCT; owned */
};

/* Add a row. Evaluates the argument of expr. Errors as kcsd_expr_eval(). */
int kcsd_aggregate_add(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
		       struct kcsd_eval *eval);
/* Add the rows that the drive has seen. */
int kcsd_aggregate_merge(struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
			 const struct kcsd_partial *partial, struct kcsd_error *err);
/* Compute the value; text is that of the aggregate. */
int kcsd_aggregate_value(const struct kcsd_aggregate *aggregate, const struct kcsd_expr *expr,
			 struct kcsd_value *value, struct kcsd_error *err);
void kcsd_aggregate_destroy(struct kcsd_aggregate *aggregate);

#endif

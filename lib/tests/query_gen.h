/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Random expressions over a table, for tests of queries. */
#ifndef QUERY_GEN_H
#define QUERY_GEN_H

#include "query/expr.h"

#define GEN_COLUMNS	12

struct gen {
	struct kcsd_query *query;
	uint64_t seed;
	bool aggregates;	/* the next expression may have some */
	char text[64];		/* of the last random value */
};

/* The table. */
extern const struct kcsd_column gen_columns[GEN_COLUMNS];

/* Return a number below n. */
uint32_t gen_number(struct gen *g, uint32_t n);
/* Return the text of a random value for a column; NULL: it is NULL. */
const char *gen_cell(struct gen *g, uint32_t column);
/* Make an expression that is likely to have this type. */
struct kcsd_expr *gen_expr(struct gen *g, enum kcsd_type type, int depth);
/* Make one that is likely to be valid, of any type. */
struct kcsd_expr *gen_any(struct gen *g, int depth);
/* Make a column. */
struct kcsd_expr *gen_column(struct gen *g, enum kcsd_type type);

#endif

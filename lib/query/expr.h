/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Expressions and queries: what the public constructors make, and the rest of lib/query/ reads. */
#ifndef KCSD_QUERY_EXPR_H
#define KCSD_QUERY_EXPR_H

#include "value.h"

/*
 * Once bound, an expression has the exact type of its value, and its arguments have the types
 * that its operation takes: casts were inserted. Constant parts are folded to KCSD_EXPR_CONST,
 * unless they fail ("1/0": an error only if a row gets there, as in PostgreSQL's CASE).
 *
 * What else holds then: NULLIF is a CASE. IN has a list without columns; else it is an OR of EQ.
 * AND and OR have no argument of their own kind. A date or timestamp comes first in ADD; what an
 * interval is added to, and what DATE_TRUNC gets, is a timestamp. The unit of EXTRACT and
 * DATE_TRUNC is a constant. An interval is a constant, or its NEG if that fails. wheres has 64
 * conditions at most, and orders no constants.
 */
struct kcsd_expr {
	enum kcsd_expr_op op;
	struct kcsd_sql_type type;	/* of the value; valid once bound */
	int at;				/* place in the text of the question, bytes; -1: none */
	bool distinct;			/* of an aggregate */
	bool explicit_cast;		/* of KCSD_EXPR_CAST: the question says so */
	uint32_t nr_args;
	struct kcsd_expr **args;
	const char *name;		/* of a column */
	uint32_t index;			/* of a column in the table, an aggregate in the query */
	uint32_t group;			/* 1 + index of the GROUP BY expression it equals; 0 */
	struct kcsd_value value;	/* of a constant */
};

struct kcsd_result {
	struct kcsd_expr *expr;
	const char *name;
};

struct kcsd_order {
	struct kcsd_expr *expr;
	uint32_t flags;			/* KCSD_ORDER_* */
};

struct kcsd_query {
	struct kcsd_arena arena;	/* holds everything below */
	int at;				/* of the last error */
	bool failed;			/* a constructor got an argument that is NULL */
	bool bound;
	bool grouped;			/* has aggregates, GROUP BY or HAVING; valid once bound */
	bool distinct;
	bool limited;
	uint64_t limit, offset;
	struct kcsd_column *columns;	/* of the table */
	uint32_t nr_columns;
	struct kcsd_result *results;
	uint32_t nr_results;
	struct kcsd_column *result_columns;	/* the same, for kcsd_query_results() */
	struct kcsd_expr **wheres;	/* conditions that must be true; split at AND once bound */
	uint32_t nr_wheres;
	struct kcsd_expr **groups;
	uint32_t nr_groups;
	struct kcsd_expr *having;
	struct kcsd_order *orders;
	uint32_t nr_orders;
	struct kcsd_expr **aggregates;	/* each different one once, by index; valid once bound */
	uint32_t nr_aggregates;
};

/*
 * Values that an expression is evaluated over. Aggregates and groups are those of one group, after
 * its last row: an expression with a group takes the value of that.
 */
struct kcsd_eval {
	struct kcsd_arena *arena;		/* of the results */
	const struct kcsd_value *columns;	/* by index; NULL: none */
	const struct kcsd_value *aggregates;	/* by index; NULL: before grouping */
	const struct kcsd_query *query;
	const struct kcsd_value *groups;	/* by index of GROUP BY; NULL: before grouping */
	struct kcsd_error *err;
	int at;					/* of the expression that failed */
};

/* Stands for SELECT * in results, until the query is bound. */
#define KCSD_EXPR_STAR	__KCSD_EXPR_END

/*
 * eval.c: 0; -EINVAL, -ERANGE, -EDOM (division by zero): the error of PostgreSQL in err; -ENOMEM.
 */
int kcsd_expr_eval(const struct kcsd_expr *expr, struct kcsd_eval *eval, struct kcsd_value *value);
/* expr.c: make an expression without arguments. NULL: memory is short. */
struct kcsd_expr *kcsd_expr_create(struct kcsd_query *query, enum kcsd_expr_op op, int at);
/* expr.c: true if it is count(), sum(), ... */
bool kcsd_expr_is_aggregate(const struct kcsd_expr *expr);
/* expr.c: true if two bound expressions are the same. */
bool kcsd_expr_equal(const struct kcsd_expr *a, const struct kcsd_expr *b);
/*
 * expr_text.c: write an expression, bound or not, as SQL, which PostgreSQL parses as the same.
 * Returns the text, owned by the arena, or NULL.
 */
const char *kcsd_expr_text(const struct kcsd_expr *expr, struct kcsd_arena *arena);
/* expr_text.c: return "+", "<>", "lower", "CASE", ... */
const char *kcsd_expr_op_name(enum kcsd_expr_op op);

/* type.c */
/* Return "double precision", as in messages, without precision. */
const char *kcsd_type_word(enum kcsd_type type);
/* Return "float8", the name in PostgreSQL's catalogue. */
const char *kcsd_type_short(enum kcsd_type type);
/* Return the type with a name of len bytes, or KCSD_TYPE_UNKNOWN. */
enum kcsd_type kcsd_type_find(const char *name, size_t len);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Binding a query: columns, types, groups. All functions that return an expression return NULL
 * after an error, which b->ret keeps. Expressions of the caller are not changed: binding copies.
 */
#ifndef KCSD_QUERY_BIND_H
#define KCSD_QUERY_BIND_H

#include "expr.h"

struct kcsd_bind {
	struct kcsd_query *query;
	struct kcsd_error *err;
	int ret;			/* of the first error */
	const char *clause;		/* that has no aggregates: "WHERE"; NULL: it may */
	bool in_aggregate;
	unsigned int depth;		/* of the expression */
};

/* bind.c: set the error, and the place that it is about. Returns NULL. */
struct kcsd_expr *kcsd_bind_fail(struct kcsd_bind *b, int ret, int at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* bind.c: make an operation of bound arguments. type: of its value. */
struct kcsd_expr *kcsd_bind_call(struct kcsd_bind *b, enum kcsd_expr_op op, enum kcsd_type type,
				 struct kcsd_expr *const *args, uint32_t nr_args, int at);

/* column.c: find a column, *index of the table. Returns 0 or -ENOENT; -EEXIST: there are two. */
int kcsd_column_find(const struct kcsd_query *query, const char *name, uint32_t *index);
/* column.c: bind KCSD_EXPR_COLUMN. */
struct kcsd_expr *kcsd_column_bind(struct kcsd_bind *b, const struct kcsd_expr *expr);

/* resolve.c: find the types of an expression and of all its parts. */
struct kcsd_expr *kcsd_expr_resolve(struct kcsd_bind *b, const struct kcsd_expr *expr);
/* resolve.c: the same, of a condition; clause: "WHERE", for the message. */
struct kcsd_expr *kcsd_condition_resolve(struct kcsd_bind *b, const struct kcsd_expr *expr,
					 const char *clause);

/* operator.c, function.c: find the type of an operation whose arguments are bound. */
struct kcsd_expr *kcsd_operator_resolve(struct kcsd_bind *b, struct kcsd_expr *expr);
struct kcsd_expr *kcsd_function_resolve(struct kcsd_bind *b, struct kcsd_expr *expr);
struct kcsd_expr *kcsd_aggregate_resolve(struct kcsd_bind *b, struct kcsd_expr *expr);
/* conditional.c: CASE, COALESCE, NULLIF, IN. */
struct kcsd_expr *kcsd_conditional_resolve(struct kcsd_bind *b, struct kcsd_expr *expr);

/* coerce.c */
bool kcsd_type_is_number(enum kcsd_type type);
/* Convert a bound expression; the same, if nothing is to be done. A literal takes the type. */
struct kcsd_expr *kcsd_coerce(struct kcsd_bind *b, struct kcsd_expr *expr,
			      struct kcsd_sql_type type, bool explicit_cast);
struct kcsd_expr *kcsd_coerce_to(struct kcsd_bind *b, struct kcsd_expr *expr, enum kcsd_type type);
/* Find the type of several expressions of one result. Returns UNKNOWN: they have none in common. */
enum kcsd_type kcsd_common_type(struct kcsd_expr *const *exprs, uint32_t nr,
				enum kcsd_type types[2]);
/* Find the type in which two values are compared. Returns UNKNOWN: there is none. */
enum kcsd_type kcsd_compared_type(enum kcsd_type a, enum kcsd_type b);

/* clause.c: bind query->groups and query->orders, after the results. Return b->ret. */
int kcsd_groups_bind(struct kcsd_bind *b);
int kcsd_orders_bind(struct kcsd_bind *b);

/* grouped.c: refuse columns that are not grouped, mark what equals a GROUP BY expression. */
int kcsd_grouped_check(struct kcsd_bind *b);
/* grouped.c: list the aggregates of an expression in the query, each different one once. */
int kcsd_aggregates_collect(struct kcsd_bind *b, struct kcsd_expr *expr);
/* grouped.c: true if there is an aggregate in it. */
bool kcsd_expr_has_aggregate(const struct kcsd_expr *expr);

/* fold.c: compute constant parts of a bound expression, in place. */
void kcsd_expr_fold(struct kcsd_query *query, struct kcsd_expr *expr);

/* result_name.c: return the name of a result, as PostgreSQL finds it. */
const char *kcsd_result_name(const struct kcsd_expr *expr);

#endif

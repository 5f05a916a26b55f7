/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Questions: a query over files, objects or LBAs that the drive answers. By <libkcsd.h>. */
#ifndef LIBKCSD_QUERY_H
#define LIBKCSD_QUERY_H

#include <libkcsd/drive.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A query is one SELECT over one table: expressions, a condition, groups, an order, a limit. It is
 * built by calls, whatever language the question was asked in; types, NULL, overflow and rounding
 * are those of PostgreSQL, text is UTF-8 in collation C. A number of type numeric has at most 38
 * digits.
 *
 *	kcsd_query_create() -> kcsd_expr_*(), kcsd_query_*() -> kcsd_query_bind() -> run
 */
struct kcsd_query;
/* Part of a query, which owns it. Constructors return NULL if memory is short or an argument is. */
struct kcsd_expr;

enum kcsd_type {
	KCSD_TYPE_UNKNOWN = 0,	/* NULL, or a literal in quotes: its use says what it is */
	KCSD_TYPE_BOOL,
	KCSD_TYPE_INT4,
	KCSD_TYPE_INT8,
	KCSD_TYPE_NUMERIC,
	KCSD_TYPE_FLOAT8,
	KCSD_TYPE_TEXT,
	KCSD_TYPE_DATE,
	KCSD_TYPE_TIMESTAMP,	/* without time zone */
	KCSD_TYPE_INTERVAL,	/* in constants only */
	__KCSD_TYPE_END
};

/* Type of a value; precision and scale are those of numeric(precision, scale). */
struct kcsd_sql_type {
	uint8_t type;		/* enum kcsd_type */
	uint8_t precision;	/* digits; 0: any */
	uint8_t scale;		/* digits behind the point, if precision is not 0 */
	uint8_t rsvd;
};

/* The operations of expressions, and their arguments. */
enum kcsd_expr_op {
	KCSD_EXPR_COLUMN,	/* kcsd_expr_column() */
	KCSD_EXPR_CONST,	/* kcsd_expr_number() and its like */
	KCSD_EXPR_CAST,		/* kcsd_expr_cast() */
	KCSD_EXPR_NOT,		/* a */
	KCSD_EXPR_AND,		/* two or more */
	KCSD_EXPR_OR,		/* two or more */
	KCSD_EXPR_NEG,		/* a */
	KCSD_EXPR_ADD,		/* a, b: numbers; date + integer, date or timestamp + interval */
	KCSD_EXPR_SUB,		/* likewise; date - date, too */
	KCSD_EXPR_MUL,
	KCSD_EXPR_DIV,
	KCSD_EXPR_MOD,
	KCSD_EXPR_EQ,		/* a, b */
	KCSD_EXPR_NE,
	KCSD_EXPR_LT,
	KCSD_EXPR_LE,
	KCSD_EXPR_GT,
	KCSD_EXPR_GE,
	KCSD_EXPR_DISTINCT,	/* a IS DISTINCT FROM b */
	KCSD_EXPR_IS_NULL,	/* a */
	KCSD_EXPR_IS_TRUE,	/* a */
	KCSD_EXPR_IS_FALSE,	/* a */
	KCSD_EXPR_IN,		/* a, then one or more of the list */
	KCSD_EXPR_LIKE,		/* text, pattern, [escape: text of one character or none] */
	KCSD_EXPR_ILIKE,	/* likewise, without regard to the case of ASCII letters */
	KCSD_EXPR_CASE,		/* when, then, when, then, ..., [else] */
	KCSD_EXPR_COALESCE,	/* one or more */
	KCSD_EXPR_NULLIF,	/* a, b */
	KCSD_EXPR_CONCAT,	/* a || b */
	KCSD_EXPR_LOWER,	/* text */
	KCSD_EXPR_UPPER,
	KCSD_EXPR_LENGTH,	/* text: characters */
	KCSD_EXPR_SUBSTR,	/* text, from (1 is the first character), [count] */
	KCSD_EXPR_ABS,		/* number */
	KCSD_EXPR_EXTRACT,	/* text constant: year, month, ...; date or timestamp */
	KCSD_EXPR_DATE_TRUNC,	/* text constant; date or timestamp */
	KCSD_EXPR_COUNT_ROWS,	/* count(*) */
	KCSD_EXPR_COUNT,	/* aggregates of a, also DISTINCT: kcsd_expr_aggregate() */
	KCSD_EXPR_SUM,
	KCSD_EXPR_MIN,
	KCSD_EXPR_MAX,
	KCSD_EXPR_AVG,
	__KCSD_EXPR_END
};

/* A value of a result: its text as PostgreSQL prints it. */
struct kcsd_cell {
	const char *text;	/* not NUL-terminated; NULL: the value is NULL */
	size_t len;		/* bytes */
};

/* A column of a table or of a result. */
struct kcsd_column {
	const char *name;
	struct kcsd_sql_type type;
	uint32_t flags;		/* KCSD_COLUMN_* */
};

/* Of a table: the number of the row in its source, see KCSD_TABLE_ROW_NUMBERS. */
#define KCSD_COLUMN_ROW		0x1u

KCSD_API int kcsd_query_create(struct kcsd_query **query);
/* Free a query with all its expressions; NULL is allowed. */
KCSD_API void kcsd_query_destroy(struct kcsd_query *query);

/*
 * Expressions. at: place in the text of the question in bytes, for messages, -1: none. Arguments
 * belong to the same query. An argument may be NULL, if its constructor failed: the result is NULL,
 * and kcsd_query_bind() returns -ENOMEM.
 */
KCSD_API struct kcsd_expr *kcsd_expr_column(struct kcsd_query *query, const char *name, int at);
KCSD_API struct kcsd_expr *kcsd_expr_null(struct kcsd_query *query, int at);
KCSD_API struct kcsd_expr *kcsd_expr_bool(struct kcsd_query *query, bool value, int at);
/* "17", "1.50", "2e3": int4, int8 or numeric, the first that takes it, as in PostgreSQL. */
KCSD_API struct kcsd_expr *kcsd_expr_number(struct kcsd_query *query, const char *text, int at);
/* A literal in quotes, of type unknown. */
KCSD_API struct kcsd_expr *kcsd_expr_string(struct kcsd_query *query, const char *text, size_t len,
					    int at);
/* CAST(arg AS type); DATE '...' is a cast of a string. */
KCSD_API struct kcsd_expr *kcsd_expr_cast(struct kcsd_query *query, struct kcsd_expr *arg,
					  struct kcsd_sql_type type, int at);
/* Any other operation; args is copied. */
KCSD_API struct kcsd_expr *kcsd_expr_call(struct kcsd_query *query, enum kcsd_expr_op op,
					  struct kcsd_expr *const *args, uint32_t nr_args, int at);
KCSD_API struct kcsd_expr *kcsd_expr_aggregate(struct kcsd_query *query, enum kcsd_expr_op op,
					       struct kcsd_expr *arg, bool distinct, int at);

/*
 * Clauses. Each returns 0, or -ENOMEM, also if an expression is NULL. Names are copied.
 */
/* Append a result; name NULL: the query finds one, as PostgreSQL does. */
KCSD_API int kcsd_query_select(struct kcsd_query *query, struct kcsd_expr *expr, const char *name);
/* Append all columns of the table: SELECT *. */
KCSD_API int kcsd_query_select_all(struct kcsd_query *query, int at);
KCSD_API int kcsd_query_where(struct kcsd_query *query, struct kcsd_expr *expr);
KCSD_API int kcsd_query_group_by(struct kcsd_query *query, struct kcsd_expr *expr);
KCSD_API int kcsd_query_having(struct kcsd_query *query, struct kcsd_expr *expr);

#define KCSD_ORDER_DESC		0x1u
#define KCSD_ORDER_NULLS_FIRST	0x2u
/*
 * An integer constant, or a name of a result, means that result, in GROUP BY and ORDER BY, as in
 * PostgreSQL.
 */
KCSD_API int kcsd_query_order_by(struct kcsd_query *query, struct kcsd_expr *expr, uint32_t flags);
KCSD_API int kcsd_query_distinct(struct kcsd_query *query);
/* NULL-like default: no limit. */
KCSD_API int kcsd_query_limit(struct kcsd_query *query, uint64_t limit);
KCSD_API int kcsd_query_offset(struct kcsd_query *query, uint64_t offset);

/*
 * Find columns by name, find the type of each expression, refuse what has none. Call once, after
 * the clauses. columns: those of the table, copied.
 * -EINVAL: an expression has no meaning; err->text says which, kcsd_query_at() where. -ERANGE: a
 * literal is out of range. -ENOMEM.
 */
KCSD_API int kcsd_query_bind(struct kcsd_query *query, const struct kcsd_column *columns,
			     uint32_t nr_columns, struct kcsd_error *err);
/* Return the place in the text that the last error is about, in bytes; -1: none. */
KCSD_API int kcsd_query_at(const struct kcsd_query *query);
/* Return the results of a bound query, *nr of them. Valid until the query is destroyed. */
KCSD_API const struct kcsd_column *kcsd_query_results(const struct kcsd_query *query,
						      uint32_t *nr);

/* Return "bigint", "numeric(12,2)"; the text is valid until the next call in this thread. */
KCSD_API const char *kcsd_type_name(struct kcsd_sql_type type);
/* Parse "int", "bigint", "numeric(12,2)", "text", ... -EINVAL: no such type. */
KCSD_API int kcsd_type_parse(const char *text, struct kcsd_sql_type *type);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the text of a SELECT to a query of libkcsd. libpg_query parses, as PostgreSQL does; these
 * files build the query from its tree, and refuse what a query cannot have: each field of the tree
 * that is not known is an error, none is ignored.
 */
#ifndef KCSD_SQL_H
#define KCSD_SQL_H

#include "cmd.h"

enum sql_source_kind { SQL_FILE, SQL_KV, SQL_LBA };

/* An argument of file(), kv() or lba(). */
struct sql_source {
	enum sql_source_kind kind;
	char *text;		/* owned */
	int at;			/* in the question, bytes */
};

struct sql_tokens;

struct sql {
	const char *text;		/* the question */
	struct sql_tokens *tokens;	/* owned */
	struct kcsd_query *query;	/* owned; bound by the caller */
	char *alias;			/* of the table, or NULL; owned */
	struct sql_source *sources;	/* owned */
	uint32_t nr_sources;
	unsigned int depth;		/* of the expression under way */
	struct kcsd_error err;		/* text of the first error */
	int at;				/* its place in the question, bytes; -1: none */
	bool failed;
};

/*
 * Parse a question. Returns 0, or -EINVAL or -ENOMEM with sql->err and sql->at. Free with
 * kcsd_sql_destroy() in any case.
 */
int kcsd_sql_parse(const char *text, struct sql *sql);
void kcsd_sql_destroy(struct sql *sql);
/* Print an error with the line of the question, and a caret below the place. Returns the code. */
int kcsd_sql_fail(const char *text, int at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- between the files of the parser ---- */

/* sql_scan.c: words of the question. Returns 0, or -EINVAL: a name is too long; or -ENOMEM. */
int kcsd_sql_scan(struct sql *sql);
void kcsd_sql_tokens_free(struct sql_tokens *tokens);
/* Returns the integer that is not above 0 of a constant at a place; false: that is none. */
bool kcsd_sql_integer_at(const struct sql *sql, int at, char *buf, size_t len);

/* sql_tree.c: the tree of the parser. */
/* Note the first error. Returns NULL. */
struct kcsd_expr *kcsd_sql_error(struct sql *sql, int at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Returns what a node {"Type": {...}} has; *type is "Type". NULL: it is empty. */
json_object *kcsd_sql_open(json_object *node, const char **type);
json_object *kcsd_sql_field(json_object *node, const char *name);
/* Returns a string field, "" if it is missing. */
const char *kcsd_sql_string(json_object *node, const char *name);
/* Returns the text of {"String": {"sval": "..."}}, or "". */
const char *kcsd_sql_name(json_object *node);
/* Returns the last of a list of names, without "pg_catalog"; NULL: it is another schema's. */
const char *kcsd_sql_last_name(json_object *names);
size_t kcsd_sql_length(json_object *list);
/* Returns where a node is in the question, or where its first part is. */
int kcsd_sql_place(json_object *node);
/* Returns true if the node has only these fields: " a b c ". Else it is an error. */
bool kcsd_sql_only(struct sql *sql, json_object *node, const char *fields, int at);

/* sql_expr.c: returns NULL after an error. */
struct kcsd_expr *kcsd_sql_expr(struct sql *sql, json_object *node);
/* sql_operator.c: inner: of A_Expr. */
struct kcsd_expr *kcsd_sql_operator(struct sql *sql, json_object *inner);
/* sql_function.c: inner: of FuncCall. */
struct kcsd_expr *kcsd_sql_function(struct sql *sql, json_object *inner);
/* sql_type.c: inner: of TypeCast. */
struct kcsd_expr *kcsd_sql_cast(struct sql *sql, json_object *inner);
/* sql_const.c: inner: of A_Const. */
struct kcsd_expr *kcsd_sql_const(struct sql *sql, json_object *inner);
/* Get an integer constant that is not negative. Returns false after an error. */
bool kcsd_sql_count(struct sql *sql, json_object *node, const char *what, uint64_t *value);
/* sql_source.c: the list FROM. Returns false after an error. */
bool kcsd_sql_sources(struct sql *sql, json_object *from);

#endif

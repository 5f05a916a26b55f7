// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Conditions that the drive tests for SQLite. SQLite tests all of them again, so what is pushed
 * down only has to be true wherever SQLite's test is: where the rules of both differ, it is left
 * out, or is weaker.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtab.h"

SQLITE_EXTENSION_INIT3

#define NO_COLUMN	(-1)	/* of a limit */

/* ---- xBestIndex: a plan is "COLUMN OP;" for each argument ---- */

static bool is_compared(unsigned char op)
{
	return op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_GT ||
	       op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_LT ||
	       op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_ISNULL ||
	       op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
}

static bool is_limit(unsigned char op)
{
	return op == SQLITE_INDEX_CONSTRAINT_LIMIT || op == SQLITE_INDEX_CONSTRAINT_OFFSET;
}

static bool can_push(const struct vtab *vtab, sqlite3_index_info *info, int i)
{
	const struct sqlite3_index_constraint *c = &info->aConstraint[i];
	enum kcsd_type type;

	if (!c->usable || !is_compared(c->op) || c->iColumn < 0 ||
	    (uint32_t)c->iColumn >= vtab->args.nr_columns)
		return false;
	type = vtab->args.columns[c->iColumn].type.type;
	return type != KCSD_TYPE_TEXT || !sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY");
}

/* LIMIT can only be pushed down if there is nothing that drops or sorts rows afterwards. */
static bool only_limits(const sqlite3_index_info *info)
{
	int i;

	for (i = 0; i < info->nConstraint; i++)
		if (!is_limit(info->aConstraint[i].op) || !info->aConstraint[i].usable)
			return false;
	return !info->nOrderBy;
}

static char *append(char *plan, int column, int op)
{
	return sqlite3_mprintf("%z%d %d;", plan, column, op);
}

int vtab_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct vtab *vtab = (struct vtab *)base;
	/* The columns first: those that are used. */
	char *plan = sqlite3_mprintf("%llx;", (unsigned long long)info->colUsed);
	bool limits = only_limits(info), in;
	double rows = 1e6;
	int i, nr = 0;

	for (i = 0; plan && i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];

		if (!(limits && is_limit(c->op)) && !can_push(vtab, info, i))
			continue;
		/* All values of an IN at once, not a scan for each. */
		in = sqlite3_vtab_in(info, i, 1);
		info->aConstraintUsage[i].argvIndex = ++nr;
		plan = append(plan, is_limit(c->op) ? NO_COLUMN : c->iColumn, in ? -c->op : c->op);
		rows /= c->op == SQLITE_INDEX_CONSTRAINT_EQ && !in ? 100 : 3;
	}
	if (!plan)
		return SQLITE_NOMEM;
	info->idxStr = plan;
	info->needToFreeIdxStr = 1;
	info->estimatedCost = 1e6 + 10 * rows;
	info->estimatedRows = rows < 1 ? 1 : rows;
	return SQLITE_OK;
}

/* ---- xFilter ---- */

static enum kcsd_expr_op expr_op(int op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return KCSD_EXPR_EQ;
	case SQLITE_INDEX_CONSTRAINT_GT:
		return KCSD_EXPR_GT;
	case SQLITE_INDEX_CONSTRAINT_GE:
		return KCSD_EXPR_GE;
	case SQLITE_INDEX_CONSTRAINT_LT:
		return KCSD_EXPR_LT;
	default:
		return KCSD_EXPR_LE;
	}
}

/*
 * True if a text is a date, or date and time, just as the column prints them: then both have the
 * same order.
 */
static bool is_time(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++)
		if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
			return false;
	return !*text;
}

/* Make the value of an exact comparison. NULL, and *skip: there is none. */
static struct kcsd_expr *make_value(struct kcsd_query *query, enum kcsd_type type,
				    sqlite3_value *value, bool *skip)
{
	const char *text;
	char buf[32];

	*skip = false;
	if ((type == KCSD_TYPE_INT4 || type == KCSD_TYPE_INT8) &&
	    sqlite3_value_type(value) == SQLITE_INTEGER) {
		snprintf(buf, sizeof(buf), "%lld", (long long)sqlite3_value_int64(value));
		return kcsd_expr_number(query, buf, -1);
	}
	if (sqlite3_value_type(value) == SQLITE_TEXT) {
		text = (const char *)sqlite3_value_text(value);
		if (text && (type == KCSD_TYPE_TEXT ||
			     (type == KCSD_TYPE_DATE && is_time(text, "0000-00-00")) ||
			     (type == KCSD_TYPE_TIMESTAMP &&
			      is_time(text, "0000-00-00 00:00:00"))))
			return kcsd_expr_string(query, text, strlen(text), -1);
	}
	*skip = true;
	return NULL;
}

static int add(struct kcsd_query *query, const char *column, enum kcsd_expr_op op,
	       struct kcsd_expr *value)
{
	struct kcsd_expr *args[] = { kcsd_expr_column(query, column, -1), value };

	if (!args[0] || !value)
		return -ENOMEM;
	return kcsd_query_where(query, kcsd_expr_call(query, op, args, 2, -1));
}

/*
 * A numeric is a double for SQLite, rounded: bounds that are a little wider. Doubles have 15 digits
 * at least.
 */
static int add_bounds(struct kcsd_query *query, const char *column, int op, double value)
{
	double slack = fabs(value) * 1e-12 + 1e-12;
	char buf[64];
	int ret = 0;

	if (!isfinite(value) || fabs(value) > 1e18)
		return 0;
	if (op != SQLITE_INDEX_CONSTRAINT_LT && op != SQLITE_INDEX_CONSTRAINT_LE) {
		snprintf(buf, sizeof(buf), "%.15f", value - slack);
		ret = add(query, column, KCSD_EXPR_GE, kcsd_expr_number(query, buf, -1));
	}
	if (!ret && op != SQLITE_INDEX_CONSTRAINT_GT && op != SQLITE_INDEX_CONSTRAINT_GE) {
		snprintf(buf, sizeof(buf), "%.15f", value + slack);
		ret = add(query, column, KCSD_EXPR_LE, kcsd_expr_number(query, buf, -1));
	}
	return ret;
}

/* col IN (...): only if all values can be compared exactly. */
static int add_in(struct kcsd_query *query, const struct kcsd_column *column, sqlite3_value *list)
{
	struct kcsd_expr **args = NULL, **grown;
	sqlite3_value *value;
	uint32_t nr = 1;
	bool skip = false;
	int ret;

	for (ret = sqlite3_vtab_in_first(list, &value); ret == SQLITE_OK && value && !skip;
	     ret = sqlite3_vtab_in_next(list, &value)) {
		grown = reallocarray(args, nr + 1, sizeof(*args));
		if (!grown) {
			free(args);
			return -ENOMEM;
		}
		args = grown;
		args[nr] = make_value(query, column->type.type, value, &skip);
		nr += !skip;
	}
	ret = 0;
	if (!skip && nr > 1) {
		args[0] = kcsd_expr_column(query, column->name, -1);
		ret = kcsd_query_where(query, kcsd_expr_call(query, KCSD_EXPR_IN, args, nr, -1));
	}
	free(args);
	return ret;
}

static int add_null_test(struct kcsd_query *query, const char *column, bool is_null)
{
	struct kcsd_expr *expr = kcsd_expr_column(query, column, -1);

	expr = kcsd_expr_call(query, KCSD_EXPR_IS_NULL, &expr, 1, -1);
	if (!is_null)
		expr = kcsd_expr_call(query, KCSD_EXPR_NOT, &expr, 1, -1);
	return kcsd_query_where(query, expr);
}

static int add_condition(struct kcsd_query *query, const struct kcsd_column *column, int op,
			 sqlite3_value *value)
{
	struct kcsd_expr *expr;
	bool skip;

	if (op < 0)
		return add_in(query, column, value);
	if (op == SQLITE_INDEX_CONSTRAINT_ISNULL || op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL)
		return add_null_test(query, column->name, op == SQLITE_INDEX_CONSTRAINT_ISNULL);
	if (column->type.type == KCSD_TYPE_NUMERIC)
		return sqlite3_value_type(value) == SQLITE_INTEGER ||
		       sqlite3_value_type(value) == SQLITE_FLOAT ?
		       add_bounds(query, column->name, op, sqlite3_value_double(value)) : 0;
	expr = make_value(query, column->type.type, value, &skip);
	return skip ? 0 : add(query, column->name, expr_op(op), expr);
}

int vtab_add_conditions(struct kcsd_query *query, const struct vtab *vtab, const char *plan,
			int argc, sqlite3_value **argv)
{
	sqlite3_int64 limit = -1, offset = 0, value;
	int i, column, op, ret = 0;

	for (i = 0; i < argc && !ret && sscanf(plan, "%d %d;", &column, &op) == 2; i++) {
		plan = strchr(plan, ';') + 1;
		if (column != NO_COLUMN) {
			ret = add_condition(query, &vtab->args.columns[column], op, argv[i]);
			continue;
		}
		value = sqlite3_value_int64(argv[i]);
		if (op == SQLITE_INDEX_CONSTRAINT_LIMIT)
			limit = value;
		else
			offset = value > 0 ? value : 0;
	}
	/* SQLite skips the rows of OFFSET. */
	if (!ret && limit >= 0)
		ret = kcsd_query_limit(query, (uint64_t)limit + offset);
	return ret;
}

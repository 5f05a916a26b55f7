// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Write expressions as SQL. */
#include "../private.h"
#include "expr.h"

/* A text that grows. */
struct out {
	struct kcsd_arena *arena;
	char *data;
	size_t len, room;
	bool failed;
};

static const char *const names[__KCSD_EXPR_END] = {
	[KCSD_EXPR_NOT] = "NOT",
	[KCSD_EXPR_AND] = "AND",
	[KCSD_EXPR_OR] = "OR",
	[KCSD_EXPR_NEG] = "-",
	[KCSD_EXPR_ADD] = "+",
	[KCSD_EXPR_SUB] = "-",
	[KCSD_EXPR_MUL] = "*",
	[KCSD_EXPR_DIV] = "/",
	[KCSD_EXPR_MOD] = "%",
	[KCSD_EXPR_EQ] = "=",
	[KCSD_EXPR_NE] = "<>",
	[KCSD_EXPR_LT] = "<",
	[KCSD_EXPR_LE] = "<=",
	[KCSD_EXPR_GT] = ">",
	[KCSD_EXPR_GE] = ">=",
	[KCSD_EXPR_DISTINCT] = "IS DISTINCT FROM",
	[KCSD_EXPR_IS_NULL] = "IS NULL",
	[KCSD_EXPR_IS_TRUE] = "IS TRUE",
	[KCSD_EXPR_IS_FALSE] = "IS FALSE",
	[KCSD_EXPR_IN] = "IN",
	[KCSD_EXPR_LIKE] = "LIKE",
	[KCSD_EXPR_ILIKE] = "ILIKE",
	[KCSD_EXPR_CASE] = "CASE",
	[KCSD_EXPR_COALESCE] = "coalesce",
	[KCSD_EXPR_NULLIF] = "nullif",
	[KCSD_EXPR_CONCAT] = "||",
	[KCSD_EXPR_LOWER] = "lower",
	[KCSD_EXPR_UPPER] = "upper",
	[KCSD_EXPR_LENGTH] = "length",
	[KCSD_EXPR_SUBSTR] = "substr",
	[KCSD_EXPR_ABS] = "abs",
	[KCSD_EXPR_EXTRACT] = "extract",
	[KCSD_EXPR_DATE_TRUNC] = "date_trunc",
	[KCSD_EXPR_COUNT_ROWS] = "count",
	[KCSD_EXPR_COUNT] = "count",
	[KCSD_EXPR_SUM] = "sum",
	[KCSD_EXPR_MIN] = "min",
	[KCSD_EXPR_MAX] = "max",
	[KCSD_EXPR_AVG] = "avg",
};

const char *kcsd_expr_op_name(enum kcsd_expr_op op)
{
	return op < __KCSD_EXPR_END && names[op] ? names[op] : "?";
}

static void put(struct out *out, const char *text, size_t len)
{
	char *grown;

	if (out->failed || !len)
		return;
	if (out->room - out->len < len) {
		out->room = 2 * (out->room + len);
		grown = kcsd_arena_alloc(out->arena, out->room);
		if (!grown) {
			out->failed = true;
			return;
		}
		if (out->len)
			memcpy(grown, out->data, out->len);
		out->data = grown;
	}
	memcpy(out->data + out->len, text, len);
	out->len += len;
}

static void puts_to(struct out *out, const char *text)
{
	put(out, text, strlen(text));
}

/* Put a text between quotes, and double those within. */
static void quote(struct out *out, char mark, const char *text, size_t len)
{
	size_t i;

	put(out, &mark, 1);
	for (i = 0; i < len; i++) {
		if (text[i] == mark)
			put(out, &mark, 1);
		put(out, text + i, 1);
	}
	put(out, &mark, 1);
}

/* True if PostgreSQL's grammar takes the word for something else than a column. */
static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {
		"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
		"authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case",
		"cast", "char", "character", "check", "coalesce", "collate", "collation", "column",
		"concurrently", "constraint", "create", "cross", "current_catalog", "current_date",
		"current_role", "current_schema", "current_time", "current_timestamp",
		"current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct", "do",
		"else", "end", "except", "exists", "extract", "false", "fetch", "float", "for",
		"foreign", "freeze", "from", "full", "grant", "greatest", "group", "grouping",
		"having", "ilike", "in", "initially", "inner", "inout", "int", "integer",
		"intersect", "interval", "into", "is", "isnull", "join", "lateral", "leading",
		"least", "left", "like", "limit", "localtime", "localtimestamp", "national",
		"natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif",
		"numeric", "offset", "on", "only", "or", "order", "out", "outer", "overlaps",
		"overlay", "placing", "position", "precision", "primary", "real", "references",
		"returning", "right", "row", "select", "session_user", "setof", "similar",
		"smallint", "some", "substring", "symmetric", "table", "tablesample", "then",
		"time", "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique",
		"user", "using", "values", "varchar", "variadic", "verbose", "when", "where",
		"window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
		"xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize",
		"xmltable",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!strcmp(name, reserved[i]))
			return true;
	return false;
}

static void put_name(struct out *out, const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

	if (*name && strchr(first, *name) && !name[strspn(name, others)] && !is_reserved(name))
		puts_to(out, name);
	else
		quote(out, '"', name, strlen(name));
}

/* True if the text of a number alone has this type. */
static bool is_natural(const struct kcsd_value *value)
{
	switch (value->type) {
	case KCSD_TYPE_INT4:
		return true;
	case KCSD_TYPE_INT8:
		return value->i != (int32_t)value->i;
	case KCSD_TYPE_NUMERIC:
		return value->n.scale || value->n.coefficient != (int64_t)value->n.coefficient;
	default:
		return false;
	}
}

/* typed: with its type even if the text alone has it. */
static void put_const(struct out *out, const struct kcsd_expr *expr, bool typed)
{
	const struct kcsd_value *value = &expr->value;
	struct kcsd_cell cell;

	if (!value->null && value->type == KCSD_TYPE_BOOL) {
		puts_to(out, value->i ? "true" : "false");
		return;
	}
	if (kcsd_value_print(value, out->arena, &cell)) {
		out->failed = true;
		return;
	}
	if (!typed && is_natural(value) && cell.text) {
		puts_to(out, *cell.text == '-' ? "(" : "");
		put(out, cell.text, cell.len);
		puts_to(out, *cell.text == '-' ? ")" : "");
		return;
	}
	if (cell.text)
		quote(out, '\'', cell.text, cell.len);
	else
		puts_to(out, "NULL");
	if (value->type != KCSD_TYPE_UNKNOWN) {
		puts_to(out, "::");
		puts_to(out, kcsd_type_word(value->type));
	}
}

static void put_expr(struct out *out, const struct kcsd_expr *expr);

/* Put the arguments from first on, with this between them. */
static void put_list(struct out *out, const struct kcsd_expr *expr, uint32_t first,
		     const char *between)
{
	uint32_t i;

	for (i = first; i < expr->nr_args; i++) {
		puts_to(out, i > first ? between : "");
		put_expr(out, expr->args[i]);
	}
}

static void put_case(struct out *out, const struct kcsd_expr *expr)
{
	uint32_t i;

	puts_to(out, "CASE");
	for (i = 0; i + 1 < expr->nr_args; i += 2) {
		puts_to(out, " WHEN ");
		put_expr(out, expr->args[i]);
		puts_to(out, " THEN ");
		put_expr(out, expr->args[i + 1]);
	}
	if (i < expr->nr_args) {
		puts_to(out, " ELSE ");
		put_expr(out, expr->args[i]);
	}
	puts_to(out, " END");
}

static void put_call(struct out *out, const struct kcsd_expr *expr)
{
	puts_to(out, kcsd_expr_op_name(expr->op));
	puts_to(out, expr->distinct ? "(DISTINCT " : "(");
	if (expr->op == KCSD_EXPR_COUNT_ROWS)
		puts_to(out, "*");
	if (expr->op == KCSD_EXPR_EXTRACT && expr->nr_args == 2) {
		/* The grammar wants a literal. */
		quote(out, '\'', expr->args[0]->value.text.data, expr->args[0]->value.text.len);
		puts_to(out, " FROM ");
		put_expr(out, expr->args[1]);
	} else {
		put_list(out, expr, 0, ", ");
	}
	puts_to(out, ")");
}

static void put_operator(struct out *out, const struct kcsd_expr *expr)
{
	const char *name = kcsd_expr_op_name(expr->op);

	puts_to(out, "(");
	if (expr->op == KCSD_EXPR_NOT || expr->op == KCSD_EXPR_NEG) {
		puts_to(out, name);
		puts_to(out, " ");
		/* "- 5" is a constant, and of a smaller type if it is the least. */
		if (expr->args[0]->op == KCSD_EXPR_CONST)
			put_const(out, expr->args[0], true);
		else
			put_expr(out, expr->args[0]);
	} else if (expr->op == KCSD_EXPR_AND || expr->op == KCSD_EXPR_OR) {
		put_list(out, expr, 0, expr->op == KCSD_EXPR_AND ? " AND " : " OR ");
	} else if (expr->nr_args) {
		put_expr(out, expr->args[0]);
		puts_to(out, " ");
		puts_to(out, name);
		puts_to(out, expr->nr_args == 1 ? "" : expr->op == KCSD_EXPR_IN ? " (" : " ");
		put_list(out, expr, 1, expr->op == KCSD_EXPR_IN ? ", " : " ESCAPE ");
		puts_to(out, expr->op == KCSD_EXPR_IN ? ")" : "");
	}
	puts_to(out, ")");
}

static void put_cast(struct out *out, const struct kcsd_expr *expr)
{
	puts_to(out, "(");
	put_expr(out, expr->args[0]);
	puts_to(out, ")::");
	puts_to(out, kcsd_type_name(expr->type));
}

static void put_expr(struct out *out, const struct kcsd_expr *expr)
{
	switch (expr->op) {
	case KCSD_EXPR_COLUMN:
		put_name(out, expr->name);
		break;
	case KCSD_EXPR_CONST:
		put_const(out, expr, false);
		break;
	case KCSD_EXPR_CAST:
		put_cast(out, expr);
		break;
	case KCSD_EXPR_CASE:
		put_case(out, expr);
		break;
	case KCSD_EXPR_COALESCE:
	case KCSD_EXPR_NULLIF:
	case KCSD_EXPR_LOWER ... KCSD_EXPR_AVG:
		put_call(out, expr);
		break;
	default:
		put_operator(out, expr);
	}
}

const char *kcsd_expr_text(const struct kcsd_expr *expr, struct kcsd_arena *arena)
{
	struct out out = { .arena = arena };

	put_expr(&out, expr);
	put(&out, "", 1);
	return out.failed ? NULL : out.data;
}

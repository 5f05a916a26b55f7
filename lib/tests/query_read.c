// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read expressions, for tests that have no parser of SQL. */
#include "private.h"
#include "query_read.h"
#include "tap.h"

#define MAX_ARGS	70

struct reader {
	struct kcsd_query *query;
	const char *start, *p;
};

static const struct {
	const char *name;
	enum kcsd_expr_op op;
} ops[] = {
	{ "not", KCSD_EXPR_NOT }, { "and", KCSD_EXPR_AND }, { "or", KCSD_EXPR_OR },
	{ "neg", KCSD_EXPR_NEG }, { "+", KCSD_EXPR_ADD }, { "-", KCSD_EXPR_SUB },
	{ "*", KCSD_EXPR_MUL }, { "/", KCSD_EXPR_DIV }, { "%", KCSD_EXPR_MOD },
	{ "=", KCSD_EXPR_EQ }, { "<>", KCSD_EXPR_NE }, { "<", KCSD_EXPR_LT },
	{ "<=", KCSD_EXPR_LE }, { ">", KCSD_EXPR_GT }, { ">=", KCSD_EXPR_GE },
	{ "distinct-from", KCSD_EXPR_DISTINCT }, { "null?", KCSD_EXPR_IS_NULL },
	{ "true?", KCSD_EXPR_IS_TRUE }, { "false?", KCSD_EXPR_IS_FALSE }, { "in", KCSD_EXPR_IN },
	{ "like", KCSD_EXPR_LIKE }, { "ilike", KCSD_EXPR_ILIKE }, { "case", KCSD_EXPR_CASE },
	{ "coalesce", KCSD_EXPR_COALESCE }, { "nullif", KCSD_EXPR_NULLIF },
	{ "||", KCSD_EXPR_CONCAT }, { "lower", KCSD_EXPR_LOWER }, { "upper", KCSD_EXPR_UPPER },
	{ "length", KCSD_EXPR_LENGTH }, { "substr", KCSD_EXPR_SUBSTR }, { "abs", KCSD_EXPR_ABS },
	{ "extract", KCSD_EXPR_EXTRACT }, { "date_trunc", KCSD_EXPR_DATE_TRUNC },
	{ "count", KCSD_EXPR_COUNT }, { "sum", KCSD_EXPR_SUM }, { "min", KCSD_EXPR_MIN },
	{ "max", KCSD_EXPR_MAX }, { "avg", KCSD_EXPR_AVG },
};

static struct kcsd_expr *fail(struct reader *r)
{
	tap_point(false, "an expression that is read: %s", r->start);
	tap_note("at \"%s\"", r->p);
	return NULL;
}

static void skip_spaces(struct reader *r)
{
	while (*r->p == ' ')
		r->p++;
}

/* Read a word, up to a space or parenthesis. */
static bool read_word(struct reader *r, char *word, size_t room)
{
	size_t len;

	skip_spaces(r);
	len = strcspn(r->p, " ()");
	if (!len || len >= room)
		return false;
	memcpy(word, r->p, len);
	word[len] = 0;
	r->p += len;
	return true;
}

/* Read what is between quotes; two of them are one. */
static bool read_quoted(struct reader *r, char *text, size_t room, size_t *len)
{
	char mark = *r->p++;

	for (*len = 0; *r->p && *len < room - 1; r->p++) {
		if (*r->p == mark && r->p[1] != mark)
			break;
		r->p += *r->p == mark;
		text[(*len)++] = *r->p;
	}
	text[*len] = 0;
	return *r->p++ == mark;
}

static struct kcsd_expr *read_one(struct reader *r);

static struct kcsd_expr *read_cast(struct reader *r, int at)
{
	struct kcsd_sql_type type;
	struct kcsd_expr *arg;
	char name[64];
	size_t len;

	skip_spaces(r);
	if (*r->p != '"' || !read_quoted(r, name, sizeof(name), &len) ||
	    kcsd_type_parse(name, &type))
		return fail(r);
	arg = read_one(r);
	return arg ? kcsd_expr_cast(r->query, arg, type, at) : NULL;
}

static struct kcsd_expr *read_call(struct reader *r, const char *name, int at)
{
	struct kcsd_expr *args[MAX_ARGS];
	uint32_t nr = 0;
	size_t i, len = strlen(name);
	bool distinct = len > 9 && !strcmp(name + len - 9, "-distinct");

	for (skip_spaces(r); *r->p && *r->p != ')' && nr < MAX_ARGS; skip_spaces(r)) {
		args[nr] = read_one(r);
		if (!args[nr++])
			return NULL;
	}
	len -= distinct ? 9 : 0;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strlen(ops[i].name) != len || strncmp(ops[i].name, name, len))
			continue;
		if (ops[i].op >= KCSD_EXPR_COUNT)
			return kcsd_expr_aggregate(r->query, ops[i].op, args[0], distinct, at);
		return kcsd_expr_call(r->query, ops[i].op, args, nr, at);
	}
	return fail(r);
}

static struct kcsd_expr *read_list(struct reader *r, int at)
{
	struct kcsd_expr *expr;
	char name[32];

	r->p++;
	if (!read_word(r, name, sizeof(name)))
		return fail(r);
	if (!strcmp(name, "cast"))
		expr = read_cast(r, at);
	else if (!strcmp(name, "count*"))
		expr = kcsd_expr_aggregate(r->query, KCSD_EXPR_COUNT_ROWS, NULL, false, at);
	else
		expr = read_call(r, name, at);
	skip_spaces(r);
	return expr && *r->p++ != ')' ? fail(r) : expr;
}

static struct kcsd_expr *read_one(struct reader *r)
{
	char word[512];
	size_t len;
	int at;

	skip_spaces(r);
	at = r->p - r->start;
	if (*r->p == '(')
		return read_list(r, at);
	if (*r->p == '\'')
		return read_quoted(r, word, sizeof(word), &len) ?
			kcsd_expr_string(r->query, word, len, at) : fail(r);
	if (!read_word(r, word, sizeof(word)))
		return fail(r);
	if (!strcmp(word, "null"))
		return kcsd_expr_null(r->query, at);
	if (!strcmp(word, "true") || !strcmp(word, "false"))
		return kcsd_expr_bool(r->query, *word == 't', at);
	if ((*word >= '0' && *word <= '9') || *word == '-' || *word == '.')
		return kcsd_expr_number(r->query, word, at);
	return kcsd_expr_column(r->query, word, at);
}

struct kcsd_expr *read_next(struct kcsd_query *query, const char **text)
{
	struct reader r = { query, *text, *text };
	struct kcsd_expr *expr;

	skip_spaces(&r);
	if (!*r.p)
		return NULL;
	expr = read_one(&r);
	*text = r.p;
	return expr;
}

struct kcsd_expr *read_expr(struct kcsd_query *query, const char *text)
{
	struct reader r = { query, text, text };
	struct kcsd_expr *expr = read_one(&r);

	skip_spaces(&r);
	return expr && *r.p ? fail(&r) : expr;
}

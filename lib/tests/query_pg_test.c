// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Random expressions and queries, evaluated by the library and by PostgreSQL: same values, types,
 * names, errors.
 *
 *	query_pg_test SEED ROUNDS POSTGRES.SH
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"
#include "query/host.h"
#include "query/numeric.h"
#include "query/table.h"
#include "query_gen.h"
#include "tap.h"

#define ROWS	40
#define SHOWN	25	/* differences that are shown */

/* One comparison: what the library says, and what PostgreSQL is asked. */
struct item {
	char *text;		/* SQL, for the reader */
	char *ours;
	char *sql;		/* asked first */
	char *again;		/* asked if that differs: without constants to fold; or NULL */
	char *plan;		/* asked if that differs: fails if constants do; or NULL */
	char *theirs;
	bool same, skipped;
	bool decimal;		/* there is nothing to skip */
	bool runs;		/* it is a query that is valid: which error comes first is open */
	bool limited;		/* rows behind LIMIT may have errors */
};

static struct kcsd_value rows[ROWS][GEN_COLUMNS];
static const char *script;
static char dir[] = "/tmp/kcsd-pg-XXXXXX";
static struct kcsd_arena keep;	/* of all items */

static void check_memory(const void *p)
{
	if (p)
		return;
	tap_point(false, "memory");
	exit(1);
}

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	char *text, *copy;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	check_memory(len < 0 ? NULL : text);
	copy = kcsd_arena_copy(&keep, text, len);
	check_memory(copy);
	free(text);
	return copy;
}

/* ---- the table ---- */

static void make_rows(struct gen *g, FILE *out)
{
	uint32_t r, c;

	fprintf(out, "CREATE TABLE t (id int");
	for (c = 0; c < GEN_COLUMNS; c++)
		fprintf(out, ", %s %s", gen_columns[c].name, kcsd_type_name(gen_columns[c].type));
	fprintf(out, ");\n");
	for (r = 0; r < ROWS; r++) {
		fprintf(out, "INSERT INTO t VALUES (%u", r);
		for (c = 0; c < GEN_COLUMNS; c++) {
			const char *text = gen_cell(g, c), *p;

			rows[r][c].null = !text;
			fputs(text ? ", '" : ", NULL", out);
			for (p = text; p && *p; p++)
				fprintf(out, *p == '\'' ? "''" : "%c", *p);
			fputs(text ? "'" : "", out);
			if (text && kcsd_value_parse(gen_columns[c].type, text, strlen(text),
						     &rows[r][c], NULL))
				tap_point(false, "a value of %s: %s", gen_columns[c].name, text);
		}
		fprintf(out, ");\n");
	}
}

static const char functions[] =
	"CREATE FUNCTION ask(q text) RETURNS text LANGUAGE plpgsql AS $f$\n"
	"DECLARE line text; lines text := '';\n"
	"BEGIN\n"
	"	FOR line IN EXECUTE q LOOP\n"
	"		lines := lines || coalesce(line, 'NULL') || ';';\n"
	"	END LOOP;\n"
	"	RETURN lines;\n"
	"EXCEPTION WHEN OTHERS THEN RETURN 'ERROR ' || SQLERRM;\n"
	"END $f$;\n";

/* ---- values ---- */

/* Append the text of a value as a cast to text prints it. */
static char *append(char *line, const struct kcsd_value *value)
{
	struct kcsd_cell cell;

	if (kcsd_value_print(value, &keep, &cell))
		check_memory(NULL);
	if (!cell.text)
		return format("%sNULL", line);
	if (value->type == KCSD_TYPE_BOOL)
		return format("%s%s", line, value->i ? "true" : "false");
	return format("%s%.*s", line, (int)cell.len, cell.text);
}

/* True if this is no difference: the library says that it does not do it. */
static bool is_limit(const char *ours)
{
	return strstr(ours, "more than 38 digits") || strstr(ours, "type interval is supported") ||
	       (strstr(ours, "cannot convert") && strstr(ours, "to numeric")) ||
	       strstr(ours, "for type interval") || strstr(ours, "is not supported");
}

/* ---- expressions ---- */

/*
 * Copy a bound expression with columns k0, k1, ... for its constants: PostgreSQL computes constant
 * parts in advance, also those that no row gets to.
 */
static struct kcsd_expr *hide_constants(struct kcsd_query *query, const struct kcsd_expr *expr,
					char **columns, int *nr)
{
	struct kcsd_expr *copy = kcsd_expr_create(query, expr->op, -1);
	uint32_t i;

	check_memory(copy);
	*copy = *expr;
	if (expr->op == KCSD_EXPR_CONST && expr->type.type != KCSD_TYPE_INTERVAL) {
		*columns = format("%s, %s AS k%d", *columns, kcsd_expr_text(expr, &keep), *nr);
		copy->op = KCSD_EXPR_COLUMN;
		copy->name = format("k%d", (*nr)++);
		return copy;
	}
	copy->args = kcsd_arena_alloc(&query->arena, expr->nr_args * sizeof(*copy->args));
	check_memory(copy->args);
	for (i = 0; i < expr->nr_args; i++)
		copy->args[i] = expr->op == KCSD_EXPR_EXTRACT && !i ? expr->args[i] :
				hide_constants(query, expr->args[i], columns, nr);
	return copy;
}

static char *ask_of(const char *expr, const char *columns, uint32_t row)
{
	return format("SELECT pg_typeof(x)::text || ':' || coalesce(x::text, 'NULL') FROM "
		      "(SELECT %s AS x FROM (SELECT *%s FROM t WHERE id = %u OFFSET 0) t) q", expr,
		      columns, row);
}

static void make_expr(struct gen *g, struct item *item)
{
	uint32_t row = gen_number(g, ROWS);
	struct kcsd_error err = {};
	struct kcsd_eval eval = { .arena = &keep, .columns = rows[row], .err = &err };
	struct kcsd_value value;
	struct kcsd_expr *expr;
	char *columns = "";
	int nr = 0;

	if (kcsd_query_create(&g->query))
		check_memory(NULL);
	expr = gen_any(g, 1 + gen_number(g, 4));
	check_memory(expr);
	item->text = format("%s", kcsd_expr_text(expr, &keep));
	item->sql = ask_of(item->text, "", row);
	if (kcsd_query_select(g->query, expr, NULL))
		check_memory(NULL);
	eval.query = g->query;
	if (kcsd_query_bind(g->query, gen_columns, GEN_COLUMNS, &err)) {
		item->ours = format("ERROR %s", err.text);
	} else {
		expr = g->query->results[0].expr;
		if (kcsd_expr_eval(expr, &eval, &value))
			item->ours = format("ERROR %s", err.text);
		else
			item->ours = format("%s;", append(format("%s:",
					    kcsd_type_word(value.type)), &value));
		expr = hide_constants(g->query, expr, &columns, &nr);
		item->again = ask_of(kcsd_expr_text(expr, &keep), columns, row);
	}
	kcsd_query_destroy(g->query);
}

/* ---- decimals ---- */

/* Write a number of up to 38 digits. */
static char *make_decimal(struct gen *g)
{
	uint32_t nr = 1 + gen_number(g, KCSD_NUMERIC_DIGITS), point = gen_number(g, nr + 1), i;
	char text[KCSD_NUMERIC_DIGITS + 4], *p = text;

	if (gen_number(g, 2))
		*p++ = '-';
	for (i = 0; i < nr; i++) {
		if (i == point)
			*p++ = '.';
		*p++ = '0' + (gen_number(g, 4) ? gen_number(g, 10) : 9 * gen_number(g, 2));
	}
	*p = 0;
	return format("%s", text);
}

static void make_arithmetic(struct gen *g, struct item *item)
{
	char *a = make_decimal(g), *b = make_decimal(g);
	enum kcsd_expr_op op = KCSD_EXPR_ADD + gen_number(g, 10);
	struct kcsd_sql_type type = { .type = KCSD_TYPE_NUMERIC };
	struct kcsd_expr args[2] = { { .op = KCSD_EXPR_CONST }, { .op = KCSD_EXPR_CONST } };
	struct kcsd_expr *pointers[] = { &args[0], &args[1] };
	struct kcsd_expr expr = {
		.op = op, .args = pointers, .nr_args = 2,
		.type.type = op < KCSD_EXPR_EQ ? KCSD_TYPE_NUMERIC : KCSD_TYPE_BOOL,
	};
	struct kcsd_error err = {};
	struct kcsd_eval eval = { .arena = &keep, .err = &err };
	struct kcsd_value value;

	if (kcsd_value_parse(type, a, strlen(a), &args[0].value, &err) ||
	    kcsd_value_parse(type, b, strlen(b), &args[1].value, &err) ||
	    kcsd_expr_eval(&expr, &eval, &value))
		item->ours = format("ERROR %s", err.text);
	else
		item->ours = format("%s;", append("", &value));
	item->text = format("'%s'::numeric %s '%s'::numeric", a, kcsd_expr_op_name(op), b);
	item->sql = format("SELECT (%s)::text", item->text);
	item->decimal = true;
}

/* True if a number of PostgreSQL is beyond 38 digits, and the library says so. */
static bool is_too_long(const char *ours, const char *theirs)
{
	const char *point = strchr(theirs, '.');
	size_t digits, scale = point ? strcspn(point + 1, ";") : 0;

	theirs += strspn(theirs, "-0.");
	digits = strcspn(theirs, ";") - (point && point > theirs);
	return strstr(ours, "more than 38 digits") && (digits > 38 || scale > 38);
}

/* ---- names ---- */

/* A result without a name of its own: what PostgreSQL calls it. */
static void make_name(struct gen *g, struct item *item)
{
	struct kcsd_error err = {};
	struct kcsd_expr *expr;

	if (kcsd_query_create(&g->query))
		check_memory(NULL);
	/* The text of a constant may be a cast. */
	do
		expr = gen_any(g, 1 + gen_number(g, 2));
	while (expr->op == KCSD_EXPR_CONST);
	item->text = format("%s", kcsd_expr_text(expr, &keep));
	item->sql = format("SELECT json_object_keys(row_to_json(q)) FROM "
			   "(SELECT %s FROM t WHERE id = %u) q", item->text, gen_number(g, ROWS));
	if (kcsd_query_select(g->query, expr, NULL))
		check_memory(NULL);
	if (kcsd_query_bind(g->query, gen_columns, GEN_COLUMNS, &err))
		item->ours = format("ERROR %s", err.text);
	else
		item->ours = format("%s;", g->query->result_columns[0].name);
	/* An error, of a row or of its plan, hides the name. */
	item->plan = item->sql;
	kcsd_query_destroy(g->query);
}

/* ---- queries ---- */

struct asked {
	struct kcsd_query *query;
	char *lines;
};

static int take_line(const struct kcsd_value *results, void *arg)
{
	struct asked *asked = arg;
	struct kcsd_value value;
	uint32_t i;

	for (i = 0; i < asked->query->nr_results; i++) {
		asked->lines = format("%s%s", asked->lines, i ? "|" : "");
		value = results[i];
		if (value.type == KCSD_TYPE_NUMERIC)
			kcsd_numeric_strip(&value.n);
		else if (value.type == KCSD_TYPE_FLOAT8)
			value.d += 0.0;
		asked->lines = append(asked->lines, &value);
	}
	asked->lines = format("%s;", asked->lines);
	return 0;
}

/* True if a drive could send parts of groups. */
static bool can_merge(const struct kcsd_query *query)
{
	uint32_t i;

	for (i = 0; i < query->nr_aggregates; i++) {
		const struct kcsd_expr *expr = query->aggregates[i];

		if (expr->distinct || (expr->type.type == KCSD_TYPE_FLOAT8 &&
				       expr->op != KCSD_EXPR_MIN && expr->op != KCSD_EXPR_MAX))
			return false;
	}
	return query->grouped;
}

/* Make the state of an aggregate after one row. */
static int make_partial(const struct kcsd_expr *expr, struct kcsd_eval *eval,
			struct kcsd_partial *partial)
{
	struct kcsd_value value = {};
	int ret = 0;

	*partial = (struct kcsd_partial){ .extreme.null = true };
	if (expr->nr_args)
		ret = kcsd_expr_eval(expr->args[0], eval, &value);
	if (ret || value.null)
		return ret;
	partial->count = 1;
	partial->extreme = value;
	partial->sum = value.type == KCSD_TYPE_NUMERIC ? value.n.coefficient : value.i;
	partial->scale = value.type == KCSD_TYPE_NUMERIC ? value.n.scale : 0;
	return 0;
}

/* Give a row to the host as a drive would: as a group. */
static int send_group(struct kcsd_host *host, const struct kcsd_query *query,
		      const struct kcsd_value *row, struct kcsd_error *err)
{
	struct kcsd_eval eval = { .arena = &keep, .query = query, .columns = row, .err = err };
	struct kcsd_value where, *keys = kcsd_arena_alloc(&keep, query->nr_groups * sizeof(*keys));
	struct kcsd_partial *partials = kcsd_arena_alloc(&keep, query->nr_aggregates *
							 sizeof(*partials));
	uint32_t i;
	int ret = 0;

	for (i = 0; i < query->nr_wheres; i++) {
		ret = kcsd_expr_eval(query->wheres[i], &eval, &where);
		if (ret || where.null || !where.i)
			return ret;
	}
	for (i = 0; i < query->nr_groups && !ret; i++)
		ret = kcsd_expr_eval(query->groups[i], &eval, &keys[i]);
	for (i = 0; i < query->nr_aggregates && !ret; i++)
		ret = make_partial(query->aggregates[i], &eval, &partials[i]);
	return ret ? ret : kcsd_host_group(host, keys, partials, err);
}

/* Run a bound query; give every other row as a drive would. */
static char *run(struct kcsd_query *query)
{
	bool merge = can_merge(query);
	struct asked asked = { query, "" };
	struct kcsd_error err = {};
	struct kcsd_host *host;
	uint32_t r;
	int ret;

	if (kcsd_host_create(query, ~0ull, &host))
		check_memory(NULL);
	for (r = 0, ret = 0; r < ROWS && !ret; r++) {
		ret = kcsd_host_row(host, rows[r], false, &err);
		if (!ret && merge && ++r < ROWS)
			ret = send_group(host, query, rows[r], &err);
	}
	if (ret >= 0)
		ret = kcsd_host_finish(host, take_line, &asked, &err);
	kcsd_host_destroy(host);
	return ret < 0 ? format("ERROR %s", err.text) : asked.lines;
}

/* ---- in the simulator ---- */

static struct kcsd_table *table;	/* of CSV, with the same rows */
static uint32_t sim_queries, sim_differ, sim_grouped, sim_filtered;

static void put_cell(FILE *file, const struct kcsd_value *value)
{
	struct kcsd_cell cell;
	size_t i;

	if (kcsd_value_print(value, &keep, &cell))
		check_memory(NULL);
	if (!cell.text)
		return;
	fputc('"', file);
	for (i = 0; i < cell.len; i++)
		fprintf(file, cell.text[i] == '"' ? "\"\"" : "%c", cell.text[i]);
	fputc('"', file);
}

static void make_table(void)
{
	KCSD_OPTS(kcsd_table_opts, opts, .format = KCSD_FORMAT_CSV, .flags = KCSD_TABLE_NO_HEADER,
		  .columns = gen_columns, .nr_columns = GEN_COLUMNS);
	FILE *file = tmpfile();
	struct kcsd_error err = {};
	uint32_t r, c;

	check_memory(file);
	for (r = 0; r < ROWS; r++)
		for (c = 0; c < GEN_COLUMNS; c++) {
			put_cell(file, &rows[r][c]);
			fputc(c + 1 < GEN_COLUMNS ? ',' : '\n', file);
		}
	fflush(file);
	OK(!kcsd_table_create(&opts, &table, &err) &&
	   !kcsd_table_add_file(table, fileno(file), "rows.csv", &err) &&
	   !kcsd_table_open(table, &err), "a table of CSV: %s", err.text);
}

/* Cells are texts; make of them what take_line() makes of values. */
static int take_cells(const struct kcsd_cell *cells, void *arg)
{
	struct asked *asked = arg;
	const struct kcsd_column *columns = asked->query->result_columns;
	struct kcsd_value values[8] = {};
	uint32_t i;

	for (i = 0; i < asked->query->nr_results && i < ARRAY_SIZE(values); i++) {
		values[i].type = columns[i].type.type;
		values[i].null = !cells[i].text;
		if (cells[i].text &&
		    kcsd_value_parse((struct kcsd_sql_type){ .type = columns[i].type.type },
				     cells[i].text, cells[i].len, &values[i], NULL))
			tap_point(false, "a value of the simulator: %.*s", (int)cells[i].len,
				  cells[i].text);
	}
	return take_line(values, arg);
}

/*
 * Run a query in the simulator: the same result. Of several conditions the drive may look at
 * another one first, and never come to the one that fails.
 */
static void compare_with_sim(struct gen *g, const struct item *item, struct kcsd_query *query)
{
	KCSD_OPTS(kcsd_query_run_opts, opts,
		  .engine = gen_number(g, 2) ? KCSD_ENGINE_LOWERED : KCSD_ENGINE_INTERP,
		  .heap_len = gen_number(g, 2) ? 0 : 1024);
	struct asked asked = { query, "" };
	struct kcsd_error err = {};
	struct plan plan;
	int ret;

	ret = kcsd_query_run(query, table, &opts, take_cells, &asked, NULL, 0, &err);
	if (ret)
		asked.lines = format("ERROR %s", err.text);
	sim_queries++;
	if (!kcsd_plan_create(&plan, query, false, NULL)) {
		sim_grouped += plan.grouped;
		sim_filtered += query->nr_wheres && !plan.host_wheres;
		kcsd_plan_destroy(&plan);
	}
	if (!strcmp(asked.lines, item->ours) ||
	    (ret && !strncmp(item->ours, "ERROR", 5)) ||
	    (query->nr_wheres > 1 && !strncmp(item->ours, "ERROR", 5)))
		return;
	if (sim_differ++ < SHOWN)
		printf("# %s\n#   host      %s\n#   simulator %s\n", item->text, item->ours,
		       asked.lines);
}

/* Append a clause to query and text. */
static char *add(struct gen *g, char *text, const char *between, struct kcsd_expr *expr)
{
	(void)g;
	check_memory(expr);
	return format("%s%s%s", text, between, kcsd_expr_text(expr, &keep));
}

static char *add_results(struct gen *g, bool grouped, uint32_t nr, struct kcsd_expr **group)
{
	char *text = format("SELECT %s", g->query->distinct ? "DISTINCT " : "");
	struct kcsd_expr *expr;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		g->aggregates = grouped;
		if (grouped && i < 2 && group[i])
			expr = group[i];
		else
			expr = grouped ? gen_expr(g, KCSD_TYPE_INT4 + gen_number(g, 7), 1) :
			       gen_any(g, 1);
		g->aggregates = false;
		text = add(g, text, i ? ", " : "", expr);
		kcsd_query_select(g->query, expr, NULL);
	}
	return format("%s FROM t", text);
}

static char *add_orders(struct gen *g, char *text, uint32_t nr)
{
	uint32_t i, flags;
	char number[16];

	for (i = 0; i < nr; i++) {
		flags = gen_number(g, 4);
		snprintf(number, sizeof(number), "%u", i + 1);
		kcsd_query_order_by(g->query, kcsd_expr_number(g->query, number, -1), flags);
		text = format("%s%s%s %s NULLS %s", text, i ? ", " : " ORDER BY ", number,
			      flags & KCSD_ORDER_DESC ? "DESC" : "ASC",
			      flags & KCSD_ORDER_NULLS_FIRST ? "FIRST" : "LAST");
	}
	return text;
}

static char *add_groups(struct gen *g, char *text, struct kcsd_expr **group)
{
	int i;

	for (i = 0; i < 2 && group[i]; i++) {
		kcsd_query_group_by(g->query, group[i]);
		text = add(g, text, i ? ", " : " GROUP BY ", group[i]);
	}
	if (!gen_number(g, 3)) {
		struct kcsd_expr *having;

		g->aggregates = true;
		having = gen_expr(g, KCSD_TYPE_BOOL, 1);
		g->aggregates = false;
		kcsd_query_having(g->query, having);
		text = add(g, text, " HAVING ", having);
	}
	return text;
}

static char *add_limits(struct gen *g, char *text)
{
	uint32_t limit = gen_number(g, 12), offset = gen_number(g, 5);

	if (gen_number(g, 2))
		return text;
	kcsd_query_limit(g->query, limit);
	kcsd_query_offset(g->query, offset);
	return format("%s LIMIT %u OFFSET %u", text, limit, offset);
}

/*
 * The text of a query whose rows are lines of text. 1.0 and 1.00, 0 and -0 are the
 * same here: they come in any order.
 */
static char *as_lines(const struct kcsd_query *q, const char *query, uint32_t nr)
{
	char *names = "", *line = "";
	uint32_t i;
	enum kcsd_type type;

	for (i = 0; i < nr; i++) {
		names = format("%s%sx%u", names, i ? ", " : "", i);
		type = q->bound ? q->result_columns[i].type.type : KCSD_TYPE_UNKNOWN;
		line = format("%s%scoalesce(%s(x%u)::text, 'NULL')", line, i ? " || '|' || " : "",
			      type == KCSD_TYPE_NUMERIC ? "trim_scale" :
			      type == KCSD_TYPE_FLOAT8 ? "0.0::float8 + " : "", i);
	}
	return format("SELECT %s FROM (%s) AS q(%s)", line, query, names);
}

static void make_query(struct gen *g, struct item *item)
{
	uint32_t nr = 1 + gen_number(g, 4);
	bool grouped = gen_number(g, 2);
	struct kcsd_expr *group[2] = {}, *where;
	struct kcsd_error err = {};

	if (kcsd_query_create(&g->query))
		check_memory(NULL);
	if (!gen_number(g, 4))
		kcsd_query_distinct(g->query);
	if (grouped && gen_number(g, 4))
		group[0] = gen_any(g, gen_number(g, 2));
	/* A constant is a position. */
	if (group[0] && group[0]->op == KCSD_EXPR_CONST)
		group[0] = gen_column(g, KCSD_TYPE_INT4);
	if (group[0] && gen_number(g, 2))
		group[1] = gen_column(g, KCSD_TYPE_BOOL + gen_number(g, 8));
	item->text = add_results(g, grouped, nr, group);
	if (gen_number(g, 2)) {
		where = gen_expr(g, KCSD_TYPE_BOOL, 1);
		kcsd_query_where(g->query, where);
		item->text = add(g, item->text, " WHERE ", where);
	}
	if (grouped)
		item->text = add_groups(g, item->text, group);
	item->text = add_orders(g, item->text, nr);
	item->text = add_limits(g, item->text);
	if (kcsd_query_bind(g->query, gen_columns, GEN_COLUMNS, &err))
		item->ours = format("ERROR %s", err.text);
	else
		item->ours = run(g->query);
	if (g->query->bound)
		compare_with_sim(g, item, g->query);
	item->sql = as_lines(g->query, item->text, nr);
	item->runs = g->query->bound;
	/* PostgreSQL finds min() and max() of all by ORDER BY and LIMIT 1, too. */
	item->limited = g->query->limited || (g->query->grouped && !g->query->nr_groups);
	if (g->query->bound)
		item->plan = format("EXPLAIN %s", item->sql);
	kcsd_query_destroy(g->query);
}

/* ---- PostgreSQL ---- */

static FILE *open_file(const char *name, const char *mode)
{
	FILE *file = fopen(format("%s.%s", dir, name), mode);

	check_memory(file);
	return file;
}

/* Run what is in the file of questions; answers go into another one. Returns 0: done. */
static int ask_postgres(void)
{
	return system(format("'%s' psql '%s' <'%s.sql' >'%s.out'", script, dir, dir, dir));
}

/* A difference that the kind of evaluation explains, or the words of a message. */
static bool is_same(const char *ours, const char *theirs)
{
	if (strstr(theirs, "value overflows numeric format"))
		return !strncmp(ours, "ERROR numeric", 13);
	/* Tables have names there. */
	const char *column = strstr(theirs, "column \"t.");

	if (!strcmp(ours, theirs))
		return true;
	/* There, a date may have more forms, names of time zones and punctuation behind it. */
	if (strstr(ours, "ERROR invalid input syntax for type date") ||
	    strstr(ours, "ERROR invalid input syntax for type timestamp"))
		return strstr(theirs, "date/time field value out of range") ||
		       strstr(theirs, "time zone displacement out of range") ||
		       ours[strcspn(ours, "\"") + 1] != '\"';
	/* A number that is out of range may have anything behind it. */
	if (strstr(ours, "ERROR invalid input syntax for type double precision"))
		return strstr(theirs, "is out of range for type double precision");
	/* Of several errors, another one may come first: the same, but of another value. */
	if (strstr(ours, "ERROR invalid input syntax") &&
	    !strncmp(ours, theirs, strcspn(ours, "\"")))
		return true;
	/* There are operators of other types, which NULL may have. */
	if (strstr(ours, "operator does not exist: unknown - text"))
		return true;
	return column && strstr(theirs, "must appear") && strstr(ours, "must appear");
}

/* True if one row fails, but not the same one, or none that PostgreSQL gets to. */
static bool fails_elsewhere(const struct item *item, const char *theirs)
{
	return item->runs && !strncmp(item->ours, "ERROR", 5) &&
	       (item->limited || !strncmp(theirs, "ERROR", 5));
}

static const char *question(const struct item *item, int round)
{
	if (item->same)
		return NULL;
	return round == 0 ? item->sql : round == 1 ? item->again : item->plan;
}

/* Ask about all items that are not the same yet. Returns 0: all answers are there. */
static int compare(struct item *items, uint32_t nr, int round)
{
	FILE *file = open_file("sql", "w");
	char *line = NULL;
	size_t room = 0;
	uint32_t i;
	int ret;

	for (i = 0; i < nr; i++)
		if (question(&items[i], round))
			fprintf(file, "SELECT ask($q$%s$q$);\n", question(&items[i], round));
	fclose(file);
	ret = ask_postgres();
	file = open_file("out", "r");
	for (i = 0; i < nr && !ret; i++) {
		struct item *item = &items[i];
		ssize_t len;

		if (!question(item, round))
			continue;
		len = getline(&line, &room, file);
		if (len < 0) {
			ret = -EPROTO;
			break;
		}
		line[len - 1] = 0;
		if (round < 2)
			item->theirs = format("%s", line);
		item->skipped = item->decimal ? is_too_long(item->ours, line) :
						is_limit(item->ours);
		item->same = item->skipped || fails_elsewhere(item, line) ||
			     (round == 2 ? !strncmp(line, "ERROR", 5) : is_same(item->ours, line));
	}
	free(line);
	fclose(file);
	return ret;
}

static void show(const struct item *items, uint32_t nr)
{
	uint32_t i, shown = 0;

	for (i = 0; i < nr && shown < SHOWN; i++)
		if (!items[i].same && ++shown)
			printf("# %s\n#   ours   %s\n#   theirs %s\n", items[i].text,
			       items[i].ours, items[i].theirs);
}

static void test(struct gen *g, uint32_t nr, const char *what,
		 void (*make)(struct gen *g, struct item *item))
{
	struct item *items = calloc(nr, sizeof(*items));
	uint32_t i, differ = 0, skipped = 0, errors = 0;
	int ret = 0, round;

	check_memory(items);
	for (i = 0; i < nr; i++)
		make(g, &items[i]);
	for (round = 0; round < 3 && !ret; round++)
		ret = compare(items, nr, round);
	OK(!ret, "%s: PostgreSQL answers", what);
	for (i = 0; i < nr; i++) {
		differ += !items[i].same;
		skipped += items[i].skipped;
		errors += !strncmp(items[i].ours, "ERROR", 5);
	}
	IS(differ, 0, "%s: %u that PostgreSQL answers likewise", what, nr);
	tap_note("%u beyond the limits of the library, %u errors", skipped, errors);
	show(items, nr);
	free(items);
	kcsd_arena_reset(&keep);
}

/* Returns the exit status. */
static int run_tests(struct gen *g, uint32_t rounds)
{
	FILE *file = open_file("sql", "w");
	uint32_t i;

	fputs(functions, file);
	make_rows(g, file);
	fclose(file);
	make_table();
	OK(!ask_postgres(), "PostgreSQL takes the table");
	for (i = 0; i < rounds; i += 5000)
		test(g, MIN(rounds - i, 5000), "expressions", make_expr);
	test(g, MIN(rounds / 10, 5000), "names", make_name);
	for (i = 0; i < rounds; i += 10000)
		test(g, MIN(rounds - i, 10000) / 2, "decimals", make_arithmetic);
	for (i = 0; i < rounds; i += 10000)
		test(g, MIN(rounds - i, 10000) / 2, "queries", make_query);
	IS(sim_differ, 0, "%u queries in the simulator", sim_queries);
	tap_note("the program groups in %u, and has all conditions in %u", sim_grouped,
		 sim_filtered);
	kcsd_table_destroy(table);
	kcsd_arena_destroy(&keep);
	return tap_end();
}

static void stop(void)
{
	if (system(format("'%s' stop '%s'", script, dir)))
		printf("# cannot stop the server in %s\n", dir);
	unlink(format("%s.sql", dir));
	unlink(format("%s.out", dir));
	kcsd_arena_destroy(&keep);
}

int main(int argc, char **argv)
{
	struct gen g = { .seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1 };
	uint32_t rounds = argc > 2 ? atoi(argv[2]) : 1000;
	int status = 1;
	pid_t child;

	setbuf(stdout, NULL);
	script = argc > 3 ? argv[3] : "lib/tests/postgres.sh";
	check_memory(mkdtemp(dir));
	status = system(format("'%s' start '%s'", script, dir));
	if (status) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
			tap_skip("PostgreSQL", "there is no PostgreSQL 15");
		else
			tap_point(false, "PostgreSQL starts");
		stop();
		return tap_end() && status != 3 << 8;
	}
	/* A child that a sanitizer ends leaves no server behind. */
	child = fork();
	if (!child)
		return run_tests(&g, rounds);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		status = 1;
	stop();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

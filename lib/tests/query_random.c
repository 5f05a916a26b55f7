// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make random rows and queries, run them. */
#include <stdarg.h>
#include <stdlib.h>

#include "private.h"
#include "query/numeric.h"
#include "query/table.h"
#include "query_random.h"
#include "tap.h"

#define SHOWN	10	/* differences that are shown */

struct kcsd_value rows[ROWS][GEN_COLUMNS];
struct kcsd_arena keep;

void check_memory(const void *p)
{
	if (p)
		return;
	tap_point(false, "memory");
	exit(1);
}

char *format(const char *fmt, ...)
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

void make_rows(struct gen *g, FILE *out)
{
	FILE *none = NULL;
	uint32_t r, c;

	if (!out)
		out = none = fopen("/dev/null", "w");
	check_memory(out);
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
	if (none)
		fclose(none);
}

/* Append the text of a value as a cast to text prints it. */
char *append(char *line, const struct kcsd_value *value)
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

/* ---- by a program ---- */

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

void write_rows(FILE *file)
{
	uint32_t r, c;

	for (r = 0; r < ROWS; r++)
		for (c = 0; c < GEN_COLUMNS; c++) {
			put_cell(file, &rows[r][c]);
			fputc(c + 1 < GEN_COLUMNS ? ',' : '\n', file);
		}
	fflush(file);
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

/* Run a query by a program. Returns its lines, or its error. */
static char *run_program(struct gen *g, struct programs *p, struct kcsd_query *query)
{
	KCSD_OPTS(kcsd_query_run_opts, opts, .heap_len = gen_number(g, 2) ? 0 : 1024);
	struct asked asked = { query, "" };
	struct kcsd_error err = {};

	if (!p->on_drive)
		opts.engine = gen_number(g, 2) ? KCSD_ENGINE_LOWERED : KCSD_ENGINE_INTERP;
	if (kcsd_query_run(query, p->table, &opts, take_cells, &asked, NULL, 0, &err))
		return format("ERROR %s", err.text);
	return asked.lines;
}

/*
 * True if the same happened. Of several conditions the drive may look at another one first, and
 * never come to the one that fails.
 */
static bool is_same_run(const struct kcsd_query *query, const char *host, const char *program)
{
	bool fails = !strncmp(host, "ERROR", 5);

	return !strcmp(host, program) ||
	       (fails && (query->nr_wheres > 1 || !strncmp(program, "ERROR", 5)));
}

static void compare_run(struct gen *g, struct programs *p, const struct item *item,
			struct kcsd_query *query)
{
	const char *lines = run_program(g, p, query);
	struct plan plan;

	p->queries++;
	if (!kcsd_plan_create(&plan, query, false, NULL)) {
		p->grouped += plan.grouped;
		p->filtered += query->nr_wheres && !plan.host_wheres;
		kcsd_plan_destroy(&plan);
	}
	if (is_same_run(query, item->ours, lines))
		return;
	if (p->differ++ < SHOWN)
		printf("# %s\n#   host     %s\n#   program  %s\n", item->text, item->ours, lines);
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

void make_random_query(struct gen *g, struct item *item, struct programs *programs)
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
	if (g->query->bound && programs)
		compare_run(g, programs, item, g->query);
	item->sql = as_lines(g->query, item->text, nr);
	item->runs = g->query->bound;
	/* PostgreSQL finds min() and max() of all by ORDER BY and LIMIT 1, too. */
	item->limited = g->query->limited || (g->query->grouped && !g->query->nr_groups);
	if (g->query->bound)
		item->plan = format("EXPLAIN %s", item->sql);
	kcsd_query_destroy(g->query);
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Random expressions and queries, evaluated by the library and by PostgreSQL: same values, types,
 * names, errors.
 *
 *	query_pg_test SEED ROUNDS POSTGRES.SH
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"
#include "query/numeric.h"
#include "query/table.h"
#include "query_random.h"
#include "tap.h"

#define SHOWN	25	/* differences that are shown */

static const char *script;
static char dir[] = "/tmp/kcsd-pg-XXXXXX";
static struct programs programs;

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

static void make_query(struct gen *g, struct item *item)
{
	make_random_query(g, item, &programs);
}

/* The same rows, in a file. */
static void make_table(void)
{
	KCSD_OPTS(kcsd_table_opts, opts, .format = KCSD_FORMAT_CSV, .flags = KCSD_TABLE_NO_HEADER,
		  .columns = gen_columns, .nr_columns = GEN_COLUMNS);
	FILE *file = tmpfile();
	struct kcsd_error err = {};

	check_memory(file);
	write_rows(file);
	OK(!kcsd_table_create(&opts, &programs.table, &err) &&
	   !kcsd_table_add_file(programs.table, fileno(file), "rows.csv", &err) &&
	   !kcsd_table_open(programs.table, &err), "a table of CSV: %s", err.text);
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
	IS(programs.differ, 0, "%u queries in the simulator", programs.queries);
	tap_note("the program groups in %u, and has all conditions in %u", programs.grouped,
		 programs.filtered);
	kcsd_table_destroy(programs.table);
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

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Queries without a drive: expressions to values or errors, clauses, groups, and parts of groups
 * that are merged. query_pg_test asks PostgreSQL whether what is expected here is right.
 */
#include <errno.h>
#include <stdio.h>

#include "private.h"
#include "query/host.h"
#include "query/numeric.h"
#include "query/real.h"
#include "query_read.h"
#include "tap.h"

#define N(t)	{ .type = KCSD_TYPE_##t }

/* ---- expressions ---- */

static const struct {
	const char *expr, *expected;
} exprs[] = {
	/* Integers. */
	{ "(+ 2147483646 1)", "integer 2147483647" },
	{ "(+ 2147483647 1)", "integer out of range" },
	{ "(- -2147483648 1)", "integer out of range" },
	{ "(* 65536 65536)", "integer out of range" },
	{ "(/ -2147483648 -1)", "integer out of range" },
	{ "(% -2147483648 -1)", "integer 0" },
	{ "(/ -7 2)", "integer -3" },
	{ "(% -7 2)", "integer -1" },
	{ "(neg -2147483648)", "integer out of range" },
	{ "(abs -2147483648)", "integer out of range" },
	{ "(+ 2147483648 1)", "bigint 2147483649" },
	{ "(+ 9223372036854775807 1)", "bigint out of range" },
	{ "(/ -9223372036854775808 -1)", "bigint out of range" },
	{ "(% -9223372036854775808 -1)", "bigint 0" },
	{ "(/ 1 0)", "division by zero" },
	{ "(% 1 0)", "division by zero" },
	{ "(+ 1 '2')", "integer 3" },
	{ "(+ 1 'x')", "invalid input syntax for type integer: \"x\"" },
	{ "(+ 1 '3000000000')", "value \"3000000000\" is out of range for type integer" },
	{ "(+ '1' '2')", "operator is not unique: unknown + unknown" },
	{ "(+ 1 true)", "operator does not exist: integer + boolean" },
	/* Decimals. */
	{ "(+ 1.50 2)", "numeric 3.50" },
	{ "(* 1.50 2.0)", "numeric 3.000" },
	{ "(/ 1.0 3)", "numeric 0.33333333333333333333" },
	{ "(/ 10 4.0)", "numeric 2.5000000000000000" },
	{ "(/ 1e20 3.0)", "numeric 33333333333333333333.3" },
	{ "(/ 1 3e10)", "numeric 0.0000000000333333333333333333" },
	{ "(/ 1.0 0)", "division by zero" },
	{ "(% 10.5 3)", "numeric 1.5" },
	{ "(% -10.5 3)", "numeric -1.5" },
	{ "(+ 99999999999999999999999999999999999998 1)",
	  "numeric 99999999999999999999999999999999999999" },
	{ "(+ 99999999999999999999999999999999999999 1)",
	  "numeric value out of range: more than 38 digits" },
	{ "(* 10000000000000000000 10000000000000000000)",
	  "numeric value out of range: more than 38 digits" },
	{ "(* 9999999999999999999 9999999999999999999)",
	  "numeric 99999999999999999980000000000000000001" },
	{ "(* 1e-20 1e-20)", "numeric value out of range: more than 38 digits" },
	{ "(/ 99999999999999999999999999999999999999 0.1)",
	  "numeric value out of range: more than 38 digits" },
	{ "100000000000000000000000000000000000000",
	  "numeric value out of range: more than 38 digits" },
	{ "437507570104655e24", "numeric value out of range: more than 38 digits" },
	{ "999999999999999999999999999999999999999",
	  "numeric value out of range: more than 38 digits" },
	{ "3.40282366920938463463374607431768211456e38",
	  "numeric value out of range: more than 38 digits" },
	{ "340282366920938463463374607431768211457",
	  "numeric value out of range: more than 38 digits" },
	{ "99999999999999999999999999999999999999",
	  "numeric 99999999999999999999999999999999999999" },
	{ "-0.99999999999999999999999999999999999999",
	  "numeric -0.99999999999999999999999999999999999999" },
	{ "(cast \"numeric\" (cast \"float8\" '-4.37507570104655e38'))",
	  "numeric value out of range: more than 38 digits" },
	{ "(cast \"numeric(38,2)\" '99999999999999999999999999999999999999')",
	  "numeric field overflow" },
	{ "(cast \"numeric(38,2)\" '999999999999999999999999999999999999.994')",
	  "numeric value out of range: more than 38 digits" },
	{ "(cast \"numeric(38)\" (cast \"text\" '99999999999999999999999999999999999999.5'))",
	  "numeric field overflow" },
	{ "1e39", "numeric value out of range: more than 38 digits" },
	{ "1e-39", "numeric value out of range: more than 38 digits" },
	{ "1x", "invalid input syntax for type numeric: \"1x\"" },
	{ "(< 0.00000000000000000000000000000000000001 99999999999999999999999999999999999999)",
	  "boolean t" },
	{ "(> -99999999999999999999999999999999999999 0.00000000000000000000000000000000000001)",
	  "boolean f" },
	{ "(= 1.0 1.00)", "boolean t" },
	{ "(cast \"numeric(5,2)\" 999.994)", "numeric(5,2) 999.99" },
	{ "(cast \"numeric(5,2)\" 999.995)", "numeric field overflow" },
	{ "(cast \"numeric(5,2)\" -1.005)", "numeric(5,2) -1.01" },
	{ "(cast \"numeric(3)\" '2.5')", "numeric(3,0) 3" },
	{ "(cast \"numeric\" 'NaN')", "numeric value \"NaN\" is not supported" },
	{ "(cast \"numeric\" ' -1.50e1 ')", "numeric -15.0" },
	{ "(cast \"int\" 2.5)", "integer 3" },
	{ "(cast \"int\" -2.5)", "integer -3" },
	{ "(cast \"int\" 2147483647.5)", "integer out of range" },
	{ "(cast \"bigint\" 9223372036854775807.4)", "bigint 9223372036854775807" },
	{ "(cast \"bigint\" 9223372036854775807.5)", "bigint out of range" },
	/* Floating point. */
	{ "(cast \"float8\" 0.1)", "double precision 0.1" },
	{ "(+ (cast \"float8\" 0.1) 0.2)", "double precision 0.30000000000000004" },
	{ "(cast \"float8\" '1e15')", "double precision 1e+15" },
	{ "(cast \"float8\" '123456789012345')", "double precision 123456789012345" },
	{ "(cast \"float8\" '0.0001')", "double precision 0.0001" },
	{ "(cast \"float8\" '0.00001')", "double precision 1e-05" },
	{ "(cast \"float8\" '5e-324')", "double precision 5e-324" },
	{ "(cast \"float8\" '36072469923902144')", "double precision 3.6072469923902144e+16" },
	{ "(cast \"float8\" '9007199254740993')", "double precision 9.007199254740992e+15" },
	{ "(cast \"float8\" '9.09255138626905e281')", "double precision 9.09255138626905e+281" },
	{ "(cast \"float8\" '-infinity')", "double precision -Infinity" },
	{ "(cast \"float8\" '1e400')", "\"1e400\" is out of range for type double precision" },
	{ "(* (cast \"float8\" '1e300') 1e10)", "value out of range: overflow" },
	{ "(* (cast \"float8\" '1e-300') (cast \"float8\" '1e-300'))",
	  "value out of range: underflow" },
	{ "(/ (cast \"float8\" 1) 0)", "division by zero" },
	{ "(= (cast \"float8\" 'NaN') (cast \"float8\" 'NaN'))", "boolean t" },
	{ "(cast \"int\" (cast \"float8\" 2.5))", "integer 2" },
	{ "(cast \"int\" (cast \"float8\" 3.5))", "integer 4" },
	{ "(cast \"int\" (cast \"float8\" -2.5))", "integer -2" },
	{ "(cast \"numeric\" (cast \"float8\" '0.30000000000000004'))",
	  "numeric 0.3" },
	{ "(% (cast \"float8\" 1) 2)", "operator does not exist: double precision % integer" },
	/* Three values. */
	{ "(and null false)", "boolean f" },
	{ "(and null true)", "boolean NULL" },
	{ "(or null true)", "boolean t" },
	{ "(or null false)", "boolean NULL" },
	{ "(not null)", "boolean NULL" },
	{ "(null? null)", "boolean t" },
	{ "(true? null)", "boolean f" },
	{ "(false? null)", "boolean f" },
	{ "(= 1 null)", "boolean NULL" },
	{ "(distinct-from 1 null)", "boolean t" },
	{ "(distinct-from null null)", "boolean f" },
	{ "(in 1 2 null)", "boolean NULL" },
	{ "(in 1 1 null)", "boolean t" },
	{ "(in 1 2 3)", "boolean f" },
	{ "(in null 1)", "boolean NULL" },
	{ "(in 1 1 (/ 1 0))", "division by zero" },
	{ "(and false (= (/ 1 0) 1))", "boolean f" },
	{ "(and 1 true)", "argument of AND must be type boolean, not type integer" },
	{ "(case true 1 (/ 1 0))", "integer 1" },
	{ "(case b 1 (= 1 1) 2 (/ 1 0))", "integer 2" },
	{ "(case false 1)", "integer NULL" },
	{ "(case true 1 2.5)", "numeric 1" },
	{ "(case true 1 s)", "CASE types text and integer cannot be matched" },
	{ "(coalesce null 1 (/ 1 0))", "integer 1" },
	{ "(coalesce null null)", "text NULL" },
	{ "(nullif 1 1)", "integer NULL" },
	{ "(nullif 1 2.0)", "numeric 1" },
	{ "(nullif 1 5000000000)", "integer 1" },
	/* Text. */
	{ "(|| 'a' 1)", "text a1" },
	{ "(|| 'a' true)", "text atrue" },
	{ "(|| 1 2)", "operator does not exist: integer || integer" },
	{ "(|| 'a' null)", "text NULL" },
	{ "(length '\u65e5\u672c\u8a9e')", "integer 3" },
	{ "(lower '\u00c4BC')", "text \u00c4bc" },
	{ "(substr 'abcdef' 3)", "text cdef" },
	{ "(substr 'abcdef' 0 3)", "text ab" },
	{ "(substr 'abcdef' -5 3)", "text " },
	{ "(substr 'abcdef' 2 2147483647)", "text bcdef" },
	{ "(substr '\u65e5\u672c\u8a9e' 2 1)", "text \u672c" },
	{ "(substr 'abc' 1 -1)", "negative substring length not allowed" },
	{ "(substr 'abc' 1.5)", "function substr(unknown, numeric) does not exist" },
	{ "(lower 5)", "function lower(integer) does not exist" },
	{ "(like 'abc' 'a%')", "boolean t" },
	{ "(like '\u65e5\u672c' '__')", "boolean t" },
	{ "(like 'a%c' 'a\\%c')", "boolean t" },
	{ "(like 'abc' 'a\\%c')", "boolean f" },
	{ "(like 'a%c' 'ax%c' 'x')", "boolean t" },
	{ "(like 'a\\c' 'a\\c' '')", "boolean t" },
	{ "(like 'abc' 'abc\\')", "boolean f" },
	{ "(like 'abcd' 'abc\\')", "LIKE pattern must not end with escape character" },
	{ "(like 'aXbXbc' 'a%b_')", "boolean t" },
	{ "(like 'abab' '%ab%ab%')", "boolean t" },
	{ "(like 'abab' '%ab%ab%ab')", "boolean f" },
	{ "(like 'aab' '%%_%ab')", "boolean t" },
	{ "(like 'abc' '%\\')", "LIKE pattern must not end with escape character" },
	{ "(like '' '%\\')", "boolean f" },
	{ "(like 'abc' 'a' 'xx')", "invalid escape string" },
	{ "(ilike 'ABC' 'a_c')", "boolean t" },
	{ "(like 5 '5')", "operator does not exist: integer ~~ unknown" },
	{ "(< 'B' 'a')", "boolean t" },
	{ "(< 'a' '\u00e4')", "boolean t" },
	/* Casts. */
	{ "(cast \"bool\" 'ye')", "boolean t" },
	{ "(cast \"bool\" 'o')", "invalid input syntax for type boolean: \"o\"" },
	{ "(cast \"int\" true)", "integer 1" },
	{ "(cast \"bool\" 2)", "boolean t" },
	{ "(cast \"bigint\" true)", "cannot cast type boolean to bigint" },
	{ "(cast \"date\" 1)", "cannot cast type integer to date" },
	{ "(cast \"text\" true)", "text true" },
	{ "(cast \"text\" 1.50)", "text 1.50" },
	{ "(cast \"int\" (|| '4' '2'))", "integer 42" },
	/* Dates. */
	{ "(cast \"date\" '2020-02-29')", "date 2020-02-29" },
	{ "(cast \"date\" '2021-02-29')", "date/time field value out of range: \"2021-02-29\"" },
	{ "(cast \"date\" '20200229')", "date 2020-02-29" },
	{ "(cast \"date\" '0044-03-15 BC')", "date 0044-03-15 BC" },
	{ "(cast \"date\" 'infinity')", "date \"infinity\" is not supported" },
	{ "(cast \"timestamp\" '2020-02-29T12:34:56.5Z')",
	  "timestamp without time zone 2020-02-29 12:34:56.5" },
	{ "(cast \"timestamp\" '2020-02-29 24:00')",
	  "timestamp without time zone 2020-03-01 00:00:00" },
	{ "(cast \"timestamp\" '2020-02-29 25:00')",
	  "date/time field value out of range: \"2020-02-29 25:00\"" },
	{ "(+ (cast \"date\" '2020-02-28') 2)", "date 2020-03-01" },
	{ "(+ 2 (cast \"date\" '2020-02-28'))", "date 2020-03-01" },
	{ "(- (cast \"date\" '2020-03-01') '2020-02-28')", "integer 2" },
	{ "(+ (cast \"date\" '2020-01-31') (cast \"interval\" '1 month'))",
	  "timestamp without time zone 2020-02-29 00:00:00" },
	{ "(- (cast \"date\" '1998-12-01') (cast \"interval\" '90 day'))",
	  "timestamp without time zone 1998-09-02 00:00:00" },
	{ "(+ (cast \"timestamp\" '2020-01-01') '1 day 02:03:04.5')",
	  "timestamp without time zone 2020-01-02 02:03:04.5" },
	{ "(+ (cast \"date\" '5874897-12-31') 1)", "date out of range" },
	{ "(+ (cast \"date\" '2020-01-01') '5')", "operator is not unique: date + unknown" },
	{ "(- (cast \"timestamp\" '2020-01-01') (cast \"timestamp\" '2020-01-01'))",
	  "type interval is supported only as a constant that is added to a date or timestamp" },
	{ "(extract 'year' (cast \"date\" '2020-02-29'))", "numeric 2020" },
	{ "(extract 'week' (cast \"date\" '2021-01-03'))", "numeric 53" },
	{ "(extract 'second' (cast \"timestamp\" '2020-01-01 00:00:01.5'))", "numeric 1.500000" },
	{ "(extract 'epoch' (cast \"timestamp\" '1969-12-31 23:59:59'))", "numeric -1.000000" },
	{ "(extract 'hour' (cast \"date\" '2020-01-01'))",
	  "unit \"hour\" not supported for type date" },
	{ "(extract s (cast \"date\" '2020-01-01'))", "extract() needs a constant unit" },
	{ "(date_trunc 'quarter' (cast \"timestamp\" '2020-05-17 01:02:03'))",
	  "timestamp without time zone 2020-04-01 00:00:00" },
	/* Names. */
	{ "nmae", "column \"nmae\" does not exist; there is \"name\"" },
	{ "zzz", "column \"zzz\" does not exist" },
	{ "twice", "column reference \"twice\" is ambiguous" },
	{ "(not)", "NOT has a wrong number of arguments" },
	{ "(sum (sum i))", "aggregate function calls cannot be nested" },
	{ "(sum s)", "function sum(text) does not exist" },
	{ "(sum 'a')", "function sum(unknown) is not unique" },
	{ "(min b)", "function min(boolean) does not exist" },
};

static const struct kcsd_column columns[] = {
	{ "b", N(BOOL), 0 }, { "i", N(INT4), 0 }, { "s", N(TEXT), 0 }, { "name", N(TEXT), 0 },
	{ "twice", N(INT4), 0 }, { "twice", N(INT4), 0 },
};

/* Write "TYPE TEXT" of a result, or the error. */
static void evaluate(const char *text, char *out, size_t room)
{
	const struct kcsd_value row[ARRAY_SIZE(columns)] = { [0 ... 5] = { .null = true } };
	struct kcsd_arena arena = {};
	struct kcsd_error err = {};
	struct kcsd_eval eval = { .arena = &arena, .columns = row, .err = &err };
	struct kcsd_query *query;
	struct kcsd_value value;
	struct kcsd_cell cell;

	snprintf(out, room, "not read");
	if (kcsd_query_create(&query))
		return;
	if (!kcsd_query_select(query, read_expr(query, text), NULL)) {
		eval.query = query;
		if (kcsd_query_bind(query, columns, ARRAY_SIZE(columns), &err) ||
		    kcsd_expr_eval(query->results[0].expr, &eval, &value) ||
		    kcsd_value_print(&value, &arena, &cell))
			snprintf(out, room, "%s", err.text);
		else
			snprintf(out, room, "%s %.*s",
				 kcsd_type_name(query->result_columns[0].type),
				 cell.text ? (int)cell.len : 4, cell.text ? cell.text : "NULL");
	}
	kcsd_query_destroy(query);
	kcsd_arena_destroy(&arena);
}

static void test_exprs(void)
{
	char got[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(exprs); i++) {
		evaluate(exprs[i].expr, got, sizeof(got));
		IS_TEXT(got, exprs[i].expected, "%s", exprs[i].expr);
	}
}

/* ---- queries ---- */

static const struct kcsd_column table[] = {
	{ "a", N(INT4), 0 }, { "t", N(TEXT), 0 },
	{ "m", { .type = KCSD_TYPE_NUMERIC, .precision = 6, .scale = 2 }, 0 },
};

static const char *const cells[][3] = {
	{ "1", "x", "1.50" }, { "2", "y", "2.25" }, { "1", "x", NULL }, { NULL, "y", "-1.00" },
	{ "3", NULL, "0.10" }, { "2", "x", "7.00" },
};

static const struct query_case {
	const char *select, *where, *group, *having, *order;
	const char *expected;
	int at;				/* of an error */
	bool distinct, desc;
	int64_t limit, offset;		/* limit -1 of the text of the table: 0 means none */
	const char *names;
	const char *alias;		/* of the first result */
} queries[] = {
	{ .select = "a t m",
	  .expected = "1|x|1.50;2|y|2.25;1|x|NULL;NULL|y|-1.00;3|NULL|0.10;2|x|7.00;",
	  .names = "a t m" },
	{ .select = "a", .where = "(> a 1)", .order = "a", .expected = "2;2;3;" },
	{ .select = "a", .order = "a", .desc = true, .expected = "NULL;3;2;2;1;1;" },
	{ .select = "a", .order = "1", .limit = 2, .offset = 1, .expected = "1;2;" },
	{ .select = "a t", .limit = 2, .expected = "1|x;2|y;" },
	{ .select = "a", .distinct = true, .order = "a", .expected = "1;2;3;NULL;" },
	{ .select = "(count*) (count a) (sum a) (min t) (max m) (avg a)",
	  .expected = "6|5|9|x|7.00|1.8000000000000000;", .names = "count count sum min max avg" },
	{ .select = "(sum m) (avg m)", .expected = "9.85|1.9700000000000000;" },
	{ .select = "(count*) (sum a) (min t)", .where = "(= a 99)", .expected = "0|NULL|NULL;" },
	{ .select = "t (count*)", .where = "false", .group = "t", .expected = "" },
	{ .select = "t (count*) (sum m)", .group = "t", .order = "t",
	  .expected = "x|3|8.50;y|2|1.25;NULL|1|0.10;" },
	{ .select = "t (count-distinct a) (sum-distinct a)", .group = "1", .order = "1",
	  .expected = "x|2|3;y|1|2;NULL|1|3;" },
	{ .select = "t", .group = "t", .having = "(> (count*) 1)", .order = "(count*)",
	  .expected = "y;x;" },
	{ .select = "(+ a 1) (* (+ a 1) (count*))", .group = "(+ a 1)", .order = "1",
	  .expected = "2|4;3|6;4|4;NULL|NULL;" },
	{ .select = "a (count*)", .expected = "column \"a\" must appear in the GROUP BY clause or "
	  "be used in an aggregate function", .at = 0 },
	{ .select = "(count*) (+ a 1)", .group = "t", .expected = "column \"a\" must appear in the "
	  "GROUP BY clause or be used in an aggregate function", .at = 4 },
	{ .select = "a", .where = "(> (sum a) 1)",
	  .expected = "aggregate functions are not allowed in WHERE", .at = 3 },
	{ .select = "a", .where = "(+ a 1)",
	  .expected = "argument of WHERE must be type boolean, not type integer", .at = 0 },
	{ .select = "a", .having = "a",
	  .expected = "argument of HAVING must be type boolean, not type integer", .at = 0 },
	{ .select = "a", .group = "2", .expected = "GROUP BY position 2 is not in select list" },
	{ .select = "a", .order = "0", .expected = "ORDER BY position 0 is not in select list" },
	{ .select = "a", .order = "1.5", .expected = "non-integer constant in ORDER BY" },
	{ .select = "(sum a)", .group = "1",
	  .expected = "aggregate functions are not allowed in GROUP BY" },
	{ .select = "a", .order = "t", .distinct = true, .expected =
	  "for SELECT DISTINCT, ORDER BY expressions must appear in select list" },
	{ .select = "(lower t) (cast \"int8\" 1) (case true 1) (case true 1 a) (+ 1 1) "
	  "(cast \"int8\" a) (coalesce t)", .limit = 1, .expected = "x|1|1|1|2|1|x;",
	  .names = "lower int8 case a ?column? a coalesce" },
	/* GROUP BY takes a column first, ORDER BY a result. */
	{ .select = "(neg a) a", .alias = "m", .where = "(> a 1)", .order = "m",
	  .expected = "-3|3;-2|2;-2|2;", .names = "m a" },
	{ .select = "(lower t)", .alias = "m", .group = "m", .expected = "column \"t\" must appear "
	  "in the GROUP BY clause or be used in an aggregate function" },
	{ .select = "(upper t) (count*)", .alias = "k", .group = "k", .order = "k",
	  .expected = "X|3;Y|2;NULL|1;" },
	{ .select = "a t", .alias = "t", .order = "t",
	  .expected = "ORDER BY \"t\" is ambiguous" },
	{ .select = "a", .alias = "k", .order = "(neg k)",
	  .expected = "column \"k\" does not exist" },
	{ .select = "'x' null", .limit = 1, .expected = "x|NULL;", .names = "?column? ?column?" },
	{ .select = "(/ 1 a)", .where = "(and (> a 0) (= (/ 6 (- a 1)) 3))",
	  .expected = "division by zero", .at = 16 },
};

static char out[4096];

static int take_row(const struct kcsd_value *results, void *arg)
{
	const struct kcsd_query *query = arg;
	struct kcsd_arena arena = {};
	struct kcsd_cell cell;
	uint32_t i;

	for (i = 0; i < query->nr_results; i++) {
		if (kcsd_value_print(&results[i], &arena, &cell))
			continue;
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s", i ? "|" : "",
			 cell.text ? (int)cell.len : 4, cell.text ? cell.text : "NULL");
	}
	snprintf(out + strlen(out), sizeof(out) - strlen(out), ";");
	kcsd_arena_destroy(&arena);
	return 0;
}

static void parse_row(size_t r, struct kcsd_value row[3])
{
	size_t c;

	for (c = 0; c < ARRAY_SIZE(table); c++) {
		row[c] = (struct kcsd_value){ .null = true };
		if (cells[r][c])
			kcsd_value_parse(table[c].type, cells[r][c], strlen(cells[r][c]), &row[c],
					 NULL);
	}
}

/* Run a query over the table. Returns the place of the error. */
static int run(struct kcsd_query *query)
{
	struct kcsd_error err = {};
	struct kcsd_value row[3];
	struct kcsd_host *host;
	int ret = 0, at;
	size_t r;

	out[0] = 0;
	if (kcsd_query_bind(query, table, ARRAY_SIZE(table), &err)) {
		snprintf(out, sizeof(out), "%s", err.text);
		return kcsd_query_at(query);
	}
	if (kcsd_host_create(query, ~0ull, &host))
		return -1;
	for (r = 0; r < ARRAY_SIZE(cells) && !ret; r++) {
		parse_row(r, row);
		ret = kcsd_host_row(host, row, false, &err);
	}
	if (ret >= 0)
		ret = kcsd_host_finish(host, take_row, query, &err);
	if (ret < 0)
		snprintf(out, sizeof(out), "%s", err.text);
	at = kcsd_host_at(host);
	kcsd_host_destroy(host);
	return at;
}

static void add_list(struct kcsd_query *query, const char *text,
		     int (*fn)(struct kcsd_query *query, struct kcsd_expr *expr))
{
	struct kcsd_expr *expr;

	while (text && (expr = read_next(query, &text)))
		OK(!fn(query, expr), "a clause");
}

static const char *alias;	/* of the next result */

static int add_result(struct kcsd_query *query, struct kcsd_expr *expr)
{
	const char *name = alias;

	alias = NULL;
	return kcsd_query_select(query, expr, name);
}

static void check_names(struct kcsd_query *query, const char *names)
{
	const struct kcsd_column *results;
	char got[256] = "";
	uint32_t nr, i;

	results = kcsd_query_results(query, &nr);
	for (i = 0; i < nr; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			 results[i].name);
	IS_TEXT(got, names, "  names");
}

static void test_query(const struct query_case *c)
{
	struct kcsd_query *query;
	int at;

	if (kcsd_query_create(&query))
		return;
	alias = c->alias;
	add_list(query, c->select, add_result);
	add_list(query, c->where, kcsd_query_where);
	add_list(query, c->group, kcsd_query_group_by);
	add_list(query, c->having, kcsd_query_having);
	if (c->order)
		kcsd_query_order_by(query, read_expr(query, c->order),
				    c->desc ? KCSD_ORDER_DESC | KCSD_ORDER_NULLS_FIRST : 0);
	if (c->distinct)
		kcsd_query_distinct(query);
	if (c->limit)
		kcsd_query_limit(query, c->limit);
	kcsd_query_offset(query, c->offset);
	at = run(query);
	IS_TEXT(out, c->expected, "query: %s, where %s, group %s", c->select,
		c->where ? c->where : "-", c->group ? c->group : "-");
	if (c->at)
		IS(at, c->at, "  at");
	if (c->names)
		check_names(query, c->names);
	kcsd_query_destroy(query);
}

/* ---- parts of groups, as a drive sends them ---- */

static void test_merge(void)
{
	const struct kcsd_value x = { .type = KCSD_TYPE_TEXT, .text = { "x", 1 } };
	const struct kcsd_value low = { .type = KCSD_TYPE_INT4, .i = 1 };
	const struct kcsd_value high = { .type = KCSD_TYPE_INT4, .i = 9 };
	const struct kcsd_partial first[] = {
		{ .count = 2 }, { .count = 2, .sum = 375, .scale = 2 },
		{ .count = 2, .extreme = high },
	};
	const struct kcsd_partial second[] = {
		{ .count = 3 }, { .count = 1, .sum = 15, .scale = 1 },
		{ .count = 3, .extreme = low },
	};
	struct kcsd_error err = {};
	struct kcsd_query *query;
	struct kcsd_value row[3];
	struct kcsd_host *host;

	if (kcsd_query_create(&query))
		return;
	add_list(query, "t (count*) (sum m) (min a)", add_result);
	add_list(query, "t", kcsd_query_group_by);
	OK(!kcsd_query_bind(query, table, ARRAY_SIZE(table), &err), "merge: bind");
	OK(!kcsd_host_create(query, 0, &host), "merge: create");
	OK(!kcsd_host_group(host, &x, first, &err), "merge: a part");
	OK(!kcsd_host_group(host, &x, second, &err), "merge: another part");
	parse_row(0, row);
	OK(!kcsd_host_row(host, row, true, &err), "merge: a row");
	out[0] = 0;
	OK(!kcsd_host_finish(host, take_row, query, &err), "merge: finish");
	IS_TEXT(out, "x|6|6.75|1;", "merge: the result");
	kcsd_host_destroy(host);
	kcsd_query_destroy(query);
}

static void test_wheres(void)
{
	struct kcsd_arena arena = {};
	struct kcsd_error err = {};
	struct kcsd_query *query;

	if (kcsd_query_create(&query))
		return;
	add_list(query, "a", add_result);
	add_list(query, "(and (> a 1) (and true (= t 'it''s') (in a 1 2)))", kcsd_query_where);
	OK(!kcsd_query_bind(query, table, ARRAY_SIZE(table), &err), "wheres: bind");
	IS(query->nr_wheres, 3, "wheres: split at AND");
	IS_TEXT(kcsd_expr_text(query->wheres[0], &arena), "(a > 1)", "wheres: 0");
	IS_TEXT(kcsd_expr_text(query->wheres[1], &arena), "(t = 'it''s'::text)", "wheres: 1");
	IS_TEXT(kcsd_expr_text(query->wheres[2], &arena), "(a IN (1, 2))", "wheres: 2");
	kcsd_arena_destroy(&arena);
	kcsd_query_destroy(query);
}

/* More conditions than a mask has bits. */
static void test_many_wheres(void)
{
	struct kcsd_query *query;
	char text[32];
	int i;

	if (kcsd_query_create(&query))
		return;
	add_list(query, "a", add_result);
	for (i = 0; i < 70; i++) {
		snprintf(text, sizeof(text), "(<> a %d)", i == 69 ? 2 : 100 + i);
		kcsd_query_where(query, read_expr(query, text));
	}
	run(query);
	IS_TEXT(out, "1;1;3;", "70 conditions: the last one counts");
	IS(query->nr_wheres, 64, "70 conditions: 64 are left");
	kcsd_query_destroy(query);
}

/* An expression that is too deep is refused before anything runs out of stack. */
static void test_depth(void)
{
	struct kcsd_error err = {};
	struct kcsd_query *query;
	struct kcsd_expr *expr;
	int i;

	if (kcsd_query_create(&query))
		return;
	expr = kcsd_expr_column(query, "a", -1);
	for (i = 0; i < 100000; i++)
		expr = kcsd_expr_call(query, KCSD_EXPR_NEG, &expr, 1, i);
	kcsd_query_select(query, expr, NULL);
	IS(kcsd_query_bind(query, table, ARRAY_SIZE(table), &err), -EINVAL, "too deep");
	SAYS(err.text, "nested too deeply");
	kcsd_query_destroy(query);
}

static void test_types(void)
{
	struct kcsd_sql_type type;

	OK(!kcsd_type_parse("numeric( 12 , 2 )", &type), "type: numeric(12,2)");
	IS_TEXT(kcsd_type_name(type), "numeric(12,2)", "type: its name");
	OK(!kcsd_type_parse("Double Precision", &type), "type: double precision");
	IS(kcsd_type_parse("numeric(39)", &type), -EINVAL, "type: too many digits");
	IS(kcsd_type_parse("int(4)", &type), -EINVAL, "type: no precision");
	IS(kcsd_type_parse("", &type), -EINVAL, "type: none");
	IS(kcsd_type_parse("unknown", &type), -EINVAL, "type: unknown");
}

static void test_nulls(void)
{
	struct kcsd_error err = {};
	struct kcsd_query *query;
	struct kcsd_expr *args[] = { NULL, NULL };

	if (kcsd_query_create(&query))
		return;
	OK(!kcsd_expr_call(query, KCSD_EXPR_ADD, args, 2, -1), "NULL argument: no expression");
	IS(kcsd_query_select(query, NULL, NULL), -ENOMEM, "NULL expression: refused");
	IS(kcsd_query_bind(query, table, ARRAY_SIZE(table), &err), -ENOMEM, "and bind says so");
	kcsd_query_destroy(query);
	kcsd_query_destroy(NULL);
}

int main(void)
{
	size_t i;

	test_exprs();
	for (i = 0; i < ARRAY_SIZE(queries); i++)
		test_query(&queries[i]);
	test_merge();
	test_wheres();
	test_many_wheres();
	test_depth();
	test_types();
	test_nulls();
	return tap_end();
}

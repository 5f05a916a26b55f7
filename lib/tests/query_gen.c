// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make random expressions. */
#include <stdio.h>
#include <stdlib.h>

#include "private.h"
#include "query_gen.h"

#define PICK(g, pool)	((pool)[gen_number(g, ARRAY_SIZE(pool))])

#define N(t)	{ .type = KCSD_TYPE_##t }
const struct kcsd_column gen_columns[GEN_COLUMNS] = {
	{ "b", N(BOOL), 0 }, { "b2", N(BOOL), 0 }, { "i", N(INT4), 0 }, { "i2", N(INT4), 0 },
	{ "j", N(INT8), 0 }, { "n", N(NUMERIC), 0 },
	{ "m", { .type = KCSD_TYPE_NUMERIC, .precision = 12, .scale = 2 }, 0 },
	{ "f", N(FLOAT8), 0 }, { "s", N(TEXT), 0 }, { "s2", N(TEXT), 0 }, { "d", N(DATE), 0 },
	{ "ts", N(TIMESTAMP), 0 },
};

static const char *const bools[] = { "true", "false", "t", "f" };
static const char *const ints[] = {
	"0", "1", "2", "3", "7", "-1", "-5", "10", "100", "12345", "2147483647", "-2147483648",
};
static const char *const bigints[] = {
	"0", "1", "-1", "9", "4294967296", "-77", "9223372036854775807", "-9223372036854775808",
};
static const char *const numerics[] = {
	"0", "1.5", "-2.25", "0.001", "99999.99", "3", "-17", "123456789.123456789", "0.5", "-0.5",
	"2.50", "1e3", "12345678901234567890",
};
static const char *const moneys[] = {
	"0.00", "1.50", "-2.25", "0.01", "99999.99", "3.00", "-17.49", "1234567.89",
};
static const char *const floats[] = {
	"0", "1", "-1.5", "0.1", "1e10", "1e300", "-2.5", "1e-300", "3.14159", "2.5", "NaN",
	"Infinity", "1e15", "123456789012345680", "0.00001",
};
static const char *const texts[] = {
	"", "a", "ab", "abc", "A%", "a_c", "%", "\\%", "x\\", "5", "-7.5", "true", "2020-02-29",
	"\u00e4\u00f6\u00fc", "\u65e5\u672c", "1e5", " 12 ", "it's", "%b%", "_", "ABC",
	"2020-01-31 23:59:59.5",
};
static const char *const dates[] = {
	"2020-02-29", "1970-01-01", "1999-12-31", "2000-01-01", "1900-03-01", "0044-03-15 BC",
	"2021-01-03", "1992-06-17", "1600-02-29", "9999-12-31",
};
static const char *const timestamps[] = {
	"2020-02-29 12:34:56.789", "1970-01-01", "1999-12-31 23:59:59.999999", "2000-01-01",
	"1900-03-01 00:00:01", "0044-03-15 01:02:03 BC", "2021-01-31 04:05:06",
	"1969-12-31 23:59:59",
};
static const char *const units[] = {
	"year", "month", "day", "hour", "minute", "second", "milliseconds", "microseconds", "week",
	"quarter", "decade", "century", "millennium", "dow", "doy", "isodow", "isoyear", "epoch",
	"julian", "nonsense", "timezone", "YEARS",
};
static const char *const intervals[] = {
	"1 day", "-1 month", "1 year 2 months", "90 day", "2 hours", "1 week",
	"1 mon -3 days 01:02:03",
	"0.5 seconds", "5", "3 mons ago", "10000 years",
};

uint32_t gen_number(struct gen *g, uint32_t n)
{
	g->seed = g->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (g->seed >> 33) % n;
}

static int64_t gen_integer(struct gen *g, int bits)
{
	uint64_t v = (uint64_t)gen_number(g, UINT32_MAX) << 32 | gen_number(g, UINT32_MAX);
	int64_t i = v >> (64 - 1 - gen_number(g, bits - 1));

	return gen_number(g, 2) ? -i : i;
}

static double gen_real(struct gen *g)
{
	uint64_t bits = (uint64_t)gen_number(g, UINT32_MAX) << 32 | gen_number(g, UINT32_MAX);
	double d;

	if (gen_number(g, 2))
		return gen_integer(g, 50) / (double)(1 + gen_number(g, 1000));
	memcpy(&d, &bits, sizeof(d));
	return d;
}

/* Write a random value; those of the pools are the odd ones. */
static const char *random_text(struct gen *g, enum kcsd_type type)
{
	long long i = gen_integer(g, type == KCSD_TYPE_INT4 ? 31 : 62);
	int day = 1 + gen_number(g, 28), month = 1 + gen_number(g, 12);

	switch (type) {
	case KCSD_TYPE_NUMERIC:
		if (gen_number(g, 4))
			snprintf(g->text, sizeof(g->text), "%llde-%u", i, gen_number(g, 14));
		else
			snprintf(g->text, sizeof(g->text), "%lld%0*lld.%0*u", i,
				 (int)gen_number(g, 12), llabs(gen_integer(g, 20)),
				 (int)gen_number(g, 10), gen_number(g, 1u << 30));
		break;
	case KCSD_TYPE_FLOAT8:
		snprintf(g->text, sizeof(g->text), "%.17g", gen_real(g));
		break;
	case KCSD_TYPE_DATE:
		snprintf(g->text, sizeof(g->text), "%04u-%02d-%02d", 1 + gen_number(g, 4000), month,
			 day);
		break;
	case KCSD_TYPE_TIMESTAMP:
		snprintf(g->text, sizeof(g->text), "%04u-%02d-%02d %02u:%02u:%02u.%u",
			 1 + gen_number(g, 4000), month, day, gen_number(g, 24), gen_number(g, 60),
			 gen_number(g, 60), gen_number(g, 1000000));
		break;
	default:
		snprintf(g->text, sizeof(g->text), "%lld", i);
	}
	return g->text;
}

static const char *pick_text(struct gen *g, enum kcsd_type type)
{
	if (type >= KCSD_TYPE_INT4 && type <= KCSD_TYPE_TIMESTAMP && type != KCSD_TYPE_TEXT &&
	    gen_number(g, 3) == 0)
		return random_text(g, type);
	switch (type) {
	case KCSD_TYPE_BOOL: return PICK(g, bools);
	case KCSD_TYPE_INT4: return PICK(g, ints);
	case KCSD_TYPE_INT8: return PICK(g, bigints);
	case KCSD_TYPE_NUMERIC: return PICK(g, numerics);
	case KCSD_TYPE_FLOAT8: return PICK(g, floats);
	case KCSD_TYPE_DATE: return PICK(g, dates);
	case KCSD_TYPE_TIMESTAMP: return PICK(g, timestamps);
	case KCSD_TYPE_INTERVAL: return PICK(g, intervals);
	default: return PICK(g, texts);
	}
}

const char *gen_cell(struct gen *g, uint32_t column)
{
	if (!gen_number(g, 6))
		return NULL;
	return gen_columns[column].type.precision ? PICK(g, moneys) :
	       pick_text(g, gen_columns[column].type.type);
}

struct kcsd_expr *gen_column(struct gen *g, enum kcsd_type type)
{
	uint32_t i = gen_number(g, GEN_COLUMNS), n;

	for (n = 0; n < GEN_COLUMNS && gen_columns[i].type.type != type; n++)
		i = (i + 1) % GEN_COLUMNS;
	return kcsd_expr_column(g->query, gen_columns[i].name, -1);
}

static struct kcsd_expr *call(struct gen *g, enum kcsd_expr_op op, uint32_t nr,
			      struct kcsd_expr *a, struct kcsd_expr *b, struct kcsd_expr *c)
{
	struct kcsd_expr *args[] = { a, b, c };

	return kcsd_expr_call(g->query, op, args, nr, -1);
}

static struct kcsd_expr *cast(struct gen *g, struct kcsd_expr *arg, enum kcsd_type type)
{
	struct kcsd_sql_type t = { .type = type };

	if (type == KCSD_TYPE_NUMERIC && !gen_number(g, 3)) {
		t.precision = 1 + gen_number(g, 20);
		t.scale = gen_number(g, t.precision + 1);
	}
	return kcsd_expr_cast(g->query, arg, t, -1);
}

static struct kcsd_expr *gen_const(struct gen *g, enum kcsd_type type)
{
	const char *text = pick_text(g, type);
	struct kcsd_expr *literal;

	if (!gen_number(g, 12))
		return kcsd_expr_null(g->query, -1);
	literal = kcsd_expr_string(g->query, text, strlen(text), -1);
	if (!gen_number(g, 8) || type == KCSD_TYPE_TEXT)
		return literal;
	if (type == KCSD_TYPE_BOOL)
		return kcsd_expr_bool(g->query, *text == 't', -1);
	if (type == KCSD_TYPE_INT4 || type == KCSD_TYPE_NUMERIC ||
	    (type == KCSD_TYPE_INT8 && strlen(text) > 5))
		return kcsd_expr_number(g->query, text, -1);
	return cast(g, literal, type);
}

static enum kcsd_type any_type(struct gen *g)
{
	return KCSD_TYPE_BOOL + gen_number(g, KCSD_TYPE_TIMESTAMP);
}

static enum kcsd_type any_number(struct gen *g)
{
	return KCSD_TYPE_INT4 + gen_number(g, 4);
}

/* A type that can be compared with this one. */
static enum kcsd_type like_type(struct gen *g, enum kcsd_type type)
{
	if (type >= KCSD_TYPE_INT4 && type <= KCSD_TYPE_FLOAT8)
		return any_number(g);
	if (type >= KCSD_TYPE_DATE)
		return KCSD_TYPE_DATE + gen_number(g, 2);
	return type;
}

static struct kcsd_expr *gen_list(struct gen *g, enum kcsd_expr_op op, enum kcsd_type type,
				  uint32_t nr, int depth)
{
	struct kcsd_expr *args[4];
	uint32_t i;

	for (i = 0; i < nr; i++)
		args[i] = gen_expr(g, i ? like_type(g, type) : type, depth);
	return kcsd_expr_call(g->query, op, args, nr, -1);
}

static struct kcsd_expr *gen_case(struct gen *g, enum kcsd_type type, int depth)
{
	struct kcsd_expr *args[5];
	uint32_t nr = 2 + gen_number(g, 4), i;

	for (i = 0; i < nr; i++)
		args[i] = gen_expr(g, i % 2 || i + 1 == nr ? like_type(g, type) : KCSD_TYPE_BOOL,
				   depth);
	return kcsd_expr_call(g->query, KCSD_EXPR_CASE, args, nr, -1);
}

static struct kcsd_expr *gen_bool(struct gen *g, int depth)
{
	enum kcsd_type type = any_type(g);

	switch (gen_number(g, 10)) {
	case 0:
		return gen_list(g, KCSD_EXPR_AND, KCSD_TYPE_BOOL, 2 + gen_number(g, 2), depth);
	case 1:
		return gen_list(g, KCSD_EXPR_OR, KCSD_TYPE_BOOL, 2 + gen_number(g, 2), depth);
	case 2:
		return call(g, KCSD_EXPR_NOT, 1, gen_expr(g, KCSD_TYPE_BOOL, depth), NULL, NULL);
	case 3:
		return call(g, KCSD_EXPR_IS_NULL, 1, gen_expr(g, type, depth), NULL, NULL);
	case 4:
		return call(g, KCSD_EXPR_IS_TRUE + gen_number(g, 2), 1,
			    gen_expr(g, KCSD_TYPE_BOOL, depth), NULL, NULL);
	case 5:
		return gen_list(g, KCSD_EXPR_IN, type, 2 + gen_number(g, 3), depth);
	case 6:
	case 7:
		return call(g, KCSD_EXPR_LIKE + gen_number(g, 2), 2 + !gen_number(g, 3),
			    gen_expr(g, KCSD_TYPE_TEXT, depth), gen_expr(g, KCSD_TYPE_TEXT, depth),
			    gen_const(g, KCSD_TYPE_TEXT));
	default:
		return call(g, KCSD_EXPR_EQ + gen_number(g, 7), 2, gen_expr(g, type, depth),
			    gen_expr(g, like_type(g, type), depth), NULL);
	}
}

static struct kcsd_expr *gen_arithmetic(struct gen *g, enum kcsd_type type, int depth)
{
	enum kcsd_type other = gen_number(g, 3) ? type : KCSD_TYPE_INT4;
	const char *unit = PICK(g, units);

	switch (gen_number(g, type == KCSD_TYPE_NUMERIC ? 8 : 7)) {
	case 0:
		return call(g, KCSD_EXPR_NEG, 1, gen_expr(g, type, depth), NULL, NULL);
	case 1:
		return call(g, KCSD_EXPR_ABS, 1, gen_expr(g, type, depth), NULL, NULL);
	case 2:
		if (type == KCSD_TYPE_INT4)
			return call(g, KCSD_EXPR_LENGTH, 1, gen_expr(g, KCSD_TYPE_TEXT, depth),
				    NULL, NULL);
		/* fallthrough */
	default:
		return call(g, KCSD_EXPR_ADD + gen_number(g, 5), 2, gen_expr(g, other, depth),
			    gen_expr(g, type, depth), NULL);
	case 7:
		return call(g, KCSD_EXPR_EXTRACT, 2,
			    kcsd_expr_string(g->query, unit, strlen(unit), -1),
			    gen_expr(g, KCSD_TYPE_DATE + gen_number(g, 2), depth), NULL);
	}
}

static struct kcsd_expr *gen_text(struct gen *g, int depth)
{
	switch (gen_number(g, 5)) {
	case 0:
		return call(g, KCSD_EXPR_CONCAT, 2, gen_expr(g, any_type(g), depth),
			    gen_expr(g, KCSD_TYPE_TEXT, depth), NULL);
	case 1:
		return call(g, KCSD_EXPR_CONCAT, 2, gen_expr(g, KCSD_TYPE_TEXT, depth),
			    gen_expr(g, any_type(g), depth), NULL);
	case 2:
		return call(g, KCSD_EXPR_LOWER + gen_number(g, 2), 1,
			    gen_expr(g, KCSD_TYPE_TEXT, depth), NULL, NULL);
	default:
		return call(g, KCSD_EXPR_SUBSTR, 2 + gen_number(g, 2),
			    gen_expr(g, KCSD_TYPE_TEXT, depth), gen_expr(g, KCSD_TYPE_INT4, depth),
			    gen_expr(g, KCSD_TYPE_INT4, depth));
	}
}

static struct kcsd_expr *gen_time(struct gen *g, enum kcsd_type type, int depth)
{
	const char *unit = PICK(g, units);
	struct kcsd_expr *interval = gen_const(g, KCSD_TYPE_INTERVAL);

	if (type == KCSD_TYPE_DATE)
		return call(g, KCSD_EXPR_ADD + gen_number(g, 2), 2, gen_expr(g, type, depth),
			    gen_expr(g, KCSD_TYPE_INT4 + !gen_number(g, 8), depth), NULL);
	if (gen_number(g, 2))
		return call(g, KCSD_EXPR_ADD + gen_number(g, 2), 2,
			    gen_expr(g, KCSD_TYPE_DATE + gen_number(g, 2), depth), interval, NULL);
	/* Of a date it has a time zone in PostgreSQL. */
	return call(g, KCSD_EXPR_DATE_TRUNC, 2, kcsd_expr_string(g->query, unit, strlen(unit), -1),
		    cast(g, gen_expr(g, type, depth), type), NULL);
}

static struct kcsd_expr *gen_aggregate(struct gen *g, enum kcsd_type type, int depth)
{
	enum kcsd_expr_op op = KCSD_EXPR_COUNT_ROWS + gen_number(g, 6);
	struct kcsd_expr *arg;
	bool distinct;

	if (type == KCSD_TYPE_TEXT || type >= KCSD_TYPE_DATE)
		op = KCSD_EXPR_MIN + gen_number(g, 2);
	/* The order of rows would show in sums. */
	if (type == KCSD_TYPE_FLOAT8 && (op == KCSD_EXPR_SUM || op == KCSD_EXPR_AVG))
		op = KCSD_EXPR_COUNT;
	g->aggregates = false;
	arg = gen_number(g, 2) ? gen_column(g, type) : gen_expr(g, type, depth);
	g->aggregates = true;
	/* 1.5 and 1.50 are one value, whose scale, either one, is that of a sum. */
	distinct = !gen_number(g, 4) && (op < KCSD_EXPR_SUM || op == KCSD_EXPR_MIN ||
					 op == KCSD_EXPR_MAX || type < KCSD_TYPE_NUMERIC);
	return kcsd_expr_aggregate(g->query, op, arg, distinct, -1);
}

struct kcsd_expr *gen_expr(struct gen *g, enum kcsd_type type, int depth)
{
	if (!gen_number(g, 50))
		type = any_type(g);
	if (g->aggregates && !gen_number(g, 3))
		return gen_aggregate(g, type, depth);
	if (!depth || !gen_number(g, 5))
		return g->aggregates && gen_number(g, 12) ?
			(gen_number(g, 2) ? gen_aggregate(g, type, 1) : gen_const(g, type)) :
			gen_number(g, 2) ? gen_column(g, type) : gen_const(g, type);
	depth--;
	switch (gen_number(g, 10)) {
	case 0:
		return gen_case(g, type, depth);
	case 1:
		return gen_list(g, KCSD_EXPR_COALESCE, type, 1 + gen_number(g, 3), depth);
	case 2:
		return gen_list(g, KCSD_EXPR_NULLIF, type, 2, depth);
	case 3:
		return cast(g, gen_number(g, 2) ? gen_expr(g, like_type(g, type), depth) :
			    gen_expr(g, any_type(g), depth), type);
	}
	if (type == KCSD_TYPE_BOOL)
		return gen_bool(g, depth);
	if (type == KCSD_TYPE_TEXT)
		return gen_text(g, depth);
	if (type >= KCSD_TYPE_DATE)
		return gen_time(g, type, depth);
	return gen_arithmetic(g, type, depth);
}

struct kcsd_expr *gen_any(struct gen *g, int depth)
{
	return gen_expr(g, any_type(g), depth);
}

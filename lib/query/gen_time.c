// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Dates and timestamps: sums, fields. The drive knows the years 1 to 9999. */
#include <string.h>

#include "gen.h"

#define US_PER_DAY	86400000000LL
#define FIRST_DAY	(-719162LL)	/* 0001-01-01 */
#define LAST_DAY	2932896LL	/* 9999-12-31 */

/* Jump to odd unless first <= r0 <= last. */
static void check_range(struct gen *g, int64_t first, int64_t last)
{
	kcsd_asm_mov_imm(g->a, BPF_REG_1, first);
	kcsd_asm_jump_if(g->a, BPF_JSLT, BPF_REG_0, BPF_REG_1, g->odd);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, last);
	kcsd_asm_jump_if(g->a, BPF_JSGT, BPF_REG_0, BPF_REG_1, g->odd);
}

static void check_time(struct gen *g, enum kcsd_type type)
{
	if (type == KCSD_TYPE_DATE)
		check_range(g, FIRST_DAY, LAST_DAY);
	else
		check_range(g, FIRST_DAY * US_PER_DAY, (LAST_DAY + 1) * US_PER_DAY - 1);
}

/* A timestamp and an interval of days and less. */
static void add_interval(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	const struct kcsd_expr *arg = expr->args[1];
	const struct kcsd_interval *interval = &arg->value.interval;
	int64_t us;

	if (arg->op != KCSD_EXPR_CONST || arg->value.null || interval->months ||
	    interval->us > INT64_MAX / 4 || interval->us < INT64_MIN / 4 ||
	    interval->days > 10000000 || interval->days < -10000000) {
		g->impossible = true;
		return;
	}
	us = interval->us + interval->days * US_PER_DAY;
	kcsd_gen_value(g, expr->args[0], null);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, us);
	kcsd_asm_alu(g->a, expr->op == KCSD_EXPR_ADD ? BPF_ADD : BPF_SUB, BPF_REG_0, BPF_REG_1);
	check_time(g, KCSD_TYPE_TIMESTAMP);
}

void kcsd_gen_time_add(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	enum kcsd_type type = expr->args[1]->type.type;
	int64_t imm;

	if (type == KCSD_TYPE_INTERVAL) {
		add_interval(g, expr, null);
		return;
	}
	if (expr->args[0]->type.type != KCSD_TYPE_DATE ||
	    (type != KCSD_TYPE_INT4 && type != KCSD_TYPE_DATE)) {
		g->impossible = true;
		return;
	}
	if (kcsd_gen_pair(g, expr->args[0], expr->args[1], 0, null, &imm))
		kcsd_asm_mov_imm(g->a, BPF_REG_1, imm);
	kcsd_asm_alu(g->a, expr->op == KCSD_EXPR_ADD ? BPF_ADD : BPF_SUB, BPF_REG_0, BPF_REG_1);
	if (type == KCSD_TYPE_INT4)
		check_time(g, KCSD_TYPE_DATE);
}

/* Units in us, and of how many of them in the next one. */
static const struct clock_unit {
	const char *name;
	int64_t us;
	int64_t modulus;		/* us */
} clock_units[] = {
	{ "hour", 3600000000LL, US_PER_DAY },
	{ "minute", 60000000LL, 3600000000LL },
	{ "second", 1, 60000000LL },	/* with six digits behind the point */
};

static const struct {
	const char *name;
	enum query_field field;
} date_units[] = {
	{ "year", QUERY_YEAR }, { "quarter", QUERY_QUARTER }, { "month", QUERY_MONTH },
	{ "day", QUERY_DAY }, { "doy", QUERY_DOY }, { "dow", QUERY_DOW },
};

/* Returns the field that a constant names, or -1. */
static int find_date_unit(const struct kcsd_expr *unit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(date_units); i++)
		if (kcsd_plan_is_text(unit, date_units[i].name))
			return date_units[i].field;
	return -1;
}

static const struct clock_unit *find_clock_unit(const struct kcsd_expr *unit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(clock_units); i++)
		if (kcsd_plan_is_text(unit, clock_units[i].name))
			return &clock_units[i];
	return NULL;
}

/* Replace r0, a timestamp, by us since year 1: not negative. */
static void rebase(struct gen *g)
{
	kcsd_asm_mov_imm(g->a, BPF_REG_1, -FIRST_DAY * US_PER_DAY);
	kcsd_asm_alu(g->a, BPF_ADD, BPF_REG_0, BPF_REG_1);
}

/* The day of a date or timestamp in r0. */
static void day_of(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	kcsd_gen_value(g, expr, null);
	check_time(g, expr->type.type);
	if (expr->type.type == KCSD_TYPE_DATE)
		return;
	rebase(g);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, US_PER_DAY);
	kcsd_asm_alu(g->a, BPF_DIV, BPF_REG_0, BPF_REG_1);
	kcsd_asm_alu_imm(g->a, BPF_ADD, BPF_REG_0, FIRST_DAY);
}

static void call_with_field(struct gen *g, enum asm_function function, int field)
{
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_mov_imm(g->a, BPF_REG_2, field);
	kcsd_asm_call(g->a, function);
}

void kcsd_gen_extract(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	const struct clock_unit *unit = find_clock_unit(expr->args[0]);
	const struct kcsd_expr *arg = expr->args[1];
	int field = find_date_unit(expr->args[0]);

	if (field >= 0) {
		day_of(g, arg, null);
		call_with_field(g, ASM_query_date_field, field);
		return;
	}
	if (!unit || arg->type.type != KCSD_TYPE_TIMESTAMP) {
		g->impossible = true;
		return;
	}
	kcsd_gen_value(g, arg, null);
	check_time(g, KCSD_TYPE_TIMESTAMP);
	rebase(g);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, unit->modulus);
	kcsd_asm_alu(g->a, BPF_MOD, BPF_REG_0, BPF_REG_1);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, unit->us);
	kcsd_asm_alu(g->a, BPF_DIV, BPF_REG_0, BPF_REG_1);
}

/* The argument is a timestamp, once bound. */
void kcsd_gen_date_trunc(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	int field = find_date_unit(expr->args[0]);

	if (field < 0 || field > QUERY_DAY || expr->args[1]->type.type != KCSD_TYPE_TIMESTAMP) {
		g->impossible = true;
		return;
	}
	day_of(g, expr->args[1], null);
	if (field != QUERY_DAY)
		call_with_field(g, ASM_query_date_trunc, field);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, US_PER_DAY);
	kcsd_asm_alu(g->a, BPF_MUL, BPF_REG_0, BPF_REG_1);
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Conversions between types whose values are integers. */
#include "gen.h"
#include "numeric.h"

#define US_PER_DAY	86400000000LL

/* Divide r0 by 10^by, half away from zero. */
static void round_down(struct gen *g, uint32_t by)
{
	asm_label negative = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);
	int64_t power, half;

	if (!by)
		return;
	if (by > GEN_DIGITS) {
		g->impossible = true;
		return;
	}
	power = kcsd_numeric_power(by);
	half = power / 2;
	/* Adding a half could leave 64 bits. */
	kcsd_gen_check_digits(g, GEN_DIGITS);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, half);
	kcsd_asm_jump_if_imm(g->a, BPF_JSLT, BPF_REG_0, 0, negative);
	kcsd_asm_alu(g->a, BPF_ADD, BPF_REG_0, BPF_REG_1);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, negative);
	kcsd_asm_alu(g->a, BPF_SUB, BPF_REG_0, BPF_REG_1);
	kcsd_asm_place(g->a, end);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, power);
	kcsd_asm_signed(g->a, BPF_DIV, BPF_REG_0, BPF_REG_1);
}

static void to_numeric(struct gen *g, const struct kcsd_expr *expr)
{
	bool same = true;
	uint32_t from = kcsd_gen_scale(expr->args[0], &same), to = expr->type.scale;
	uint32_t digits = kcsd_gen_digits(expr->args[0]);

	if (!expr->type.precision)
		return;
	if (to >= from)
		kcsd_gen_scale_up(g, digits, to - from);
	else
		round_down(g, from - to);
	/* Rounding adds a digit at most. */
	if (expr->type.precision < GEN_DIGITS &&
	    (to < from || digits + to - from > expr->type.precision))
		kcsd_gen_check_digits(g, expr->type.precision);
}

/* Divide r0 by a positive constant, towards minus infinity. */
static void divide_floor(struct gen *g, int64_t by)
{
	asm_label end = kcsd_asm_label(g->a);

	kcsd_asm_mov_imm(g->a, BPF_REG_1, by);
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_0);
	kcsd_asm_signed(g->a, BPF_DIV, BPF_REG_0, BPF_REG_1);
	kcsd_asm_signed(g->a, BPF_MOD, BPF_REG_2, BPF_REG_1);
	kcsd_asm_jump_if_imm(g->a, BPF_JSGE, BPF_REG_2, 0, end);
	kcsd_asm_alu_imm(g->a, BPF_SUB, BPF_REG_0, 1);
	kcsd_asm_place(g->a, end);
}

void kcsd_gen_cast(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	const struct kcsd_expr *arg = expr->args[0];
	enum kcsd_type from = arg->type.type, to = expr->type.type;
	bool same = true;

	if (kcsd_plan_form(arg->type) == PLAN_TEXT || from == KCSD_TYPE_FLOAT8 ||
	    to == KCSD_TYPE_FLOAT8 || to == KCSD_TYPE_TEXT) {
		g->impossible = true;
		return;
	}
	kcsd_gen_value(g, arg, null);
	if (to == KCSD_TYPE_NUMERIC) {
		to_numeric(g, expr);
	} else if (to == KCSD_TYPE_INT4 || to == KCSD_TYPE_INT8) {
		round_down(g, kcsd_gen_scale(arg, &same));
		if (to == KCSD_TYPE_INT4)
			kcsd_gen_check_int4(g);
	} else if (to == KCSD_TYPE_BOOL && from != to) {
		asm_label zero = kcsd_asm_label(g->a);

		kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, 0, zero);
		kcsd_asm_mov_imm(g->a, BPF_REG_0, 1);
		kcsd_asm_place(g->a, zero);
	} else if (to == KCSD_TYPE_TIMESTAMP && from == KCSD_TYPE_DATE) {
		kcsd_asm_mov_imm(g->a, BPF_REG_1, US_PER_DAY);
		kcsd_asm_alu(g->a, BPF_MUL, BPF_REG_0, BPF_REG_1);
	} else if (to == KCSD_TYPE_DATE && from == KCSD_TYPE_TIMESTAMP) {
		divide_floor(g, US_PER_DAY);
	}
}

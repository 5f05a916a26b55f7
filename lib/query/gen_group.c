// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Groups: the key of a row, and what its values do to the accumulators. */
#include "gen.h"

/*
 * All arguments are found before an accumulator changes: an odd row must not count by half.
 */
struct argument {
	uint32_t slot;			/* of the value, and of its bit in GEN_NULLS */
	int scale_slot;			/* or GEN_NO_SLOT */
};

#define MAX_KEYS	64	/* of a group; the scanner has room for them behind a long text */

static bool is_number(const struct kcsd_expr *expr)
{
	return kcsd_plan_form(expr->type) != PLAN_TEXT;
}

/* Find a value, keep it in a slot. */
static void find_value(struct gen *g, const struct kcsd_expr *expr, struct argument *arg)
{
	asm_label null = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);

	arg->slot = kcsd_gen_take_slots(g, 1);
	g->scale_slot = arg->scale_slot;
	kcsd_gen_any(g, expr, null);
	g->scale_slot = GEN_NO_SLOT;
	if (is_number(expr))
		kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(arg->slot), BPF_REG_0);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, null);
	kcsd_asm_set_bit(g->a, GEN_NULLS, arg->slot);
	kcsd_asm_place(g->a, end);
}

static void find_argument(struct gen *g, const struct kcsd_expr *aggregate, struct argument *arg)
{
	const struct kcsd_expr *expr;
	bool same = true;

	*arg = (struct argument){ .scale_slot = GEN_NO_SLOT };
	if (aggregate->op == KCSD_EXPR_COUNT_ROWS)
		return;
	expr = aggregate->args[0];
	/* Texts can only be counted. */
	if (aggregate->distinct || (aggregate->op != KCSD_EXPR_COUNT && !is_number(expr)))
		g->impossible = true;
	kcsd_gen_scale(expr, &same);
	if (!same && aggregate->op != KCSD_EXPR_COUNT) {
		if (aggregate->op != KCSD_EXPR_SUM && aggregate->op != KCSD_EXPR_AVG)
			g->impossible = true;
		/* An operation on values of several scales has as many. */
		if (expr->op != KCSD_EXPR_CASE && expr->op != KCSD_EXPR_COALESCE)
			g->impossible = true;
		arg->scale_slot = kcsd_gen_take_slots(g, 1);
	}
	if (expr->op == KCSD_EXPR_COLUMN && g->slot_of[expr->index] != GEN_NO_SLOT) {
		arg->slot = g->slot_of[expr->index];
		return;
	}
	find_value(g, expr, arg);
	if (is_number(expr) && arg->scale_slot == GEN_NO_SLOT && g->nr_known < GEN_SLOTS) {
		g->known[g->nr_known] = expr;
		g->known_slot[g->nr_known++] = arg->slot;
	}
}

static void add_key(struct gen *g, const struct kcsd_expr *expr)
{
	asm_label null = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);
	bool same = true;

	/* The host would not know the scale. */
	kcsd_gen_scale(expr, &same);
	if (!same)
		g->impossible = true;
	kcsd_gen_any(g, expr, null);
	if (!is_number(expr))
		kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_call(g->a, is_number(expr) ? ASM_query_key_int : ASM_query_key_text);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, null);
	kcsd_asm_call(g->a, ASM_query_key_null);
	kcsd_asm_place(g->a, end);
}

/* GEN_SUMS = the accumulators of the group. */
static void find_group(struct gen *g)
{
	const struct kcsd_query *query = g->query;
	asm_label known = kcsd_asm_label(g->a);
	uint32_t i;

	/* The only group stays where it is. */
	if (!query->nr_groups) {
		kcsd_asm_load(g->a, GEN_SUMS, GEN_ROW, offsetof(struct query_row, group));
		kcsd_asm_jump_if_imm(g->a, BPF_JNE, GEN_SUMS, 0, known);
	}
	kcsd_asm_call(g->a, ASM_query_key_begin);
	for (i = 0; i < query->nr_groups; i++)
		add_key(g, query->groups[i]);
	kcsd_asm_call(g->a, ASM_query_group);
	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, 0, g->odd);
	kcsd_asm_mov(g->a, GEN_SUMS, BPF_REG_0);
	if (!query->nr_groups)
		kcsd_asm_store(g->a, GEN_ROW, offsetof(struct query_row, group), GEN_SUMS);
	kcsd_asm_place(g->a, known);
}

/* Add 1 to the count. r0 = count before. */
static void count(struct gen *g, int16_t at)
{
	kcsd_asm_load(g->a, BPF_REG_0, GEN_SUMS, at + offsetof(struct query_sum, count));
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_alu_imm(g->a, BPF_ADD, BPF_REG_1, 1);
	kcsd_asm_store(g->a, GEN_SUMS, at + offsetof(struct query_sum, count), BPF_REG_1);
}

/* The sum of 128 bits += r2, sign-extended. */
static void sum(struct gen *g, int16_t at)
{
	asm_label no_carry = kcsd_asm_label(g->a);

	kcsd_asm_load(g->a, BPF_REG_1, GEN_SUMS, at + offsetof(struct query_sum, low));
	kcsd_asm_load(g->a, BPF_REG_3, GEN_SUMS, at + offsetof(struct query_sum, high));
	kcsd_asm_alu(g->a, BPF_ADD, BPF_REG_1, BPF_REG_2);
	kcsd_asm_store(g->a, GEN_SUMS, at + offsetof(struct query_sum, low), BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_4, BPF_REG_2);
	kcsd_asm_alu_imm(g->a, BPF_ARSH, BPF_REG_4, 63);
	kcsd_asm_alu(g->a, BPF_ADD, BPF_REG_3, BPF_REG_4);
	kcsd_asm_jump_if(g->a, BPF_JGE, BPF_REG_1, BPF_REG_2, no_carry);
	kcsd_asm_alu_imm(g->a, BPF_ADD, BPF_REG_3, 1);
	kcsd_asm_place(g->a, no_carry);
	kcsd_asm_store(g->a, GEN_SUMS, at + offsetof(struct query_sum, high), BPF_REG_3);
}

static void keep_scale(struct gen *g, int16_t at, int scale_slot)
{
	asm_label end = kcsd_asm_label(g->a);

	kcsd_asm_load(g->a, BPF_REG_1, GEN_SUMS, at + offsetof(struct query_sum, scale));
	kcsd_asm_load(g->a, BPF_REG_2, BPF_REG_10, kcsd_gen_slot(scale_slot));
	kcsd_asm_jump_if(g->a, BPF_JGE, BPF_REG_1, BPF_REG_2, end);
	kcsd_asm_store(g->a, GEN_SUMS, at + offsetof(struct query_sum, scale), BPF_REG_2);
	kcsd_asm_place(g->a, end);
}

/* Keep r2 if it is the first value, or below or above the one there is. */
static void extreme(struct gen *g, int16_t at, bool least)
{
	asm_label keep = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);

	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, 0, keep);
	kcsd_asm_load(g->a, BPF_REG_1, GEN_SUMS, at + offsetof(struct query_extreme, value));
	kcsd_asm_jump_if(g->a, least ? BPF_JSGE : BPF_JSLE, BPF_REG_2, BPF_REG_1, end);
	kcsd_asm_place(g->a, keep);
	kcsd_asm_store(g->a, GEN_SUMS, at + offsetof(struct query_extreme, value), BPF_REG_2);
	kcsd_asm_place(g->a, end);
}

static void accumulate(struct gen *g, const struct kcsd_expr *aggregate,
		       const struct argument *arg, int16_t at)
{
	asm_label null = kcsd_asm_label(g->a);

	if (aggregate->op != KCSD_EXPR_COUNT_ROWS)
		kcsd_asm_jump_if_bit(g->a, GEN_NULLS, arg->slot, null);
	count(g, at);
	if (aggregate->op != KCSD_EXPR_COUNT_ROWS && aggregate->op != KCSD_EXPR_COUNT)
		kcsd_asm_load(g->a, BPF_REG_2, BPF_REG_10, kcsd_gen_slot(arg->slot));
	if (aggregate->op == KCSD_EXPR_SUM || aggregate->op == KCSD_EXPR_AVG)
		sum(g, at);
	else if (aggregate->op == KCSD_EXPR_MIN || aggregate->op == KCSD_EXPR_MAX)
		extreme(g, at, aggregate->op == KCSD_EXPR_MIN);
	if (arg->scale_slot != GEN_NO_SLOT)
		keep_scale(g, at, arg->scale_slot);
	kcsd_asm_place(g->a, null);
}

void kcsd_gen_group(struct gen *g)
{
	const struct kcsd_query *query = g->query;
	struct argument args[GEN_SLOTS];
	uint32_t i;

	if (query->nr_aggregates > GEN_SLOTS || query->nr_groups > MAX_KEYS) {
		g->impossible = true;
		return;
	}
	for (i = 0; i < query->nr_groups; i++)
		kcsd_gen_load(g, query->groups[i]);
	for (i = 0; i < query->nr_aggregates; i++)
		kcsd_gen_load(g, query->aggregates[i]);
	for (i = 0; i < query->nr_aggregates && !g->impossible; i++)
		find_argument(g, query->aggregates[i], &args[i]);
	find_group(g);
	for (i = 0; i < query->nr_aggregates && !g->impossible; i++)
		accumulate(g, query->aggregates[i], &args[i], i * sizeof(struct query_sum));
	kcsd_asm_mov_imm(g->a, BPF_REG_0, QUERY_OK);
	kcsd_asm_exit(g->a);
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* CASE and COALESCE: one of several values. */
#include "gen.h"

void kcsd_gen_any(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	if (expr->type.type == KCSD_TYPE_TEXT)
		kcsd_gen_text(g, expr, null);
	else
		kcsd_gen_value(g, expr, null);
}

/* A value of the whole: with its scale. */
static void branch(struct gen *g, const struct kcsd_expr *whole, const struct kcsd_expr *expr,
		   asm_label null)
{
	bool same = true;
	uint32_t to = kcsd_gen_scale(whole, &same), from = kcsd_gen_scale(expr, &same);
	bool is_leaf = expr->op != KCSD_EXPR_CASE && expr->op != KCSD_EXPR_COALESCE;

	if (expr->op == KCSD_EXPR_CONST && expr->value.null) {
		kcsd_asm_jump(g->a, null);
		return;
	}
	kcsd_gen_any(g, expr, null);
	if (whole->type.type != KCSD_TYPE_NUMERIC)
		return;
	kcsd_gen_scale_up(g, kcsd_gen_digits(expr), to - from);
	if (is_leaf && g->scale_slot != GEN_NO_SLOT)
		kcsd_asm_store_imm(g->a, BPF_REG_10, kcsd_gen_slot(g->scale_slot), from);
}

void kcsd_gen_case(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	asm_label end = kcsd_asm_label(g->a);
	uint32_t i;

	for (i = 0; i + 1 < expr->nr_args; i += 2) {
		asm_label then = kcsd_asm_label(g->a), next = kcsd_asm_label(g->a);

		kcsd_gen_condition(g, expr->args[i], then, next, next);
		kcsd_asm_place(g->a, then);
		branch(g, expr, expr->args[i + 1], null);
		kcsd_asm_jump(g->a, end);
		kcsd_asm_place(g->a, next);
	}
	if (i < expr->nr_args)
		branch(g, expr, expr->args[i], null);
	else
		kcsd_asm_jump(g->a, null);
	kcsd_asm_place(g->a, end);
}

void kcsd_gen_coalesce(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	asm_label end = kcsd_asm_label(g->a);
	uint32_t i;

	for (i = 0; i < expr->nr_args; i++) {
		asm_label next = kcsd_asm_label(g->a);

		branch(g, expr, expr->args[i], next);
		kcsd_asm_jump(g->a, end);
		kcsd_asm_place(g->a, next);
	}
	kcsd_asm_jump(g->a, null);
	kcsd_asm_place(g->a, end);
}

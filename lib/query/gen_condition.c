// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Conditions: jumps to yes, no or null. */
#include "gen.h"

static bool is_text(const struct kcsd_expr *expr)
{
	return expr->type.type == KCSD_TYPE_TEXT;
}

/* The signed comparison that is true if op is. */
static uint8_t jump_of(enum kcsd_expr_op op)
{
	switch (op) {
	case KCSD_EXPR_EQ:
		return BPF_JEQ;
	case KCSD_EXPR_LT:
		return BPF_JSLT;
	case KCSD_EXPR_LE:
		return BPF_JSLE;
	case KCSD_EXPR_GT:
		return BPF_JSGT;
	case KCSD_EXPR_GE:
		return BPF_JSGE;
	default:
		return BPF_JNE;
	}
}

void kcsd_gen_compare(struct gen *g, enum kcsd_expr_op op, bool is_imm, int64_t imm, asm_label yes,
		      asm_label no)
{
	if (is_imm)
		kcsd_asm_jump_if_imm(g->a, jump_of(op), BPF_REG_0, imm, yes);
	else
		kcsd_asm_jump_if(g->a, jump_of(op), BPF_REG_0, BPF_REG_1, yes);
	kcsd_asm_jump(g->a, no);
}

/* Returns the scale in which two numbers are compared. */
static uint32_t common_scale(const struct kcsd_expr *a, const struct kcsd_expr *b)
{
	bool same = true;

	return MAX(kcsd_gen_scale(a, &same), kcsd_gen_scale(b, &same));
}

static void compare(struct gen *g, enum kcsd_expr_op op, const struct kcsd_expr *a,
		    const struct kcsd_expr *b, asm_label yes, asm_label no, asm_label null)
{
	int64_t imm = 0;
	bool is_imm;

	if (is_text(a)) {
		kcsd_gen_compare_text(g, op, a, b, yes, no, null);
		return;
	}
	is_imm = kcsd_gen_pair(g, a, b, common_scale(a, b), null, &imm);
	kcsd_gen_compare(g, op, is_imm, imm, yes, no);
}

/* IS DISTINCT FROM: jump after finding out which of them is NULL. */
static void distinct(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no)
{
	const struct kcsd_expr *a = expr->args[0], *b = expr->args[1];
	asm_label a_null = kcsd_asm_label(g->a), some_null = kcsd_asm_label(g->a),
		  both = kcsd_asm_label(g->a);

	kcsd_gen_any(g, a, a_null);
	kcsd_gen_any(g, b, some_null);
	kcsd_asm_jump(g->a, both);
	kcsd_asm_place(g->a, a_null);
	kcsd_gen_any(g, b, no);
	kcsd_asm_jump(g->a, yes);
	kcsd_asm_place(g->a, some_null);
	kcsd_asm_jump(g->a, yes);
	kcsd_asm_place(g->a, both);
	compare(g, KCSD_EXPR_NE, a, b, yes, no, no);
}

/* The list has only constants, or what failed to become one. */
static void in_numbers(struct gen *g, const struct kcsd_expr *expr, asm_label yes)
{
	bool same = true;
	uint32_t i, scale = kcsd_gen_scale(expr->args[0], &same);
	int64_t value;

	for (i = 1; i < expr->nr_args; i++) {
		const struct kcsd_expr *element = expr->args[i];

		if (element->op != KCSD_EXPR_CONST) {
			g->impossible = true;
			return;
		}
		/* With more digits than all values have, it is none of them: the host looks. */
		if (element->value.null)
			continue;
		if (!kcsd_gen_constant(element, scale, &value)) {
			g->impossible = true;
			return;
		}
		kcsd_asm_mov_imm(g->a, BPF_REG_1, value);
		kcsd_asm_jump_if(g->a, BPF_JEQ, BPF_REG_0, BPF_REG_1, yes);
	}
}

static void in_texts(struct gen *g, const struct kcsd_expr *expr, asm_label yes)
{
	uint32_t i, slot = kcsd_gen_take_slots(g, 2);

	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot), BPF_REG_0);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot + 1), BPF_REG_1);
	for (i = 1; i < expr->nr_args; i++) {
		const struct kcsd_expr *element = expr->args[i];
		asm_label next = kcsd_asm_label(g->a);

		if (element->op != KCSD_EXPR_CONST)
			g->impossible = true;
		else if (!element->value.null)
			kcsd_gen_is_text(g, element->value.text.data, element->value.text.len, yes,
					 next);
		kcsd_asm_place(g->a, next);
		kcsd_asm_load(g->a, BPF_REG_0, BPF_REG_10, kcsd_gen_slot(slot));
		kcsd_asm_load(g->a, BPF_REG_1, BPF_REG_10, kcsd_gen_slot(slot + 1));
	}
	kcsd_gen_free_slots(g, 2);
}

static void in(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
	       asm_label null)
{
	bool has_null = false;
	uint32_t i;

	for (i = 1; i < expr->nr_args; i++)
		has_null |= expr->args[i]->op == KCSD_EXPR_CONST && expr->args[i]->value.null;
	kcsd_gen_any(g, expr->args[0], null);
	if (is_text(expr->args[0]))
		in_texts(g, expr, yes);
	else
		in_numbers(g, expr, yes);
	kcsd_asm_jump(g->a, has_null ? null : no);
}

/*
 * NULL of one argument lets the others decide: NULL counts as the result that does not end the
 * search, or, if it jumps where the deciding result does, as that.
 */
static void junction(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
		     asm_label null)
{
	bool is_and = expr->op == KCSD_EXPR_AND;
	asm_label decided = is_and ? no : yes, rest = is_and ? yes : no;
	uint32_t i;

	if (null != yes && null != no) {
		g->impossible = true;
		return;
	}
	for (i = 0; i < expr->nr_args; i++) {
		asm_label next = kcsd_asm_label(g->a);

		kcsd_gen_condition(g, expr->args[i], is_and ? next : yes, is_and ? no : next,
				   null == decided ? decided : next);
		kcsd_asm_place(g->a, next);
	}
	kcsd_asm_jump(g->a, rest);
}

static void is_null(struct gen *g, const struct kcsd_expr *arg, asm_label yes, asm_label no)
{
	kcsd_gen_any(g, arg, yes);
	kcsd_asm_jump(g->a, no);
}

/* A boolean that is no operation: a column, a constant, a CASE. */
static void boolean(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
		    asm_label null)
{
	if (expr->op != KCSD_EXPR_COLUMN && expr->op != KCSD_EXPR_CONST &&
	    expr->op != KCSD_EXPR_CASE && expr->op != KCSD_EXPR_COALESCE &&
	    expr->op != KCSD_EXPR_CAST) {
		g->impossible = true;
		return;
	}
	kcsd_gen_value(g, expr, null);
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, 0, yes);
	kcsd_asm_jump(g->a, no);
}

void kcsd_gen_condition(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
			asm_label null)
{
	const struct kcsd_expr *arg = expr->nr_args ? expr->args[0] : NULL;

	switch (expr->op) {
	case KCSD_EXPR_NOT:
		kcsd_gen_condition(g, arg, no, yes, null);
		break;
	case KCSD_EXPR_AND:
	case KCSD_EXPR_OR:
		junction(g, expr, yes, no, null);
		break;
	case KCSD_EXPR_EQ:
	case KCSD_EXPR_NE:
	case KCSD_EXPR_LT:
	case KCSD_EXPR_LE:
	case KCSD_EXPR_GT:
	case KCSD_EXPR_GE:
		compare(g, expr->op, arg, expr->args[1], yes, no, null);
		break;
	case KCSD_EXPR_DISTINCT:
		distinct(g, expr, yes, no);
		break;
	case KCSD_EXPR_IS_NULL:
		is_null(g, arg, yes, no);
		break;
	case KCSD_EXPR_IS_TRUE:
		kcsd_gen_condition(g, arg, yes, no, no);
		break;
	case KCSD_EXPR_IS_FALSE:
		kcsd_gen_condition(g, arg, no, yes, no);
		break;
	case KCSD_EXPR_IN:
		in(g, expr, yes, no, null);
		break;
	case KCSD_EXPR_LIKE:
	case KCSD_EXPR_ILIKE:
		kcsd_gen_like(g, expr, yes, no, null);
		break;
	default:
		boolean(g, expr, yes, no, null);
	}
}
